/** The nightly trial of a help point's loudspeaker and microphone, against a SIP telephone of others. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type VoiceTown, openOperator, openVoiceTown } from './voice-town.ts'

describe('a tone that is sent to a help point', () => {
  let town: VoiceTown
  const registered = (is: boolean) =>
    until(
      async () => (await town.ask('Asha', 'GET', '/help-points/bar')).body.voice,
      (voice) => voice.registered === is,
    )
  const sound = (id = 'bar') => town.ask('Asha', 'POST', `/help-points/${id}/voice-drills`)
  beforeAll(async () => {
    town = await openVoiceTown()
    await town.startServer()
  })
  afterAll(() => town?.end())

  test('proves one that sends back what it hears, both ways, and is no press and no call', async () => {
    expect((await sound()).body).toMatchObject({ code: 'call/unreachable' })
    const helpPoint = town.helpPoint({ dial: false, echoes: true })
    await registered(true)
    const { status, body } = await sound()
    expect([status, body]).toMatchObject([200, { how: 'both-ways', problem: null, by: 'operator:Asha' }])
    expect(body.heardShare).toBeGreaterThan(0.8)
    expect(body.loopMs).toBeLessThan(1000)
    const point = (await town.ask('Asha', 'GET', '/help-points/bar')).body
    expect(point.voice).toMatchObject({ registered: true, lastVoiceProof: body.at, how: 'both-ways', autoAnswer: true })
    expect(Date.parse(point.voice.lastHeard)).toBeGreaterThan(0)
    expect((await town.ask('Asha', 'GET', '/calls')).body.items).toEqual([])
    expect((await town.ask('Asha', 'GET', '/incidents')).body.items).toEqual([])
    await helpPoint.hangUp()
    await registered(false)
  })
  test('proves nothing where another sound comes back, nor where nothing is answered', async () => {
    const talks = town.helpPoint({ dial: false, answers: true, hz: 550 })
    await registered(true)
    expect((await sound()).body).toMatchObject({
      heardShare: 0,
      problem: 'Sound came from it, and the tone did not: its loudspeaker or its microphone is not proved.',
    })
    await talks.hangUp()
    await registered(false)
    const rings = town.helpPoint({ dial: false })
    await registered(true)
    expect((await sound()).body).toMatchObject({ heardShare: null, problem: 'It rang, and did not answer by itself.' })
    const { faults } = (await town.ask('Asha', 'GET', '/shifts/now')).body
    expect(faults).toContainEqual({
      what: 'help-point',
      subject: 'bar',
      detail: 'It rang, and did not answer by itself.',
    })
    await rings.hangUp()
    await registered(false)
  })
  test('gives way at once to a person who presses there', async () => {
    const helpPoint = town.helpPoint({ dial: false, echoes: true })
    await registered(true)
    const trial = sound()
    await until(
      () => helpPoint.lines.join('\n'),
      (said) => /established|incoming/i.test(said),
    )
    const pressed = await town.press('bar')
    expect((await trial).body).toMatchObject({ code: 'call/busy' })
    expect((await town.ask('Asha', 'GET', '/help-points/bar')).body.lastVoiceDrill.problem).toMatch(/did not answer/)
    expect((await sound()).body).toMatchObject({ code: 'call/busy' })
    await town.ask('Asha', 'POST', `/incidents/${pressed}/closure`, { reason: 'tested' })
    await helpPoint.hangUp()
  })
})

describe('a call that the end of the server has cut off', () => {
  let town: VoiceTown
  beforeAll(async () => {
    town = await openVoiceTown({ apart: true })
    await town.startServer()
  })
  afterAll(() => town?.end())

  test.each([
    ['killed', 'SIGKILL'],
    ['stopped', 'SIGTERM'],
  ] as const)(
    '(%s) is called back by the next one; the caller hears the announcement until somebody accepts',
    async (_, signal) => {
      const helpPoint = town.helpPoint({ answers: true })
      const call = await town.call('ringing')
      await town.ask('Asha', 'POST', `/calls/${call.id}/taking`, { takeOver: true })
      const operator = await openOperator(town, 'Asha', call.id)
      await town.call('connected')
      await town.killServer(signal)
      operator.close()
      await town.startServer()
      expect((await town.ask('Asha', 'GET', `/calls/${call.id}`)).body).toMatchObject({ end: 'server-restarted' })
      const back = await town.call('waiting')
      expect(back).toMatchObject({ direction: 'out', owner: null, incident: call.incident, helpPoint: 'bar' })
      await town.ask('Ben', 'POST', `/calls/${back.id}/taking`, { takeOver: true })
      const second = await openOperator(town, 'Ben', back.id)
      expect(await town.call('connected')).toMatchObject({ owner: 'Ben' })
      await town.ask('Ben', 'POST', `/calls/${back.id}/ending`)
      second.close()
      await helpPoint.hangUp()
    },
  )
})
