/** What a site file says of what is covered in a camera's picture. Pure. */
import type { HeadBox, Lens, Privacy, PrivacyMask } from '../../glossary/site.ts'
import type { Path } from '../schema-words.ts'
import type { SiteDocument } from '../site-schema.ts'

type Camera = SiteDocument['cameras'][number]

/** Beside a camera that looks there, what is wider is no place in its picture any more. */
const WIDEST_DEGREES = 90

/** @param at the path of a key of this camera. @returns null when nothing is covered */
export function privacyOf(
  { privacy, lens, onvif, presets, mount }: Camera,
  at: (...path: Path) => Path,
  complain: (path: Path, problem: string) => void,
): Privacy | null {
  if (!privacy) {
    if (lens) complain(at('lens'), 'is for privacy masks; this camera has none')
    return null
  }
  const optics = lens ? opticsOf(lens) : null
  if (privacy.some((mask) => 'polygon' in mask) && (lens || privacy.some((mask) => 'box' in mask)))
    complain(at('privacy'), 'has polygons, for a camera that stands still, and boxes or a lens, for one that turns')
  if (optics && optics.tele > optics.wide) complain(at('lens', 'tele'), 'is wider than without zoom: exchange them')
  const masks = privacy.map((mask, i): PrivacyMask => {
    const where = (...path: Path): Path => at('privacy', i, ...path)
    if ('polygon' in mask) {
      if (presets || mount)
        complain(
          where('polygon'),
          'holds for a camera that stands still; this one turns: write a box in its head’s coordinates',
        )
      return { name: mask.name, polygon: mask.polygon.map(([x = 0, y = 0]): [number, number] => [x, y]) }
    }
    if (!onvif) complain(where('box'), 'needs onvif: only the head can say where it looks')
    else if (!optics) complain(where('box'), 'needs the camera’s lens beside it, as in its data sheet: lens: { … }')
    return { name: mask.name, box: boxOf(mask.box, optics, where, complain) }
  })
  return { masks, lens: optics }
}

const opticsOf = ({ pan, tilt, wide, tele, level = 0, flip = [] }: NonNullable<Camera['lens']>): Lens => ({
  ...{ pan, tilt, wide, tele, level },
  flipPan: flip.includes('pan'),
  flipTilt: flip.includes('tilt'),
})

function boxOf(
  { pan, tilt, zoom }: { pan: number[]; tilt: number[]; zoom?: number | undefined },
  lens: Lens | null,
  where: (...path: Path) => Path,
  complain: (path: Path, problem: string) => void,
): HeadBox {
  const rangeOf = (axis: 'pan' | 'tilt', [from = 0, to = 0]: number[]): [number, number] => {
    if (from >= to) complain(where('box', axis), 'the first figure must be less than the second')
    else if (lens && ((to - from) * lens[axis]) / 2 > WIDEST_DEGREES)
      complain(where('box', axis), `is wider than ${WIDEST_DEGREES}°: write two boxes`)
    return [from, to]
  }
  return { pan: rangeOf('pan', pan), tilt: rangeOf('tilt', tilt), zoom: zoom ?? null }
}
