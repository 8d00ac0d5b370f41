/** Whether a help point's voice is proved: the verdict over a tone, when it is tried, and what is overdue. */
import { describe, expect, test } from 'vitest'
import type { Draft } from '../../server/glossary/ledger.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import type { VoiceDrill } from '../../server/glossary/proof.ts'
import type { HelpPoint } from '../../server/glossary/site.ts'
import { createReadinessBook } from '../../server/readiness/readiness-book.ts'
import {
  type Trial,
  createVoiceDrills,
  mayBeHeard,
  problemOf,
  voiceProofOf,
} from '../../server/readiness/voice-drill.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const BAR = 'bar' as HelpPointId
const LONDON = 'Europe/London'
const MARK = { share: 1, loopMs: 150, levelDb: -20, before: false }
const PROVED: Trial = { status: 200, packets: 220, mark: MARK }
const SIP = { user: 'hp01', password: 'a password', from: null }
const point = (change: Partial<HelpPoint> = {}): HelpPoint =>
  ({
    id: BAR,
    sip: SIP,
    voice: { autoAnswer: true, pushToTalk: false, keys: {}, drill: 'at-night' },
    drillAt: '04:30',
    heartbeatMs: null,
    ...change,
  }) as HelpPoint

describe('a tone', () => {
  test('that comes back proves loudspeaker and microphone', () => expect(problemOf(PROVED, -22)).toBeNull())
  test.each<[string, Partial<Trial>, number | null, RegExp]>([
    ['is not answered', { status: 408, packets: 0, mark: null }, null, /rang, and did not answer/],
    ['is refused', { status: 486, packets: 0, mark: null }, null, /refused the call \(SIP 486\)/],
    ['reaches nobody', { status: 480, packets: 0, mark: null }, null, /did not take the call \(SIP 480\)/],
    ['is broken off', { mark: null }, null, /hung up before/],
    ['brings no sound at all', { packets: 0, mark: { ...MARK, share: 0 } }, null, /no sound came from it/],
    ['brings other sound', { mark: { ...MARK, share: 0, levelDb: null } }, null, /the tone did not/],
    ['comes back by half', { mark: { ...MARK, share: 0.5 } }, null, /Only 50 % of the tone/],
    ['was there before', { mark: { ...MARK, before: true } }, null, /before they were sent/],
    ['is much quieter than it used to be', { mark: { ...MARK, levelDb: -38 } }, -20, /18 dB quieter than before/],
  ])('that %s proves nothing, and says why', (_, change, usual, words) =>
    expect(problemOf({ ...PROVED, ...change }, usual)).toMatch(words),
  )
  test('that is a little quieter is no fault: a street is not always equally loud', () =>
    expect(problemOf({ ...PROVED, mark: { ...MARK, levelDb: -30 } }, -20)).toBeNull())
})

describe('what is looked at', () => {
  const quiet = { autoAnswer: null, pushToTalk: false, keys: {}, drill: 'never' } as const
  test.each<[string, Partial<HelpPoint>, ReturnType<typeof voiceProofOf>]>([
    ['one that answers by itself, by a tone', {}, 'both-ways'],
    ['one that does not, by its registration', { voice: quiet }, 'registration'],
    ['one that never registers, by nothing', { voice: quiet, sip: { ...SIP, password: null } }, null],
    ['one without a daily drill, by nothing', { drillAt: null }, null],
    ['one that does not telephone, by nothing', { sip: null }, null],
  ])('is %s', (_, change, how) => expect(voiceProofOf(point(change))).toBe(how))
  test.each([
    ['2026-11-20T04:30:00Z', true],
    ['2026-11-20T06:59:00Z', true],
    ['2026-11-20T07:00:00Z', false],
    ['2026-11-20T22:59:00Z', false],
    ['2026-11-20T23:00:00Z', true],
    // Summer time: 06:30 UTC is 07:30 in London.
    ['2026-07-20T06:30:00Z', false],
  ])('the street hears it at %s: %s', (now, may) => expect(mayBeHeard(point(), Date.parse(now), LONDON)).toBe(may))
  test('unless the site says at any hour', () =>
    expect(
      mayBeHeard(
        point({ voice: { autoAnswer: true, pushToTalk: false, keys: {}, drill: 'at-any-hour' } }),
        Date.parse('2026-11-20T12:00:00Z'),
        LONDON,
      ),
    ).toBe(true))
})

describe('a voice drill', () => {
  function drills(trial: () => Promise<Trial> = async () => PROVED, usual: number | null = null, registered = true) {
    const clock = createFakeClock(Date.parse('2026-11-20T04:31:00Z'))
    const written: Draft[] = []
    const voices = createVoiceDrills({
      clock,
      isRegistered: () => registered,
      tryTone: trial,
      usualDb: () => usual,
      write: (draft) => void written.push(draft),
    })
    return { voices, written, told: () => written.map(({ kind, body }) => [kind, (body as { what?: string }).what]) }
  }
  const refused = async (): Promise<Trial> => {
    throw new Failure('call/unreachable', 'It is not registered at the edge.')
  }

  test('that proves it is an entry with what was heard', async () => {
    const { voices, written } = drills()
    await voices.sound(BAR, 'schedule')
    const body = {
      helpPoint: 'bar',
      how: 'both-ways',
      at: '2026-11-20T04:31:00.000Z',
      by: 'schedule',
      heardShare: 1,
      loopMs: 150,
      levelDb: -20,
    }
    expect(written).toEqual([{ kind: 'voice.proved', actor: 'lamppost', subject: 'bar', body }])
  })
  test('of one that is not registered has failed', async () => {
    const { voices, told } = drills(refused)
    expect(await voices.sound(BAR, 'schedule')).toMatchObject({ heardShare: null })
    expect(told()).toEqual([['voice.failed', 'It is not registered at the edge.']])
  })
  test('of one that a person wants to try and cannot is told to that person, and no entry', async () => {
    const { voices, written } = drills(refused)
    await expect(voices.sound(BAR, 'engineer:Eve')).rejects.toMatchObject({ code: 'call/unreachable' })
    expect(written).toEqual([])
  })
  test('that a press broke off is neither proof nor failure', async () => {
    const { voices, written } = drills(async () => ({ status: 487, packets: 0, mark: null }))
    expect([await voices.sound(BAR, 'schedule'), written]).toEqual([null, []])
  })
  test('by a person sets anew how loud is usual: it is not compared with before', async () => {
    const quieter = { ...PROVED, mark: { ...MARK, levelDb: -50 } }
    expect(await drills(async () => quieter, -20).voices.sound(BAR, 'schedule')).toMatchObject({
      problem: expect.stringMatching(/30 dB quieter/),
    })
    expect(await drills(async () => quieter, -20).voices.sound(BAR, 'engineer:Eve')).toMatchObject({ problem: null })
  })
  test.each([
    [true, 'voice.proved', undefined],
    [false, 'voice.failed', 'It is not registered at the edge: it could not call.'],
  ])('by registration alone says so (registered: %s)', (registered, kind, what) => {
    const { voices, told, written } = drills(undefined, null, registered)
    voices.registration(BAR, 'schedule')
    expect([told(), written[0]?.body]).toMatchObject([[[kind, what]], { how: 'registration', heardShare: null }])
  })
})

describe('what is known of a voice', () => {
  const START = Date.parse('2026-11-20T03:00:00Z')
  const at = (text: string): number => Date.parse(text)
  function book() {
    const made = createReadinessBook({ startedAt: START })
    return {
      ...made,
      tried(when: string, { problem = null, by = 'schedule', levelDb = -20 }: Partial<VoiceDrill> = {}) {
        const result = { helpPoint: BAR, how: 'both-ways', at: when, by, levelDb, heardShare: 1, loopMs: 150 } as const
        const entry = { seq: 1, at: when, actor: 'lamppost', subject: BAR } as const
        made.apply(
          problem === null
            ? { ...entry, kind: 'voice.proved', body: result }
            : { ...entry, kind: 'voice.failed', body: { ...result, what: problem } },
        )
      },
    }
  }
  test('is overdue an hour after the drill that did not prove it, and not where nothing looks', () => {
    const known = book()
    const overdue = (now: string, change: Partial<HelpPoint> = {}): string[] =>
      known.proofOf(point(change), at(now), LONDON).overdue
    expect(overdue('2026-11-20T05:00:00Z')).toEqual([])
    expect(overdue('2026-11-20T05:31:00Z')).toContain('voice')
    expect(overdue('2026-11-20T05:31:00Z', { sip: null })).not.toContain('voice')
    known.tried('2026-11-20T04:31:00.000Z', { problem: 'It hung up.' })
    expect(overdue('2026-11-20T05:31:00Z')).toContain('voice')
    known.tried('2026-11-20T04:40:00.000Z')
    expect(overdue('2026-11-20T05:31:00Z')).not.toContain('voice')
    expect(overdue('2026-11-21T05:31:00Z')).toContain('voice')
  })
  test('keeps the last proof beside the last failure, also over a restart', () => {
    const known = book()
    known.tried('2026-11-20T04:31:00.000Z')
    known.tried('2026-11-21T04:31:00.000Z', { problem: 'It hung up before the tone was through.' })
    const again = createReadinessBook({ startedAt: START })
    again.restore(structuredClone(known.save()))
    expect(again.proofOf(point(), at('2026-11-21T05:00:00Z'), LONDON)).toMatchObject({
      lastVoiceProof: { at: '2026-11-20T04:31:00.000Z', how: 'both-ways' },
      lastVoiceDrill: { at: '2026-11-21T04:31:00.000Z', problem: 'It hung up before the tone was through.' },
    })
    expect(again.usualDb(BAR)).toBe(-20)
    expect(isoTime(again.lastVoiceScheduled(BAR) ?? 0)).toBe('2026-11-21T04:31:00.000Z')
  })
  test('follows slowly how loud is usual, and at once what a person has tried', () => {
    const known = book()
    known.tried('2026-11-20T04:31:00.000Z', { levelDb: -20 })
    known.tried('2026-11-21T04:31:00.000Z', { levelDb: -26 })
    expect(known.usualDb(BAR)).toBeCloseTo(-20.2)
    known.tried('2026-11-21T09:00:00.000Z', { levelDb: -40, by: 'engineer:Eve' })
    expect(known.usualDb(BAR)).toBe(-40)
    // What failed is no measure.
    known.tried('2026-11-22T04:31:00.000Z', { levelDb: -70, problem: 'too quiet' })
    expect(known.usualDb(BAR)).toBe(-40)
  })
})
