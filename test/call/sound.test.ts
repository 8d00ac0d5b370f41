/** The sound of a call as bytes: A-law on both sides, packets, what a direction is like, what the browser plays. */
import { describe, expect, test } from 'vitest'
import { createAudioWatch } from '../../server/call/sound/audio-watch.ts'
import { soundOf, wavHeader } from '../../server/tools/media/a-law-wav.ts'
import { SILENCE, levelOf, toLinear } from '../../server/tools/media/g711.ts'
import { readPacket } from '../../server/call/sip/rtp-leg.ts'
import { createSoundBuffer } from '../../web-components/lamppost-call/sound-buffer.ts'
import * as browser from '../../web-components/lamppost-call/sound-codec.ts'
import { createSoundFramer } from '../../web-components/lamppost-call/sound-framer.ts'

const tone = (hz: number, samples: number, rate = 8000, loud = 0.5): Float32Array =>
  Float32Array.from({ length: samples }, (_, i) => loud * Math.sin((2 * Math.PI * hz * i) / rate))
const aLaw = (samples: Float32Array): Uint8Array =>
  Uint8Array.from(samples, (sample) => browser.toALaw(Math.round(sample * 32_767)))
/** Which share of all energy lies at a frequency (Goertzel). */
function shareAt(samples: Float32Array, hz: number, rate: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / rate)
  let [a, b, all] = [0, 0, 0]
  for (const sample of samples) {
    ;[a, b] = [sample + factor * a - b, a]
    all += sample * sample
  }
  return ((a * a + b * b - factor * a * b) * 2) / samples.length / all
}

describe('A-law', () => {
  test('is the same on the server and in the browser', () => {
    for (let byte = 0; byte < 256; byte += 1) expect(browser.toLinear(byte)).toBe(toLinear(byte))
  })
  test('comes back as itself, byte for byte', () => {
    for (let byte = 0; byte < 256; byte += 1) expect(browser.toALaw(toLinear(byte))).toBe(byte)
  })
  test('is never off by more than a sixteenth of what it says, and clips what is louder', () => {
    for (let sample = -32_768; sample < 32_768; sample += 7)
      expect(Math.abs(toLinear(browser.toALaw(sample)) - sample)).toBeLessThanOrEqual(
        Math.max(16, Math.abs(sample) / 16),
      )
    expect(toLinear(browser.toALaw(40_000))).toBe(toLinear(browser.toALaw(32_767)))
  })
  // ITU-T G.711, table 1a: the bytes with even bits inverted.
  test.each([
    [32_256, 0xaa],
    [-32_256, 0x2a],
    [8, 0xd5],
    [-8, 0x55],
  ])('of %i is %i', (sample, byte) => expect([browser.toALaw(sample), toLinear(byte)]).toEqual([byte, sample]))
  test('has a level: silence is none, full scale is none below', () => {
    expect(levelOf(new Uint8Array(160).fill(SILENCE))).toBeLessThan(-70)
    expect(levelOf(aLaw(tone(440, 800, 8000, 1)))).toBe(-3)
    expect(levelOf(new Uint8Array(0))).toBe(-90)
  })
})

describe('a WAV of a call', () => {
  const file = (channels: 1 | 2, sound: Uint8Array): Uint8Array =>
    Buffer.concat([wavHeader(channels, sound.length / channels), sound])
  test('is read as it was written', () =>
    expect(Buffer.from(soundOf(file(1, Uint8Array.of(1, 2, 3, 4))))).toEqual(Buffer.of(1, 2, 3, 4)))
  test.each([
    ['this is no WAV file', new Uint8Array(60)],
    ['it is not mono', file(2, Uint8Array.of(1, 2))],
    ['it has no sound', wavHeader(1, 0).subarray(0, 50)],
  ])('that is none is refused: %s', (words, bytes) => expect(() => soundOf(bytes)).toThrow(words))
  test('of another format is refused; of samples of 16 bits, as editors write them, it is made A-law', () => {
    const samples = Int16Array.of(0, 1000, -1000, 32_000)
    const pcm = Buffer.from(file(1, new Uint8Array(samples.buffer)))
    pcm.writeUInt16LE(7, 20)
    expect(() => soundOf(pcm)).toThrow('neither A-law')
    pcm.writeUInt16LE(1, 20)
    expect(() => soundOf(pcm)).toThrow('neither A-law')
    pcm.writeUInt16LE(16, 34)
    expect([...soundOf(pcm)].map(toLinear).map((sample) => Math.round(sample / 100))).toEqual([0, 10, -10, 323])
  })
})

describe('a packet', () => {
  const packet = (first: number, second: number, rest: number[]): Uint8Array =>
    Uint8Array.of(first, second, 0, 7, 0, 0, 1, 0, 9, 9, 9, 9, ...rest)
  test('has a type, a number, a time and its sound', () =>
    expect(readPacket(packet(0x80, 0x88, [1, 2]))).toEqual({
      type: 8,
      sequence: 7,
      time: 256,
      payload: Uint8Array.of(1, 2),
    }))
  test('may have padding, sources and an extension, which are no sound', () => {
    expect(readPacket(packet(0xa0, 8, [1, 2, 0, 2]))?.payload).toEqual(Uint8Array.of(1, 2))
    expect(readPacket(packet(0x81, 8, [0, 0, 0, 1, 5]))?.payload).toEqual(Uint8Array.of(5))
    expect(readPacket(packet(0x90, 8, [0, 0, 0, 1, 9, 9, 9, 9, 6]))?.payload).toEqual(Uint8Array.of(6))
  })
  test.each([
    ['short', new Uint8Array(11)],
    ['of another version', packet(0x40, 8, [1])],
    ['RTCP on the same port', packet(0x80, 200, [1])],
    ['all padding', packet(0xa0, 8, [9, 9])],
    ['an extension that is cut off', packet(0x90, 8, [0, 0])],
    ['an extension that is longer than it', packet(0x90, 8, [0, 0, 0, 9, 1])],
  ])('that is %s is none', (_, bytes) => expect(readPacket(bytes)).toBeNull())
})

describe('what a direction is like', () => {
  const LOUD = aLaw(tone(440, 160))
  const QUIET = new Uint8Array(160).fill(SILENCE)
  const feed = (watch: ReturnType<typeof createAudioWatch>, numbers: readonly number[], payload = LOUD, from = 0) => {
    for (const [i, sequence] of numbers.entries())
      watch.heard({ sequence, time: sequence * 160, at: from + i * 20, payload })
  }
  test('nothing is lost of packets that follow on, also where their number begins anew at zero', () => {
    const watch = createAudioWatch()
    feed(watch, [65_534, 65_535, 0, 1])
    expect(watch.look(80)).toMatchObject({ lossPercent: 0, stopped: false, silent: false })
  })
  test('a fifth is lost of five packets that are four', () => {
    const watch = createAudioWatch()
    feed(watch, [1, 2, 4, 5])
    expect(watch.look(80).lossPercent).toBe(20)
    // Each look counts for itself.
    feed(watch, [6, 7])
    expect(watch.look(120).lossPercent).toBe(0)
  })
  test('packets out of their order are not lost, nor is a source that began anew', () => {
    const watch = createAudioWatch()
    feed(watch, [1, 3, 2, 4])
    expect(watch.look(80).lossPercent).toBe(0)
    feed(watch, [40_000, 40_001])
    expect(watch.look(120).lossPercent).toBe(0)
  })
  test('it has stopped two seconds after the last packet', () => {
    const watch = createAudioWatch()
    feed(watch, [1])
    expect([watch.look(2000).stopped, watch.look(2001).stopped]).toEqual([false, true])
  })
  test('it is silent when packets come and nothing is in them for eight seconds', () => {
    const watch = createAudioWatch()
    feed(watch, [1], LOUD)
    feed(
      watch,
      Array.from({ length: 450 }, (_, i) => i + 2),
      QUIET,
      20,
    )
    expect(watch.look(9000).silent).toBe(true)
    feed(watch, [452], LOUD, 9020)
    expect(watch.look(9021).silent).toBe(false)
  })
  test('one that stopped is not silent: that is another fault', () => {
    const watch = createAudioWatch()
    feed(watch, [1], QUIET)
    expect(watch.look(20_000)).toMatchObject({ stopped: true, silent: false, level: -72 })
    expect(watch.look(20_000).level).toBeNull()
  })
})

describe('what the operator hears', () => {
  const RATE = 48_000
  const packets = (hz: number, count: number): Uint8Array[] => {
    const all = aLaw(tone(hz, count * 160))
    return Array.from({ length: count }, (_, i) => all.subarray(i * 160, (i + 1) * 160))
  }
  function played(buffer: ReturnType<typeof createSoundBuffer>, seconds: number): Float32Array {
    const out = new Float32Array(Math.round(seconds * RATE))
    for (let at = 0; at < out.length; at += 120) buffer.play(out.subarray(at, at + 120), RATE)
    return out
  }
  test('is the tone that was sent', () => {
    const buffer = createSoundBuffer()
    packets(440, 20).forEach((payload, i) => buffer.packet(i * 160, payload))
    // The buffer has grown, so that it is played a little faster until it is short again.
    const out = played(buffer, 0.2)
    const heard = Math.max(...[440, 446, 453].map((hz) => shareAt(out, hz, RATE)))
    expect(heard).toBeGreaterThan(0.8)
  })
  test('begins when 60 ms have come, and is silence before', () => {
    const buffer = createSoundBuffer()
    const [a, b, c] = packets(440, 3)
    buffer.packet(0, a ?? new Uint8Array())
    buffer.packet(160, b ?? new Uint8Array())
    expect(Math.max(...played(buffer, 0.02))).toBe(0)
    buffer.packet(320, c ?? new Uint8Array())
    expect(Math.max(...played(buffer, 0.02))).toBeGreaterThan(0.3)
  })
  test('fades over what was lost, and leaves out what comes late or twice', () => {
    const buffer = createSoundBuffer()
    const all = packets(440, 8)
    for (const i of [0, 1, 2, 3]) buffer.packet(i * 160, all[i] ?? new Uint8Array())
    played(buffer, 0.01)
    for (const i of [5, 4, 5, 6]) buffer.packet(i * 160, all[i] ?? new Uint8Array())
    expect(buffer.look()).toEqual({ frames: 6, concealed: 1, late: 2, ranDry: 0 })
    expect(buffer.buffered()).toBeGreaterThan(0)
  })
  test('says that it ran dry, and begins anew', () => {
    const buffer = createSoundBuffer()
    packets(440, 4).forEach((payload, i) => buffer.packet(i * 160, payload))
    played(buffer, 0.2)
    expect(buffer.look().ranDry).toBe(1)
    packets(440, 4).forEach((payload, i) => buffer.packet((i + 50) * 160, payload))
    expect(Math.max(...played(buffer, 0.02))).toBeGreaterThan(0.3)
  })
  test('takes a source that counts from elsewhere', () => {
    const buffer = createSoundBuffer()
    packets(440, 4).forEach((payload, i) => buffer.packet(i * 160, payload))
    packets(440, 4).forEach((payload, i) => buffer.packet((2 ** 31 + i * 160) | 0, payload))
    expect(buffer.look()).toMatchObject({ frames: 8, late: 0 })
  })
  test('never gets longer, whatever is sent at once: the delay of a call does not grow', () => {
    const buffer = createSoundBuffer()
    packets(440, 200).forEach((payload, i) => buffer.packet(i * 160, payload))
    expect(buffer.buffered()).toBeLessThanOrEqual(8000 + 160)
    for (let at = 200; at < 2200; at += 1) {
      buffer.packet(at * 160, packets(440, 1)[0] ?? new Uint8Array())
      played(buffer, 0.02)
    }
    expect(buffer.buffered()).toBeLessThan(2 * 480 + 320)
  })
})

describe('what the operator says', () => {
  const framesOf = (rate: number, seconds: number, start = 0): Uint8Array[] => {
    const frames: Uint8Array[] = []
    const framer = createSoundFramer(rate, start, (frame) => frames.push(frame))
    const said = tone(880, Math.round(rate * seconds), rate)
    for (let at = 0; at < said.length; at += 128) framer.take(said.subarray(at, at + 128))
    return frames
  }
  test.each([48_000, 44_100, 16_000, 8000])(
    'at %i samples a second is 50 packets a second of the same tone',
    (rate) => {
      const frames = framesOf(rate, 1)
      expect(frames.length).toBeGreaterThanOrEqual(49)
      expect(frames.length).toBeLessThanOrEqual(50)
      const heard = Float32Array.from(frames.flatMap((frame) => [...frame.subarray(4)].map((byte) => toLinear(byte))))
      expect(shareAt(heard, 880, 8000)).toBeGreaterThan(0.95)
    },
  )
  test('has times that follow on, also over the end of 32 bits', () => {
    const times = framesOf(8000, 0.1, 2 ** 32 - 160).map((frame) => new DataView(frame.buffer).getUint32(0, true))
    expect(times).toEqual([2 ** 32 - 160, 0, 160, 320, 480])
  })
  test('is sent when it is silence, too', () => {
    const frames: Uint8Array[] = []
    createSoundFramer(8000, 0, (frame) => frames.push(frame)).take(new Float32Array(160))
    expect(frames[0]?.subarray(4)).toEqual(new Uint8Array(160).fill(SILENCE))
  })
})
