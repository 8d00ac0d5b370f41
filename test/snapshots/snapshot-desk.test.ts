/** Still pictures that operators keep with an incident. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import { createSnapshotBook } from '../../server/snapshots/snapshot-book.ts'
import { createSnapshotDesk } from '../../server/snapshots/snapshot-desk.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'lamppost-snapshots-'))
afterAll(() => rmSync(root, { recursive: true }))
const CAMERA = 'cam-12' as CameraId
const INCIDENT = 'inc-1' as IncidentId
const JPEG = Buffer.from('a picture')
let rooms = 0

function openRoom() {
  rooms += 1
  const folder = join(root, String(rooms), 'snapshots')
  const clock = createFakeClock()
  const book = createSnapshotBook()
  const ledger = createFakeLedger(clock.now, book.apply)
  const state = { is: 'acknowledged' as Incident['state'], clips: 1, locked: false }
  let picture = async () => ({ picture: JPEG as Uint8Array, at: clock.now() - 800 })
  const desk = createSnapshotDesk({
    clock,
    folder,
    book,
    append: ledger.append,
    incidents: {
      async load(id) {
        if (id !== INCIDENT) throw new Failure('incident/unknown', 'There is none.')
        return { id, state: state.is, log: state.locked ? [{ kind: 'clip.locked' }] : [] } as unknown as Incident
      },
      clipsOf: () => state.clips,
    },
    still: () => picture(),
  })
  return {
    clock,
    book,
    ledger,
    desk,
    state,
    folder,
    shows: (then: typeof picture): void => void (picture = then),
    files: (): string[] => {
      try {
        return readdirSync(folder)
      } catch {
        return []
      }
    },
    take: () => desk.take(INCIDENT, CAMERA, 'Asha', 'operator:Asha'),
  }
}
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Failure ? error.code : error),
  )

describe('a snapshot', () => {
  test('is kept with its own time, who kept it, and the hash of what is on disk', async () => {
    const room = openRoom()
    const taken = await room.take()
    const sha256 = createHash('sha256').update(JPEG).digest('hex')
    expect(taken).toMatchObject({ incident: INCIDENT, camera: CAMERA, by: 'Asha', bytes: JPEG.length, sha256 })
    expect(Date.parse(taken.takenAt) - Date.parse(taken.at)).toBe(800)
    expect(room.ledger.entries).toMatchObject([
      {
        kind: 'snapshot.taken',
        actor: 'operator:Asha',
        subject: INCIDENT,
        body: { file: `snapshots/${taken.id}.jpg` },
      },
    ])
    expect(room.files()).toEqual([`${taken.id}.jpg`])
    expect(await room.desk.list(INCIDENT)).toEqual([taken])
    expect(Buffer.from((await room.desk.picture(INCIDENT, taken.id)).picture)).toEqual(JPEG)
  })
  test('whose entry the disk does not take is refused, and has a file only where the record has it', async () => {
    const room = openRoom()
    room.ledger.breakDisk(true)
    expect(await codeOf(room.take())).toBe('ledger/unavailable')
    expect([room.files(), room.ledger.entries]).toEqual([room.book.all().map(({ id }) => `${id}.jpg`), []])
  })
  test('is refused where the camera shows nothing, where there is no incident, and once it is closed', async () => {
    const room = openRoom()
    room.shows(async () => {
      throw new Failure('live/none', 'It shows nothing.')
    })
    expect(await codeOf(room.take())).toBe('live/none')
    room.shows(async () => ({ picture: new Uint8Array(), at: 0 }))
    expect(await codeOf(room.take())).toBe('live/none')
    expect(await codeOf(room.desk.take('inc-9', CAMERA, 'Asha', 'operator:Asha'))).toBe('incident/unknown')
    room.state.is = 'closed'
    expect(await codeOf(room.take())).toBe('incident/closed')
    expect([room.files(), room.ledger.entries]).toEqual([[], []])
  })
  test('number two hundred and one is refused: a script must not fill the disk', async () => {
    const room = openRoom()
    for (let i = 0; i < 200; i += 1) await room.take()
    expect(await codeOf(room.take())).toBe('snapshot/too-many')
    expect(room.files()).toHaveLength(200)
  })
  test('whose file is another one is not shown as what was kept; one that is gone is said to be', async () => {
    const room = openRoom()
    const { id } = await room.take()
    writeFileSync(join(room.folder, `${id}.jpg`), 'another picture')
    expect(await codeOf(room.desk.picture(INCIDENT, id))).toBe('snapshot/changed')
    rmSync(join(room.folder, `${id}.jpg`))
    expect(await codeOf(room.desk.picture(INCIDENT, id))).toBe('snapshot/changed')
    expect(await codeOf(room.desk.picture(INCIDENT, 'snp-none'))).toBe('snapshot/unknown')
    // Of another incident it is nobody's.
    expect(await codeOf(room.desk.picture('inc-9', id))).toBe('snapshot/unknown')
  })
})

describe('its end', () => {
  test('comes with the last of its incident’s clips; the record keeps its hash', async () => {
    const room = openRoom()
    const { id, sha256 } = await room.take()
    await room.desk.drop(INCIDENT, 'retention')
    expect([room.files(), room.book.all()]).toEqual([[], []])
    expect(room.ledger.entries.at(-1)).toMatchObject({
      kind: 'snapshot.deleted',
      body: { snapshot: id, sha256, why: 'retention' },
    })
  })
  test('comes by the same rule where there are no clips, and not while it is open, locked, or has clips', async () => {
    const room = openRoom()
    await room.take()
    const sweep = async (): Promise<number> => {
      await room.desk.sweep(60_000)
      return room.files().length
    }
    room.state.clips = 0
    room.state.is = 'closed'
    expect(await sweep()).toBe(1)
    await room.clock.advance(60_000)
    room.state.is = 'acknowledged'
    expect(await sweep()).toBe(1)
    Object.assign(room.state, { is: 'closed', locked: true })
    expect(await sweep()).toBe(1)
    Object.assign(room.state, { locked: false, clips: 1 })
    expect(await sweep()).toBe(1)
    room.state.clips = 0
    expect(await sweep()).toBe(0)
  })
})
test('what a crash has left without an entry is removed at the next start, and nothing else', async () => {
  const room = openRoom()
  room.desk.tidy()
  const { id } = await room.take()
  for (const name of ['snp-lost.jpg', 'snp-half.jpg.new']) writeFileSync(join(room.folder, name), 'x')
  room.desk.tidy()
  expect(room.files()).toEqual([`${id}.jpg`])
  expect(readFileSync(join(room.folder, `${id}.jpg`))).toEqual(JPEG)
})
test('the fold forgets nothing over a snapshot of itself', async () => {
  const room = openRoom()
  const taken = await room.take()
  const again = createSnapshotBook()
  again.restore(room.book.save())
  expect(again.of(INCIDENT)).toEqual([taken])
})
