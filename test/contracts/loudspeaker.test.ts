/** The room's voice at the loudspeaker of a camera: a real RTSP back channel of a simulated one. */
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { SpeakerRefused, openLoudspeaker } from '../../server/call/speaker/loudspeaker.ts'
import type { SoundLeg } from '../../server/call/call-line.ts'
import { toALaw, toLinear } from '../../server/tools/media/g711.ts'
import { createRtspReader, rtspAnswer } from '../../server/tools/onvif-server/rtsp-messages.ts'
import { CREDENTIALS, plan, startTestTown, until } from './test-town.ts'

const HZ = 440
let town: Awaited<ReturnType<typeof startTestTown>>
beforeAll(async () => {
  town = await startTestTown({ ...plan('speaks', false), speaker: true }, plan('mute', false))
})
afterAll(() => town.end())
const open: { leg: SoundLeg; stop: AbortController }[] = []
afterEach(async () => {
  for (const { leg, stop } of open.splice(0)) {
    leg.close()
    stop.abort()
  }
  await until(
    () => town.camera('speaks').spokenThrough(),
    (so) => !so,
  )
})

const urlOf = (id: string, password = CREDENTIALS.password): string => {
  const url = new URL(`rtsp://127.0.0.1:${town.camera(id).ports.rtsp}/stream`)
  url.username = encodeURIComponent(CREDENTIALS.username)
  url.password = encodeURIComponent(password)
  return url.href
}
async function speaker(id: string, onGone: (words: string | null) => void = () => {}, url = urlOf(id)) {
  const stop = new AbortController()
  const leg = await openLoudspeaker({ url, basic: false }, stop.signal, onGone)
  open.push({ leg, stop })
  return leg
}
const frame = (i: number, hz: number): Uint8Array =>
  Uint8Array.from({ length: 160 }, (_, k) => toALaw(8000 * Math.sin((2 * Math.PI * hz * (i * 160 + k)) / 8000)))
/** Which share of all energy lies at a frequency. */
function shareOf(sound: Uint8Array, hz: number): number {
  let [re, im, energy] = [0, 0, 0]
  for (const [i, byte] of sound.entries()) {
    const sample = toLinear(byte)
    re += sample * Math.cos((2 * Math.PI * hz * i) / 8000)
    im += sample * Math.sin((2 * Math.PI * hz * i) / 8000)
    energy += sample * sample
  }
  return (2 * (re * re + im * im)) / (energy * sound.length)
}
const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'spoke',
    (error: unknown) => (error instanceof SpeakerRefused ? [error.busy, error.message] : error),
  )

describe('a camera with a loudspeaker', () => {
  test('is sent what the operator says, in the format that it takes, and nothing of its own picture is asked for', async () => {
    const leg = await speaker('speaks')
    const before = town.camera('speaks').said().length
    for (let i = 0; i < 50; i += 1) leg.send(frame(i, HZ), null)
    const said = await until(
      () => town.camera('speaks').said().subarray(before),
      (bytes) => bytes.length >= 50 * 160,
    )
    expect(shareOf(said, HZ)).toBeGreaterThan(0.98)
    leg.close()
    const file = join(town.folder, 'simulator', 'speaks.heard.wav')
    await until(
      () => existsSync(file) && readFileSync(file).length,
      (size) => Number(size) >= 50 * 160,
    )
  })
  test('belongs to one at a time: the second is told so, and speaks when the first has gone', async () => {
    const first = await speaker('speaks')
    expect(await refused(speaker('speaks'))).toEqual([true, 'Somebody else speaks through this camera now.'])
    first.close()
    await until(
      () => town.camera('speaks').spokenThrough(),
      (so) => !so,
    )
    await speaker('speaks')
  })
  test('says when it is gone, once, and not when we end it ourselves', async () => {
    const gone: (string | null)[] = []
    const leg = await speaker('speaks', (words) => gone.push(words))
    leg.close()
    await until(
      () => town.camera('speaks').spokenThrough(),
      (so) => !so,
    )
    expect(gone).toEqual([])
    await speaker('speaks', (words) => gone.push(words))
    await town.camera('speaks').unplug()
    await until(
      () => gone.length,
      (count) => count === 1,
    )
    await town.camera('speaks').plugIn()
  })
})
test.each([
  ['without one', () => speaker('mute'), 'The camera offers no loudspeaker by ONVIF.'],
  [
    'with another password',
    () => speaker('speaks', () => {}, urlOf('speaks', 'guess')),
    'The camera does not let this account speak: see its user’s rights, or the password.',
  ],
  [
    'that is read over TLS only',
    () => speaker('speaks', () => {}, urlOf('speaks').replace('rtsp:', 'rtsps:')),
    'A loudspeaker is reached over rtsp:// only, and this camera’s stream is not.',
  ],
])('a camera %s is refused in words', async (_, ask, words) => {
  expect(await refused(ask())).toEqual([false, words])
})
test('a camera that is not there is refused in words', async () => {
  await town.camera('speaks').unplug()
  expect(await refused(speaker('speaks'))).toEqual([false, expect.stringContaining('cannot be reached')])
  await town.camera('speaks').plugIn()
})

describe('a camera that misbehaves', () => {
  /** Answers each request by what it is asked; null: not at all. */
  async function scripted(
    answer: (method: string) => { status: string; headers?: Record<string, string>; body?: string } | null,
  ) {
    const sockets = new Set<Socket>()
    const asked: string[] = []
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      const read = createRtspReader({
        onRequest({ method, headers }) {
          asked.push(method)
          const said = answer(method)
          if (said) socket.write(rtspAnswer(said.status, headers.get('cseq') ?? '0', said.headers, said.body))
        },
        onPacket() {},
      })
      socket.on('data', read)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/stream`
    return {
      url,
      asked,
      sockets: () => sockets.size,
      async end() {
        for (const socket of sockets) socket.destroy()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }
  const SDP = 'v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:back\r\na=sendonly\r\n'
  const well = (method: string) =>
    method === 'DESCRIBE'
      ? { status: '200 OK', headers: { 'Content-Type': 'application/sdp' }, body: SDP }
      : { status: '200 OK', headers: { Session: '1;timeout=60', Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' } }

  test('by answering nothing any more is gone within seconds: nobody is told that they are heard there', async () => {
    let mute = false
    const camera = await scripted((method) => (mute ? null : well(method)))
    const gone: unknown[] = []
    const leg = await openLoudspeaker({ url: camera.url, basic: false }, new AbortController().signal, (why) =>
      gone.push(why),
    )
    leg.send(frame(0, HZ), null)
    mute = true
    await until(
      () => gone.length,
      (count) => count === 1,
    )
    await until(camera.sockets, (count) => count === 0)
    await camera.end()
  })
  test('by an answer of many thousand words is refused in few', async () => {
    const camera = await scripted((method) =>
      method === 'SETUP' ? { status: `400 ${'No '.repeat(3000)}` } : well(method),
    )
    const words = (await refused(
      openLoudspeaker({ url: camera.url, basic: false }, new AbortController().signal, () => {}),
    )) as [boolean, string]
    expect(words[1].length).toBeLessThanOrEqual(200)
    await camera.end()
  })
  test('by being slow in each of its answers is given up: the operator waits', async () => {
    const camera = await scripted((method) => (method === 'OPTIONS' ? null : well(method)))
    expect(
      await refused(openLoudspeaker({ url: camera.url, basic: false }, new AbortController().signal, () => {})),
    ).toEqual([false, expect.stringContaining('cannot be reached')])
    await until(camera.sockets, (count) => count === 0)
    await camera.end()
  })
  test('is told goodbye, and left, also where it does not read', async () => {
    const camera = await scripted(well)
    const leg = await openLoudspeaker({ url: camera.url, basic: false }, new AbortController().signal, () => {})
    leg.close()
    await until(
      () => camera.asked,
      (all) => all.includes('TEARDOWN'),
    )
    await until(camera.sockets, (count) => count === 0)
    await camera.end()
  })
})
