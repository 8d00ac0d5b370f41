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
const SIP = { user: 'hp01', password: 'a password', certificate: null, from: null, byPbx: false }
const point = (change: Partial<HelpPoint> = {}): HelpPoint =>
  ({
    id: BAR,
    sip: SIP,
    voice: { gain: 0, autoAnswer: true, pushToTalk: false, keys: {}, drill: 'at-night' },
    drillAt: '04:30',
    heartbeatMs: null,
    ...change,
  }) as HelpPoint

describe('a tone', () => {
  test('that comes back proves loudspeaker and microphone', () => expect(problemOf(PROVED, -22)).toBeNull())
  test.each<[string, Partial<Trial>, number | null, RegExp]>([
    ['is not answered', { status: 408, packets: 0, mark: null }, null, /rang, and did not answer/],
    ['is refused', { status: 603, packets: 0, mark: null }, null, /refused the call \(SIP 603\)/],
    ['comes back too quietly to be a loudspeaker', { mark: { ...MARK, levelDb: -66 } }, null, /too quiet/],
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
  const quiet = { gain: 0, autoAnswer: null, pushToTalk: false, keys: {}, drill: 'never' } as const
  test.each<[string, Partial<HelpPoint>, ReturnType<typeof voiceProofOf>]>([
    ['one that answers by itself, by a tone', {}, 'both-ways'],
    ['one that does not, by its registration', { voice: quiet }, 'registration'],
    [
      'one that has a certificate and no password, by its registration as well',
      { voice: quiet, sip: { ...SIP, password: null, certificate: 'hp01.example' } },
      'registration',
    ],
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
        point({ voice: { gain: 0, autoAnswer: true, pushToTalk: false, keys: {}, drill: 'at-any-hour' } }),
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
  test.each([
    ['that a press broke off', 487],
    ['of one in which somebody speaks already', 486],
  ])('%s is neither proof nor failure', async (_, status) => {
    const { voices, written } = drills(async () => ({ status, packets: 0, mark: null }))
    expect([await voices.sound(BAR, 'schedule'), written]).toEqual([null, []])
  })
  test('is compared with how loud is right there, whoever tries it, unless they say that it is right now', async () => {
    const quieter = { ...PROVED, mark: { ...MARK, levelDb: -50 } }
    for (const by of ['schedule', 'engineer:Eve'])
      expect(await drills(async () => quieter, -20).voices.sound(BAR, by)).toMatchObject({
        problem: expect.stringMatching(/30 dB quieter/),
      })
    expect(await drills(async () => quieter, -20).voices.sound(BAR, 'engineer:Eve', true)).toMatchObject({
      problem: null,
      taught: true,
    })
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
      tried(when: string, change: Partial<VoiceDrill> = {}) {
        const { problem = null, by = 'schedule', levelDb = -20, how = 'both-ways', taught } = change
        const more = taught ? { taught } : {}
        const result = { helpPoint: BAR, how, at: when, by, levelDb, heardShare: 1, loopMs: 150, ...more } as const
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
  test('is as loud as at its first proof, however slowly it gets worse, until somebody says that it is right', () => {
    const known = book()
    known.tried('2026-11-20T04:31:00.000Z', { levelDb: -20 })
    known.tried('2026-11-21T04:31:00.000Z', { levelDb: -26 })
    known.tried('2026-11-21T09:00:00.000Z', { levelDb: -30, by: 'engineer:Eve' })
    expect(known.usualDb(BAR)).toBe(-20)
    known.tried('2026-11-21T09:10:00.000Z', { levelDb: -30, by: 'engineer:Eve', taught: true })
    expect(known.usualDb(BAR)).toBe(-30)
    // What failed is no measure.
    known.tried('2026-11-22T04:31:00.000Z', { levelDb: -70, problem: 'too quiet' })
    expect(known.usualDb(BAR)).toBe(-30)
  })
  test('that a tone has not proved stays so when it registers, and is overdue by registration alone where that is all', () => {
    const known = book()
    const quiet = point({ voice: { gain: 0, autoAnswer: true, pushToTalk: false, keys: {}, drill: 'never' } })
    const proof = (now: string, of = quiet) => known.proofOf(of, at(now), LONDON)
    known.tried('2026-11-20T15:00:00.000Z', { problem: 'It hung up.', by: 'engineer:Eve' })
    known.tried('2026-11-21T04:31:00.000Z', { how: 'registration', levelDb: null })
    expect(proof('2026-11-21T06:00:00Z')).toMatchObject({
      lastVoiceDrill: { problem: 'It hung up.' },
      overdue: ['drill'],
    })
    known.tried('2026-11-21T15:00:00.000Z', { by: 'engineer:Eve' })
    known.tried('2026-11-22T04:31:00.000Z', { how: 'registration', levelDb: null })
    expect(proof('2026-11-22T06:00:00Z')).toMatchObject({ lastVoiceProof: { how: 'both-ways' }, overdue: ['drill'] })
    expect(proof('2026-11-23T06:00:00Z').overdue).toContain('voice')
    // What nothing can try any more is no fault that nobody can end.
    known.tried('2026-11-23T15:00:00.000Z', { problem: 'It hung up.' })
    expect(proof('2026-11-23T16:00:00Z', point({ sip: null })).lastVoiceDrill).toBeNull()
  })
})
