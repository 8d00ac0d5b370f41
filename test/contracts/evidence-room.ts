/** A town whose cameras do not answer any more, and what they recorded before: exports need nothing else. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { recordClip } from '../evidence/recorded.ts'
import { until } from './test-town.ts'
import { unzip } from './unzip.ts'

// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
export type Answer = { status: number; body: any; headers: Headers; bytes: Buffer }
export type EvidenceRoom = Awaited<ReturnType<typeof openEvidenceRoom>>
export const WHO = { name: 'DC 1234 Khan', organisation: 'Durham Constabulary', reference: 'CAD 2026/4711' }
export const WHY = { reason: 'Investigation of an assault', requestedBy: WHO }
const ROLES: Role[] = ['operator', 'engineer', 'evidence', 'supervisor', 'press']

const CAMERA = (id: string): string =>
  `  - { id: ${id}, name: "${id} <b>&", location: { lat: 54.5237, lon: -1.5565 }, onvif: { url: ` +
  `"http://127.0.0.1:9/onvif/${id}", username: lamppost, password: "\${EVIDENCE_CAMERA_PASSWORD}" } }\n`
export const siteText = (
  evidence = '{ prefix: DBC, clock: { source: "NTP, ntp.example.gov.uk", errorBoundMs: 50 } }',
  cameras = ['bar', 'row'],
): string => `site: { id: town, name: "Town <i>& centre", timezone: Europe/London }
evidence: ${evidence}
helpPoints:
  - { id: bar, name: Number One Bar, address: "Lamp post, Blackwellgate", location: { lat: 54.52363, lon: -1.55610 } }
cameras:
${cameras.map(CAMERA).join('')}`

export async function openEvidenceRoom({
  site = siteText(),
  seconds = 12,
  ago = 3_600_000,
  folder = mkdtempSync(join(tmpdir(), 'lamppost-evidence-')),
  before = undefined as ((where: { dataFolder: string; at: number }) => Promise<void>) | undefined,
} = {}) {
  process.env.EVIDENCE_CAMERA_PASSWORD = 'canary password'
  const [dataFolder, siteFile] = [join(folder, 'data'), join(folder, 'site.yaml')]
  mkdirSync(dataFolder, { recursive: true })
  writeFileSync(siteFile, site)
  const at = Date.now() - ago
  // The clock of one camera goes at four fifths of ours.
  const recorded = {
    bar: await recordClip(join(dataFolder, 'clips'), 'bar', { seconds, at }),
    row: await recordClip(join(dataFolder, 'clips'), 'row', {
      seconds,
      at,
      speed: 0.8,
      lost: { picture: 50, packets: 7 },
      timedByArrivalFrom: 100,
    }),
  }
  // What the ledger has from before this house opens.
  await before?.({ dataFolder, at })
  const people = openPeopleFile(join(dataFolder, 'people.json'))
  const tokens = Object.fromEntries(
    ROLES.map((role) => [role, people.addToken({ name: `Some ${role}`, role, helpPoints: null })]),
  ) as Record<Role, string>
  await people.addUser('olive', 'a password of Olive', { name: 'Olive', role: 'evidence', helpPoints: null })
  const open = (): Promise<House> => openHouse({ siteFile, dataFolder, port: 0, host: '127.0.0.1', rtmpPort: 0 })
  let house = await open()

  async function ask(
    who: Role | { cookie: string } | null,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const sent = typeof who === 'string' ? { authorization: `Bearer ${tokens[who]}` } : (who ?? {})
    const answer = await fetch(`${house.url}/api/v1${path}`, {
      method,
      headers: { ...sent, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    return {
      status: answer.status,
      headers: answer.headers,
      bytes,
      body:
        bytes.length > 0 && /json/.test(answer.headers.get('content-type') ?? '')
          ? JSON.parse(bytes.toString())
          : bytes.toString('latin1'),
    }
  }
  const range = () => ({
    cameras: ['bar', 'row'],
    from: new Date(recorded.bar.from).toISOString(),
    to: new Date(recorded.bar.to).toISOString(),
  })
  const over = (id: string): Promise<Answer['body']> =>
    until(
      async () => (await ask('evidence', 'GET', `/exports/${id}`)).body,
      ({ state }: { state: string }) => state === 'ready' || state === 'failed',
      60_000,
    )
  return {
    folder,
    dataFolder,
    siteFile,
    recorded,
    ask,
    range,
    over,
    url: (): string => house.url,
    token: (role: Role): string => tokens[role],
    async entries(): Promise<
      { seq: number; kind: string; actor: string; subject: string; at: string; body: Record<string, unknown> }[]
    > {
      return (await ask('supervisor', 'GET', '/ledger?limit=200')).body.items
    },
    /** Orders and waits until it is over, well or not. */
    async exported(order: Record<string, unknown> = range()): Promise<Answer['body']> {
      const { status, body } = await ask('evidence', 'POST', '/exports', { ...WHY, ...order })
      if (status !== 202) throw new Error(JSON.stringify(body))
      return over(body.id)
    },
    /** The package and the root as files; unzipped into `bag`. */
    async fetched(id: string): Promise<{ zip: string; root: string; bag: string }> {
      const [zip, root, into] = [
        join(folder, `${id}.zip`),
        join(folder, 'evidence-root.pem'),
        join(folder, `unzipped-${id}`),
      ]
      writeFileSync(zip, (await ask('evidence', 'GET', `/exports/${id}/package.zip`)).bytes)
      writeFileSync(root, (await ask('operator', 'GET', '/evidence-root.pem')).bytes)
      unzip(zip, into)
      return { zip, root, bag: join(into, id) }
    },
    stop: (): Promise<void> => house.close(),
    start: async (): Promise<void> => void (house = await open()),
    async close(): Promise<void> {
      await house.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The three checks of VERIFY.txt, exactly as it says, in the unzipped bag. @param root PEM file */
export function standardChecks(
  bag: string,
  root: string,
): { hashes: boolean; files: boolean; signature: boolean; subject: string } {
  const bash = (line: string): { ok: boolean; out: string } => {
    const { status, stdout } = spawnSync('bash', ['-c', line], { cwd: bag, encoding: 'utf8' })
    return { ok: status === 0, out: stdout.trim() }
  }
  const hashes = bash(
    'sha256sum -c --quiet --strict manifest-sha256.txt tagmanifest-sha256.txt 2>/dev/null && echo HASHES_OK',
  )
  const files = bash(
    'diff <(find data -type f | LC_ALL=C sort) <(cut -c67- manifest-sha256.txt | LC_ALL=C sort) && echo NO_EXTRA_OR_MISSING',
  )
  const signature = bash(
    'openssl cms -verify -binary -inform DER -in tagmanifest-sha256.txt.p7s -content tagmanifest-sha256.txt ' +
      `-CAfile '${root}' -no-CApath -no-CAstore -signer ../who.pem -out /dev/null 2>/dev/null`,
  )
  return {
    hashes: hashes.out === 'HASHES_OK',
    files: files.out === 'NO_EXTRA_OR_MISSING',
    signature: signature.ok,
    subject: signature.ok ? bash('openssl x509 -in ../who.pem -noout -subject').out : '',
  }
}
