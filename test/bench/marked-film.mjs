/**
 * A film of a simulated street whose pictures say which they are: sent in a loop, each tells how long ago it was
 * sent.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { root } from './bench-tools.mjs'

const built = (path) => import(join(root, 'dist', 'server', 'simulator', path))

/**
 * Writes H.264 as a small camera sends it, `seconds` long, a keyframe every `gop` seconds. A picture's mark says its
 * time from the film's beginning, milliseconds.
 */
export async function makeMarkedFilm(file, folder, { width, height, rate, gop, seconds }) {
  const { loadStreet } = await built('picture/street-picture.js')
  const { createCameraPicture } = await built('picture/camera-picture.js')
  const { populate } = await built('picture/picture-figures.js')
  const { drawGlyphs } = await built('picture/picture-text.js')
  const lens = createCameraPicture({
    street: await loadStreet(folder, 7, []),
    figures: populate(7, []),
    glyphs: await drawGlyphs(),
    name: 'Bench',
    frame: { width, height },
  })
  const keys = String(Math.round(rate * gop))
  const ffmpeg = spawn(
    'ffmpeg',
    [
      '-hide_banner',
      '-loglevel',
      'error',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'yuv420p',
      '-s',
      `${width}x${height}`,
      '-r',
      String(rate),
      '-i',
      'pipe:0',
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-tune',
      'zerolatency',
      '-profile:v',
      'baseline',
      '-crf',
      '23',
      '-g',
      keys,
      '-keyint_min',
      keys,
      '-sc_threshold',
      '0',
      file,
    ],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  )
  for (let i = 0; i < rate * seconds; i += 1)
    if (!ffmpeg.stdin.write(lens.draw({ pan: 0, tilt: -12, zoom: 1 }, Math.round((i * 1000) / rate), 'none')))
      await once(ffmpeg.stdin, 'drain')
  ffmpeg.stdin.end()
  const [code] = await once(ffmpeg, 'exit')
  if (code !== 0) throw new Error('the marked film could not be made')
}
