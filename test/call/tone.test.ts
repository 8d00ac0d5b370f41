/** The tone that tries a help point: how it is found in what comes back, and the trial call that carries it. */
import { describe, expect, test } from 'vitest'
import { createToneDrill } from '../../server/call/tone/tone-drill.ts'
import { createToneTrial } from '../../server/call/tone/tone-trial.ts'
import type { TrialOutcome } from '../../server/call/tone/tone-trials.ts'
import { MARK_MS, findMark, markSound } from '../../server/call/sound/tone-mark.ts'
import type { Recorded } from '../../server/glossary/ledger.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import { SILENCE, toALaw, toLinear } from '../../server/tools/media/g711.ts'
import * as browser from '../../web-components/lamppost-call/sound-codec.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const SENT_AT = 8000
/** Numbers that look like noise, the same in each run. */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}
/**
 * What a help point's microphone sends: the mark after so long and so much quieter, over a street.
 * @param street loudness of white noise, 0..1; @param of which part of the mark comes
 */
function heard({ delayMs = 150, quieterDb = 0, street = 0, of = [0, 1] as [number, number] } = {}): Uint8Array {
  const mark = markSound()
  const random = noise(7)
  const gain = 10 ** (-quieterDb / 20)
  return Uint8Array.from({ length: 36_000 }, (_, i) => {
    const at = i - SENT_AT - delayMs * 8
    const is = at >= of[0] * mark.length && at < of[1] * mark.length
    return toALaw((is ? toLinear(mark[at] ?? SILENCE) * gain : 0) + street * 32_767 * random())
  })
}
const tones =
  (...hz: number[]) =>
  (): Uint8Array =>
    Uint8Array.from({ length: 36_000 }, (_, i) =>
      toALaw(hz.reduce((sum, each) => sum + 6000 * Math.sin((2 * Math.PI * each * i) / 8000), 0)),
    )

describe('A-law of the server', () => {
  test('comes back as itself, byte for byte', () => {
    for (let byte = 0; byte < 256; byte += 1) expect(toALaw(toLinear(byte))).toBe(byte)
  })
  test('is never further from a sample than the browser’s, by more than half a step', () => {
    const off = (byte: number, sample: number): number => Math.abs(toLinear(byte) - sample)
    for (let sample = -32_768; sample < 32_768; sample += 5)
      expect(off(toALaw(sample), sample)).toBeLessThanOrEqual(
        off(browser.toALaw(sample), sample) + Math.max(16, Math.abs(sample) / 32),
      )
  })
})

describe('the mark', () => {
  test('is two seconds long, and never clipped', () => {
    const mark = markSound()
    expect(mark).toHaveLength(MARK_MS * 8)
    expect(Math.max(...Array.from(mark, (byte) => Math.abs(toLinear(byte))))).toBeLessThan(32_000)
  })
  test.each([
    ['as it was sent', {}],
    ['40 dB quieter', { quieterDb: 40 }],
    ['after a second', { delayMs: 1000 }],
    ['quieter than the street by 6 dB', { quieterDb: 20, street: 0.08 }],
  ])('is found where it comes back %s', (_, change) => {
    const found = findMark(heard(change), SENT_AT)
    expect(found.share).toBeGreaterThanOrEqual(0.9)
    expect(Math.abs((found.loopMs ?? -1) - ((change as { delayMs?: number }).delayMs ?? 150))).toBeLessThanOrEqual(20)
    expect(found.before).toBe(false)
  })
  test('comes back in part where a lorry covers the rest', () => {
    const { share } = findMark(heard({ of: [0, 0.4] }), SENT_AT)
    expect(share).toBeGreaterThan(0.3)
    expect(share).toBeLessThan(0.5)
  })
  test.each([
    ['silence', () => new Uint8Array(36_000).fill(SILENCE)],
    ['a loud street', () => heard({ of: [0, 0], street: 0.9 })],
    ['a quiet one', () => heard({ of: [0, 0], street: 0.01 })],
    ['one of the tones alone', tones(1000)],
    ['the other alone', tones(1700)],
    ['a ringing tone', tones(400, 450)],
    ['a siren’s two tones', tones(635, 912)],
    ['the keys of a telephone', tones(941, 1633)],
    ['hum with its overtones', tones(50, 100, 150, 1000)],
  ])('is not found in %s', (_, sound) => expect(findMark(sound(), SENT_AT)).toMatchObject({ share: 0, loopMs: null }))
  test('that sounded before it was sent proves nothing, and is told apart', () =>
    expect(findMark(tones(1000, 1700)(), SENT_AT).before).toBe(true))
  test('says how loud it came back, to 1 dB', () => {
    const [loud, quiet] = [heard(), heard({ quieterDb: 20 })].map((sound) => findMark(sound, SENT_AT).levelDb ?? 0)
    expect(Math.abs((loud ?? 0) - (quiet ?? 0) - 20)).toBeLessThanOrEqual(1)
  })
})

describe('a trial call', () => {
  const leg = (back: (payload: Uint8Array) => void = () => {}) => ({
    port: 4000,
    sendTo: () => {},
    send: (payload: Uint8Array) => back(payload),
    close: () => {},
  })
  /** Sends back what it gets, after so many packets. */
  function echo(packetsLate: number, startAt = 1_000_000) {
    const waiting: Uint8Array[] = []
    let [sequence, time, at] = [0, startAt, performance.now()]
    const trial = createToneTrial(
      leg((payload) => {
        waiting.push(payload)
        const back = waiting.length > packetsLate ? waiting.shift() : undefined
        time += 160
        sequence += 1
        at += 20
        if (back) trial.toRoom({ sequence, time: time >>> 0, at, payload: back })
      }),
    )
    return trial
  }
  async function run(trial: ReturnType<typeof createToneTrial>) {
    const heardThere = trial.up()
    const start = performance.now()
    // Its packets are due by the monotonic clock; all at once is as good.
    for (let ms = 0; ms <= 4600; ms += 20) trial.tick(start + ms)
    trial.close()
    return heardThere
  }
  test('against one that sends all back is proved', async () => {
    const { packets, mark } = await run(echo(5))
    expect(packets).toBeGreaterThan(200)
    expect(mark?.share).toBeGreaterThan(0.9)
  })
  test('whose other side wraps its clock is proved as well', async () =>
    expect((await run(echo(5, 2 ** 32 - 8000))).mark?.share).toBeGreaterThan(0.9))
  test('to which nothing comes back has counted nothing', async () =>
    expect(await run(createToneTrial(leg()))).toMatchObject({ packets: 0, mark: { share: 0 } }))
  test('that ends before it is through has no mark', async () => {
    const trial = createToneTrial(leg())
    const result = trial.up()
    trial.tick(performance.now() + 1000)
    trial.close()
    expect(await result).toEqual({ packets: 0, mark: null })
  })
})

describe('a help point that is tried', () => {
  function drill(reach: { user: string; autoAnswer: boolean | null } | null = { user: 'hp01', autoAnswer: true }) {
    const asked: string[] = []
    let ends: (outcome: TrialOutcome) => void = () => {}
    const tones = createToneDrill({
      clock: createFakeClock(),
      line: {
        tryTone: (_, user) => {
          asked.push(`try ${user}`)
          return new Promise((resolve) => (ends = resolve))
        },
        giveUpTone: async () => {
          asked.push('give up')
          ends({ status: 487, packets: 0, mark: null })
        },
      },
      reachOf: () => reach,
      isInCall: (id) => id === 'in-call',
      onError: (error) => asked.push(String(error)),
    })
    return { asked, tones }
  }
  const BAR = 'bar' as HelpPointId
  const pressed = (helpPoint: string, kind: string): Recorded =>
    ({ kind: 'press.received', body: { press: { helpPoint, kind } } }) as unknown as Recorded

  test('is let go at once when a person presses there, not for a drill and not for another help point', async () => {
    const { asked, tones } = drill()
    const outcome = tones.tryTone(BAR)
    tones.heard(pressed('row', 'press'))
    tones.heard(pressed('bar', 'drill'))
    expect(asked).toEqual(['try hp01'])
    tones.heard(pressed('bar', 'press'))
    expect(await outcome).toMatchObject({ status: 487 })
    expect(asked).toEqual(['try hp01', 'give up'])
  })
  test('is let go when an operator calls it', async () => {
    const { asked, tones } = drill()
    const outcome = tones.tryTone(BAR)
    tones.heard({ kind: 'call.ringing', body: { helpPoint: 'bar' } } as unknown as Recorded)
    await outcome
    expect(asked).toEqual(['try hp01', 'give up'])
  })
  test.each([
    ['that is not registered', null, BAR, 'call/unreachable'],
    ['that may not answer by itself', { user: 'hp01', autoAnswer: null }, BAR, 'call/unreachable'],
    ['in which somebody speaks', { user: 'hp01', autoAnswer: true }, 'in-call' as HelpPointId, 'call/busy'],
  ])('%s is not called', async (_, reach, id, code) => {
    const { asked, tones } = drill(reach)
    await expect(tones.tryTone(id)).rejects.toMatchObject({ code })
    expect(asked).toEqual([])
  })
  test('is tried once at a time', async () => {
    const { tones } = drill()
    const first = tones.tryTone(BAR)
    await expect(tones.tryTone(BAR)).rejects.toMatchObject({ code: 'call/busy' })
    tones.heard(pressed('bar', 'press'))
    await first
  })
})
