/** What somebody asks to be exported, checked and made whole. Pure. */
import type { Call } from '../../glossary/call.ts'
import type { CameraId } from '../../glossary/camera.ts'
import type { Cut, Export, ExportOrder, ExportRequest, Redaction, Requester, Silence } from '../../glossary/evidence.ts'
import type { Incident } from '../../glossary/incident.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'

export type KnownCall = Pick<Call, 'id' | 'recording'>
type Known = {
  incident: Incident | null
  parent: Export | null
  /** Of the incident; of a parent, those whose sound it has. */
  calls: readonly KnownCall[]
  hasCamera(id: string): boolean
  now: number
}

const LONGEST_MS = 31 * 86_400_000
const refuse = (words: string): never => {
  throw new Failure('export/refused', words)
}
const wrong = (words: string): never => {
  throw new Failure('request/invalid', words)
}

/** Line breaks, other control characters, and what turns the direction of writing: a package's texts say one thing. */
const MISLEADING = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u
/** What somebody typed stands on one line of READ-ME-FIRST.txt, and makes no other. @throws export/refused */
function mustBeOneLine({ reason, lawfulBasis, exhibitRef, requestedBy = {} }: ExportOrder): void {
  const { name, organisation, reference } = requestedBy
  const typed = { reason, lawfulBasis, exhibitRef, name, organisation, reference }
  for (const [field, text] of Object.entries(typed))
    if (text && MISLEADING.test(text.trim()))
      refuse(`${field} must be one line, without control characters: write it in one sentence.`)
}

/** Before anything is looked up: without these nothing is exported. @throws export/refused */
export function answeredFor(order: ExportOrder): { reason: string; requestedBy: Requester } {
  const { reason, requestedBy } = order
  mustBeOneLine(order)
  if (!reason?.trim()) return refuse('An export needs a reason: why are these recordings handed out?')
  if (!requestedBy?.name?.trim())
    return refuse(
      'An export needs to say who asked for it: requestedBy.name, and organisation and reference where there are such.',
    )
  return {
    reason: reason.trim(),
    requestedBy: {
      name: requestedBy.name.trim(),
      organisation: requestedBy.organisation?.trim() || null,
      reference: requestedBy.reference?.trim() || null,
    },
  }
}

/** @throws export/refused, request/invalid, camera/unknown, call/unknown, call/no-recording, clip/none */
export function checkOrder(order: ExportOrder, known: Known): Omit<ExportRequest, 'exportedBy'> {
  const answered = answeredFor(order)
  const kind = order.kind ?? (alters(order) ? 'redacted' : 'master')
  if (kind === 'redacted' && !known.parent) wrong('A redacted export is made of another one: name it as parentExport.')
  if (kind === 'redacted' && known.parent?.kind === 'redacted')
    wrong('Make a redacted export of the master’s export, not of a redacted one.')
  const cuts = cutsOf(order, known)
  const redactions = (order.redactions ?? []).map((region) => checkRegion(region, cuts))
  const calls = callsOf(order, kind, cuts, known.calls)
  if (cuts.length === 0 && calls.length === 0)
    throw new Failure('clip/none', 'The incident holds no clip; name cameras, from and to.')
  const silences = (order.silences ?? []).map((silence) => checkSilence(silence, calls))
  if (kind === 'redacted' && redactions.length === 0 && silences.length === 0)
    wrong(
      'A redacted export needs a region to be blurred or a silence; without one it is a shorter master: kind master, ' +
        'with parentExport.',
    )
  if (kind === 'master' && alters(order))
    wrong('A master is never altered; a redacted export has regions and silences.')
  return {
    kind,
    incident: known.incident?.id ?? known.parent?.incident ?? null,
    parentExport: known.parent?.id ?? null,
    cuts,
    redactions,
    calls: calls.map(({ id }) => id),
    silences,
    ...answered,
    lawfulBasis: order.lawfulBasis?.trim() || null,
    exhibitRef: order.exhibitRef?.trim() || null,
  }
}

/** Something of it is not as it was recorded. */
export const alters = ({ redactions = [], silences = [] }: Pick<ExportOrder, 'redactions' | 'silences'>): boolean =>
  redactions.length > 0 || silences.length > 0

/** What is left out: of a master all that lie in its time, of a redacted copy those with a silence. */
function callsOf(
  { calls, silences = [], from, to }: ExportOrder,
  kind: Export['kind'],
  cuts: readonly Cut[],
  known: readonly KnownCall[],
): KnownCall[] {
  if (calls === undefined && kind === 'redacted') {
    const silenced = new Set(silences.map(({ call }) => call))
    return known.filter(({ id }) => silenced.has(id))
  }
  if (calls === undefined) {
    const [begin, end] = [from ?? earliest(cuts), to ?? latest(cuts)].map((time) => (time ? isoOf(time) : undefined))
    return known.filter(
      ({ recording }) => recording && (!begin || recording.to > begin) && (!end || recording.from < end),
    )
  }
  return [...new Set(calls)].map((id): KnownCall => {
    const call = known.find((each) => each.id === id)
    if (!call) throw new Failure('call/unknown', `There is no call "${id}" in what this export is of.`)
    if (!call.recording)
      throw new Failure(
        'call/no-recording',
        `There is no recording of call ${id}: it goes on, was not answered, or went.`,
      )
    return call
  })
}
const earliest = (cuts: readonly Cut[]): string | undefined => cuts.map((cut) => cut.from).sort()[0]
const latest = (cuts: readonly Cut[]): string | undefined =>
  cuts
    .map((cut) => cut.to)
    .sort()
    .at(-1)

function checkSilence(
  { call, from, to }: NonNullable<ExportOrder['silences']>[number],
  calls: readonly KnownCall[],
): Silence {
  const found = calls.find(({ id }) => id === call)
  if (!found?.recording) return wrong(`A silence is of call ${call}, and this export has no sound of it.`)
  const [begin, end] = [isoTime(Date.parse(from)), isoTime(Date.parse(to))]
  if (begin >= end) wrong('A silence’s from must be before its to.')
  if (end <= found.recording.from || begin >= found.recording.to)
    wrong(
      `A silence of call ${call} from ${begin} to ${end} is at no time of it ` +
        `(${found.recording.from} to ${found.recording.to}).`,
    )
  return { call: found.id, from: begin, to: end }
}

function cutsOf({ cameras, from, to }: ExportOrder, { incident, parent, hasCamera, now }: Known): Cut[] {
  const end = (time: string | null): string => (time === null || Date.parse(time) > now ? isoTime(now) : time)
  const held: Cut[] = parent
    ? parent.cuts
    : (incident?.clips ?? []).map((clip) => ({ camera: clip.camera, from: clip.from, to: end(clip.to) }))
  if (!incident && !parent && (!cameras || from === undefined || to === undefined))
    return wrong('Without an incident an export names its cameras, from and to.')
  for (const camera of cameras ?? [])
    if (!hasCamera(camera))
      throw new Failure('camera/unknown', `There is no camera "${camera}" in this town's site file.`)
  for (const camera of cameras ?? [])
    if (parent && !held.some((cut) => cut.camera === camera))
      return wrong(`The parent export has no picture of ${camera}.`)
  const wanted = cameras ? [...new Set(cameras)] : held.map(({ camera }) => camera as string)
  return wanted.map((camera): Cut => {
    const own = held.find((cut) => cut.camera === camera)
    const range = { from: isoOf(from) ?? own?.from, to: isoOf(to) ?? own?.to }
    if (range.from === undefined || range.to === undefined)
      return wrong(`The incident holds no clip of ${camera}; say from and to.`)
    const cut = { camera: camera as CameraId, from: range.from, to: end(range.to) }
    if (Date.parse(cut.from) >= Date.parse(cut.to))
      return wrong(`from (${cut.from}) must be before to (${cut.to}), and in the past.`)
    if (Date.parse(cut.to) - Date.parse(cut.from) > LONGEST_MS) return wrong('One export is of 31 days at most.')
    return cut
  })
}
const isoOf = (time: string | undefined): string | undefined =>
  time === undefined ? undefined : isoTime(Date.parse(time))

function checkRegion(
  { camera, from, to, x, y, width, height }: NonNullable<ExportOrder['redactions']>[number],
  cuts: readonly Cut[],
): Redaction {
  const cut = cuts.find((each) => each.camera === camera)
  if (!cut) return wrong(`A region is of ${camera}, and this export is not.`)
  if (Date.parse(from) >= Date.parse(to)) wrong('A region’s from must be before its to.')
  if (isoTime(Date.parse(to)) <= cut.from || isoTime(Date.parse(from)) >= cut.to)
    wrong(`A region of ${camera} from ${from} to ${to} is at no time of this export (${cut.from} to ${cut.to}).`)
  if (x + width > 1.0001 || y + height > 1.0001)
    wrong('A region must lie within the picture: x + width and y + height are at most 1.')
  return {
    camera: camera as CameraId,
    from: isoTime(Date.parse(from)),
    to: isoTime(Date.parse(to)),
    x,
    y,
    width,
    height,
  }
}
