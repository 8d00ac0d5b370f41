/** One picture that goes on, with cameras that come, go, and come late. Cameras are recordings of ffmpeg; time is the test's. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import { createFragmentReader } from '../../server/clip/record/fragment-reader.ts'
import { createPartReader, kindOf } from '../../server/onvif-device/stream/access-units.ts'
import type { Board } from '../../server/onvif-device/stream/board-picture.ts'
import type { FollowLive } from '../../server/onvif-device/stream/camera-source.ts'
import { type Missing, createStage } from '../../server/onvif-device/stream/stage.ts'
import { makeStream } from '../clip/made-streams.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

type Film = { init: Buffer; parts: Buffer[] }
const films: Record<string, Film> = {}
function film(size: string): Film {
  const found: Film = { init: Buffer.alloc(0), parts: [] }
  const reader = createFragmentReader({
    onInit: ({ bytes }) => (found.init = Buffer.from(bytes)),
    onFragment: ({ bytes }) => found.parts.push(Buffer.from(bytes)),
  })
  reader.push(makeStream({ source: `testsrc2=s=${size}:r=10`, rate: 10, gop: 5, seconds: 2 }))
  return found
}
beforeAll(() => {
  films.small = film('320x180')
  films.large = film('640x360')
})

const [A, B] = ['a', 'b'] as [CameraId, CameraId]
type Listener = Parameters<FollowLive>[1]

/** A stage before cameras that do as the test says. `shown`: what each picture was of, one letter each; `-` the board. */
function room({ boards = async () => {} }: { boards?: (missing: Missing) => Promise<void> } = {}) {
  const clock = createFakeClock()
  const following = new Map<CameraId, Listener>()
  const pictures: { of: string; time: number; sequence: number; isKey: boolean; units: number[] }[] = []
  const problems: string[] = []
  const drawn: Missing[] = []
  let expected = '-'
  let ended = 0
  const board = async (_: unknown, missing: Missing): Promise<Board> => {
    await boards(missing)
    drawn.push(missing)
    expected = '-'
    const { format, read } = createPartReader(films.small?.init ?? Buffer.alloc(0))
    return { legible: true, format, pictures: (films.small?.parts ?? []).slice(0, 5).flatMap(read) }
  }
  const stage = createStage({
    clock,
    board,
    follow: (camera, listener) => {
      following.set(camera, listener)
      return { again: () => {}, leave: () => void (following.get(camera) === listener && following.delete(camera)) }
    },
    onError: (error) => void problems.push(String(error)),
  })
  const leave = stage.join({
    send: (packets, isKey) => {
      const rtp = packets.filter((packet) => packet[1] === 0)
      const [first] = rtp
      if (first)
        pictures.push({
          of: expected,
          time: first.readUInt32BE(8),
          sequence: first.readUInt16BE(6),
          isKey,
          units: rtp.map((packet) => kindOf(packet.subarray(16))),
        })
    },
    end: () => (ended += 1),
  })
  const begin = (camera: CameraId, of: 'small' | 'large' = 'small'): void => {
    expected = camera
    following.get(camera)?.begin({
      init: films[of]?.init ?? Buffer.alloc(0),
      parts: (films[of]?.parts ?? []).slice(0, 3).map((bytes) => ({ bytes })),
    })
  }
  return {
    clock,
    stage,
    leave,
    pictures,
    problems,
    drawn,
    following,
    begin,
    ended: () => ended,
    show: (camera: CameraId | null, isOpen = camera !== null) => stage.show({ camera, isOpen }),
    part: (camera: CameraId, index: number): void => {
      expected = camera
      following.get(camera)?.part({ part: { bytes: films.small?.parts[index] ?? Buffer.alloc(0) } })
    },
    gone: (camera: CameraId): void => following.get(camera)?.gone(),
    shown: (): string => pictures.map(({ of }) => of).join(''),
  }
}

describe('a picture that goes on', () => {
  test('is the board, then the camera once it is here, with numbers and times that continue', async () => {
    const { clock, show, begin, part, pictures, shown, ended } = room()
    await clock.advance(1000)
    show(A)
    await clock.advance(400)
    begin(A)
    part(A, 3)
    expect(shown()).toMatch(/^-{6,}a{4}$/)
    expect(pictures.slice(1).every(({ sequence }, i) => sequence > (pictures[i]?.sequence ?? 0) || sequence < 50)).toBe(
      true,
    )
    expect(pictures.slice(1).every(({ time }, i) => time > (pictures[i]?.time ?? 0))).toBe(true)
    expect(pictures.find(({ of }) => of === 'a')).toMatchObject({
      isKey: true,
      units: expect.arrayContaining([7, 8]),
    })
    expect(ended()).toBe(0)
  })
  test('changes its size without an end: parameter sets come with the next key picture', async () => {
    const { clock, show, begin, pictures, ended } = room()
    show(A)
    begin(A)
    show(B)
    await clock.advance(100)
    begin(B, 'large')
    expect(pictures.find(({ of }) => of === 'b')).toMatchObject({ isKey: true, units: expect.arrayContaining([7, 8]) })
    expect(ended()).toBe(0)
  })
  test('keeps the camera before it until the next one has come, for three seconds', async () => {
    const { clock, show, begin, part, shown, drawn } = room()
    show(A)
    begin(A)
    show(B)
    part(A, 3)
    await clock.advance(2900)
    part(A, 4)
    expect(shown()).toMatch(/aaaaa$/)
    await clock.advance(200)
    expect(drawn.at(-1)).toEqual({ camera: B })
  })
  test('shows the board at once when the camera that it shows is gone, and the camera when it is back', async () => {
    const { clock, show, begin, gone, drawn, shown } = room()
    show(A)
    begin(A)
    gone(A)
    await clock.advance(500)
    expect(drawn.at(-1)).toEqual({ camera: A })
    begin(A)
    await clock.advance(500)
    expect(shown()).toMatch(/-a{3}$/)
  })
  test('gives a camera that has no picture yet its time before it says so', async () => {
    const { clock, show, gone, drawn, begin, shown } = room()
    show(A)
    gone(A)
    await clock.advance(2000)
    expect(drawn).toEqual([null])
    begin(A)
    expect(shown()).toMatch(/a{3}$/)
  })
  test('never goes back to a camera that was gone while the next one was on its way', async () => {
    const { clock, show, begin, gone, following, shown } = room()
    show(A)
    begin(A)
    const old = following.get(A)
    show(B)
    gone(A)
    await clock.advance(100)
    begin(B)
    old?.begin({
      init: films.small?.init ?? Buffer.alloc(0),
      parts: [{ bytes: films.small?.parts[0] ?? Buffer.alloc(0) }],
    })
    await clock.advance(5000)
    expect(shown()).toMatch(/b{3}$/)
    expect([...following.keys()]).toEqual([B])
  })
  test('shows no camera once nothing is open, whatever comes late', async () => {
    const { clock, show, begin, gone, following, drawn } = room()
    show(A)
    begin(A)
    show(B)
    gone(A)
    show(null)
    await clock.advance(5000)
    expect([...following.keys()]).toEqual([])
    expect(drawn.at(-1)).toBeNull()
  })
  test('says that a press is open where no camera shows it', async () => {
    const { clock, show, drawn } = room()
    await clock.advance(100)
    show(null, true)
    await clock.advance(100)
    show(null, false)
    await clock.advance(100)
    expect(drawn).toEqual([null, 'any camera', null])
  })
  test('draws the board again when it could not be drawn', async () => {
    let fails = true
    const { clock, pictures, problems } = room({
      boards: async () => {
        if (fails) throw new Error('no memory')
      },
    })
    await clock.advance(1000)
    expect([pictures.length, problems.length]).toEqual([0, 1])
    fails = false
    await clock.advance(2500)
    expect(pictures.length).toBeGreaterThan(3)
  })
  test('follows nobody once nobody reads it', async () => {
    const { clock, show, begin, leave, following } = room()
    show(A)
    begin(A)
    leave()
    await clock.advance(7000)
    expect([...following.keys()]).toEqual([])
  })
  test('is described in the form that it has now, and by nothing when nothing comes', async () => {
    const { clock, stage, leave, show } = room({ boards: () => new Promise(() => {}) })
    leave()
    show(A)
    const described = stage.describe()
    await clock.advance(8100)
    expect(await described).toBeNull()
  })
  test('passes over a part that makes no sense, and says so', async () => {
    const { clock, show, begin, following, problems, drawn } = room()
    show(A)
    begin(A)
    following.get(A)?.part({ part: { bytes: Buffer.from([0, 0, 0, 99, 0x6d, 0x6f, 0x6f, 0x66, 1]) } })
    await clock.advance(100)
    expect(problems[0]).toContain('cannot pass on the picture of a')
    expect(drawn.at(-1)).toEqual({ camera: A })
  })
})
