/** Calls in evidence packages: whole, verified by standard tools, heard beside the picture, left out, made silent. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeHasher } from '../../server/evidence/verify/node-hasher.ts'
import { factsOf } from '../../server/evidence/verify/package-verdict.ts'
import { verifyPackage } from '../../server/evidence/verify/package-verification.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { HEADER_BYTES } from '../../server/tools/media/a-law-wav.ts'
import { SILENCE } from '../../server/tools/media/g711.ts'
import { samplesOf, toneAt } from '../evidence/tone.ts'
import { type EvidenceRoom, WHY, openEvidenceRoom, standardChecks } from './evidence-room.ts'
import { HEARD, INC, LATER, UNANSWERED, writeCalls } from './recorded-calls.ts'

let room: EvidenceRoom
let recordings: Awaited<ReturnType<typeof writeCalls>>
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
let made: any
let files: { zip: string; root: string; bag: string }

beforeAll(async () => {
  room = await openEvidenceRoom({ before: async (where) => void (recordings = await writeCalls(where)) })
  made = await room.exported({ ...room.range(), incident: INC })
  files = await room.fetched(made.id)
})
afterAll(() => room?.close())

const manifestIn = (bag: string) => JSON.parse(readFileSync(join(bag, 'data', 'manifest.json'), 'utf8'))
const text = (bag: string, name: string): string => readFileSync(join(bag, 'data', name), 'utf8')
const order = (body: object) => room.ask('evidence', 'POST', '/exports', { ...WHY, ...body })
async function verdictOf(zip: string, root: string) {
  const bytes = readFileSync(zip)
  return verifyPackage(
    { size: bytes.length, read: async (at, length) => bytes.subarray(at, Math.min(bytes.length, at + length)) },
    { root: readFileSync(root, 'utf8'), now: Date.now(), hasher: nodeHasher, crc32 },
  )
}

describe('the package of an incident with calls', () => {
  test('has the number that people say on the telephone, for who reads it and for who verifies it', async () => {
    const { incident, incidentNumber } = manifestIn(files.bag)
    expect([incident, incidentNumber]).toEqual([INC, expect.stringMatching(/^LP-\d{4}-0001$/)])
    expect(text(files.bag, 'READ-ME-FIRST.txt')).toContain(`Incident:            ${incidentNumber}\n`)
    expect(factsOf(await verdictOf(files.zip, files.root))).toContainEqual(['Incident', incidentNumber])
  })
  test('has the call of its time byte for byte, with its hash, its gaps and each camera’s offset', () => {
    const { calls } = manifestIn(files.bag)
    const recording = recordings.get(HEARD)
    expect(calls).toEqual([
      expect.objectContaining({
        id: HEARD,
        helpPoint: 'bar',
        file: `data/audio/${HEARD}.wav`,
        sha256: recording?.sha256,
        from: recording?.from,
        to: recording?.to,
        gaps: [],
        redacted: null,
      }),
    ])
    const [bar] = manifestIn(files.bag).cameras
    expect(calls[0].offsetsMs.bar).toBe(Date.parse(calls[0].from) - Date.parse(bar.range.actual.from))
    expect(Math.abs(calls[0].offsetsMs.bar - 2000)).toBeLessThan(1100)
    const bytes = readFileSync(join(files.bag, 'data', 'audio', `${HEARD}.wav`))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(recording?.sha256)
    expect(bytes.equals(readFileSync(join(room.dataFolder, 'calls', `${HEARD}.wav`)))).toBe(true)
  })
  test('says of each other call of the incident why it is not heard', () => {
    expect(manifestIn(files.bag).callsWithoutSound).toEqual([
      expect.objectContaining({ id: UNANSWERED, why: expect.stringContaining('nobody answered it') }),
      expect.objectContaining({ id: LATER, why: 'it was not asked for' }),
    ])
    expect(text(files.bag, 'READ-ME-FIRST.txt')).toMatch(/TO HEAR THE CALL: open data\/audio/)
    expect(text(files.bag, 'READ-ME-FIRST.txt')).toMatch(/is not heard here: nobody answered it/)
    expect(text(files.bag, 'custody.csv')).toContain(`the call ${HEARD} is recorded from`)
  })
  test('passes sha256sum, diff and openssl, and Lamppost’s own verification says what is heard', async () => {
    expect(standardChecks(files.bag, files.root)).toMatchObject({ hashes: true, files: true, signature: true })
    const verdict = await verdictOf(files.zip, files.root)
    expect([verdict.proven, verdict.findings]).toEqual([true, []])
    expect(factsOf(verdict)).toEqual(expect.arrayContaining([['Call', expect.stringMatching(/^bar: .* to /)]]))
    expect((await room.ask('evidence', 'GET', `/exports/${made.id}/receipt.html`)).body).toContain(`${HEARD}.wav`)
  })
  test('lets the call be heard beside each picture, whose streams are still the master’s', () => {
    const { cameras } = manifestIn(files.bag)
    expect(cameras).toHaveLength(2)
    for (const { viewCopy, streamHash } of cameras) {
      const [{ file, streams, sameAsMaster, callsHeard }] = viewCopy
      expect([sameAsMaster, callsHeard]).toEqual([true, [HEARD]])
      expect(streams).toEqual(streamHash[0].master)
      const film = join(files.bag, file)
      const heard = samplesOf(film, 1, 0)
      expect(toneAt(heard, 440, 3, 6)).toBeGreaterThan(0.3)
      expect(toneAt(heard, 440, 0, 1)).toBeLessThan(0.02)
      expect(toneAt(samplesOf(film, 1, 1), 880, 3, 6)).toBeGreaterThan(0.3)
      const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', film, '-map', '0', '-f', 'null', '-'])
      expect(String(stdout)).toBe('')
    }
  })
  test('with a flipped byte in the sound is none any more', async () => {
    const zip = readFileSync(files.zip)
    const at = zip.indexOf(readFileSync(join(files.bag, 'data', 'audio', `${HEARD}.wav`)).subarray(0, 200))
    expect(at).toBeGreaterThan(0)
    zip[at + 9000] = (zip[at + 9000] ?? 0) ^ 1
    const changed = join(room.folder, 'changed.zip')
    writeFileSync(changed, zip)
    const { intact, findings } = await verdictOf(changed, files.root)
    expect([intact, findings[0]?.file]).toEqual([false, `data/audio/${HEARD}.wav`])
  })
})

describe('an order', () => {
  test('names the calls that it wants, of whatever time; or none', async () => {
    const named = await room.exported({ ...room.range(), incident: INC, calls: [LATER] })
    expect(manifestIn((await room.fetched(named.id)).bag).calls.map(({ id }: { id: string }) => id)).toEqual([LATER])
    const none = await room.exported({ ...room.range(), incident: INC, calls: [] })
    const { bag } = await room.fetched(none.id)
    expect(manifestIn(bag)).toMatchObject({ calls: [], cameras: [{ viewCopy: [{ callsHeard: [] }] }, {}] })
  })
  test('of an incident without clips is of its calls alone', async () => {
    const alone = await room.exported({ incident: INC })
    expect(alone).toMatchObject({ state: 'ready', cuts: [], calls: [HEARD, LATER] })
    const { bag, root, zip } = await room.fetched(alone.id)
    expect(standardChecks(bag, root)).toMatchObject({ hashes: true, files: true, signature: true })
    expect((await verdictOf(zip, root)).proven).toBe(true)
    expect(manifestIn(bag).range.actual).toMatchObject({
      from: recordings.get(HEARD)?.from,
      to: recordings.get(LATER)?.to,
    })
  })
  test('of neither pictures nor calls is refused: an empty package proves nothing', async () => {
    const answer = await order({ incident: INC, calls: [] })
    expect([answer.status, answer.body.code]).toEqual([404, 'clip/none'])
  })
  test.each([
    ['a call that is none of the incident', { calls: ['cal-other'] }, 'call/unknown', 404],
    ['a call that nobody answered', { calls: ['cal-unanswered'] }, 'call/no-recording', 404],
    [
      'a silence in a master',
      { kind: 'master', silences: [{ call: 'cal-heard', from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:01Z' }] },
      'request/invalid',
      400,
    ],
  ])('of %s is refused', async (_, body, code, status) => {
    const answer = await order({ ...room.range(), incident: INC, ...body })
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })
})

describe('a redacted copy', () => {
  const second = (n: number): string => isoTime(Date.parse(recordings.get(HEARD)?.from ?? '') + n * 1000)

  test('has a stretch of the call in silence on both sides, says so, and verifies; the master is untouched', async () => {
    const redacted = await room.exported({
      parentExport: made.id,
      silences: [{ call: HEARD, from: second(1), to: second(2) }],
    })
    expect(redacted).toMatchObject({ state: 'ready', kind: 'redacted', calls: [HEARD] })
    const { bag, root, zip } = await room.fetched(redacted.id)
    expect(standardChecks(bag, root)).toMatchObject({ hashes: true, files: true, signature: true })
    const verdict = await verdictOf(zip, root)
    expect([verdict.proven, verdict.findings]).toEqual([true, []])
    expect(factsOf(verdict)).toContainEqual(['made silent', `${second(1)} to ${second(2)}`])
    expect(text(bag, 'READ-ME-FIRST.txt')).toContain(`made SILENT on purpose from ${second(1)}`)
    const [call] = manifestIn(bag).calls
    expect(call.redacted).toEqual({
      from: `data/audio/${HEARD}.wav`,
      sha256: recordings.get(HEARD)?.sha256,
      silenced: [{ from: second(1), to: second(2) }],
    })
    const sound = readFileSync(join(bag, call.file)).subarray(HEADER_BYTES)
    const master = readFileSync(join(files.bag, call.file)).subarray(HEADER_BYTES)
    expect(new Set(sound.subarray(16_000, 32_000))).toEqual(new Set([SILENCE]))
    expect(sound.subarray(0, 15_600).equals(master.subarray(0, 15_600))).toBe(true)
    expect(sound.subarray(32_400).equals(master.subarray(32_400))).toBe(true)
  })
  test('that blurs the picture alone has no sound, unless it is asked for', async () => {
    const [from, to] = [room.range().from, room.range().to]
    const blur = { camera: 'bar', from, to, x: 0, y: 0, width: 0.2, height: 0.2 }
    const redacted = await room.exported({ parentExport: made.id, cameras: ['bar'], redactions: [blur] })
    expect(redacted.calls).toEqual([])
    expect(manifestIn((await room.fetched(redacted.id)).bag).callsWithoutSound).toContainEqual(
      expect.objectContaining({ id: HEARD, why: 'it was not asked for' }),
    )
  })
  test('with a silence at no time of the call is refused', async () => {
    const answer = await order({ parentExport: made.id, silences: [{ call: HEARD, from: second(60), to: second(61) }] })
    expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining('at no time of it')])
  })
})

test('a recording that was changed on the disk makes the export fail, naming the call', async () => {
  const file = join(room.dataFolder, 'calls', `${HEARD}.wav`)
  const bytes = readFileSync(file)
  const changed = Buffer.from(bytes)
  changed[5000] = (changed[5000] ?? 0) ^ 1
  writeFileSync(file, changed)
  const failed = await room.exported({ ...room.range(), incident: INC })
  expect([failed.state, failed.problem]).toEqual(['failed', expect.stringContaining(`call ${HEARD} is not as it was`)])
  writeFileSync(file, bytes)
})
