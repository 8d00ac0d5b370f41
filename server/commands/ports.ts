/** `lamppost ports FILE`: which ports, in which direction, with whom; for firewall rules. */
import { readSite } from '../site/site-check.ts'
import { problemLine } from '../site/site-file.ts'
import { type PortUse, portsOf } from '../site/site-ports.ts'
import { siteText } from './site-text.ts'

type Options = {
  port?: string | undefined
  host?: string | undefined
  'rtmp-port'?: string | undefined
  'tls-cert'?: string | undefined
  json?: boolean | undefined
}
const HEAD = ['direction', 'protocol', 'port', 'peer', 'what'] as const

/** Columns as wide as what stands in them. */
function tableOf(uses: readonly PortUse[]): string {
  const rows = [HEAD, ...uses.map((use) => HEAD.map((name) => use[name]))]
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

export async function portsCommand([file, ...more]: string[], options: Options): Promise<number> {
  if (file === undefined || more.length > 0) throw new Error('ports takes one site file: lamppost ports FILE')
  const yaml = await siteText(file)
  // An address may be in the server's environment: here, too, or it is said that it is not.
  const missing = new Set<string>()
  const { site, problems } = readSite(yaml, (text) => ({
    value: text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      if (process.env[name] === undefined) missing.add(name)
      return process.env[name] ?? '1'
    }),
  }))
  for (const problem of problems) process.stderr.write(`${problemLine(file, problem)}\n`)
  if (!site) return 1
  if (missing.size > 0)
    process.stderr.write(`${file}: not in this environment, and taken as 1: ${[...missing].join(', ')}\n`)
  const { port = '8420', host = '127.0.0.1', 'rtmp-port': rtmpPort = '1935', 'tls-cert': cert, json = false } = options
  const uses = portsOf(site, { port: Number(port), host, rtmpPort: Number(rtmpPort), tls: cert !== undefined })
  process.stdout.write(json ? `${JSON.stringify(uses, null, 2)}\n` : tableOf(uses))
  return 0
}
