/** Figures for Prometheus, and whether a press could be made durable now. */
import type { Door } from '../door/door.ts'
import { stateRoutes } from './state-routes.ts'
import type { CameraHealth, CameraId } from '../glossary/camera.ts'
import type { TownView } from '../glossary/member.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import type { Entry } from '../glossary/ledger.ts'
import type { Registration } from '../glossary/call.ts'
import type { HelpPointId, PressKind } from '../glossary/press.ts'
import type { Site } from '../glossary/site.ts'
import type { Stage } from '../glossary/proof.ts'
import { type MetricsPort, type PressOutcome, createMetrics } from './metrics.ts'

type Subscribe<Message> = (listener: (message: Message) => void) => () => void
export type MetricsNeeds = {
  clock: Pick<Clock, 'now'>
  closing: { add(what: string, close: () => unknown): void }
  ledger: { state: MetricsPort['ledger']; tail: Subscribe<Entry>; notReady(): Promise<string | null> }
  clips: { bytes: MetricsPort['bufferBytes'] }
  cameras: { ids(): CameraId[]; health(id: CameraId): CameraHealth; interrupted: Subscribe<CameraId> }
  incidents: { book: { unfinished: MetricsPort['incidents'] } }
  presses: { counted: Subscribe<{ source: string; kind: PressKind; outcome: PressOutcome }> }
  readiness: { overdue: MetricsPort['overdue']; stages: Subscribe<{ stage: Stage; kind: PressKind; ms: number }> }
  outbox: { state: MetricsPort['outbox'] }
  vms: { connectors: MetricsPort['connectors'] }
  device: { onvifDevices: MetricsPort['onvifDevices'] }
  calls: {
    voice: MetricsPort['voice']
    going: MetricsPort['calls']
    voiceOf(helpPoint: HelpPointId): Registration | null
  }
  town: { site(): Pick<Site, 'id' | 'helpPoints'> }
  /** In a town on several machines: how its members stand. */
  members?: (() => TownView) | undefined
  people: { refusals: Subscribe<{ what: string; reason: string }>; endingTokens: MetricsPort['endingTokens'] }
  certificates: Pick<MetricsPort, 'certificates'>
}

export function openMetrics(needs: MetricsNeeds) {
  const { clock, closing, town, ledger, clips, cameras, incidents, presses, readiness, outbox } = needs
  const { vms, device, calls, people, certificates } = needs
  const metrics = createMetrics({
    ledger: ledger.state,
    cameras: () => cameras.ids().map((id) => ({ id, health: cameras.health(id) })),
    bufferBytes: clips.bytes,
    incidents: incidents.book.unfinished,
    overdue: readiness.overdue,
    outbox: outbox.state,
    connectors: vms.connectors,
    onvifDevices: device.onvifDevices,
    calls: calls.going,
    voice: calls.voice,
    registrations: () =>
      town
        .site()
        .helpPoints.filter(({ sip }) => sip !== null)
        .map(({ id }) => ({ helpPoint: id, registered: calls.voiceOf(id)?.registered ?? false })),
    endingTokens: people.endingTokens,
    certificates: certificates.certificates,
    town: needs.members ?? (() => null),
  })
  cameras.interrupted(metrics.gap)
  people.refusals(({ what, reason }) => metrics.refusal(what, reason))
  presses.counted(({ source, kind, outcome }) => metrics.press(source, kind, outcome))
  readiness.stages(({ stage, kind, ms }) => metrics.stage(stage, kind, ms))
  return {
    begin(): void {
      closing.add('the figures of drills', ledger.tail(metrics.entry))
    },
    routes({ app }: Door): void {
      const since = isoTime(clock.now())
      const alone = (): TownView => {
        const { id } = town.site()
        const members = [{ id, url: null, leads: true, reachable: true, since }]
        return { members, lead: id, since, now: isoTime(clock.now()) }
      }
      const view = needs.members ?? alone
      stateRoutes(app, { notReady: ledger.notReady, metrics: metrics.text, metricsType: metrics.type, town: view })
    },
  }
}
