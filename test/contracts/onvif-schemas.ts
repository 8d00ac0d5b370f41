/** Checks SOAP messages against the specifications' own schemas with libxml2. */
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type XMLFileInfo, validateXML } from 'xmllint-wasm'

const folder = fileURLToPath(new URL('../onvif-specification', import.meta.url))
const NAMESPACES = {
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tptz: 'http://www.onvif.org/ver20/ptz/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  tmd: 'http://www.onvif.org/ver10/deviceIO/wsdl',
  wsnt: 'http://docs.oasis-open.org/wsn/b-2',
  env: 'http://www.w3.org/2003/05/soap-envelope',
}
const SERVICES: Record<string, string> = {
  tds: 'devicemgmt.xsd',
  trt: 'media.xsd',
  tptz: 'ptz.xsd',
  tev: 'event.xsd',
  tmd: 'deviceio.xsd',
  wsnt: 'b-2.xsd',
  env: 'soap-envelope.xsd',
}

/** Flat names, no network, and no wildcard that libxml2 finds ambiguous: in copies only. */
function prepared(name: string, text: string): XMLFileInfo[] {
  const flat = text
    .replaceAll(
      /schemaLocation="([^"]*)"/g,
      (_, location: string) =>
        `schemaLocation="${basename(location)
          .replace(/^(soap-envelope|xmlmime)$/, '$1.xsd')
          .replace(/^include$/, 'xop-include.xsd')}"`,
    )
    .replaceAll(/<xs:any [^>]*##targetNamespace[^>]*\/>/g, '')
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .replaceAll(/(<\/xs:element>|<xs:element [^>]*\/>)\s*<xs:any namespace="##any"[^>]*\/>/g, '$1')
    .replaceAll(/<xs:any namespace="##any"[^>]*\/>\s*(?=<xs:element)/g, '')
  if (!name.endsWith('.wsdl')) return [{ fileName: name, contents: flat }]
  const [schema = ''] = /<xs:schema[\s\S]*?<\/xs:schema>/.exec(flat) ?? []
  const [root = ''] = /<xs:schema[^>]*>/.exec(schema) ?? []
  // Prefixes that the WSDL declares around the schema.
  const [around = ''] = /<wsdl:definitions[^>]*>/.exec(flat) ?? []
  const missing = [...around.matchAll(/xmlns:[\w-]+="[^"]*"/g)]
    .map(([declaration]) => declaration)
    .filter((declaration) => !root.includes(`${declaration.split('=')[0]}=`))
  return [
    {
      fileName: name.replace('.wsdl', '.xsd'),
      contents: schema.replace('<xs:schema', `<xs:schema ${missing.join(' ')}`),
    },
  ]
}

const files = (readdirSync(folder, { recursive: true }) as string[])
  .filter((name) => /\.(xsd|wsdl)$/.test(name))
  .flatMap((name) => prepared(basename(name), readFileSync(join(folder, name), 'utf8')))
const wrapper = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:lamppost:all">${Object.entries(
  NAMESPACES,
)
  .map(([prefix, uri]) => `<xs:import namespace="${uri}" schemaLocation="${SERVICES[prefix]}"/>`)
  .join('')}</xs:schema>`

/** Envelope by envelope: what the schemas find wrong, empty when nothing. Bodies are checked strictly. */
export async function schemaErrors(envelopes: readonly { name: string; xml: string }[]): Promise<string[]> {
  const documents = envelopes.flatMap(({ name, xml }) => [
    { fileName: `${name}.envelope.xml`, contents: xml },
    { fileName: `${name}.body.xml`, contents: bodyOf(xml) },
  ])
  const { errors } = await validateXML({
    xml: documents,
    schema: { fileName: 'all.xsd', contents: wrapper },
    preload: files,
    initialMemoryPages: 1024,
    maxMemoryPages: 4096,
  })
  return errors.map(({ rawMessage }) => rawMessage)
}

/** The body's element as a document of its own, with the envelope's namespace declarations. */
function bodyOf(xml: string): string {
  const [, declarations = ''] = /<(?:[\w-]+:)?Envelope([^>]*)>/.exec(xml) ?? []
  const [, body = ''] = /<(?:[\w-]+:)?Body[^>]*>([\s\S]*)<\/(?:[\w-]+:)?Body>/.exec(xml) ?? []
  const own = /^<[^>]*>/.exec(body)?.[0] ?? ''
  const missing = [...declarations.matchAll(/xmlns(?::[\w-]+)?="[^"]*"/g)]
    .map(([declaration]) => declaration)
    .filter((declaration) => !own.includes(`${declaration.split('=')[0]}=`))
  return body.replace(/^<([\w:-]+)/, `<$1 ${missing.join(' ')}`)
}
