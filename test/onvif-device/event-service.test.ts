import { describe, expect, test } from 'vitest'
import {
  type EventMessage,
  Untaken,
  createEventService,
  written,
} from '../../server/tools/onvif-server/event-service.ts'
import { durationMs, readRequest } from '../../server/tools/onvif-server/soap-requests.ts'
import { SoapFault, envelope, faultBody, notAuthorized } from '../../server/tools/onvif-server/soap-words.ts'
import { topicFilter } from '../../server/tools/onvif-server/topic-filter.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { messagesIn, textOf } from '../fakes/device-client.ts'

const ENVELOPE = 'http://www.w3.org/2003/05/soap-envelope'
const soap = (body: string, namespace = ENVELOPE) =>
  readRequest(
    `<e:Envelope xmlns:e="${namespace}" xmlns:tev="http://www.onvif.org/ver10/events/wsdl"><e:Body>${body}</e:Body></e:Envelope>`,
  )
const state = (value: boolean) => ({
  topic: 'tns1:Device/Trigger/DigitalInput',
  source: [['InputToken', 'bar']] as const,
  data: [['LogicalState', String(value)]] as const,
  at: Date.parse('2026-11-20T22:30:00Z'),
})

/** A service with one input, and clients of addresses. */
function service(options: Partial<Parameters<typeof createEventService>[0]> = {}) {
  const clock = createFakeClock()
  const sent: { to: string; message: EventMessage }[] = []
  const problems: string[] = []
  let fails: string | null = null
  const events = createEventService({
    now: clock.now,
    states: () => [state(false)],
    topicSet: '',
    limits: { each: 3, all: 5, life: { least: 60_000, most: 600_000 } },
    notify: async (to, message) => {
      if (fails !== null) throw new Error(fails)
      sent.push({ to, message })
    },
    sleep: clock.sleep,
    ...options,
  })
  const ask = (body: string, from = '10.0.0.1', path = '/') =>
    events.answer(soap(body) ?? expect.fail('no SOAP'), {
      path,
      base: 'http://here:1',
      from,
      agent: 'VMS',
      signal: new AbortController().signal,
    })
  return {
    clock,
    events,
    sent,
    problems,
    ask,
    fail: (words: string | null): void => void (fails = words),
    async subscribe(from = '10.0.0.1', inner = ''): Promise<string> {
      const said = await ask(`<tev:CreatePullPointSubscription>${inner}</tev:CreatePullPointSubscription>`, from)
      return new URL(textOf(said, 'Address') ?? '').pathname
    },
    pull: async (path: string, from = '10.0.0.1'): Promise<string[]> =>
      messagesIn(
        await ask(
          '<tev:PullMessages><tev:Timeout>PT0S</tev:Timeout><tev:MessageLimit>50</tev:MessageLimit></tev:PullMessages>',
          from,
          path,
        ),
      ),
  }
}
const gone = { message: 'There is no such pull point' }

describe('a pull point', () => {
  test('begins with what is so, then has each change once and in order', async () => {
    const { subscribe, pull, events } = service()
    const point = await subscribe()
    events.say(state(true))
    events.say(state(false))
    expect(await pull(point)).toEqual([
      'Device/Trigger/DigitalInput Initialized InputToken=bar LogicalState=false',
      'Device/Trigger/DigitalInput Changed InputToken=bar LogicalState=true',
      'Device/Trigger/DigitalInput Changed InputToken=bar LogicalState=false',
    ])
    expect(await pull(point)).toEqual([])
  })
  test('that was asked before anything came answers when it comes', async () => {
    const { subscribe, pull, ask, events } = service()
    const point = await subscribe()
    await pull(point)
    const answer = ask('<tev:PullMessages><tev:Timeout>PT60S</tev:Timeout></tev:PullMessages>', '10.0.0.1', point)
    events.say(state(true))
    expect(messagesIn(await answer)).toEqual(['Device/Trigger/DigitalInput Changed InputToken=bar LogicalState=true'])
  })
  test('keeps what a client that went away while it waited did not hear', async () => {
    const { subscribe, pull, events } = service()
    const point = await subscribe()
    await pull(point)
    const left = new AbortController()
    const request = soap('<tev:PullMessages><tev:Timeout>PT60S</tev:Timeout></tev:PullMessages>') ?? expect.fail()
    const waiting = events.answer(request, { path: point, base: '', signal: left.signal })
    left.abort()
    await waiting
    events.say(state(true))
    expect(await pull(point)).toHaveLength(1)
  })
  test('ends when it is not used for as long as its client asked, and lives on while it is', async () => {
    const { subscribe, pull, clock } = service()
    const point = await subscribe('10.0.0.1', '<tev:InitialTerminationTime>PT2M</tev:InitialTerminationTime>')
    await clock.advance(119_000)
    await pull(point)
    await clock.advance(119_000)
    await pull(point)
    await clock.advance(121_000)
    await expect(pull(point)).rejects.toMatchObject(gone)
  })
  test.each([
    ['no time', '', 60_000],
    ['a time that is too short', '<tev:InitialTerminationTime>PT1S</tev:InitialTerminationTime>', 60_000],
    ['a time that is too long', '<tev:InitialTerminationTime>P7D</tev:InitialTerminationTime>', 600_000],
    ['a moment', '<tev:InitialTerminationTime>2026-11-20T22:34:00Z</tev:InitialTerminationTime>', 240_000],
    ['nonsense', '<tev:InitialTerminationTime>soon</tev:InitialTerminationTime>', 60_000],
  ])('for %s lives between a minute and ten', async (_, inner, life) => {
    const { ask, clock } = service()
    const said = await ask(`<tev:CreatePullPointSubscription>${inner}</tev:CreatePullPointSubscription>`)
    expect(Date.parse(textOf(said, 'TerminationTime') ?? '') - clock.now()).toBe(life)
  })
  test('of a client that subscribes again and again takes the place of its own that was silent longest', async () => {
    const { subscribe, pull, clock } = service()
    const points: string[] = []
    for (let i = 0; i < 4; i += 1) {
      points.push(await subscribe())
      await clock.advance(10)
    }
    await expect(pull(points[0] ?? '')).rejects.toMatchObject(gone)
    for (const point of points.slice(1)) expect(await pull(point)).toHaveLength(1)
  })
  test('of others is not pushed out by it: beyond all places, who comes is refused', async () => {
    const { subscribe, pull } = service()
    const [first] = [await subscribe('10.0.0.2'), await subscribe('10.0.0.3'), await subscribe('10.0.0.4')]
    await subscribe('10.0.0.5')
    await subscribe('10.0.0.6')
    await expect(subscribe('10.0.0.7')).rejects.toMatchObject({
      codes: ['Receiver', 'ter:Action', 'ter:MaxPullPoints'],
    })
    expect(await pull(first ?? '', '10.0.0.2')).toHaveLength(1)
  })
  test('that is let go is gone', async () => {
    const { subscribe, pull, ask, events } = service()
    const point = await subscribe()
    await ask('<tev:Unsubscribe/>', '10.0.0.1', point)
    await expect(pull(point)).rejects.toMatchObject(gone)
    expect(events.subscribers()).toEqual([])
  })
  test('forgets the oldest of more than it can hold: the newest are what is so', async () => {
    const { subscribe, pull, events } = service()
    const point = await subscribe()
    for (let i = 0; i < 500; i += 1) events.say(state(i % 2 === 1))
    const all: string[] = []
    for (let got = await pull(point); got.length > 0; got = await pull(point)) all.push(...got)
    expect(all.length).toBeLessThanOrEqual(200)
    expect(all.at(-1)).toBe('Device/Trigger/DigitalInput Changed InputToken=bar LogicalState=true')
  })
  test('of more things than it can hold changes of has what is so of each', async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({
      ...state(i === 0),
      source: [['InputToken', `i${i}`]] as const,
    }))
    const { subscribe, pull } = service({ states: () => many })
    const point = await subscribe()
    const all: string[] = []
    for (let got = await pull(point); got.length > 0; got = await pull(point)) all.push(...got)
    expect(all).toHaveLength(300)
    // What is pressed comes last: some clients end their alarm at the first thing that is not.
    expect(all.at(-1)).toContain('InputToken=i0 LogicalState=true')
  })
  test('is not ended, and not kept, by a clock that is set', async () => {
    const own = createFakeClock()
    const steady = service({ now: own.now, monotonic: own.monotonic })
    const point = await steady.subscribe()
    own.setWall(own.now() + 86_400_000)
    expect(await steady.pull(point)).toHaveLength(1)
    own.setWall(own.now() - 2 * 86_400_000)
    await own.advance(61_000)
    await expect(steady.pull(point)).rejects.toMatchObject(gone)
  })
  test('gives back what was on its way when the connection broke', async () => {
    const { subscribe, pull, events } = service()
    const point = await subscribe()
    await pull(point)
    events.say(state(true))
    const request = soap(
      '<tev:PullMessages><tev:Timeout>PT0S</tev:Timeout><tev:MessageLimit>9</tev:MessageLimit></tev:PullMessages>',
    )
    const signal = new AbortController().signal
    await events.answer(request ?? expect.fail(), { path: point, base: '', signal, left: Promise.resolve(false) })
    await Promise.resolve()
    expect(await pull(point)).toEqual(['Device/Trigger/DigitalInput Changed InputToken=bar LogicalState=true'])
  })
  test('for topics that are not here is no listener', async () => {
    const { ask, events } = service()
    await ask(
      '<tev:CreatePullPointSubscription><tev:Filter><tev:TopicExpression>tns1:VideoAnalytics//.</tev:TopicExpression>' +
        '</tev:Filter></tev:CreatePullPointSubscription>',
    )
    expect(events.subscribers()[0]?.problem).toBe('It asked for topics that this device does not have.')
  })
  test('says what is so again when it is asked to', async () => {
    const { subscribe, pull, ask } = service()
    const point = await subscribe()
    await pull(point)
    await ask('<tev:SetSynchronizationPoint/>', '10.0.0.1', point)
    expect(await pull(point)).toEqual(['Device/Trigger/DigitalInput Initialized InputToken=bar LogicalState=false'])
  })
})

describe('a client that is notified', () => {
  const subscribeTo = (to: string) =>
    `<tev:Subscribe><tev:ConsumerReference><tev:Address>${to}</tev:Address></tev:ConsumerReference></tev:Subscribe>`
  test('hears one message at a time, and each again until it takes it', async () => {
    const { ask, sent, fail, clock, events } = service()
    fail('ECONNREFUSED')
    await ask(subscribeTo('http://10.0.0.1:99/me'))
    events.say(state(true))
    await clock.advance(3000)
    expect([sent.length, events.subscribers()[0]?.problem]).toEqual([0, 'ECONNREFUSED'])
    fail(null)
    await clock.advance(10_000)
    expect(sent.map(({ message }) => message.operation)).toEqual(['Initialized', 'Changed'])
    expect(events.subscribers()[0]?.problem).toBeNull()
  })
  test('that was away hears of what is long over only how it is now', async () => {
    const { ask, sent, fail, clock, events } = service()
    fail('ECONNREFUSED')
    await ask(
      subscribeTo('http://10.0.0.1:99/me').replace(
        '</tev:Subscribe>',
        '<tev:InitialTerminationTime>PT10M</tev:InitialTerminationTime></tev:Subscribe>',
      ),
    )
    for (const value of [true, false]) events.say({ ...state(value), at: clock.now() })
    await clock.advance(120_000)
    fail(null)
    await clock.advance(11_000)
    expect(sent.map(({ message }) => message.data[0]?.[1])).toEqual(['false'])
  })
  test('that cannot take one message gets the next, and the first no more than twice', async () => {
    const tried: string[] = []
    const { ask, clock, events } = service({
      notify: async (_, message) => {
        tried.push(message.operation)
        if (message.operation === 'Initialized') throw new Untaken('it answers 500')
      },
    })
    await ask(subscribeTo('http://10.0.0.1:99/me'))
    events.say(state(true))
    await clock.advance(5000)
    expect(tried).toEqual(['Initialized', 'Initialized', 'Changed'])
  })
  test('that could take nothing for a while is told how it is now, once it can', async () => {
    let isStarting = true
    const taken: string[] = []
    const { ask, clock, events } = service({
      states: () => [state(true)],
      notify: async (_, message) => {
        if (isStarting) throw new Untaken('it answers 503')
        taken.push(`${message.operation} ${message.data[0]?.[1]}`)
      },
    })
    await ask(subscribeTo('http://10.0.0.1:99/me'))
    events.say(state(true))
    await clock.advance(10_000)
    isStarting = false
    events.say({ ...state(false), source: [['InputToken', 'park']] })
    await clock.advance(10_000)
    expect(taken).toEqual(['Changed false', 'Initialized true'])
  })
  test('that wants topics which are not here is no listener, whether it is there or not', async () => {
    let isThere = false
    const { ask, clock, events } = service({
      probe: async () => {
        if (!isThere) throw new Error('ECONNREFUSED')
      },
    })
    await ask(
      subscribeTo('http://10.0.0.1:99/me').replace(
        '</tev:Subscribe>',
        '<tev:Filter><tev:TopicExpression>tns1:Other//.</tev:TopicExpression></tev:Filter>' +
          '<tev:InitialTerminationTime>PT10M</tev:InitialTerminationTime></tev:Subscribe>',
      ),
    )
    await clock.advance(65_000)
    isThere = true
    await clock.advance(65_000)
    expect(events.subscribers()[0]?.problem).toBe('It asked for topics that this device does not have.')
  })
  test.each(['', 'ftp://10.0.0.1/', 'file:///etc/passwd', 'nothing', 'http://'])('at %j is refused', async (to) => {
    await expect(service().ask(subscribeTo(to))).rejects.toBeInstanceOf(SoapFault)
  })
  test('is refused where the device may not send', async () => {
    const { ask } = service({ mayNotify: () => 'not there' })
    await expect(ask(subscribeTo('http://10.0.0.9/'))).rejects.toMatchObject({ message: 'not there' })
  })
  test('hears nothing any more once its time is over', async () => {
    const { ask, sent, clock, events } = service()
    await ask(subscribeTo('http://10.0.0.1:99/me'))
    await clock.advance(61_000)
    events.say(state(true))
    await clock.advance(1000)
    expect(sent.map(({ message }) => message.operation)).toEqual(['Initialized'])
    expect(events.subscribers()).toEqual([])
  })
})

test.each([
  [null, ['Device/Trigger/DigitalInput', 'RuleEngine/CellMotionDetector/Motion', 'VideoSource/MotionAlarm']],
  ['', ['Device/Trigger/DigitalInput', 'RuleEngine/CellMotionDetector/Motion', 'VideoSource/MotionAlarm']],
  ['tns1:RuleEngine//.', ['RuleEngine/CellMotionDetector/Motion']],
  ['mine:Device/mine:Trigger/mine:DigitalInput', ['Device/Trigger/DigitalInput']],
  ['tns1:Device/Trigger//.|tns1:VideoSource/MotionAlarm', ['Device/Trigger/DigitalInput', 'VideoSource/MotionAlarm']],
  ['tns1:Dev//.', []],
  ['tns1:Device/Trigger', []],
])('the topics of %j are %j', (expression, wanted) => {
  const wants = topicFilter(expression)
  const all = ['Device/Trigger/DigitalInput', 'RuleEngine/CellMotionDetector/Motion', 'VideoSource/MotionAlarm']
  expect(all.filter((topic) => wants(`tns1:${topic}`))).toEqual(wanted)
})

describe('a request', () => {
  test.each([
    ['nothing', ''],
    ['no XML', 'POST me'],
    ['another document', '<html><body><b/></body></html>'],
    ['an empty body', `<e:Envelope xmlns:e="${ENVELOPE}"><e:Body/></e:Envelope>`],
    [
      'entities of its own',
      `<!DOCTYPE x [<!ENTITY a "b">]><e:Envelope xmlns:e="${ENVELOPE}"><e:Body><GetProfiles/></e:Body></e:Envelope>`,
    ],
    ['an operation that is a pattern', `<e:Envelope xmlns:e="${ENVELOPE}"><e:Body><a.a.a-a/></e:Body></e:Envelope>`],
  ])('that is %s is none', (_, xml) => expect(readRequest(xml)).toBeNull())
  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'for %s, which every object has, is an operation that nobody knows, or none',
    async (name) => {
      const request = soap(`<tev:${name}/>`)
      if (request)
        await expect(
          service().events.answer(request, { path: '/', base: '', signal: new AbortController().signal }),
        ).rejects.toBeInstanceOf(SoapFault)
    },
  )
  test('in SOAP 1.1 is answered in SOAP 1.1, a fault too', () => {
    const request = soap('<tev:GetEventProperties/>', 'http://schemas.xmlsoap.org/soap/envelope/')
    expect(request?.version).toBe('1.1')
    const fault = envelope(faultBody(notAuthorized(), '1.1'), '1.1')
    expect(fault).toContain('xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"')
    expect(fault).toContain('<faultcode>SOAP-ENV:Client</faultcode>')
  })
})

test('a message carries names that break XML', () => {
  const xml = written({ ...state(true), operation: 'Changed', source: [['Rule', `"<a & b>'`]] })
  expect(xml).toContain('Value="&quot;&lt;a &amp; b&gt;\'"')
})
test('durations are understood in days, hours, minutes and seconds, and in nothing else', () => {
  expect(['PT1M30S', 'P2D', 'PT0.5S'].map(durationMs)).toEqual([90_000, 172_800_000, 500])
  expect(['P1M', 'PT', '-PT5S', 'PT5', ''].map(durationMs)).toEqual([null, null, null, null, null])
})
