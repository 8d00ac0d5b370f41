/** What was recorded at a place in a time: for somebody who asks what is held about them. */
import type { CameraId } from '../../glossary/camera.ts'
import type { FoundRecordings, RecordingSearch } from '../../glossary/evidence.ts'
import type { Incident } from '../../glossary/incident.ts'
import type { Place } from '../../glossary/press.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { metresBetween } from '../../tools/geography.ts'

export type SearchPort = {
  cameras(): { id: CameraId; name: string; location: Place | null }[]
  recorded(camera: CameraId, range: { from: number; to: number }): Promise<{ from: number; to: number }[]>
  now(): number
  /** Newest first. */
  incidents(after: string | null): Promise<{ items: Incident[]; next: string | null }>
  placeOf(helpPoint: string): Place | null
}

const LONGEST_MS = 7 * 86_400_000
/** Older than this nothing is kept without a lock. */
const FURTHEST_BACK_MS = 2 * 366 * 86_400_000
const MOST_INCIDENTS = 500

/** @throws request/invalid */
export async function searchRecordings(
  { from, to, place, metres }: RecordingSearch,
  port: SearchPort,
): Promise<FoundRecordings> {
  const range = { from: Date.parse(from), to: Date.parse(to) }
  if (range.from >= range.to) throw new Failure('request/invalid', 'from must be before to.')
  if (range.to - range.from > LONGEST_MS) throw new Failure('request/invalid', 'One search is over seven days at most.')
  if (range.from < port.now() - FURTHEST_BACK_MS)
    throw new Failure('request/invalid', 'A search goes two years back at most.')
  const near = port
    .cameras()
    .flatMap(({ id, name, location }) =>
      location && metresBetween(location, place) <= metres
        ? [{ camera: id, name, metres: Math.round(metresBetween(location, place)) }]
        : [],
    )
  const cameras = []
  for (const each of near.sort((a, b) => a.metres - b.metres))
    cameras.push({
      ...each,
      recorded: (await port.recorded(each.camera, range)).map((piece) => ({
        from: isoTime(piece.from),
        to: isoTime(piece.to),
      })),
    })
  const incidents: FoundRecordings['incidents'] = []
  for (let after: string | null = null, older = false; !older;) {
    const page: { items: Incident[]; next: string | null } = await port.incidents(after)
    for (const { id, helpPoint, kind, openedAt, closedAt, clips } of page.items) {
      const at = port.placeOf(helpPoint)
      if (
        openedAt < isoTime(range.to) &&
        (closedAt ?? '9') > isoTime(range.from) &&
        at &&
        metresBetween(at, place) <= metres
      )
        incidents.push({ id, helpPoint, kind, openedAt, closedAt, clips })
    }
    // An incident may be open for days; it is not for a month.
    older =
      page.next === null ||
      incidents.length >= MOST_INCIDENTS ||
      (page.items.at(-1)?.openedAt ?? '') < isoTime(range.from - 31 * 86_400_000)
    after = page.next
  }
  return { incidents, cameras }
}
