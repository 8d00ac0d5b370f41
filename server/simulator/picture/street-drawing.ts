/**
 * Draws a street all around a camera as SVG: 16 pixels a degree, 360 degrees wide, from 15 degrees up to 45 down.
 * Pure.
 */
export const PIXELS_PER_DEGREE = 16
export const STREET_WIDTH = 360 * PIXELS_PER_DEGREE
export const STREET_TOP = 15
export const STREET_HEIGHT = 60 * PIXELS_PER_DEGREE

/** Something with a name that stands in a known direction (degrees from north). */
export type Landmark = { bearing: number; sign: string | null; helpPoint: boolean }

const SHOPS = [
  'Tees Bakery',
  'Quaker Books',
  'The Locomotive',
  'Skerne Flowers',
  'Wynd Records',
  'Clock Café',
  'Northern Threads',
  'Cloth Hall',
  'Railway Barbers',
  'Bondgate Bikes',
  'Feethams Fish Bar',
  'Covered Market',
  'Tubwell Toys',
  'Houndgate Coffee',
  'Priestgate Print',
  'Prospect Pharmacy',
  'Grange Gallery',
  'Crown Street Deli',
]
const BRICKS = ['#6d4a3f', '#7a5647', '#5d4a48', '#80604c', '#655a55', '#71503d', '#8a7563', '#57504f']
const SIGNS = ['#1f4d3a', '#6a1f2b', '#1e3557', '#3b2a4f', '#5a4312', '#23434a', '#7a2d12']

/** A small seeded generator (mulberry32): the same camera always sees the same street. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const yOf = (tilt: number): number => (STREET_TOP - tilt) * PIXELS_PER_DEGREE
/** Bearing 180 lies in the middle of the drawing, so that north is where it wraps. */
export const xOf = (bearing: number): number => ((((bearing % 360) + 360) % 360) * STREET_WIDTH) / 360
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function drawStreet(seed: number, landmarks: readonly Landmark[]): string {
  const random = seeded(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const parts: string[] = []
  const ground = yOf(-18)
  let shop = Math.floor(random() * SHOPS.length)
  for (let x = 0; x < STREET_WIDTH;) {
    const left = STREET_WIDTH - x
    const width = left < 560 ? left : 260 + random() * 180
    const middle = x + width / 2
    const owner = landmarks.find(({ bearing, sign }) => sign !== null && Math.abs(xOf(bearing) - middle) <= width / 2)
    parts.push(
      building({
        x,
        width,
        top: yOf(6 + random() * 8),
        ground,
        brick: pick(BRICKS),
        board: owner ? '#8c1d2f' : pick(SIGNS),
        name: owner?.sign ?? SHOPS[shop++ % SHOPS.length] ?? '',
        random,
      }),
    )
    x += width
  }
  for (const { bearing, helpPoint } of landmarks) if (helpPoint) parts.push(lampPost(xOf(bearing), yOf(9), yOf(-20)))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${STREET_WIDTH}" height="${STREET_HEIGHT}"><defs>
    <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#17223c"/><stop offset="1" stop-color="#5b6f96"/></linearGradient>
    <linearGradient id="road" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="#4a4d52"/><stop offset="1" stop-color="#26282c"/></linearGradient></defs>
    <rect width="100%" height="${ground}" fill="url(#sky)"/>
    <rect y="${ground}" width="100%" height="96" fill="#8d8a84"/>${paving(ground)}
    <rect y="${ground + 96}" width="100%" height="10" fill="#b9b4a8"/>
    <rect y="${ground + 106}" width="100%" height="${STREET_HEIGHT}" fill="url(#road)"/>${roadMarks(ground + 220)}
    ${parts.join('')}</svg>`
}

const paving = (ground: number): string =>
  Array.from(
    { length: STREET_WIDTH / 48 },
    (_, i) => `<path d="M${i * 48} ${ground}l-26 96" stroke="#7a776f" stroke-width="2"/>`,
  ).join('') + `<path d="M0 ${ground + 40}H${STREET_WIDTH}" stroke="#7a776f" stroke-width="2"/>`
const roadMarks = (y: number): string =>
  Array.from(
    { length: STREET_WIDTH / 160 },
    (_, i) => `<rect x="${i * 160}" y="${y}" width="90" height="9" fill="#d8d4c4"/>`,
  ).join('')

function building({
  x,
  width,
  top,
  ground,
  brick,
  board,
  name,
  random,
}: {
  x: number
  width: number
  top: number
  ground: number
  brick: string
  board: string
  name: string
  random: () => number
}): string {
  const shopTop = ground - 170
  const parts = [
    `<rect x="${x}" y="${top}" width="${width}" height="${ground - top}" fill="${brick}"/>`,
    `<rect x="${x}" y="${top}" width="${width}" height="14" fill="#2b2724"/>`,
  ]
  const columns = Math.max(2, Math.floor(width / 95))
  for (let y = top + 40; y < shopTop - 70; y += 105)
    for (let i = 0; i < columns; i += 1) {
      const lit = random() < 0.35
      const wx = x + (width / columns) * (i + 0.5) - 24
      parts.push(
        `<rect x="${wx - 4}" y="${y - 4}" width="56" height="78" fill="#d9d2c2"/><rect x="${wx}" y="${y}" ` +
          `width="48" height="70" fill="${lit ? '#f3cf7c' : '#27323f'}"/>` +
          `<path d="M${wx + 24} ${y}v70M${wx} ${y + 35}h48" stroke="#d9d2c2" stroke-width="3"/>`,
      )
    }
  const size = Math.min(40, (width - 40) / (name.length * 0.62))
  parts.push(
    `<rect x="${x + 8}" y="${shopTop}" width="${width - 16}" height="52" fill="${board}"/>`,
    `<text x="${x + width / 2}" y="${shopTop + 26 + size * 0.36}" font-family="DejaVu Sans" font-weight="bold" ` +
      `font-size="${size}" text-anchor="middle" fill="#f6eeda">${escape(name)}</text>`,
    `<rect x="${x + 16}" y="${shopTop + 60}" width="${width - 116}" height="${ground - shopTop - 74}" fill="#e9c77a" opacity="0.85"/>`,
    `<path d="M${x + 16 + (width - 116) / 2} ${shopTop + 60}v${ground - shopTop - 74}" stroke="#3a2f26" stroke-width="5"/>`,
    `<rect x="${x + width - 84}" y="${shopTop + 58}" width="60" height="${ground - shopTop - 58}" fill="#3a2f26"/>` +
      `<rect x="${x + width - 76}" y="${shopTop + 68}" width="44" height="46" fill="#a9bccb"/>` +
      `<circle cx="${x + width - 34}" cy="${ground - 44}" r="4" fill="#d9b44a"/>`,
  )
  return parts.join('')
}

const lampPost = (x: number, top: number, foot: number): string =>
  `<rect x="${x - 7}" y="${top}" width="14" height="${foot - top}" fill="#15181c"/>
  <rect x="${x - 14}" y="${foot - 60}" width="28" height="60" fill="#15181c"/>
  <circle cx="${x}" cy="${top}" r="150" fill="#ffe9ae" opacity="0.10"/><ellipse cx="${x}" cy="${top}" rx="30" ry="14" fill="#fff3cf"/>
  <rect x="${x - 20}" y="${foot - 190}" width="40" height="66" rx="6" fill="#e2b714"/>
  <circle cx="${x}" cy="${foot - 150}" r="13" fill="#c8102e"/>
  <circle cx="${x}" cy="${foot - 150}" r="13" fill="none" stroke="#fff" stroke-width="3"/>
  <text x="${x}" y="${foot - 174}" font-family="DejaVu Sans" font-weight="bold" font-size="13"
    text-anchor="middle" fill="#15181c">HELP</text>`
