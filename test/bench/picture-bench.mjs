/**
 * How often the picture proof is wrong: pictures of simulated streets at the preset and beside it, by day and by night,
 * with other people in them, in rain, out of focus, and compressed as cameras compress.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { root } from './bench-tools.mjs'

const built = (path) => import(join(root, 'dist', 'server', path))
const SIZE = { width: 960, height: 540 }

/** Seeded noise, so that every run sees the same weather. */
function random(seed) {
  let state = seed >>> 0
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
}
const HARD = {
  'as the reference': (grey) => grey,
  'at dusk (a third of the light)': (grey) => grey.map((value) => value / 3),
  'at night (noise, a sixth of the light)': (grey, next) =>
    grey.map((value) => Math.max(0, value / 6 + (next() - 0.5) * 10)),
  'in rain': (grey, next) => {
    const wet = Float32Array.from(grey)
    for (let drop = 0; drop < 900; drop += 1) {
      const [x, y, length] = [
        Math.floor(next() * SIZE.width),
        Math.floor(next() * (SIZE.height - 40)),
        12 + Math.floor(next() * 24),
      ]
      for (let i = 0; i < length; i += 1) wet[(y + i) * SIZE.width + Math.min(SIZE.width - 1, x + (i >> 3))] = 200
    }
    return wet
  },
  'out of focus': null,
  'half of it behind a van': (grey) => {
    const behind = Float32Array.from(grey)
    for (let y = 150; y < 540; y += 1) behind.fill(120 + (y % 7), y * SIZE.width + 80, y * SIZE.width + 520)
    return behind
  },
}

export async function benchPicture() {
  const { loadStreet } = await built('simulator/picture/street-picture.js')
  const { createCameraPicture } = await built('simulator/picture/camera-picture.js')
  const { populate } = await built('simulator/picture/picture-figures.js')
  const { drawGlyphs } = await built('simulator/picture/picture-text.js')
  const { MATCH_SIZE, judgeMatch, matchPictures } = await built('camera/framing/picture-match.js')
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-pictures-'))
  const glyphs = await drawGlyphs()
  const figures = {}
  const counts = {}
  const note = (kind, wrong) => {
    counts[kind] ??= { tried: 0, wrong: 0 }
    counts[kind].tried += 1
    counts[kind].wrong += wrong ? 1 : 0
  }
  let matchMs = 0
  let matches = 0
  try {
    for (let street = 0; street < 4; street += 1) {
      const lens = createCameraPicture({
        street: await loadStreet(folder, 100 + street * 31, []),
        figures: populate(street, [10]),
        glyphs,
        name: `Camera ${street}`,
      })
      const shot = async (pose, at, weather) => {
        const frame = lens.draw(pose, at, 'none')
        const next = random(street * 1000 + Math.round(at / 1000))
        let grey = Float32Array.from(frame.subarray(0, SIZE.width * SIZE.height))
        if (weather !== 'out of focus') grey = HARD[weather](grey, next)
        let picture = sharp(Buffer.from(Uint8Array.from(grey, (value) => Math.min(255, value))), {
          raw: { ...SIZE, channels: 1 },
        })
        if (weather === 'out of focus') picture = picture.blur(5)
        const jpeg = await picture.jpeg({ quality: 60 }).toBuffer()
        const { data } = await sharp(jpeg)
          .greyscale()
          .resize(MATCH_SIZE.width, MATCH_SIZE.height, { fit: 'fill' })
          .raw()
          .toBuffer({ resolveWithObject: true })
        return { ...MATCH_SIZE, pixels: new Uint8Array(data) }
      }
      for (let preset = 0; preset < 4; preset += 1) {
        const pose = { pan: -150 + preset * 67, tilt: -15 + preset, zoom: 1.2 + preset * 0.5 }
        const reference = await shot(pose, 1_000_000, 'as the reference')
        const proves = (picture) => {
          const started = performance.now()
          const verdict = judgeMatch(matchPictures(reference, picture)).proves
          matchMs += performance.now() - started
          matches += 1
          return verdict
        }
        for (const weather of Object.keys(HARD)) {
          note(`false reject: ${weather}`, !proves(await shot(pose, 1_000_000 + 7000 * (preset + 3), weather)))
          for (const [what, off] of Object.entries({
            'another street': { pan: 90 },
            '15 degrees off': { pan: 15 },
            '6 degrees off': { pan: 6 },
            'zoomed half as far': { zoom: -(pose.zoom - 1) * 0.6 - 0.15 },
            '5 degrees too low': { tilt: -5 },
          }))
            note(
              `false accept: ${what}`,
              proves(
                await shot(
                  {
                    pan: pose.pan + (off.pan ?? 0),
                    tilt: pose.tilt + (off.tilt ?? 0),
                    zoom: Math.max(1, pose.zoom + (off.zoom ?? 0)),
                  },
                  1_000_000 + 7000 * (preset + 3),
                  weather,
                ),
              ),
            )
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const [kind, { tried, wrong }] of Object.entries(counts)) figures[kind] = `${wrong} of ${tried}`
  figures['ms for one comparison'] = Math.round((matchMs / matches) * 10) / 10
  return figures
}
