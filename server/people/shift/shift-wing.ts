/** The hand-over from shift to shift: what is open and what is broken, signed by both. */
import type { Door } from '../../door/door.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { shiftRoutes } from './shift-routes.ts'
import type { VoiceHealth } from '../../glossary/call.ts'
import type { CameraHealth, CameraId } from '../../glossary/camera.ts'
import type { Incident } from '../../glossary/incident.ts'
import type { Append } from '../../glossary/ledger.ts'
import type { ConnectorState } from '../../glossary/connector.ts'
import type { OnvifDeviceState } from '../../glossary/onvif-device.ts'
import type { DestinationState } from '../../glossary/outbox.ts'
import type { HelpPointProof } from '../../glossary/proof.ts'
import type { ShiftSummary } from '../../glossary/shift.ts'
import type { HelpPoint, Site } from '../../glossary/site.ts'
import type { PublicAddress } from '../../door/public-address.ts'
import type { Clock } from '../../tools/clock.ts'
import { createShiftBook } from './shift-book.ts'
import { createShiftDesk } from './shift-desk.ts'
import { type EndingCertificate, type EndingToken, clockText, reserveText, shiftFaults } from './shift-faults.ts'
import { openIncidents } from './shift-summary.ts'

export type ShiftNeeds = {
  clock: Clock
  address: PublicAddress
  town: { site(): Site }
  ledger: {
    append: Append
    state(): { broken: string | null; room: { onReserve: boolean; hoursLeft: number } | null }
  }
  clips: { diskState(): { problem: string | null } | null }
  cameras: { ids(): CameraId[]; health(id: CameraId): CameraHealth }
  incidents: { book: { unfinished(): Incident[] } }
  readiness: { proofOf(helpPoint: HelpPoint): HelpPointProof }
  outbox: { state(): DestinationState[] }
  vms: { connectors(): ConnectorState[] }
  device: { onvifDevices(): OnvifDeviceState[] }
  calls: { voice(): VoiceHealth | null }
  certificates: { ending(): EndingCertificate[] }
  people: {
    signIn: SignIn
    endingTokens(): EndingToken[]
    directory(): { name: string; problem: string | null } | null
  }
}

export function openShifts({
  clock,
  town,
  ledger,
  clips,
  cameras,
  incidents,
  readiness,
  outbox,
  vms,
  device,
  calls,
  people,
  certificates,
  address,
}: ShiftNeeds) {
  const shiftBook = createShiftBook()
  const faults = (): ShiftSummary['faults'] =>
    shiftFaults({
      cameras: cameras.ids().map((id) => ({ id, health: cameras.health(id) })),
      helpPoints: town.site().helpPoints.map((each) => ({ id: each.id, proof: readiness.proofOf(each) })),
      storage: reserveText(ledger.state().room) ?? clips.diskState()?.problem ?? null,
      record: ledger.state().broken,
      destinations: outbox.state(),
      connectors: vms.connectors(),
      onvifDevices: device.onvifDevices(),
      voice: calls.voice(),
      tokens: people.endingTokens(),
      certificates: certificates.ending(),
      directory: people.directory(),
      clock: clockText(shiftBook.clockStep(), clock.now()),
    })
  const summary = (): ShiftSummary => ({ incidents: openIncidents(incidents.book.unfinished()), faults: faults() })
  const desk = createShiftDesk({ clock, book: shiftBook, append: ledger.append, summary })
  return {
    folds: { shifts: shiftBook },
    routes: ({ app }: Door): void => shiftRoutes(app, desk, { signIn: people.signIn, address }),
  }
}
