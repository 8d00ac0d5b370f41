/** Draws a camera's frames at its rate and has ffmpeg encode and publish them, until stopped. */
import { guardedSpawn } from '../tools/guarded-spawn.ts'
import { FRAME } from './camera-picture.ts'

const args = (publishTo: string): string[] => [
  ...['-hide_banner', '-loglevel', 'error', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${FRAME.width}x${FRAME.height}`, '-r', String(FRAME.rate), '-i', 'pipe:0'],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-threads', '1', '-g', String(FRAME.rate), '-keyint_min', String(FRAME.rate), '-sc_threshold', '0', '-crf', '25', '-colorspace', 'smpte170m'],
  ...(publishTo.startsWith('rtmp') ? ['-f', 'flv'] : ['-f', 'rtsp', '-rtsp_transport', 'tcp']),
  publishTo,
]

/** Behind by more than this, frames are left out rather than drawn in a hurry. */
const MOST_CATCH_UP = 3

/** @param draw a frame for this moment. Returns the undo, which resolves when ffmpeg is gone. */
export function startEncoder(publishTo: string, draw: () => Buffer, onError: (words: string) => void, onEnded: () => void = () => {}): () => Promise<void> {
  const ffmpeg = guardedSpawn('ffmpeg', args(publishTo), { stdio: ['pipe', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => ffmpeg.once('close', () => resolve()))
  void ended.then(() => {
    clearInterval(timer)
    onEnded()
  })
  let stopped = false
  let written = 0
  const startedAt = performance.now()
  ffmpeg.stdin?.on('error', () => {})
  ffmpeg.stderr?.on('data', (chunk: Buffer) => !stopped && onError(chunk.toString('utf8').trim()))
  ffmpeg.on('error', (error) => onError(error.message))
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * FRAME.rate) / 1000) + 1
    if (due <= written || !ffmpeg.stdin || ffmpeg.stdin.writableLength > 3_000_000) return
    // The same picture twice keeps the stream's clock true when this process was held up.
    const frame = draw()
    for (let i = 0; i < Math.min(MOST_CATCH_UP, due - written); i += 1) ffmpeg.stdin.write(frame)
    written = due
  }, 1000 / FRAME.rate / 2)
  return () => {
    stopped = true
    clearInterval(timer)
    ffmpeg.kill('SIGKILL')
    return ended
  }
}
