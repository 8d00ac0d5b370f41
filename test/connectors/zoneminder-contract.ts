/** What the connector of ZoneMinder relies on, as a suite: the real one (test/engines) and the fake must pass it. */
import { expect, test } from 'vitest'
import type { Signal, Telling, VmsConnector } from '../../server/connectors/connector.ts'

export type ContractTown = {
  vms: VmsConnector
  /** Records on alarms only, and has a picture. */ monitor: string
  /** Records all the time. */ continuous: string
  /** Ends what runs on this monitor, as a person there or a cut stream does. */ endThere(
    monitor: string,
  ): Promise<void>
}
let incidents = 0
export const signalOf = (about: Partial<Signal> = {}): Signal => {
  incidents += 1
  const incident = about.incident ?? `inc-${process.pid}x${incidents}`
  return {
    verb: 'raise',
    incident,
    mark: `[darlington/${incident}]`,
    title: 'Help point Number One Bar, Blackwellgate',
    text: 'Number One Bar, Blackwellgate: pressed 21:04',
    lines: [],
    pressedAt: Date.now(),
    camera: null,
    event: null,
    shared: false,
    over: [],
    late: false,
    ...about,
  }
}
/** Names that are hostile to somebody's separator. */
export const NASTY = [
  'pipe | and pipe',
  'line\nbreak\n1|off|1|x|y',
  'comma, [brackets] (and) {more}',
  '100 % and %25 and %s',
  `& < > " ' </Notes>`,
  "St Cuthbert's Way",
  'back\\slash',
  '£ 5',
  'Stryd Ŵyn, ŷ',
  'emoji 🚨 here',
  'ب العربية ‮reversed',
  '=HYPERLINK("x")',
  'long '.repeat(120),
]

const never = new AbortController().signal
const toldOf = (telling: Telling): Extract<Telling, { outcome: 'told' }> => {
  if (telling.outcome !== 'told') throw new Error(`not told: ${JSON.stringify(telling)}`)
  return telling
}

export function zoneMinderContract(town: () => ContractTown): void {
  const tell = async (signal: Signal) => toldOf(await town().vms.tell(signal, never))

  test('an alarm is an event that is found again by its incident, and raised once however often it is told', async () => {
    const { monitor } = town()
    const signal = signalOf({ camera: monitor })
    const first = await tell(signal)
    expect(first).toMatchObject({ how: 'read-back', id: expect.stringMatching(/^\d+$/) })
    expect(first.link).toContain(`eid=${first.id}`)
    expect(await tell(signal)).toMatchObject({ id: first.id, how: 'read-back' })
    await tell({ ...signal, verb: 'ended', event: first.id })
  })
  test('it is kept, noted, ended and let go, each read back', async () => {
    const { monitor, vms } = town()
    const signal = signalOf({ camera: monitor })
    const { id } = await tell(signal)
    const about = { ...signal, event: id }
    expect(await tell({ ...about, verb: 'protect' })).toMatchObject({ how: 'read-back', id, finding: null })
    expect(await tell({ ...about, verb: 'note', lines: ['21:05 taken by Sam'] })).toMatchObject({ how: 'read-back' })
    expect(await vms.lost([{ id: id ?? '', kept: false }], never)).toEqual([])
    expect(await tell({ ...about, verb: 'ended' })).toMatchObject({ how: 'read-back' })
    expect(await vms.lost([{ id: id ?? '', kept: false }], never)).toEqual([
      { id, what: 'alarm', why: expect.stringContaining('ended') },
    ])
    expect(await tell({ ...about, verb: 'release' })).toMatchObject({ how: 'read-back', finding: null })
  })
  test('where it records all the time, the running event is the alarm, though zmtrigger says nothing', async () => {
    const signal = signalOf({ camera: town().continuous })
    const raised = await tell(signal)
    expect(raised).toMatchObject({ how: 'read-back' })
    await tell({ ...signal, verb: 'ended', event: raised.id })
  })
  test('an alarm that was ended there is raised again as another event of the same incident', async () => {
    const { monitor, endThere } = town()
    const signal = signalOf({ camera: monitor })
    const first = await tell(signal)
    await endThere(monitor)
    const second = await tell({ ...signal, over: [first.id ?? ''] })
    expect(second.id).not.toBe(first.id)
    await tell({ ...signal, verb: 'ended', event: second.id })
  })
  test('a second incident on the same camera joins the event, and ending one leaves the other its alarm', async () => {
    const { monitor, vms } = town()
    const [one, two] = [signalOf({ camera: monitor }), signalOf({ camera: monitor })]
    const first = await tell(one)
    const joined = await tell(two)
    expect(joined.id).toBe(first.id)
    expect(await tell({ ...one, verb: 'ended', event: first.id, shared: true })).toMatchObject({
      finding: expect.stringContaining('another incident'),
    })
    expect(await vms.lost([{ id: first.id ?? '', kept: false }], never)).toEqual([])
    await tell({ ...two, verb: 'ended', event: first.id })
  })
  test('a press of long ago is a mark on what was recorded then, and no alarm', async () => {
    const { continuous, vms } = town()
    const late = { camera: continuous, verb: 'mark' as const, late: true }
    expect(await tell(signalOf(late))).toMatchObject({ how: 'read-back' })
    expect(await vms.tell(signalOf({ ...late, pressedAt: Date.now() - 86_400_000 }), never)).toEqual({
      outcome: 'cannot',
      problem: expect.stringContaining('no footage'),
    })
  })
  test.each(NASTY)('a help point may be called %j: the alarm stands, and goes on', async (name) => {
    const { monitor, vms } = town()
    const signal = signalOf({ camera: monitor, text: `${name}: pressed 21:04`, title: `Help point ${name}` })
    const { id } = await tell(signal)
    expect(await vms.lost([{ id: id ?? '', kept: false }], never)).toEqual([])
    expect(await tell({ ...signal, event: id, verb: 'protect' })).toMatchObject({ finding: null })
    await tell({ ...signal, event: id, verb: 'note', lines: [`21:05 ${name}`] })
    await tell({ ...signal, event: id, verb: 'ended' })
  })
  test('a monitor that is not there, or that records nothing, is no success', async () => {
    expect(await town().vms.tell(signalOf({ camera: '4711' }), never)).toMatchObject({
      outcome: 'failed',
      problem: expect.stringContaining('4711'),
    })
  })
  test('its cameras come without their passwords', async () => {
    const cameras = await town().vms.cameras(never)
    expect(cameras.length).toBeGreaterThan(1)
    expect(JSON.stringify(cameras)).not.toMatch(/rtsp:|@/)
  })
  test('a look at it finds everything that it needs', async () => {
    const looked = await town().vms.look(never)
    expect(looked.steps.filter(({ ok }) => !ok)).toEqual([])
    expect(looked).toMatchObject({ version: '1.36.33', versionKnown: true })
  })
}
