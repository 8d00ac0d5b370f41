/** One call's sound, tick by tick, with time that a test moves: what the caller hears, and what the room is told. */
import type { MessagePort } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type LineNews, type SoundLeg, createCallLine } from '../../server/call/call-line.ts'
import { createSoundBuffer } from '../../web-components/lamppost-call/sound-buffer.ts'
import type { Direction } from '../../server/call/sip/sip-description.ts'
import { SILENCE } from '../../server/tools/media/g711.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const LOUD = 0xaa
const sound = (value: number, frames: number): Uint8Array => new Uint8Array(160 * frames).fill(value)
const isQuiet = (frame: Uint8Array): boolean => frame.every((byte) => byte === SILENCE)

function openLine(direction: Direction = 'sendrecv') {
  const sent: { payload: Uint8Array; at: number | null }[] = []
  const news: LineNews[] = []
  const line = createCallLine({
    leg: {
      sendTo: () => {},
      send: (payload: Uint8Array, at: number | null) => void sent.push({ payload, at }),
      sendKeys: () => true,
      close: () => {},
    } satisfies SoundLeg,
    phrases: () => ({
      waiting: sound(1, 50),
      'waiting-unrecorded': sound(2, 50),
      hold: sound(3, 50),
      notice: sound(4, 50),
      'say help-coming pl': sound(5, 50),
    }),
    now: () => 1_000_000,
    tell: (each) => void news.push(each),
  })
  line.remote({ address: '127.0.0.1', port: 5000, keys: null, direction })
  line.up()
  let time = 0
  const page = {
    heard: [] as Uint8Array[],
    say: (() => {}) as (frame: Uint8Array) => void,
    go: (): void => {},
    closed: false,
  }
  const port = {
    postMessage: (frame: Uint8Array) => void page.heard.push(frame),
    on(kind: string, listener: (frame: Uint8Array) => void) {
      if (kind === 'message') page.say = listener
      else page.go = () => listener(new Uint8Array())
    },
    close: () => void (page.closed = true),
  } as unknown as MessagePort
  const frame = (value = LOUD): Uint8Array => {
    const bytes = new Uint8Array(164).fill(value)
    new DataView(bytes.buffer).setUint32(0, (time += 160), true)
    return bytes
  }
  let sequence = 0
  return {
    line,
    sent,
    news,
    page,
    talk: (owner = 'Asha'): void => line.talk(owner, port),
    /** @param each what happens every 20 ms */
    pass(ms: number, each: () => void = () => {}): void {
      for (let at = 0; at < ms; at += 20) {
        vi.advanceTimersByTime(20)
        each()
        line.tick(performance.now())
      }
    },
    speak: (value?: number): void => page.say(frame(value)),
    hears(value = LOUD): void {
      sequence += 1
      line.toRoom({ sequence, time: sequence * 160, at: performance.now(), payload: sound(value, 1) })
    },
  }
}

describe('a caller with whom nobody speaks', () => {
  test.each(['waiting', 'hold'] as const)(
    'hears "%s" again and again, and never three seconds of silence',
    (phrase) => {
      const { line, sent, pass, hears } = openLine()
      line.play(phrase)
      pass(60_000, () => hears())
      expect(sent.length).toBeGreaterThan(2990)
      let [quiet, longest] = [0, 0]
      for (const { payload } of sent) {
        quiet = isQuiet(payload) ? quiet + 1 : 0
        longest = Math.max(longest, quiet)
      }
      expect(longest * 20).toBeLessThan(3000)
    },
  )
  test('is told once an announcement was heard to its end', () => {
    const { line, news, pass, hears } = openLine()
    line.play('waiting')
    pass(1700, () => hears())
    expect(news).not.toContainEqual({ announced: true })
    pass(400, () => hears())
    expect(news).toContainEqual({ announced: true })
  })
  test('hears silence where nothing is played, so that the line stays open', () => {
    const { sent, pass } = openLine()
    pass(1000)
    expect([sent.length, sent.every(({ payload }) => isQuiet(payload))]).toEqual([51, true])
  })
})

describe('an operator', () => {
  test('ends the announcement with the first word, and is heard at the times of the page', () => {
    const { line, sent, page, talk, speak, pass } = openLine()
    line.play('waiting')
    talk()
    pass(1500)
    sent.length = 0
    pass(200, speak)
    expect(sent.map(({ at }) => at).slice(0, 3)).toEqual([160, 320, 480])
    expect(sent.every(({ payload }) => payload[0] === LOUD)).toBe(true)
    expect(page.heard).toEqual([])
  })
  test('hears the caller, and is told when both have been heard', () => {
    const { news, page, talk, speak, hears, pass } = openLine()
    talk()
    pass(100, () => hears())
    expect(page.heard).toHaveLength(5)
    expect(new DataView(page.heard[0]?.buffer ?? new ArrayBuffer(4)).getUint32(0, true)).toBe(160)
    expect(news).toEqual([])
    pass(100, () => {
      speak()
      hears()
    })
    expect(news.filter((each) => 'both' in each)).toEqual([{ both: 'Asha' }])
  })
  test('on hold hears and says nothing, and stays', () => {
    const { line, sent, news, page, talk, speak, hears, pass } = openLine()
    talk()
    line.play('hold')
    pass(10_000, () => {
      speak()
      hears()
    })
    expect(page.heard).toEqual([])
    expect(sent.some(({ payload }) => payload[0] === LOUD)).toBe(false)
    expect(news.some((each) => 'lost' in each || 'both' in each)).toBe(false)
  })
  test('waits until it is said that the call is recorded, and is heard again', () => {
    const { line, sent, news, talk, speak, hears, pass } = openLine()
    talk()
    pass(200, speak)
    line.play('notice')
    sent.length = 0
    pass(1700, () => {
      speak()
      hears()
    })
    expect(sent.some(({ payload }) => payload[0] === LOUD)).toBe(false)
    pass(500, speak)
    expect(news).toContainEqual({ announced: true })
    expect(sent.at(-1)?.payload[0]).toBe(LOUD)
  })
  test('whose page is silent for two seconds is lost, once', () => {
    const { news, page, talk, speak, hears, pass } = openLine()
    talk()
    pass(200, speak)
    pass(1900, () => hears())
    expect(news.some((each) => 'lost' in each)).toBe(false)
    pass(3000, () => hears())
    expect(news.filter((each) => 'lost' in each)).toEqual([{ lost: 'Asha', why: 'silent' }])
    expect(page.closed).toBe(true)
  })
  test('whose page never says a word is lost after eight seconds', () => {
    const { news, talk, hears, pass } = openLine()
    talk()
    pass(7900, () => hears())
    expect(news.some((each) => 'lost' in each)).toBe(false)
    pass(400, () => hears())
    expect(news).toContainEqual({ lost: 'Asha', why: 'silent' })
  })
  test('whose page is gone is lost at once; one that another has replaced is not', () => {
    const one = openLine()
    one.talk()
    one.page.go()
    expect(one.news).toEqual([{ lost: 'Asha', why: 'gone' }])
    const two = openLine()
    two.talk()
    const { go } = two.page
    two.talk('Ben')
    go()
    expect(two.news).toEqual([])
  })
})

describe('a help point', () => {
  const qualityOf = (news: readonly LineNews[]) =>
    news.flatMap((each) => ('quality' in each ? [each.quality] : [])).at(-1)
  test('that is not heard is told so within three seconds, and asked whether it is there after ten', () => {
    const { news, hears, pass } = openLine()
    pass(1000, () => hears())
    pass(3000)
    expect(qualityOf(news)).toMatchObject({ oneWay: 'in', levelIn: null })
    expect(news.some((each) => 'gone' in each)).toBe(false)
    pass(8500)
    expect(news.filter((each) => 'gone' in each)).toHaveLength(1)
    pass(11_000)
    expect(news.filter((each) => 'gone' in each)).toHaveLength(2)
  })
  test('that was never heard is told so, too', () => {
    const { news, pass } = openLine()
    pass(4000)
    expect(qualityOf(news)).toMatchObject({ oneWay: 'in' })
  })
  test('that has put us on hold is not one of whom no sound arrives', () => {
    const { news, pass } = openLine('inactive')
    pass(4000)
    expect(qualityOf(news)).toMatchObject({ oneWay: null })
  })
  test('that is silent while its packets come is a silent line, which is another fault', () => {
    const { news, hears, pass } = openLine()
    pass(10_000, () => hears(SILENCE))
    expect(qualityOf(news)).toMatchObject({ oneWay: null, silentLine: true })
  })
})

describe('what an operator has said by one key', () => {
  test('is said once, in their place, and does not count as the announcement', () => {
    const { line, sent, news, talk, speak, hears, pass } = openLine()
    talk()
    pass(200, speak)
    line.play('say help-coming pl')
    sent.length = 0
    pass(1700, () => {
      speak()
      hears()
    })
    expect(sent.some(({ payload }) => payload[0] === LOUD)).toBe(false)
    pass(500, speak)
    expect(sent.at(-1)?.payload[0]).toBe(LOUD)
    expect(news).not.toContainEqual({ announced: true })
  })
  test('that is not there any more keeps nobody waiting', () => {
    const { line, sent, talk, speak, pass } = openLine()
    talk()
    pass(200, speak)
    line.play('say other xx')
    pass(1500, speak)
    expect(sent.at(-1)?.payload[0]).toBe(LOUD)
  })
})

describe('a third party', () => {
  const partyLeg = () => {
    const heard: Uint8Array[] = []
    const leg = {
      sendTo: () => {},
      send: (payload: Uint8Array) => void heard.push(payload),
      sendKeys: () => false,
      close: () => {},
    } satisfies SoundLeg
    return { leg, heard }
  }
  let said = 0
  const says = (room: ReturnType<typeof openLine>, name = 'pty-1', value = LOUD): void =>
    room.line.fromParty(name, { sequence: (said += 1), time: 0, at: performance.now(), payload: sound(value, 1) })

  test('hears the two others; each is sent 20 ms every 20 ms, and the page’s clock goes on evenly', () => {
    const room = openLine()
    const { leg, heard } = partyLeg()
    room.talk()
    room.pass(200, () => {
      room.speak()
      room.hears()
    })
    room.line.join('pty-1', leg)
    room.sent.length = 0
    room.page.heard.length = 0
    room.pass(1000, () => {
      room.speak()
      room.hears()
      says(room)
    })
    expect([heard.length, room.sent.length, room.page.heard.length]).toEqual([50, 50, 50])
    const times = room.page.heard.map((frame) => new DataView(frame.buffer).getUint32(0, true))
    expect(times.slice(1).every((time, i) => time - (times[i] ?? 0) === 160)).toBe(true)
    expect([heard.at(-1), room.sent.at(-1)?.payload].map((each) => each && isQuiet(each))).toEqual([false, false])
    // What the party alone says is heard by both.
    room.pass(400, () => says(room, 'pty-1', 0x2b))
    for (const heardThere of [room.sent.at(-1)?.payload, room.page.heard.at(-1)?.subarray(4)])
      expect(heardThere?.[0]).toBe(0x2b)
    // It leaves: the operator speaks with the caller as before.
    room.line.part('pty-1')
    room.page.heard.length = 0
    room.pass(200, () => {
      room.speak()
      room.hears()
    })
    expect(room.page.heard.length).toBe(10)
    expect(room.sent.at(-1)?.payload[0]).toBe(LOUD)
  })
  test('is talked over by no announcement, and none that runs goes on', () => {
    const room = openLine()
    const { leg } = partyLeg()
    room.line.play('waiting')
    room.line.join('pty-1', leg)
    room.line.play('waiting')
    room.sent.length = 0
    room.pass(2000, () => room.hears())
    expect(room.sent.every(({ payload }) => isQuiet(payload))).toBe(true)
  })
  test('of whom nothing comes for ten seconds is asked after; the page’s silence is still noticed', () => {
    const room = openLine()
    const { leg } = partyLeg()
    room.talk()
    room.pass(200, room.speak)
    room.line.join('pty-1', leg)
    room.pass(11_000, () => {
      room.speak()
      room.hears()
    })
    expect(room.news.filter((each) => 'partyGone' in each)).toEqual([{ partyGone: 'pty-1' }])
    room.pass(2500, () => room.hears())
    expect(room.news).toContainEqual({ lost: 'Asha', why: 'silent' })
  })
})

describe('the end of a third party', () => {
  const silent = () =>
    ({
      sendTo: () => {},
      send: () => {},
      sendKeys: () => false,
      close: () => {},
    }) satisfies SoundLeg
  test('brings the announcement back, where no operator is there', () => {
    const { line, sent, talk, speak, pass } = openLine()
    talk()
    pass(500, speak)
    line.join('pty-1', silent())
    line.endTalk()
    line.play('waiting')
    pass(500)
    line.part('pty-1')
    sent.length = 0
    pass(2000)
    expect(sent.some(({ payload }) => !isQuiet(payload))).toBe(true)
  })
  test('costs the operator nothing of what the caller says, also where the caller’s clock is slow', () => {
    const room = openLine()
    const buffer = createSoundBuffer()
    let [time, sequence, due, now] = [0, 0, 0, 0]
    // 0.1 % slow: a packet each 20.02 ms.
    const hears = (): void => {
      now += 20
      room.speak()
      for (; due <= now; due += 20.02) {
        sequence += 1
        time += 160
        room.line.toRoom({ sequence, time, at: performance.now(), payload: sound(0x2a, 1) })
      }
    }
    room.talk()
    room.pass(1000, hears)
    room.line.join('pty-1', silent())
    room.pass(120_000, hears)
    room.line.part('pty-1')
    const from = room.page.heard.length
    room.pass(2000, hears)
    for (const [i, frame] of room.page.heard.entries()) {
      if (i === from) buffer.look()
      buffer.packet(new DataView(frame.buffer).getUint32(0, true), frame.subarray(4))
    }
    expect(buffer.look().late).toBeLessThan(3)
  })
  test('does not cut off that the call is recorded, which is being said as it joins', () => {
    const { line, news, talk, speak, pass } = openLine()
    talk()
    pass(200, speak)
    line.play('notice')
    pass(1000, speak)
    line.join('pty-1', silent())
    pass(5000, speak)
    expect(news.filter((each) => 'announced' in each)).toHaveLength(1)
  })
  test('on hold with the operator in another call, it hears that somebody will be back, as the caller does', () => {
    const heard: Uint8Array[] = []
    const { line, talk, speak, pass } = openLine()
    talk()
    pass(200, speak)
    line.play('hold')
    line.join('pty-1', { ...silent(), send: (payload) => void heard.push(payload) })
    pass(200, speak)
    line.endTalk()
    heard.length = 0
    pass(2000)
    expect(heard.some((payload) => !isQuiet(payload))).toBe(true)
  })
  test('is apart from a caller on hold also when the operator is lost: two who do not know each other are not joined', () => {
    const heard: Uint8Array[] = []
    const { line, hears, talk, speak, pass } = openLine()
    talk()
    pass(200, speak)
    line.play('hold')
    line.join('pty-1', { ...silent(), send: (payload) => void heard.push(payload) })
    pass(200, speak)
    line.endTalk()
    line.play('waiting')
    heard.length = 0
    pass(1000, () => hears(0x2a))
    expect(heard.some((payload) => payload[0] === 0x2a)).toBe(false)
  })
})
