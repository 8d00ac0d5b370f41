/** Figures for Prometheus. Counts what it is told; what can be asked for is asked when somebody looks. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { CameraHealth, CameraId } from '../glossary/camera.ts'
import { CALL_STATES, type CallState, type VoiceHealth } from '../glossary/call.ts'
import type { ConnectorState } from '../glossary/connector.ts'
import type { OnvifDeviceState } from '../glossary/onvif-device.ts'
import type { DestinationState } from '../glossary/outbox.ts'
import type { Draft } from '../glossary/ledger.ts'
import type { TownView } from '../glossary/member.ts'
import type { PressKind } from '../glossary/press.ts'
import type { Stage } from '../glossary/proof.ts'

export type PressOutcome = 'accepted' | 'repeated' | 'counted' | 'late' | 'kept' | 'refused' | 'failed'
export type MetricsPort = {
  ledger(): {
    head: number
    waiting: number
    lastCommitMs: number
    broken: string | null
    problem: string | null
    room: { bytes: number; wanted: number; onReserve: boolean; hoursLeft: number } | null
  }
  cameras(): { id: CameraId; health: CameraHealth }[]
  /** Bytes of each camera's clip buffer. */
  bufferBytes(): Promise<Record<string, number>>
  incidents(): { state: string; kind: PressKind }[]
  overdue(): { helpPoint: string; what: string }[]
  outbox(): DestinationState[]
  connectors(): ConnectorState[]
  onvifDevices(): OnvifDeviceState[]
  /** Tokens that end within a month, or have ended and are still used. */
  endingTokens(): readonly unknown[]
  calls(): readonly { state: CallState }[]
  /** Null: nobody telephones here. */
  voice(): VoiceHealth | null
  /** Of each help point that telephones: whether the edge knows where it is. */
  registrations(): readonly { helpPoint: string; registered: boolean }[]
  /** `until`: milliseconds since 1970. */
  certificates(): readonly { kind: string; subject: string; until: number }[]
  /** Null: a town on one machine. */ town(): TownView | null
}

/** Seconds; the goals are in the middle of them. */
const LOSS_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 20, 50]
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30]

type AddGauge = (
  name: string,
  help: string,
  labelNames: string[],
  collect: (set: (labels: Record<string, string>, value: number) => void) => void | Promise<void>,
) => unknown
/** A town on several machines: what an alert can be made of. */
function gaugesOfTown(gauge: AddGauge, { town }: Pick<MetricsPort, 'town'>): void {
  if (town() === null) return
  gauge('lamppost_town_term', 'Rises with each change of the lead', [], (set) => set({}, town()?.term ?? 0))
  gauge('lamppost_town_member_up', 'Whether a member is there', ['member'], (set) => {
    for (const { id, reachable } of town()?.members ?? []) set({ member: id }, reachable ? 1 : 0)
  })
  gauge('lamppost_town_lead', 'Whether a member leads', ['member'], (set) => {
    for (const { id, leads } of town()?.members ?? []) set({ member: id }, leads ? 1 : 0)
  })
  gauge('lamppost_town_held_presses', 'Presses that only this member’s disk has', ['member'], (set) => {
    for (const { id, held } of town()?.members ?? []) if (held !== undefined) set({ member: id }, held)
  })
  gauge('lamppost_town_entries_behind', 'Entries that a member does not have yet', ['member'], (set) => {
    const members = town()?.members ?? []
    const newest = Math.max(0, ...members.map(({ applied = 0 }) => applied))
    for (const { id, applied } of members) if (applied !== undefined) set({ member: id }, newest - applied)
  })
  gauge('lamppost_town_clock_offset_seconds', 'A member’s clock beside the lead’s', ['member'], (set) => {
    for (const { id, clockOffsetMs } of town()?.members ?? [])
      if (typeof clockOffsetMs === 'number') set({ member: id }, clockOffsetMs / 1000)
  })
}

export function createMetrics(port: MetricsPort) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'lamppost_' })
  const presses = new Counter({
    name: 'lamppost_presses_total',
    help: 'Presses by source, kind and what became of them',
    labelNames: ['source', 'kind', 'outcome'],
    registers,
  })
  const stages = new Histogram({
    name: 'lamppost_stage_seconds',
    help: 'From the arrival of a press to each stage of its way to a moving picture',
    labelNames: ['stage', 'kind'],
    buckets: BUCKETS,
    registers,
  })
  const drills = new Counter({
    name: 'lamppost_drills_total',
    help: 'Drills by result',
    labelNames: ['result'],
    registers,
  })
  const voiceProofs = new Counter({
    name: 'lamppost_voice_proofs_total',
    help: 'Trials of a help point’s voice by kind and result',
    labelNames: ['how', 'result'],
    registers,
  })
  const calls = new Counter({
    name: 'lamppost_calls_total',
    help: 'Calls that have ended, by how',
    labelNames: ['end'],
    registers,
  })
  const connected = new Histogram({
    name: 'lamppost_call_connected_seconds',
    help: 'From an operator’s taking a call to sound both ways',
    buckets: BUCKETS,
    registers,
  })
  const loss = new Histogram({
    name: 'lamppost_call_loss_percent',
    help: 'Of the packets of a help point, those that did not come in the last second of a call',
    buckets: LOSS_BUCKETS,
    registers,
  })
  const oneWay = new Counter({
    name: 'lamppost_calls_one_way_total',
    help: 'How often no sound arrived in a call: in, at the room; out, at the help point',
    labelNames: ['side'],
    registers,
  })
  const refusals = new Counter({
    name: 'lamppost_refusals_total',
    help: 'People and programs that were not let in, by what they tried and why',
    labelNames: ['what', 'reason'],
    registers,
  })
  const gaps = new Counter({
    name: 'lamppost_buffer_gaps_total',
    help: 'How often a camera’s recording was interrupted',
    labelNames: ['camera'],
    registers,
  })
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    collect: (set: (labels: Record<string, string>, value: number) => void) => void | Promise<void>,
  ): Gauge =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        this.reset()
        await collect((labels, value) => this.set(labels, value))
      },
    })
  gaugesOfTown(gauge, port)
  gauge('lamppost_ledger_entries', 'Number of the newest durable entry', [], (set) => set({}, port.ledger().head))
  gauge('lamppost_ledger_waiting_entries', 'Entries that are not on disk yet', [], (set) =>
    set({}, port.ledger().waiting),
  )
  gauge('lamppost_ledger_commit_seconds', 'How long the last commit took, the fsync included', [], (set) =>
    set({}, port.ledger().lastCommitMs / 1000),
  )
  gauge('lamppost_ledger_broken', '1 when the ledger was found broken since this start', [], (set) =>
    set({}, port.ledger().broken === null ? 0 : 1),
  )
  gauge(
    'lamppost_ledger_reserve_bytes',
    'Bytes kept for presses on a full disk, and how many are wanted',
    ['of'],
    (set) => {
      const { room } = port.ledger()
      if (!room) return
      set({ of: 'kept' }, room.bytes)
      set({ of: 'wanted' }, room.wanted)
    },
  )
  gauge('lamppost_ledger_on_reserve', '1 while the disk is full and presses use what was kept for them', [], (set) =>
    set({}, port.ledger().room?.onReserve ? 1 : 0),
  )
  gauge('lamppost_ledger_unavailable', '1 while nothing can be made durable', [], (set) =>
    set({}, port.ledger().problem === null ? 0 : 1),
  )
  gauge('lamppost_cameras', 'Cameras by what is looked at and its state', ['of', 'state'], (set) => {
    const counts = new Map<string, number>()
    for (const { health } of port.cameras())
      for (const part of ['onvif', 'video', 'buffer'] as const)
        counts.set(`${part} ${health[part]}`, (counts.get(`${part} ${health[part]}`) ?? 0) + 1)
    for (const [key, count] of counts) {
      const [of = '', state = ''] = key.split(' ')
      set({ of, state }, count)
    }
  })
  gauge('lamppost_buffer_bytes', 'Bytes of a camera’s clip buffer', ['camera'], async (set) => {
    for (const [camera, bytes] of Object.entries(await port.bufferBytes())) set({ camera }, bytes)
  })
  gauge('lamppost_incidents', 'Incidents that are not closed', ['state', 'kind'], (set) => {
    const all = port.incidents()
    for (const state of ['open', 'acknowledged'])
      for (const kind of ['press', 'drill'])
        set({ state, kind }, all.filter((each) => each.state === state && each.kind === kind).length)
  })
  gauge(
    'lamppost_help_points_overdue',
    '1 for each help point whose drill or sign of life is overdue',
    ['help_point', 'what'],
    (set) => {
      for (const { helpPoint, what } of port.overdue()) set({ help_point: helpPoint, what }, 1)
    },
  )
  gauge('lamppost_outbox_waiting', 'Events that a destination has not heard yet', ['destination'], (set) =>
    port.outbox().forEach(({ destination, waiting }) => set({ destination }, waiting)),
  )
  gauge('lamppost_outbox_dead_letters', 'Events that could not be delivered', ['destination'], (set) =>
    port.outbox().forEach(({ destination, dead }) => set({ destination }, dead.length)),
  )

  gauge('lamppost_connector_state', '1 for the state that each VMS connector is in', ['connector', 'state'], (set) => {
    for (const { connector, state } of port.connectors())
      for (const each of ['well', 'failing', 'untested']) set({ connector, state: each }, each === state ? 1 : 0)
  })
  gauge('lamppost_onvif_device_state', '1 for the state that each ONVIF device is in', ['device', 'state'], (set) => {
    for (const { device, state } of port.onvifDevices())
      for (const each of ['well', 'unheard', 'failing']) set({ device, state: each }, each === state ? 1 : 0)
  })
  gauge(
    'lamppost_onvif_device_clients',
    'Who listens to an ONVIF device, or reads its picture',
    ['device', 'how'],
    (set) => {
      for (const { device, clients } of port.onvifDevices())
        for (const each of ['pull', 'notify', 'stream'])
          set({ device, how: each }, clients.filter(({ how }) => how === each).length)
    },
  )
  gauge('lamppost_calls', 'Calls that go on, by state', ['state'], (set) => {
    for (const state of CALL_STATES)
      if (state !== 'ended') set({ state }, port.calls().filter((call) => call.state === state).length)
  })
  gauge(
    'lamppost_voice_up',
    '1 when calls reach this server: by the voice edge, and by the PBX where there is one',
    ['part'],
    (set) => {
      const voice = port.voice()
      if (voice) set({ part: 'edge' }, voice.ready ? 1 : 0)
      if (voice?.pbx) set({ part: 'pbx' }, voice.pbx.registered ? 1 : 0)
    },
  )
  gauge('lamppost_voice_registered', '1 when a help point that telephones is registered', ['help_point'], (set) => {
    for (const { helpPoint, registered } of port.registrations()) set({ help_point: helpPoint }, registered ? 1 : 0)
  })
  gauge('lamppost_connector_waiting', 'Acts that a VMS could not be told yet', ['connector'], (set) =>
    port.connectors().forEach(({ connector, waiting }) => set({ connector }, waiting)),
  )
  gauge(
    'lamppost_connector_oldest_waiting_timestamp_seconds',
    'Since when the oldest of them waits',
    ['connector'],
    (set) => {
      for (const { connector, oldestWaiting } of port.connectors())
        if (oldestWaiting !== null) set({ connector }, Date.parse(oldestWaiting) / 1000)
    },
  )
  gauge(
    'lamppost_connector_last_read_back_timestamp_seconds',
    'When something was last found in the VMS as it was told',
    ['connector'],
    (set) => {
      for (const { connector, lastReadBack } of port.connectors())
        if (lastReadBack !== null) set({ connector }, Date.parse(lastReadBack) / 1000)
    },
  )
  gauge('lamppost_connector_clock_offset_seconds', 'The VMS’s clock minus ours', ['connector'], (set) => {
    for (const { connector, clockOffsetMs } of port.connectors())
      if (clockOffsetMs !== null) set({ connector }, clockOffsetMs / 1000)
  })
  gauge('lamppost_connector_unmatched_cameras', 'Cameras that are none of the VMS’s', ['connector'], (set) => {
    for (const { connector, cameras } of port.connectors()) if (cameras) set({ connector }, cameras.unmatched)
  })

  gauge(
    'lamppost_certificate_ends_seconds',
    'When a certificate that the town lives by ends, seconds since 1970',
    ['kind', 'subject'],
    (set) => {
      for (const { kind, subject, until } of port.certificates()) set({ kind, subject }, until / 1000)
    },
  )
  gauge('lamppost_tokens_ending', 'Tokens that end within 30 days, or have ended and are still used', [], (set) =>
    set({}, port.endingTokens().length),
  )
  const isWithCaller = ({ contact, camera }: { contact?: string; camera?: string }): boolean =>
    contact === undefined && camera === undefined
  return {
    press: (source: string, kind: PressKind, outcome: PressOutcome): void => presses.inc({ source, kind, outcome }),
    stage: (stage: Stage, kind: PressKind, ms: number): void => stages.observe({ stage, kind }, ms / 1000),
    entry(entry: Draft): void {
      if (entry.kind === 'drill.finished') drills.inc({ result: entry.body.passed ? 'passed' : 'failed' })
      if (entry.kind === 'call.refused')
        presses.inc({ source: 'sip', kind: 'press', outcome: 'refused' }, entry.body.count)
      if (entry.kind === 'call.connected' && isWithCaller(entry.body)) connected.observe(entry.body.afterMs / 1000)
      if (entry.kind === 'call.one-way' && entry.body.side !== null) oneWay.inc({ side: entry.body.side })
      if (entry.kind === 'call.ended') {
        calls.inc({ end: entry.body.end })
        loss.observe(entry.body.lossPercent)
      }
      if (entry.kind === 'voice.proved') voiceProofs.inc({ how: entry.body.how, result: 'passed' })
      if (entry.kind === 'voice.failed') voiceProofs.inc({ how: entry.body.how, result: 'failed' })
    },
    gap: (camera: CameraId): void => gaps.inc({ camera }),
    refusal: (what: string, reason: string): void => refusals.inc({ what, reason }),
    type: registry.contentType,
    text: (): Promise<string> => registry.metrics(),
  }
}
