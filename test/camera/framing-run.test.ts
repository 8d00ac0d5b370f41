import { describe, expect, test } from 'vitest'
import type { Judgement } from '../../server/camera/framing/framing-proof.ts'
import { type Move, runFraming } from '../../server/camera/framing/framing-run.ts'
import type { PresetToken } from '../../server/glossary/camera.ts'
import { Failure } from '../../server/tools/failure.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeHead } from '../fakes/fake-head.ts'

const TOKEN = '3' as PresetToken

function begin(
  change: Partial<Parameters<typeof createFakeHead>[0]> = {},
  move: Move = { way: 'preset', token: TOKEN },
) {
  const clock = createFakeClock()
  const head = createFakeHead({ now: clock.monotonic, ...change })
  const heard: Judgement[] = []
  const stop = new AbortController()
  const ended = runFraming({
    head,
    move,
    clock,
    signal: stop.signal,
    onJudgement: (judgement) => heard.push(judgement),
  })
  return { clock, head, heard, stop, ended }
}

describe('one move', () => {
  test.each([
    [{ way: 'aim', aim: () => ({ pan: 40, tilt: -12 }) } as const, /by its coordinates/],
    [{ way: 'home' } as const, /home position/],
  ])('without a preset (%o) proves nothing, however well the head behaves', async (move, words) => {
    const { clock, head, ended, heard } = begin({}, move)
    await clock.advance(20_000)
    expect(await ended).toMatchObject({
      state: 'unproven',
      proofs: ['accepted', 'stopped'],
      reason: expect.stringMatching(words),
    })
    expect(head.asked).toEqual([move.way])
    expect(heard.map(({ state }) => state)).toEqual(['moving', 'unproven'])
  })
  test('of a camera that somebody else took meanwhile sends nothing', async () => {
    const clock = createFakeClock()
    const head = createFakeHead({ now: clock.monotonic })
    const heard: Judgement[] = []
    expect(
      await runFraming({
        head,
        move: { way: 'preset', token: TOKEN },
        clock,
        signal: AbortSignal.abort(),
        onJudgement: (judgement) => heard.push(judgement),
      }),
    ).toMatchObject({ state: 'failed' })
    expect([head.asked, heard]).toEqual([[], []])
  })
  test('the command leaves before anything is awaited', () => {
    expect(begin().head.asked).toEqual(['3'])
  })
  test('goes asked, moving, framed, and tells each change once', async () => {
    const { clock, heard, ended, head } = begin()
    await clock.advance(3000)
    expect(heard.map(({ state }) => state)).toEqual(['moving', 'framed'])
    expect((await ended).proofs).toEqual(['accepted', 'stopped', 'position'])
    expect(head.asked).toHaveLength(1)
  })
  test.each([
    [false, 'unproven', ['accepted', 'stopped'], /changed on the camera since it was confirmed/],
    [true, 'framed', ['accepted', 'stopped', 'position'], null],
  ] as const)('to a preset that is confirmed: %s is %s', async (confirmed, state, proofs, reason) => {
    const { clock, head, ended } = begin()
    head.presetConfirmed = (token) => token !== TOKEN || confirmed
    await clock.advance(3000)
    expect(await ended).toEqual({ state, proofs, reason: reason && expect.stringMatching(reason) })
  })
  test('fails in the camera’s own words when it refuses', async () => {
    const { heard, ended } = begin({
      refuse: new Failure('camera/refused', 'The camera refused GotoPreset: battery low', {
        extra: { fault: 'env:Sender ter:InvalidArgVal' },
      }),
    })
    await ended
    expect(heard).toEqual([{ state: 'failed', proofs: [], reason: 'The camera refused GotoPreset: battery low' }])
  })
  describe.each<[string, Failure]>([
    [
      'an empty answer',
      new Failure('camera/refused', 'The camera answered GotoPreset with an empty answer (HTTP 204).'),
    ],
    ['a web page', new Failure('camera/refused', 'The camera answered with a web page (HTTP 404).')],
    [
      'a fault that names nothing',
      new Failure('camera/refused', 'no', { extra: { fault: 'env:Receiver ter:Action' } }),
    ],
    ['a connection that broke', new Failure('camera/unreachable', 'broke off', { extra: { reached: true } })],
  ])('answered with %s', (_, refuse) => {
    test('is judged by what the head does: it turns, and is there', async () => {
      const { clock, ended, heard } = begin({ refuse, obeys: true })
      await clock.advance(3000)
      expect(await ended).toMatchObject({ state: 'framed', proofs: ['stopped', 'position'] })
      expect(heard.map(({ state }) => state)).toEqual(['framed'])
    })
    test('fails within a second or so where it does not turn, in the camera’s words', async () => {
      const { clock, ended } = begin({ refuse })
      const begun = clock.monotonic()
      await clock.advance(1500)
      expect(await ended).toEqual({ state: 'failed', proofs: [], reason: refuse.message })
      expect(clock.monotonic() - begun).toBeLessThan(2000)
    })
  })
  test('of a camera that cannot be reached fails at once: the next one comes', async () => {
    const { ended } = begin({ refuse: new Failure('camera/unreachable', 'connect EHOSTUNREACH'), obeys: true })
    expect(await ended).toMatchObject({ state: 'failed', reason: 'connect EHOSTUNREACH' })
  })
  test('to where a head that answers late says it was sent is unproven, and is so when it is asked again', async () => {
    let told = { pan: -0.4, tilt: 0, zoom: 0 }
    const learnt: boolean[] = []
    const ask = async (from: typeof told | null) => {
      const clock = createFakeClock()
      const head = createFakeHead({ now: clock.monotonic })
      const ended = runFraming({
        head: Object.assign(head, {
          gotoPreset: async () => void (told = { pan: 0.5, tilt: -0.1, zoom: 0.2 }),
          status: async () => (await clock.sleep(900), { position: told, moving: null }),
          lookedAt: () => from,
          follows: () => learnt.at(-1) ?? null,
          learnFollows: (follows: boolean) => void learnt.push(follows),
        }),
        move: { way: 'preset', token: TOKEN },
        clock,
        signal: new AbortController().signal,
        onJudgement: () => {},
      })
      await clock.advance(13_000)
      return ended
    }
    const unproven = { state: 'unproven', proofs: ['accepted'] }
    expect(await ask(told)).toMatchObject(unproven)
    expect(await ask(told)).toMatchObject(unproven)
    expect(learnt).toEqual([false])
    // Nobody knows where it was.
    learnt.length = 0
    expect(await ask(null)).toMatchObject(unproven)
    expect(await ask(told)).toMatchObject(unproven)
  })
  test('is unproven when the camera accepts and then says nothing', async () => {
    const { clock, ended } = begin({ silent: true })
    await clock.advance(13_000)
    expect(await ended).toMatchObject({ state: 'unproven', proofs: ['accepted'] })
  })
  test('is unproven when the camera tells neither position nor movement', async () => {
    const { clock, ended } = begin({ noPosition: true, noMoveStatus: true })
    await clock.advance(13_000)
    expect(await ended).toMatchObject({ state: 'unproven' })
  })
  test('fails when the camera stops somewhere else', async () => {
    const { clock, ended } = begin({ neverArrives: true })
    await clock.advance(5000)
    expect(await ended).toMatchObject({ state: 'failed', reason: expect.stringMatching(/away from the preset/) })
  })
  test('says nothing more once it was taken away', async () => {
    const { clock, heard, stop, ended } = begin()
    await clock.advance(200)
    stop.abort()
    await clock.advance(5000)
    await ended
    expect(heard.map(({ state }) => state)).toEqual(['moving'])
  })
})
