/**
 * What must be covered of a camera’s picture: always the same of one that stands still, of one that turns what its
 * head says. What is not known is covered whole. Pure, but for the track that it asks.
 */
import type { HeadLook } from '../../glossary/camera.ts'
import type { Privacy } from '../../glossary/site.ts'
import { cellsAt, isNear } from '../../tools/masks/head-projection.ts'
import { type Cells, addPolygon, drawn, isEmpty, noCells } from '../../tools/masks/mask-cells.ts'
import type { HeadTrack } from './head-track.ts'

/** `cells` null: the whole picture. `why`: in words for who sees it. */
export type Cover = { cells: Cells; why: null } | { cells: null; why: string }

/** A picture was taken so long before it arrived, at the most. */
const ON_ITS_WAY_MS = 800
/** Covers that are kept, for heads that go from preset to preset. */
const MOST_KNOWN = 50
const TURNS = 'It turns near a privacy mask; it is shown again when it stands still.'
const UNKNOWN = 'It has a privacy mask, and does not say where it looks: what must be covered is not known.'

export type Coverage = ReturnType<typeof createCoverage>

/** @param track null of a camera that stands still */
export function createCoverage(privacy: Privacy, track: Pick<HeadTrack, 'last' | 'between'> | null) {
  const boxes = privacy.masks.flatMap((mask) => ('box' in mask ? [mask.box] : []))
  const always = noCells()
  for (const mask of privacy.masks) if ('polygon' in mask) addPolygon(always, mask.polygon)
  const known = new Map<string, Cover>()

  function ofLook({ position, still, begins }: HeadLook, aspect: number): Cover {
    const { lens } = privacy
    if (!position || !lens) return { cells: null, why: UNKNOWN }
    if (!still)
      return begins || isNear(boxes, lens, position) ? { cells: null, why: TURNS } : { cells: always, why: null }
    const cells = cellsAt(boxes, lens, position, aspect)
    for (const [i, cell] of always.entries()) if (cell === 1) cells[i] = 1
    return { cells, why: null }
  }
  function coverOf(look: HeadLook, aspect: number): Cover {
    if (track === null && boxes.length === 0) return { cells: always, why: null }
    // Of one that turns there are as many as looks, and none comes again.
    if (!look.still) return ofLook(look, aspect)
    const name = JSON.stringify([look.position, aspect])
    const found = known.get(name) ?? ofLook(look, aspect)
    known.delete(name)
    known.set(name, found)
    for (const oldest of known.keys()) if (known.size > MOST_KNOWN) known.delete(oldest)
    return found
  }
  /**
   * Of pictures that arrived in that time: where several looks may hold, what each of them covers, and all of it where
   * one does.
   */
  function during(from: number, to: number, aspect: number): Cover {
    const looks = track?.between(from - ON_ITS_WAY_MS, to) ?? [{ at: from, position: null, still: false }]
    const covers = [...new Set(looks.map((look) => coverOf(look, aspect)))]
    const [first] = covers
    const whole = covers.find(({ cells }) => cells === null)
    if (whole) return whole
    if (covers.length === 1 && first) return first
    const cells = noCells()
    for (const each of covers) each.cells?.forEach((cell, i) => cell === 1 && (cells[i] = 1))
    return { cells, why: null }
  }

  return {
    during,
    /** Whether two looks of a head that turns cover the same. */
    isSame: (one: HeadLook, other: HeadLook): boolean =>
      !one.still && !other.still && ofLook(one, 1).why === ofLook(other, 1).why,
    /** Of a picture that arrived then. */
    at: (time: number, aspect: number): Cover => during(time, time, aspect),
    /** Of a picture that was taken while the head stood there. */
    standing: (position: HeadLook['position'], aspect: number): Cover =>
      coverOf({ at: 0, position, still: true }, aspect),
    /** The newest look, for a picture that goes on: what it covers, and since when that holds for what arrives. */
    now(aspect: number): { cover: Cover; since: number } {
      if (track === null && boxes.length === 0)
        return { cover: { cells: always, why: null }, since: Number.NEGATIVE_INFINITY }
      const look = track?.last() ?? { at: 0, position: null, still: false }
      return { cover: coverOf(look, aspect), since: look.at + ON_ITS_WAY_MS }
    },
  }
}

/** For ffmpeg. @param cover none of a camera without masks */
export function filters(cover: Cover | null | undefined): string[] {
  if (!cover || (cover.cells !== null && isEmpty(cover.cells))) return []
  return drawn(cover.cells)
}
