/** `lamppost check FILE`: is this a town? */
import { phrasesOf } from '../call/call-phrases.ts'
import { fileProblem, peerProblem } from '../call/edge/edge-files.ts'
import { readSite } from '../site/site-check.ts'
import { problemLine } from '../site/site-file.ts'
import { metresBetween } from '../tools/geography.ts'
import { loadStreets } from '../site/street-map.ts'
import { messageOf } from '../tools/failure.ts'
import { siteText } from './site-text.ts'

/** Metres; nobody is seen from further away. */
const FARTHEST_M = 20_000
/** As the check below reads references: what they say is the running server's. */
const REFERENCE = '1'
const isReference = (text: string): boolean => text === REFERENCE || text.startsWith('file:')

export async function checkCommand([file, ...more]: string[]): Promise<number> {
  if (file === undefined || more.length > 0) throw new Error('check takes one site file: lamppost check FILE')
  const yaml = await siteText(file)
  // Secrets are the running server's: here a reference only has to look like one.
  const names = new Set<string>()
  const { site, problems } = readSite(yaml, (text) => ({
    value: text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => (names.add(name), REFERENCE)),
  }))
  for (const problem of problems) process.stderr.write(`${problemLine(file, problem)}\n`)
  if (!site) return 1
  const streets = await loadStreets(file, site.streets).catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`)
    return undefined
  })
  if (streets === undefined) return 1
  process.stdout.write(
    `${file}: ${site.name}: ${site.helpPoints.length} help points, ${site.cameras.length} ` +
      `cameras, ${site.cameras.reduce((sum, { presets }) => sum + presets.size, 0)} presets\n`,
  )
  if (names.size > 0) process.stdout.write(`${file}: the server’s environment must have ${[...names].join(', ')}\n`)
  for (const { id, name } of site.helpPoints)
    if (!site.cameras.some(({ presets }) => presets.has(id)))
      process.stdout.write(`${file}: warning: no camera has a preset for ${id} (${name})\n`)
  for (const { id, location } of site.helpPoints) {
    const far = site.cameras
      .flatMap((camera) =>
        camera.location && camera.presets.has(id)
          ? [{ camera: camera.id, metres: metresBetween(location, camera.location) }]
          : [],
      )
      .find(({ metres }) => metres > FARTHEST_M)
    if (far)
      process.stdout.write(
        `${file}: warning: ${id} is ${Math.round(far.metres / 1000).toLocaleString('en')} km from ${far.camera}, ` +
          `which has a preset for it: are lat and lon of one of them swapped?\n`,
      )
  }
  for (const { id, onvif, stream } of site.cameras)
    if ([onvif?.password, stream?.password].some((password) => password != null && !isReference(password)))
      process.stdout.write(
        `${file}: warning: the password of ${id} is written in the file: refer to it ` +
          `instead (password: "\${CAMERA_PASSWORD}", or file:…)\n`,
      )
  for (const { id, onvif, stream } of site.cameras)
    if (onvif?.basic || stream?.basic)
      process.stdout.write(`${file}: warning: ${id} may get its password in the clear (basic: true)\n`)
  const { directory, factorRequiredFor } = site
  const withheld = factorRequiredFor.filter((role) => directory !== null && role in directory.roles)
  if (directory?.secondFactor === null && withheld.length > 0)
    process.stdout.write(
      `${file}: warning: ${directory.name} gives ${withheld.join(' and ')}, which need a second factor, and does not say ` +
        'that it asks for one: nobody has them by it (directory.secondFactor)\n',
    )
  for (const { id, mqtt } of site.helpPoints)
    if (mqtt.length > 0 && !site.mqtt)
      process.stdout.write(`${file}: warning: ${id} presses over MQTT, and there is no broker (mqtt: { url: … })\n`)
  for (const { id, sip } of site.helpPoints)
    if (sip && sip.password === null && sip.certificate === null)
      process.stdout.write(
        `${file}: warning: ${id} may call from ${sip.from?.join(', ') ?? 'nowhere'} without a password: ` +
          'its address alone is trusted\n',
      )
  for (const listener of site.voice?.edge.listen ?? []) {
    const problem = fileProblem(listener)
    if (problem !== null)
      process.stdout.write(`${file}: warning: calls to ${listener.address} cannot come: ${problem}\n`)
  }
  const outside = peerProblem(site.voice?.trunk ?? null)
  if (outside !== null) process.stdout.write(`${file}: warning: telephones outside cannot be called: ${outside}\n`)
  const pbx = peerProblem(site.voice?.pbx ?? null)
  if (pbx !== null) process.stdout.write(`${file}: warning: the PBX cannot be called: ${pbx}\n`)
  const { problems: unplayable } = phrasesOf(site.voice)
  for (const problem of unplayable) process.stderr.write(`${file}: voice: ${problem}\n`)
  if (site.voice)
    process.stdout.write(
      `${file}: calls: unless the edge runs as a service of its own (lamppost edge --site ${file} --data DIR), ` +
        'nobody answers calls when the server stops\n',
    )
  return unplayable.length > 0 ? 1 : 0
}
