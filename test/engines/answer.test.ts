/** Never silence: a site whose help points ring out is answered by the announcement at once, and the room takes over. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type VoiceTown, openOperator, openVoiceTown, shareAt } from './voice-town.ts'

let town: VoiceTown
beforeAll(async () => {
  town = await openVoiceTown({ voice: ', answer: at-once, recorded: false, noAnswer: 5s' })
  await town.startServer()
})
afterAll(() => town?.end())

test('a caller hears the announcement until an operator speaks, and again when that one is lost', async () => {
  const helpPoint = town.helpPoint()
  const call = await town.call('waiting')
  expect(call).toMatchObject({ line: 'up', owner: null, recorded: false })
  await until(
    async () => (await town.call('waiting')).announced,
    (announced) => announced,
  )
  // The room's screens ring on; the line stays.
  expect(await town.log(call.incident)).toContain('call.escalated')
  await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, {})
  const operator = await openOperator(town, 'Asha', call.id)
  await town.call('connected')
  await new Promise((resolve) => setTimeout(resolve, 2000))
  operator.close()
  await town.call('offered')
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, {})
  await town.ask('Asha', 'POST', `/calls/${call.id}/ending`)
  await helpPoint.hangUp()
  const tone = shareAt(helpPoint.heard(), null, 880)
  // Speech before and after the operator's tone: loud, and no tone.
  expect(tone.seconds).toBeGreaterThan(6)
  expect(tone.share).toBeGreaterThan(0.05)
  expect(tone.share).toBeLessThan(0.9)
  expect((await town.ask('Eve', 'GET', `/calls/${call.id}/recording.wav`)).body).toMatchObject({
    code: 'call/no-recording',
    detail: 'This site does not record calls.',
  })
})

test('a help point that loses its power in a call is told as silent within seconds, and its call ends by itself', async () => {
  const helpPoint = town.helpPoint({ user: 'hp02' })
  const call = await town.call('waiting')
  await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, { takeOver: true })
  const operator = await openOperator(town, 'Asha', call.id)
  await town.call('connected')
  helpPoint.loseItsPower()
  await until(
    async () => (await town.ask('Asha', 'GET', `/calls/${call.id}`)).body.quality,
    (quality) => quality?.oneWay === 'in',
  )
  const over = await until(
    async () => (await town.ask('Asha', 'GET', `/calls/${call.id}`)).body,
    ({ state }) => state === 'ended',
  )
  expect(over.end).toBe('line-lost')
  expect(await town.log(call.incident)).toContain('call.one-way')
  operator.close()
})

test('a dozen calls that are given up at any moment leave no line open, and the next one is heard', async () => {
  for (let i = 0; i < 6; i += 1) {
    const all = Array.from({ length: 2 }, (_, of) => town.helpPoint({ user: of === 0 ? 'hp01' : 'hp02' }))
    await new Promise((resolve) => setTimeout(resolve, 40 + i * 60))
    await Promise.all(all.map((each) => each.hangUp()))
  }
  await until(
    async () => (await town.ask('Asha', 'GET', '/calls?state=open')).body.items,
    (open) => open.length === 0,
  )
  const helpPoint = town.helpPoint()
  const call = await town.call('waiting')
  await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, { takeOver: true })
  const operator = await openOperator(town, 'Asha', call.id)
  await town.call('connected')
  await until(
    () => operator.heard.length,
    (frames) => frames > 50,
  )
  operator.close()
  await helpPoint.hangUp()
})
