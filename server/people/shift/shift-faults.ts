/** Everything that is broken now, one line each, for who comes. Pure. */
import type { VoiceHealth } from '../../glossary/call.ts'
import type { CameraHealth } from '../../glossary/camera.ts'
import type { ConnectorState } from '../../glossary/connector.ts'
import type { OnvifDeviceState } from '../../glossary/onvif-device.ts'
import type { DestinationState } from '../../glossary/outbox.ts'
import type { HelpPointProof } from '../../glossary/proof.ts'
import type { ShiftFault } from '../../glossary/shift.ts'

export type Town = {
  cameras: { id: string; health: CameraHealth }[]
  helpPoints: { id: string; proof: Pick<HelpPointProof, 'overdue' | 'lastDrillResult' | 'lastVoiceDrill'> }[]
  storage: string | null
  record: string | null
  destinations: Pick<DestinationState, 'destination' | 'failing' | 'dead'>[]
  connectors: Pick<ConnectorState, 'connector' | 'state' | 'problem'>[]
  onvifDevices: Pick<OnvifDeviceState, 'device' | 'state' | 'problem'>[]
  /** Null: nobody telephones here. */
  voice: VoiceHealth | null
  tokens: readonly EndingToken[]
  certificates: readonly EndingCertificate[]
  clock: string | null
  /** Of the council's directory. */
  directory: { name: string; problem: string | null } | null
}

/** A token that ends soon, or has ended and is still asked for. */
export type EndingToken = { name: string; until: string; over: boolean }

/** `kind`: of whom, as in camera; `subject`: which. */
export type EndingCertificate = { kind: string; subject: string; detail: string }

const STEP_TOLD_MS = 24 * 3_600_000
/** What the shift must know of a clock that was set: times of before and after do not fit together. */
export function clockText(step: { at: string; ms: number } | null, now: number): string | null {
  if (!step || now - Date.parse(step.at) > STEP_TOLD_MS) return null
  const seconds = Math.round(Math.abs(step.ms) / 100) / 10
  return `It was set ${step.ms < 0 ? 'back' : 'forward'} by ${seconds} s at ${step.at}. Look at its time source.`
}

/** What the shift must know of a disk that another program has filled. */
export const reserveText = (room: { onReserve: boolean; hoursLeft: number } | null): string | null =>
  room?.onReserve ? `The disk is full: presses are running on the reserve, ${room.hoursLeft} h left.` : null

/** What the shift must know of calls; null: they reach this server, and the desk when it stops. */
export function voiceText({ ready, apart, pbx }: VoiceHealth): string | null {
  if (!ready) return `Calls do not reach this server. ${apart ? 'The desk telephone rings.' : 'Nobody answers them.'}`
  if (pbx && !pbx.registered)
    return `Calls do not ring here: this server is not registered at the PBX${pbx.why === null ? '' : ` (${pbx.why})`}.`
  return apart ? null : 'When this server stops, nobody answers calls: the edge runs inside it.'
}

export function shiftFaults(town: Town): ShiftFault[] {
  const {
    cameras,
    helpPoints,
    storage,
    record,
    destinations,
    connectors,
    onvifDevices,
    voice,
    tokens,
    certificates,
    clock,
    directory,
  } = town
  const of = (wrong: boolean, what: ShiftFault['what'], subject: string, detail: string | null): ShiftFault[] =>
    wrong ? [{ what, subject, detail }] : []
  const calls = voice && voiceText(voice)
  return [
    ...of(record !== null, 'record', '', record),
    ...of(storage !== null, 'storage', '', storage),
    ...of(calls !== null, 'calls', '', calls),
    ...of(clock !== null, 'clock', '', clock),
    ...of((directory?.problem ?? null) !== null, 'directory', directory?.name ?? '', directory?.problem ?? null),
    ...tokens.flatMap(({ name, until, over }) =>
      of(true, 'token', name, over ? `It ended at ${until}, and is still used.` : `It ends at ${until}: renew it.`),
    ),
    ...certificates.flatMap(({ kind, subject, detail }) =>
      of(true, 'certificate', subject === '' ? kind : `${kind} ${subject}`, detail),
    ),
    ...helpPoints.flatMap(({ id, proof: { overdue, lastDrillResult, lastVoiceDrill } }) => {
      const failed = lastDrillResult?.passed === false ? lastDrillResult.problem : (lastVoiceDrill?.problem ?? null)
      return of(failed !== null || overdue.length > 0, 'help-point', id, failed ?? overdue.join(', '))
    }),
    ...cameras.flatMap(({ id, health: { onvif, video, buffer, blind, reason } }) => [
      ...of(onvif === 'down', 'camera', id, reason),
      ...of(video === 'down' || blind !== null, 'picture', id, blind ?? reason),
      ...of(buffer === 'down', 'buffer', id, reason),
    ]),
    ...connectors.flatMap(({ connector, state, problem }) => of(state === 'failing', 'vms', connector, problem)),
    ...onvifDevices.flatMap(({ device, state, problem }) => of(state !== 'well', 'vms', device, problem)),
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
