/** Evidence packages: made by the whole house, verified by standard tools, by the command line, and tampered with. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { smallZip } from '../../server/evidence/package/companion.ts'
import { nodeHasher } from '../../server/evidence/verify/node-hasher.ts'
import type { PackageVerdict } from '../../server/evidence/verify/package-verdict.ts'
import { verifyPackage } from '../../server/evidence/verify/package-verification.ts'
import { seeded } from '../../server/simulator/picture/street-drawing.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { type EvidenceRoom, WHO, WHY, openEvidenceRoom, standardChecks } from './evidence-room.ts'
import { until } from './test-town.ts'

let room: EvidenceRoom
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
let made: any
let files: { zip: string; root: string; bag: string }
beforeAll(async () => {
  room = await openEvidenceRoom()
  made = await room.exported({ ...room.range(), lawfulBasis: 'DPA 2018 Sch 2 para 2', exhibitRef: 'OLV/1' })
  files = await room.fetched(made.id)
})
afterAll(() => room?.close())

const verify = (zip: Buffer, root: string | null = readFileSync(files.root, 'utf8')): Promise<PackageVerdict> =>
  verifyPackage(
    { size: zip.length, read: async (at, length) => zip.subarray(at, Math.min(zip.length, at + length)) },
    { root, now: Date.now(), hasher: nodeHasher, crc32 },
  )
const manifest = () => JSON.parse(readFileSync(join(files.bag, 'data', 'manifest.json'), 'utf8'))
const everyFile = (bag: string): string[] =>
  (readdirSync(bag, { recursive: true }) as string[]).filter((name) => statSync(join(bag, name)).isFile()).sort()
/** The bag as a ZIP again. */
const zipOf = (bag: string): Buffer =>
  smallZip(
    everyFile(bag).map((path) => ({ name: `${made.id}/${path}`, bytes: readFileSync(join(bag, path)) })),
    Date.now(),
  )
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const listed = (bag: string, paths: string[]): string =>
  paths
    .sort()
    .map((path) => `${sha256(readFileSync(join(bag, path)))}  ${path}\n`)
    .join('')

function flip(file: string, at = Math.floor(statSync(file).size / 2)): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}
/** All hashes made right again: only the signature can tell. */
function rewriteHashes(bag: string): void {
  writeFileSync(
    join(bag, 'manifest-sha256.txt'),
    listed(
      bag,
      everyFile(bag).filter((path) => path.startsWith('data/')),
    ),
  )
  writeFileSync(
    join(bag, 'tagmanifest-sha256.txt'),
    listed(bag, ['bagit.txt', 'bag-info.txt', 'VERIFY.txt', 'manifest-sha256.txt']),
  )
}
function tampered(name: string, tamper: (bag: string) => void): string {
  const bag = join(room.folder, `tampered-${name.replaceAll(/\W+/g, '-')}`, made.id)
  cpSync(files.bag, bag, { recursive: true })
  tamper(bag)
  return bag
}
const SEGMENT = 'data/native/bar/s00003.m4s'
const OK = { hashes: true, files: true, signature: true }

describe('a package', () => {
  test('passes the three checks with sha256sum, diff and openssl, and the signer is named', () => {
    expect(made).toMatchObject({
      state: 'ready',
      progress: 1,
      problem: null,
      sha256: sha256(readFileSync(files.zip)),
      package: `/api/v1/exports/${made.id}/package.zip`,
    })
    expect(standardChecks(files.bag, files.root)).toMatchObject({
      ...OK,
      subject: expect.stringContaining('Lamppost evidence signer'),
    })
  })
  test('is called as the site wants it, and is a bag', () => {
    expect(made.id).toMatch(/^DBC-\d{4}-000001-[2-9A-Z]{4}$/)
    expect(readFileSync(join(files.bag, 'bagit.txt'), 'utf8')).toBe(
      'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n',
    )
    const payload = everyFile(files.bag).filter((path) => path.startsWith('data/'))
    expect(readFileSync(join(files.bag, 'bag-info.txt'), 'utf8')).toContain(
      `Payload-Oxum: ${payload.reduce((sum, path) => sum + statSync(join(files.bag, path)).size, 0)}.${payload.length}\n`,
    )
  })
  test('holds the master bit for bit: init and segments are the clip buffer’s bytes', () => {
    const clips = join(room.dataFolder, 'clips', 'bar')
    const bucket = readdirSync(clips).find((name) => name.endsWith('.m4s')) ?? ''
    const segments = everyFile(files.bag).filter((path) => path.startsWith('data/native/bar/s'))
    expect(segments).toHaveLength(12)
    expect(
      Buffer.concat(segments.map((path) => readFileSync(join(files.bag, path)))).equals(
        readFileSync(join(clips, bucket)),
      ),
    ).toBe(true)
    expect(
      readFileSync(join(files.bag, 'data/native/bar/init.mp4')).equals(readFileSync(join(clips, 'run-0.mp4'))),
    ).toBe(true)
  })
  test('has viewing copies of the same pictures, from 0, playable from their beginning', () => {
    for (const { id, streamHash, viewCopy } of manifest().cameras) {
      const file = join(files.bag, viewCopy[0].file)
      const annexB = (input: string): string =>
        spawnSync(
          'ffmpeg',
          [
            '-v',
            'error',
            '-i',
            input,
            '-map',
            '0:v',
            '-c',
            'copy',
            '-bsf:v',
            'h264_mp4toannexb',
            '-f',
            'streamhash',
            '-hash',
            'sha256',
            '-',
          ],
          { encoding: 'utf8' },
        ).stdout.trim()
      const native = join(room.folder, `${id}.mp4`)
      writeFileSync(
        native,
        Buffer.concat(
          everyFile(files.bag)
            .filter((path) => path.startsWith(`data/native/${id}/`) && !path.endsWith('.m3u8'))
            .map((path) => readFileSync(join(files.bag, path))),
        ),
      )
      expect(annexB(file)).toBe(annexB(native))
      expect([streamHash[0].master[0], viewCopy[0].streams[0], viewCopy[0].sameAsMaster]).toEqual([
        annexB(native),
        annexB(native),
        true,
      ])
      const probed = JSON.parse(
        spawnSync('ffprobe', ['-v', 'error', '-show_format', '-of', 'json', file], { encoding: 'utf8' }).stdout,
      )
      expect(Number(probed.format.start_time)).toBe(0)
      const bytes = readFileSync(file)
      expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
    }
  })
  test('says the time of arrival beside each second, also of a camera whose clock goes slowly', () => {
    const subtitles = (camera: string): string[] =>
      readFileSync(
        join(
          files.bag,
          everyFile(files.bag).find((path) => path.includes(`_${camera}_`) && path.endsWith('.srt')) ?? '',
        ),
        'utf8',
      ).split('\n\n')
    const last = (camera: string): number =>
      Date.parse(
        /\n(\S+ \S+) UTC/
          .exec(subtitles(camera).at(-1) ?? '')?.[1]
          ?.replace(' ', 'T')
          .concat('Z') ?? '',
      )
    expect(subtitles('bar')).toHaveLength(12)
    expect(last('bar')).toBeCloseTo(room.recorded.bar.from + 11_000, -2)
    // Eleven seconds of its own are thirteen and three quarters of ours; the package holds nine whole segments of them.
    expect(manifest().cameras[1].segments).toHaveLength(10)
    expect(last('row')).toBeCloseTo(room.recorded.row.from + 9000 / 0.8, -2)
  })
  test('says who asked, who exported, why, what was asked for, what was cut, and what the clock is worth', () => {
    const stated = manifest()
    expect(stated).toMatchObject({
      format: 'lamppost-evidence/1',
      exportId: made.id,
      kind: 'master',
      parentExport: null,
      requestedBy: WHO,
      reason: WHY.reason,
      lawfulBasis: 'DPA 2018 Sch 2 para 2',
      exportedBy: { name: 'Some evidence', role: 'evidence', exhibitRef: 'OLV/1' },
      range: { requested: { from: room.range().from, to: room.range().to } },
      clock: { source: 'NTP, ntp.example.gov.uk', errorBoundMs: 50, steps: [] },
      software: { name: 'lamppost' },
    })
    expect(Date.parse(stated.range.actual.to)).toBeGreaterThanOrEqual(Date.parse(stated.range.requested.to))
    expect(stated.cameras[0].segments[2].sha256).toBe(sha256(readFileSync(join(files.bag, SEGMENT))))
    expect(readFileSync(join(files.bag, 'data', 'READ-ME-FIRST.txt'), 'utf8')).toContain(WHY.reason)
    expect(readFileSync(join(files.bag, 'data', 'custody.csv'), 'utf8')).toMatch(
      /export\.requested.*\r\n.*export\.changed.*cutting.*\r\n.*export\.sealed/,
    )
  })
  test('proves its place in the ledger without another entry', async () => {
    const { ledger, contents } = manifest()
    expect(JSON.parse(ledger.entry.body)).toMatchObject({ export: made.id, contents: contents.contents })
    const entry = (await room.entries()).find(({ seq }) => seq === ledger.entry.seq)
    expect(entry).toMatchObject({ kind: 'export.sealed', hash: ledger.entry.hash })
    const names = everyFile(files.bag)
      .filter((path) => path.startsWith('data/native/'))
      .sort()
    expect(contents.contents).toBe(sha256(Buffer.from(listed(files.bag, names))))
  })
  test('has no password in it', () => {
    for (const path of everyFile(files.bag))
      expect(readFileSync(join(files.bag, path)).includes('canary password'), path).toBe(false)
  })
  test('is verified by the command line without a server, and by nobody with another root', async () => {
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [builtEntry('main.js'), 'verify', ...args], { encoding: 'utf8' })
    expect(run(files.zip, '--root', files.root)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('exactly what the site signed'),
    })
    expect(run(files.zip)).toMatchObject({ status: 2, stderr: expect.stringContaining('NOT PROVEN who made it') })
    expect(run(join(room.folder, 'nowhere.zip'))).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('nowhere.zip cannot be read'),
    })
    expect(run(files.zip, '--root', join(files.bag, 'bagit.txt'))).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/--root .*bagit\.txt is no certificate in PEM/),
    })
    expect(run(room.folder)).toMatchObject({ status: 3, stderr: expect.stringContaining('it is no file') })
    expect(run()).toMatchObject({ status: 3, stderr: expect.stringContaining('verify takes one package') })
    const { proven, findings, timeStamp } = await verify(readFileSync(files.zip))
    expect({ proven, findings, timeStamp }).toEqual({ proven: true, findings: [], timeStamp: null })
  })
})

describe('a package that was tampered with', () => {
  test.each([
    [
      'a flipped byte fails the hashes',
      (bag: string) => flip(join(bag, SEGMENT)),
      { ...OK, hashes: false },
      [SEGMENT, /was changed/],
    ],
    [
      'an extra file fails only the diff',
      (bag: string) => writeFileSync(join(bag, 'data/native/bar/s00099.m4s'), 'x'),
      { ...OK, files: false },
      ['data/native/bar/s00099.m4s', /was added/],
    ],
    [
      'a missing file fails hashes and diff',
      (bag: string) => unlinkSync(join(bag, SEGMENT)),
      { ...OK, hashes: false, files: false },
      [SEGMENT, /is missing/],
    ],
    [
      'all hashes rewritten fail only the signature',
      (bag: string) => (flip(join(bag, SEGMENT)), rewriteHashes(bag)),
      { ...OK, signature: false },
      ['tagmanifest-sha256.txt.p7s', /does not fit the content/],
    ],
    [
      'a changed manifest.json fails the hashes',
      (bag: string) =>
        writeFileSync(
          join(bag, 'data/manifest.json'),
          readFileSync(join(bag, 'data/manifest.json'), 'utf8').replace('assault', 'picnic'),
        ),
      { ...OK, hashes: false },
      ['data/manifest.json', /was changed/],
    ],
    [
      'a changed list fails the tag manifest',
      (bag: string) => (
        flip(join(bag, SEGMENT)),
        writeFileSync(
          join(bag, 'manifest-sha256.txt'),
          listed(
            bag,
            everyFile(bag).filter((path) => path.startsWith('data/')),
          ),
        )
      ),
      { ...OK, hashes: false },
      ['manifest-sha256.txt', /was changed/],
    ],
    [
      'a flipped bit of the signature fails it',
      (bag: string) =>
        flip(join(bag, 'tagmanifest-sha256.txt.p7s'), statSync(join(bag, 'tagmanifest-sha256.txt.p7s')).size - 4),
      { ...OK, signature: false },
      ['tagmanifest-sha256.txt.p7s', /./],
    ],
    [
      'a file taken off the list and away',
      (bag: string) => (rmSync(join(bag, SEGMENT)), rewriteHashes(bag)),
      { ...OK, signature: false },
      ['tagmanifest-sha256.txt.p7s', /does not fit the content/],
    ],
  ] as const)('%s, and is named in plain words', async (name, tamper, standard, [file, words]) => {
    const bag = tampered(name, tamper)
    expect(standardChecks(bag, files.root)).toMatchObject(standard)
    const { proven, findings } = await verify(zipOf(bag))
    expect(proven).toBe(false)
    expect(findings.map(({ file: of, problem }) => `${of}: ${problem}`)).toContainEqual(
      expect.stringMatching(new RegExp(`^${file.replaceAll('.', '\\.')}: .*${words.source}`)),
    )
  })
  test('another root does not verify it, not even one of the same name', async () => {
    const other = await openEvidenceRoom({ seconds: 2 })
    const root = (await other.ask('evidence', 'GET', '/evidence-root.pem')).bytes
    await other.close()
    writeFileSync(join(room.folder, 'other.pem'), root)
    expect(standardChecks(files.bag, join(room.folder, 'other.pem'))).toMatchObject({ ...OK, signature: false })
    expect((await verify(readFileSync(files.zip), root.toString())).findings).toEqual([
      { file: 'tagmanifest-sha256.txt.p7s', problem: expect.stringContaining('not certified by the root') },
    ])
  })
  test('any single flipped byte of the ZIP is noticed (120 random places)', async () => {
    const zip = readFileSync(files.zip)
    const random = seeded(4711)
    const passed: number[] = []
    for (let round = 0; round < 120; round += 1) {
      const at = Math.floor(random() * zip.length)
      const bit = 1 << Math.floor(random() * 8)
      zip[at] = (zip[at] ?? 0) ^ bit
      if ((await verify(zip)).proven) passed.push(at)
      zip[at] = (zip[at] ?? 0) ^ bit
    }
    // Times and check sums of the ZIP itself are no part of the bag.
    const harmless = new Set(passed.filter((at) => !isBagByte(zip, at)))
    expect(passed.filter((at) => !harmless.has(at))).toEqual([])
    expect((await verify(zip)).proven).toBe(true)
  })
  test.each([SEGMENT, 'tagmanifest-sha256.txt.p7s'])(
    'with a check sum of the ZIP’s own changed in both places (%s), which only unpacking would notice, is not called whole',
    async (path) => {
      const zip = readFileSync(files.zip)
      const name = `${made.id}/${path}`
      const [local, central] = [zip.indexOf(name) - 30, zip.lastIndexOf(name) - 46]
      for (const at of [local + 14, central + 16]) zip.writeUInt32LE((zip.readUInt32LE(at) ^ 1) >>> 0, at)
      const { proven, findings } = await verify(zip)
      expect([proven, findings]).toEqual([
        false,
        [{ file: path, problem: expect.stringContaining('its check sum in the ZIP is wrong') }],
      ])
    },
  )
  test('cut off anywhere it is no package any more', async () => {
    const zip = readFileSync(files.zip)
    for (const share of [0, 0.3, 0.9, 0.999])
      expect((await verify(zip.subarray(0, Math.floor(zip.length * share)))).intact).toBe(false)
  })
})

/** Whether a place of the ZIP is a byte of a file; the rest is the ZIP's own. */
function isBagByte(zip: Buffer, place: number): boolean {
  for (let at = 0; zip.readUInt32LE(at) === 0x0403_4b50;) {
    const start = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28)
    const end = start + zip.readUInt32LE(at + 18)
    if (place >= start && place < end) return true
    at = end
  }
  return false
}

describe('an order', () => {
  test.each([
    ['without a reason', { reason: undefined }, 422, 'export/refused', /needs a reason/],
    ['with an empty reason', { reason: '  ' }, 422, 'export/refused', /needs a reason/],
    ['without a requester', { requestedBy: undefined }, 422, 'export/refused', /who asked for it/],
    ['for a camera that is not there', { cameras: ['nowhere'] }, 404, 'camera/unknown', /nowhere/],
    ['for an incident that is not there', { incident: 'inc-none' }, 404, 'incident/unknown', /inc-none/],
    ['of an export that is not there', { parentExport: 'DBC-1' }, 404, 'export/unknown', /DBC-1/],
    [
      'with from after to',
      { from: '2026-01-01T00:00:01.000Z', to: '2026-01-01T00:00:00.000Z' },
      400,
      'request/invalid',
      /must be before/,
    ],
    ['without a range', { from: undefined }, 400, 'request/invalid', /cameras, from and to/],
    ['with a key that is not known', { colour: 'red' }, 400, 'request/invalid', /colour/],
    ['to redact nothing', { kind: 'redacted' }, 400, 'request/invalid', /parentExport/],
  ])('%s is refused in words, and nothing is written', async (_, change, status, code, words) => {
    const before = (await room.ask('evidence', 'GET', '/exports')).body.items.length
    const answer = await room.ask('evidence', 'POST', '/exports', { ...WHY, ...room.range(), ...change })
    expect(answer).toMatchObject({ status, body: { code, detail: expect.stringMatching(words) } })
    expect((await room.ask('evidence', 'GET', '/exports')).body.items).toHaveLength(before)
  })
  test('is the evidence role’s alone', async () => {
    for (const role of ['operator', 'engineer', 'supervisor'] as const) {
      expect((await room.ask(role, 'POST', '/exports', { ...WHY, ...room.range() })).status).toBe(403)
      expect((await room.ask(role, 'GET', `/exports/${made.id}/package.zip`)).status).toBe(403)
    }
    expect((await room.ask(null, 'GET', `/exports/${made.id}/package.zip`)).status).toBe(401)
  })
  test('by a session needs the password again; another person’s does not do', async () => {
    const signed = await room.ask(null, 'POST', '/session', { user: 'olive', password: 'a password of Olive' })
    const olive = { cookie: signed.headers.get('set-cookie')?.split(';')[0] ?? '' }
    expect(await room.ask(olive, 'POST', '/exports', { ...WHY, ...room.range() })).toMatchObject({
      status: 403,
      body: { code: 'people/confirm-first' },
    })
    expect((await room.ask(olive, 'GET', `/exports/${made.id}/package.zip`)).body).toMatchObject({
      code: 'people/confirm-first',
    })
    expect((await room.ask(olive, 'GET', '/incidents/inc-1/clips/bar/clip.mp4')).body).toMatchObject({
      code: 'people/confirm-first',
    })
    expect(await room.ask(olive, 'PUT', '/session/confirmation', { user: 'olive', password: 'wrong' })).toMatchObject({
      status: 403,
      body: { code: 'people/forbidden' },
    })
    expect(
      (await room.ask(olive, 'PUT', '/session/confirmation', { user: 'olive', password: 'a password of Olive' }))
        .status,
    ).toBe(204)
    const ordered = await room.ask(olive, 'POST', '/exports', { ...WHY, ...room.range(), cameras: ['bar'] })
    expect(ordered).toMatchObject({ status: 202, body: { exportedBy: { name: 'Olive', role: 'evidence' } } })
    expect((await room.over(ordered.body.id)).state).toBe('ready')
    await room.ask(olive, 'DELETE', '/session')
    expect((await room.ask(olive, 'GET', `/exports/${made.id}`)).status).toBe(401)
  })
  test('for a time of which nothing was recorded fails, and leaves nothing behind', async () => {
    const gone = await room.exported({
      cameras: ['bar'],
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T00:01:00.000Z',
    })
    expect(gone).toMatchObject({
      state: 'failed',
      package: null,
      problem: expect.stringContaining('has no picture between'),
    })
    expect(existsSync(join(room.dataFolder, 'exports', gone.id))).toBe(false)
  })
  test('with a part missing declares the gap', async () => {
    const from = new Date(room.recorded.bar.from - 30_000).toISOString()
    const { id } = await room.exported({ cameras: ['bar'], from, to: room.range().to })
    const { bag } = await room.fetched(id)
    expect(JSON.parse(readFileSync(join(bag, 'data/manifest.json'), 'utf8')).cameras[0].gaps).toEqual([
      { from, to: room.range().from },
    ])
    expect(readFileSync(join(bag, 'data/READ-ME-FIRST.txt'), 'utf8')).toContain(
      `nothing was recorded from ${from} to ${room.range().from}`,
    )
  })
})

describe('a package of a camera that sent more than came', () => {
  const told = (bag: string) => {
    const { incomplete, timedByArrival, segments } = JSON.parse(readFileSync(join(bag, 'data/manifest.json'), 'utf8'))
      .cameras[0]
    return { incomplete, timedByArrival, segments, readMe: readFileSync(join(bag, 'data/READ-ME-FIRST.txt'), 'utf8') }
  }
  test('says of which segment packets are missing, to everybody who reads any of it, and so does its redacted copy', async () => {
    const range = {
      from: new Date(room.recorded.row.from).toISOString(),
      to: new Date(room.recorded.row.to).toISOString(),
    }
    const whole = await room.exported({ cameras: ['row'], ...range })
    const { bag, root, zip } = await room.fetched(whole.id)
    const { incomplete, segments, readMe } = told(bag)
    const damaged = segments.filter(({ lostPackets }: { lostPackets: number }) => lostPackets > 0)
    expect(damaged).toHaveLength(1)
    expect(incomplete).toEqual([{ from: damaged[0].start, to: expect.any(String), lostPackets: 7 }])
    const { from, to } = incomplete[0]
    // Its camera's clock goes at 0.8: by the wall's clock it lasted longer than by its own.
    expect(to).toBe(segments[segments.indexOf(damaged[0]) + 1].start)
    expect(Date.parse(to) - Date.parse(from)).toBeGreaterThan(damaged[0].duration * 1100)
    expect(segments.every(({ lostPackets }: { lostPackets: number | null }) => lostPackets !== null)).toBe(true)
    expect(readMe).not.toContain('were not counted')
    expect(readMe).toContain(`row: not all that the camera sent came, between ${from} and ${to} (7 packets)`)
    expect(readMe).not.toContain('Nothing is missing')
    const receipt = await room.ask('evidence', 'GET', `/exports/${whole.id}/receipt.html`)
    expect(receipt.bytes.toString()).toContain(`${from} to ${to}, in part: 7 packets never came`)
    const said = spawnSync(process.execPath, [builtEntry('main.js'), 'verify', zip, '--root', root], {
      encoding: 'utf8',
    })
    expect(said.stdout).toContain(`${from} to ${to}: 7 packets never came`)

    // From its hundredth picture on the camera's own timestamps were of no use.
    const { timedByArrival } = told(bag)
    expect(timedByArrival).toEqual([{ from: segments[6].start, to: expect.any(String) }])
    const [byArrival] = timedByArrival
    expect(readMe.replaceAll(/\s+/g, ' ')).toMatch(/clock in these pictures’ stream was of no use/)
    expect(readMe).toContain(`  row, from ${byArrival.from} to ${byArrival.to}`)
    expect(receipt.bytes.toString()).toContain(`${byArrival.from} to ${byArrival.to}: timed by arrival`)
    expect(said.stdout).toContain(
      `${byArrival.from} to ${byArrival.to}: the clock in the camera’s stream was of no use`,
    )

    const redacted = await room.exported({
      parentExport: whole.id,
      cameras: ['row'],
      redactions: [{ camera: 'row', ...range, x: 0, y: 0, width: 0.5, height: 1 }],
    })
    const copy = told((await room.fetched(redacted.id)).bag)
    expect(copy.incomplete).toEqual(incomplete)
    expect(copy.timedByArrival).toEqual(timedByArrival)
    expect(copy.readMe).not.toContain('Nothing is missing')
  })
})

test('a package of a camera whose packets nobody counted says so, instead of that nothing is missing', async () => {
  const { segments, segmentsNotCounted } = manifest().cameras.find(({ id }: { id: string }) => id === 'bar')
  expect(segmentsNotCounted).toBe(segments.length)
  expect(segments.every(({ lostPackets }: { lostPackets: number | null }) => lostPackets === null)).toBe(true)
  const readMe = readFileSync(join(files.bag, 'data/READ-ME-FIRST.txt'), 'utf8').replaceAll(/\s+/g, ' ')
  expect(readMe).not.toContain('bar, from')
  expect(readMe).toMatch(/is not known of .*\bbar\b.*: they were not counted/)
  expect(readMe).not.toContain('Nothing is missing')
})

describe('fetching', () => {
  test('each one is an entry before its first byte, and one that broke off is gone on with', async () => {
    const whole = readFileSync(files.zip)
    const part = await room.ask('evidence', 'GET', `/exports/${made.id}/package.zip`, undefined, {
      range: 'bytes=1000-',
    })
    expect(part).toMatchObject({ status: 206 })
    expect(part.headers.get('content-range')).toBe(`bytes 1000-${whole.length - 1}/${whole.length}`)
    expect(part.bytes.equals(whole.subarray(1000))).toBe(true)
    expect(
      (
        await room.ask('evidence', 'GET', `/exports/${made.id}/package.zip`, undefined, {
          range: `bytes=${whole.length}-`,
        })
      ).status,
    ).toBe(416)
    expect(
      (
        await room.ask('evidence', 'GET', `/exports/${made.id}/package.zip`, undefined, {
          range: 'bytes=10-',
          'if-range': '"another"',
        })
      ).status,
    ).toBe(200)
    const fetched = (await room.entries()).filter(
      ({ kind, subject }) => kind === 'export.downloaded' && subject === made.id,
    )
    expect(fetched.map(({ actor, body }) => [actor, body.from])).toEqual([
      ['evidence:Some evidence', 0],
      ['evidence:Some evidence', 1000],
      ['evidence:Some evidence', 0],
    ])
  })
  test('the companion has the receipt, the root and the page that verifies', async () => {
    const companion = await room.ask('evidence', 'GET', `/exports/${made.id}/companion.zip`)
    const text = companion.bytes.toString('latin1')
    for (const name of ['receipt.html', 'evidence-root.pem', 'verify.html', 'READ-ME.txt'])
      expect(text).toContain(`${made.id}_companion/${name}`)
    const receipt = (await room.ask('evidence', 'GET', `/exports/${made.id}/receipt.html`)).bytes.toString()
    expect(receipt.replaceAll(' ', '')).toContain(made.sha256)
    expect(receipt).toContain(made.facts.root)
    expect(receipt).toContain('Durham Constabulary')
    expect(receipt).not.toContain('<b>')
  })
})

test('a new signer signs what comes, and what the old one signed stays good under the same root', async () => {
  const before = (await room.ask('evidence', 'GET', '/evidence-keys')).body
  const after = (await room.ask('evidence', 'POST', '/evidence-signer')).body
  expect([after.root, after.signer === before.signer]).toEqual([before.root, false])
  const later = await room.exported({ ...room.range(), cameras: ['bar'] })
  expect(later.facts).toMatchObject({ signer: after.signer, root: before.root })
  const { bag, root } = await room.fetched(later.id)
  expect(standardChecks(bag, root)).toMatchObject(OK)
  expect((await verify(readFileSync(files.zip))).proven).toBe(true)
  expect((await room.ask('supervisor', 'POST', '/evidence-signer')).status).toBe(403)
})

describe('a derivative', () => {
  test('that is trimmed is a new export of the same master, and names its parent', async () => {
    const trimmed = await room.exported({
      parentExport: made.id,
      cameras: ['bar'],
      from: new Date(room.recorded.bar.from + 3000).toISOString(),
      to: new Date(room.recorded.bar.from + 5000).toISOString(),
    })
    expect(trimmed).toMatchObject({ state: 'ready', kind: 'master', parentExport: made.id })
    expect(trimmed.seal.segments).toBeLessThan(made.seal.segments)
  })
  test('that is redacted has no master in it, is blurred where it was asked, and verifies', async () => {
    const from = new Date(room.recorded.bar.from).toISOString()
    const region = {
      camera: 'bar',
      from,
      to: new Date(room.recorded.bar.from + 4000).toISOString(),
      x: 0,
      y: 0,
      width: 0.5,
      height: 1,
    }
    const before = sha256(readFileSync(join(room.dataFolder, 'exports', made.id, 'package.zip')))
    const redacted = await room.exported({ parentExport: made.id, cameras: ['bar'], redactions: [region] })
    expect(redacted).toMatchObject({ state: 'ready', kind: 'redacted', parentExport: made.id })
    const { bag, root, zip } = await room.fetched(redacted.id)
    expect(standardChecks(bag, root)).toMatchObject(OK)
    expect((await verify(readFileSync(zip))).findings).toEqual([])
    expect(everyFile(bag).filter((path) => path.startsWith('data/native/'))).toEqual([])
    const stated = JSON.parse(readFileSync(join(bag, 'data/manifest.json'), 'utf8'))
    expect(stated).toMatchObject({
      kind: 'redacted',
      parentExport: made.id,
      cameras: [{ redacted: { regions: [region] } }],
    })
    // Detail on the left is gone for four seconds, and there again afterwards; the right has it all along.
    const detail = (file: string, at: number, side: 'left' | 'right'): number => {
      const { stdout } = spawnSync(
        'ffmpeg',
        [
          '-v',
          'error',
          '-ss',
          String(at),
          '-i',
          file,
          '-frames:v',
          '1',
          '-vf',
          `crop=iw/2:ih:${side === 'left' ? 0 : 'iw/2'}:0,format=gray`,
          '-f',
          'rawvideo',
          '-',
        ],
        { maxBuffer: 1e8 },
      )
      return (
        stdout.reduce((sum, value, i) => sum + (i > 0 ? Math.abs(value - (stdout[i - 1] ?? 0)) : 0), 0) / stdout.length
      )
    }
    const [mine, theirs] = [
      join(bag, stated.cameras[0].viewCopy[0].file),
      join(files.bag, manifest().cameras[0].viewCopy[0].file),
    ]
    expect(detail(mine, 1, 'left')).toBeLessThan(detail(theirs, 1, 'left') / 2)
    expect(detail(mine, 6, 'left')).toBeGreaterThan(detail(theirs, 6, 'left') * 0.8)
    expect(detail(mine, 1, 'right')).toBeGreaterThan(detail(theirs, 1, 'right') * 0.8)
    expect(sha256(readFileSync(join(room.dataFolder, 'exports', made.id, 'package.zip')))).toBe(before)
  })
})

describe('what goes wrong', () => {
  test('a segment that was changed on the disk makes the export fail, naming it, and nothing is left', async () => {
    const clips = join(room.dataFolder, 'clips', 'row')
    const bucket = join(clips, readdirSync(clips).find((name) => name.endsWith('.m4s')) ?? '')
    const bytes = readFileSync(bucket)
    const at = Math.floor(bytes.length / 2)
    const write = (value: number): void => {
      const file = openSync(bucket, 'r+')
      writeSync(file, Buffer.of(value), 0, 1, at)
      closeSync(file)
    }
    write((bytes[at] ?? 0) ^ 1)
    const failed = await room.exported()
    write(bytes[at] ?? 0)
    expect(failed).toMatchObject({
      state: 'failed',
      package: null,
      sha256: null,
      problem: expect.stringMatching(/^Segment \d+ of row \(.*\) is not as it was recorded/),
    })
    expect(existsSync(join(room.dataFolder, 'exports', failed.id))).toBe(false)
    expect((await room.ask('evidence', 'GET', `/exports/${failed.id}/package.zip`)).body).toMatchObject({
      code: 'export/not-ready',
    })
    // Mended, it is gone on with.
    await room.ask('evidence', 'POST', `/exports/${failed.id}/resumption`)
    expect((await room.over(failed.id)).state).toBe('ready')
  })
  test('what is cancelled can be gone on with, and what is deleted is gone and answers 410', async () => {
    const ordered = (
      await Promise.all([1, 2].map(() => room.ask('evidence', 'POST', '/exports', { ...WHY, ...room.range() })))
    ).map(({ body }) => body.id as string)
    const cancelled = await room.ask('evidence', 'POST', `/exports/${ordered[1]}/cancellation`)
    expect(cancelled.body).toMatchObject({ state: 'failed', problem: 'Cancelled by Some evidence.' })
    await room.ask('evidence', 'POST', `/exports/${ordered[1]}/resumption`)
    expect((await room.over(ordered[1] ?? '')).state).toBe('ready')
    await room.over(ordered[0] ?? '')
    expect((await room.ask('evidence', 'DELETE', `/exports/${ordered[0]}`, {})).status).toBe(400)
    expect(
      (await room.ask('evidence', 'DELETE', `/exports/${ordered[0]}`, { reason: 'ordered twice' })).body,
    ).toMatchObject({ package: null, deletedAt: expect.any(String) })
    expect(await room.ask('evidence', 'GET', `/exports/${ordered[0]}/package.zip`)).toMatchObject({
      status: 410,
      body: { code: 'export/gone' },
    })
    expect(existsSync(join(room.dataFolder, 'exports', ordered[0] ?? ''))).toBe(false)
  })
  test('a restart goes on with what was ordered; keys, packages and numbers stay', async () => {
    const root = (await room.ask('evidence', 'GET', '/evidence-root.pem')).bytes.toString()
    const { body } = await room.ask('evidence', 'POST', '/exports', { ...WHY, ...room.range() })
    await room.stop()
    await room.start()
    expect(
      (
        await until(
          () => room.over(body.id),
          ({ state }) => state === 'ready',
        )
      ).id,
    ).toBe(body.id)
    expect((await room.ask('evidence', 'GET', '/evidence-root.pem')).bytes.toString()).toBe(root)
    const { bag } = await room.fetched(body.id)
    expect(standardChecks(bag, files.root)).toMatchObject(OK)
    expect((await room.ask('evidence', 'GET', `/exports/${made.id}`)).body).toMatchObject({
      state: 'ready',
      downloads: 2,
    })
    for (const name of ['root-key.pem', 'signer-key.pem'])
      expect(statSync(join(room.dataFolder, 'evidence-keys', name)).mode & 0o777).toBe(0o600)
    expect(statSync(join(room.dataFolder, 'evidence-keys')).mode & 0o777).toBe(0o700)
  })
})
