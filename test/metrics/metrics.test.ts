import type { TownView } from '../../server/glossary/member.ts'
/** The figures that alerts are made of, from a town of the test's own; and what machines ask to know whether it is well. */
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import type { CameraHealth, CameraId } from '../../server/glossary/camera.ts'
import { type MetricsPort, createMetrics } from '../../server/metrics/metrics.ts'
import { stateRoutes } from '../../server/metrics/state-routes.ts'
import { WELL } from '../fakes/well-camera.ts'

const ledger = { head: 7, waiting: 2, lastCommitMs: 12, broken: null, problem: null, room: null }
const port = (change: Partial<MetricsPort> = {}): MetricsPort => ({
  ledger: () => ledger,
  cameras: () => [],
  bufferBytes: async () => ({}),
  incidents: () => [],
  overdue: () => [],
  outbox: () => [],
  connectors: () => [],
  onvifDevices: () => [],
  endingTokens: () => [],
  certificates: () => [],
  town: () => null,
  calls: () => [],
  voice: () => null,
  registrations: () => [],
  ...change,
})
/** The samples of one figure, as Prometheus reads them. */
async function samples(name: string, { text }: Pick<ReturnType<typeof createMetrics>, 'text'>): Promise<string[]> {
  return (await text()).split('\n').filter((line) => line.startsWith(name))
}

describe('a figure for Prometheus', () => {
  test('of a stage is in seconds, and falls where its bucket says', async () => {
    const metrics = createMetrics(port())
    metrics.stage('asked', 'press', 40)
    metrics.stage('asked', 'press', 2500)
    const all = await samples('lamppost_stage_seconds', metrics)
    expect(all).toContain('lamppost_stage_seconds_sum{stage="asked",kind="press"} 2.54')
    expect(all).toContain('lamppost_stage_seconds_bucket{le="0.025",stage="asked",kind="press"} 0')
    expect(all).toContain('lamppost_stage_seconds_bucket{le="0.05",stage="asked",kind="press"} 1')
    expect(all).toContain('lamppost_stage_seconds_bucket{le="3",stage="asked",kind="press"} 2')
  })
  test.each([
    [{}, ['0', '0', '0', '0.012']],
    [{ problem: 'the disk is full' }, ['1', '0', '0', '0.012']],
    [{ broken: 'entry 4 was changed' }, ['0', '1', '0', '0.012']],
    [{ room: { bytes: 5, wanted: 9, onReserve: true, hoursLeft: 3 }, lastCommitMs: 1500 }, ['0', '0', '1', '1.5']],
  ])('of the ledger says what is wrong with it, and nothing else: %o', async (change, expected) => {
    const metrics = createMetrics(port({ ledger: () => ({ ...ledger, ...change }) }))
    const names = ['unavailable', 'broken', 'on_reserve', 'commit_seconds']
    const found = await Promise.all(names.map((name) => samples(`lamppost_ledger_${name} `, metrics)))
    expect(found.map(([line]) => line?.split(' ')[1])).toEqual(expected)
  })
  test('of a town on several machines say who leads, who is missing, and what only one disk has; of one machine nothing', async () => {
    const member = { url: null, since: null, version: '1' }
    const view: TownView = {
      members: [
        { ...member, id: 'A', leads: true, reachable: true, applied: 40, held: 0, clockOffsetMs: 0 },
        { ...member, id: 'B', leads: false, reachable: true, applied: 37, held: 2, clockOffsetMs: -250 },
        { ...member, id: 'C', leads: false, reachable: false },
      ],
      ...{ lead: 'A', since: null, now: '', term: 12 },
    }
    expect(await samples('lamppost_town', createMetrics(port({ town: () => view })))).toEqual([
      'lamppost_town_term 12',
      'lamppost_town_member_up{member="A"} 1',
      'lamppost_town_member_up{member="B"} 1',
      'lamppost_town_member_up{member="C"} 0',
      'lamppost_town_lead{member="A"} 1',
      'lamppost_town_lead{member="B"} 0',
      'lamppost_town_lead{member="C"} 0',
      'lamppost_town_held_presses{member="A"} 0',
      'lamppost_town_held_presses{member="B"} 2',
      'lamppost_town_entries_behind{member="A"} 0',
      'lamppost_town_entries_behind{member="B"} 3',
      'lamppost_town_clock_offset_seconds{member="A"} 0',
      'lamppost_town_clock_offset_seconds{member="B"} -0.25',
    ])
    expect(await samples('lamppost_town', createMetrics(port()))).toEqual([])
  })
  test('of cameras counts each part by its state, and forgets a state that nobody has any more', async () => {
    let down = 1
    const camera = (id: string, health: Partial<CameraHealth>) => ({
      id: id as CameraId,
      health: { ...WELL, ...health },
    })
    const metrics = createMetrics(
      port({ cameras: () => [camera('a', {}), ...(down > 0 ? [camera('b', { onvif: 'down' })] : [])] }),
    )
    expect(await samples('lamppost_cameras', metrics)).toContain('lamppost_cameras{of="onvif",state="down"} 1')
    down = 0
    expect((await samples('lamppost_cameras', metrics)).toSorted()).toEqual([
      'lamppost_cameras{of="buffer",state="up"} 1',
      'lamppost_cameras{of="onvif",state="up"} 1',
      'lamppost_cameras{of="video",state="up"} 1',
    ])
  })
  test('of incidents tells a drill from a person, and the taken from the untaken', async () => {
    const metrics = createMetrics(
      port({
        incidents: () => [
          { state: 'open', kind: 'press' },
          { state: 'open', kind: 'press' },
          { state: 'acknowledged', kind: 'drill' },
        ],
      }),
    )
    expect(await samples('lamppost_incidents', metrics)).toEqual([
      'lamppost_incidents{state="open",kind="press"} 2',
      'lamppost_incidents{state="open",kind="drill"} 0',
      'lamppost_incidents{state="acknowledged",kind="press"} 0',
      'lamppost_incidents{state="acknowledged",kind="drill"} 1',
    ])
  })
  test('of drills and voices counts what was proved apart from what was not', async () => {
    const metrics = createMetrics(port())
    const entry = (kind: string, body: object) => metrics.entry({ kind, body, actor: '', subject: '' } as never)
    entry('drill.finished', { passed: true })
    entry('drill.finished', { passed: false })
    entry('voice.failed', { how: 'tone' })
    expect([...(await samples('lamppost_drills', metrics)), ...(await samples('lamppost_voice', metrics))]).toEqual([
      'lamppost_drills_total{result="passed"} 1',
      'lamppost_drills_total{result="failed"} 1',
      'lamppost_voice_proofs_total{how="tone",result="failed"} 1',
    ])
  })
  test('of calls says how they ended, how long an operator waited for sound, and where none arrived', async () => {
    const metrics = createMetrics(port({ calls: () => [{ state: 'ringing' }, { state: 'connected' }] }))
    const entry = (kind: string, body: object) => metrics.entry({ kind, body, actor: '', subject: '' } as never)
    entry('call.connected', { afterMs: 400 })
    entry('call.one-way', { side: 'out' })
    // It is over: no second one.
    entry('call.one-way', { side: null })
    entry('call.ended', { end: 'hung-up', seconds: 60, lossPercent: 1.5 })
    entry('call.ended', { end: 'caller-hung-up', seconds: 60, lossPercent: 0 })
    const all = await samples('lamppost_call', metrics)
    for (const line of [
      'lamppost_calls_total{end="hung-up"} 1',
      'lamppost_calls_total{end="caller-hung-up"} 1',
      'lamppost_call_connected_seconds_sum 0.4',
      'lamppost_call_loss_percent_bucket{le="1"} 1',
      'lamppost_call_loss_percent_bucket{le="2"} 2',
      'lamppost_calls_one_way_total{side="out"} 1',
      'lamppost_calls{state="ringing"} 1',
      'lamppost_calls{state="held"} 0',
    ])
      expect(all).toContain(line)
    expect(all.filter((line) => line.startsWith('lamppost_calls{')).join()).not.toContain('ended')
  })
  test('of the voice edge is there only where somebody telephones', async () => {
    expect(await samples('lamppost_voice_up', createMetrics(port()))).toEqual([])
    const metrics = createMetrics(
      port({
        voice: () => ({ ready: false, apart: false, pbx: { registered: true, why: null } }),
        registrations: () => [
          { helpPoint: 'bar', registered: true },
          { helpPoint: 'station', registered: false },
        ],
      }),
    )
    expect([
      ...(await samples('lamppost_voice_up', metrics)),
      ...(await samples('lamppost_voice_registered', metrics)),
    ]).toEqual([
      'lamppost_voice_up{part="edge"} 0',
      'lamppost_voice_up{part="pbx"} 1',
      'lamppost_voice_registered{help_point="bar"} 1',
      'lamppost_voice_registered{help_point="station"} 0',
    ])
  })
  test('of certificates and waiting acts is a time in seconds since 1970', async () => {
    const at = Date.parse('2026-12-01T00:00:00Z')
    const metrics = createMetrics(port({ certificates: () => [{ kind: 'server', subject: '', until: at }] }))
    expect(await samples('lamppost_certificate', metrics)).toEqual([
      `lamppost_certificate_ends_seconds{kind="server",subject=""} ${at / 1000}`,
    ])
  })
})

describe('whether a press could be made durable now', () => {
  const ask = async (problem: string | null, path = '/readyz') => {
    const app = fastify()
    stateRoutes(app, {
      notReady: async () => problem,
      metrics: async () => '# figures',
      metricsType: 'text/plain; version=0.0.4',
      town: () => ({ members: [], lead: null, since: null, now: '' }),
    })
    const answer = await app.inject(path)
    await app.close()
    return { status: answer.statusCode, body: answer.body, cache: answer.headers['cache-control'] }
  }
  test('is 200 when it could, and 503 with the reason when not: whoever sends presses goes elsewhere', async () => {
    expect(await ask(null)).toMatchObject({ status: 200, body: '{"ok":true,"problem":null}' })
    expect(await ask('the disk is full')).toMatchObject({
      status: 503,
      body: '{"ok":false,"problem":"the disk is full"}',
    })
  })
  test('is another question than whether the server lives, and its figures are kept by nobody on the way', async () => {
    expect(await ask('the disk is full', '/healthz')).toMatchObject({ status: 200 })
    expect(await ask(null, '/metrics')).toEqual({ status: 200, body: '# figures', cache: 'no-store' })
  })
})
describe('the servers of the town', () => {
  test('are told as the house knows them, with who leads and since when', async () => {
    const since = '2026-12-01T01:00:00.000Z'
    const members = [{ id: 'darlington', url: null, leads: true, reachable: true, since }]
    const view = { members, lead: 'darlington', since, now: '2026-12-01T02:00:00.000Z' }
    const app = fastify()
    stateRoutes(app, {
      notReady: async () => null,
      metrics: async () => '',
      metricsType: 'text/plain',
      town: () => view,
    })
    const answer = await app.inject('/api/v1/town')
    await app.close()
    expect(answer.json()).toEqual(view)
  })
})
