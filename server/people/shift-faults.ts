/** Everything that is broken now, one line each, for who comes. Pure. */
import type { CameraHealth } from '../glossary/camera.ts'
import type { DestinationState } from '../glossary/outbox.ts'
import type { HelpPointProof } from '../glossary/proof.ts'
import type { ShiftFault } from '../glossary/shift.ts'

export type Town = {
  cameras: { id: string; health: CameraHealth }[]
  helpPoints: { id: string; proof: Pick<HelpPointProof, 'overdue' | 'lastDrillResult'> }[]
  storage: string | null
  record: string | null
  destinations: Pick<DestinationState, 'destination' | 'failing' | 'dead'>[]
}

/** What the shift must know of a disk that another program has filled. */
export const reserveText = (room: { onReserve: boolean; hoursLeft: number } | null): string | null =>
  room?.onReserve ? `The disk is full: presses are running on the reserve, ${room.hoursLeft} h left.` : null

export function shiftFaults({ cameras, helpPoints, storage, record, destinations }: Town): ShiftFault[] {
  const of = (wrong: boolean, what: ShiftFault['what'], subject: string, detail: string | null): ShiftFault[] =>
    wrong ? [{ what, subject, detail }] : []
  return [
    ...of(record !== null, 'record', '', record),
    ...of(storage !== null, 'storage', '', storage),
    ...helpPoints.flatMap(({ id, proof: { overdue, lastDrillResult } }) => {
      const failed = lastDrillResult?.passed === false
      return of(failed || overdue.length > 0, 'help-point', id, failed ? lastDrillResult.problem : overdue.join(', '))
    }),
    ...cameras.flatMap(({ id, health: { onvif, video, buffer, blind, reason } }) => [
      ...of(onvif === 'down', 'camera', id, reason),
      ...of(video === 'down' || blind !== null, 'picture', id, blind ?? reason),
      ...of(buffer === 'down', 'buffer', id, reason),
    ]),
    ...destinations.flatMap(({ destination, failing, dead }) =>
      of(
        failing !== null || dead.length > 0,
        'destination',
        destination,
        failing?.problem ?? dead.at(-1)?.problem ?? null,
      ),
    ),
  ]
}
