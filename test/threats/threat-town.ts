/** A real town without cameras, for threats of a stranger or an insider: one file a row of the table in the design. */
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { ROLES, type Role } from '../../server/glossary/people.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'

export const SECRET = 'the secret of the button at the bar'
export const PASSWORD = 'three boats under a bridge'
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - { id: bar, name: Number One Bar, location: { lat: 54.52363, lon: -1.55610 }, sources: [{ http: { secret: "\${THREAT_SECRET}" } }] }
  - { id: row, name: High Row, location: { lat: 54.52500, lon: -1.55520 } }
cameras: []
`
export type Asked = { token?: string; cookie?: string; headers?: Record<string, string>; body?: unknown }
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
export type Answer = { status: number; body: any; headers: Headers; cookie: string }
export type Line = {
  seq: number
  kind: string
  actor: string
  subject: string
  at: string
  body: Record<string, unknown>
}

export async function openThreatTown(more = '') {
  process.env.THREAT_SECRET = SECRET
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-threat-'))
  const [siteFile, data] = [join(folder, 'site.yaml'), join(folder, 'data')]
  writeFileSync(siteFile, `${SITE}${more}`)
  const people = openPeopleFile(join(data, 'people.json'))
  const tokens = Object.fromEntries(
    ROLES.map((role) => [
      role,
      people.addToken({ name: `Some ${role}`, role, helpPoints: role === 'press' ? ['bar'] : null }),
    ]),
  ) as Record<Role, string>
  for (const role of ['operator', 'evidence', 'supervisor'] as const)
    await people.addUser(role, PASSWORD, { name: `A ${role}`, role, helpPoints: null })
  const house: House = await openHouse({ siteFile, dataFolder: data, port: 0, host: '127.0.0.1', rtmpPort: 0 })

  async function ask(method: string, path: string, { token, cookie, headers = {}, body }: Asked = {}): Promise<Answer> {
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await fetch(`${house.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(cookie === undefined ? {} : { cookie }),
        ...(text === null ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text === null ? {} : { body: text }),
    })
    const said = await answer.text()
    const cookies = answer.headers.getSetCookie().map((each) => each.split(';')[0])
    return {
      status: answer.status,
      headers: answer.headers,
      cookie: cookies.join('; '),
      body: said.startsWith('{') || said.startsWith('[') ? JSON.parse(said) : said,
    }
  }
  return {
    folder,
    data,
    url: house.url,
    tokens,
    ask,
    async signIn(user: 'operator' | 'evidence' | 'supervisor'): Promise<string> {
      return (await ask('POST', '/api/v1/session', { body: { user, password: PASSWORD } })).cookie
    },
    /** A press as a device signs it. @param seconds since 1970, as the device says */
    signedPress(body: string, { secret = SECRET, seconds = Math.floor(Date.now() / 1000) } = {}): Promise<Answer> {
      const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
      const headers = { 'x-lamppost-timestamp': String(seconds), 'x-lamppost-signature': `sha256=${signature}` }
      return ask('POST', '/api/v1/presses', { headers, body })
    },
    async entries(kind: string): Promise<Line[]> {
      const found: Line[] = []
      for (let after: number | null = 0; after !== null;) {
        const { body } = await ask('GET', `/api/v1/ledger?limit=200&after=${after}`, { token: tokens.supervisor })
        found.push(...(body.items as Line[]))
        after = body.next as number | null
      }
      return found.filter((each) => each.kind === kind)
    },
    async close(): Promise<void> {
      await house.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type ThreatTown = Awaited<ReturnType<typeof openThreatTown>>
