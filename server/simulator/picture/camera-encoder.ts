/** Draws a camera's frames at its rate and has ffmpeg encode and publish them, until stopped. */
import { guardedSpawn } from '../../tools/media/guarded-spawn.ts'
import { FRAME, type Frame } from './camera-picture.ts'

const video = ({ rate, gop, codec }: Frame): string[] => {
  const keys = ['-g', String(Math.round(rate * gop)), '-keyint_min', String(Math.round(rate * gop))]
  const common = ['-preset', 'ultrafast', '-tune', 'zerolatency', '-colorspace', 'smpte170m']
  return codec === 'h264'
    ? [
        '-c:v',
        'libx264',
        ...common,
        '-profile:v',
        'baseline',
        '-threads',
        '1',
        ...keys,
        '-sc_threshold',
        '0',
        '-crf',
        '25',
      ]
    : [
        '-c:v',
        'libx265',
        ...common,
        ...keys,
        '-crf',
        '28',
        '-x265-params',
        'log-level=error:pools=1:frame-threads=1:scenecut=0:repeat-headers=1',
      ]
}
const TONE = ['-f', 'lavfi', '-i', 'sine=frequency=330:sample_rate=8000']
const sound = ({ sound: kind }: Frame): string[] =>
  kind === 'none'
    ? []
    : [
        '-map',
        '0:v',
        '-map',
        '1:a',
        '-c:a',
        kind === 'aac' ? 'aac' : 'pcm_alaw',
        '-ac',
        '1',
        ...(kind === 'aac' ? ['-ar', '16000', '-b:a', '32k'] : []),
      ]

const args = (frame: Frame, publishTo: string): string[] => [
  ...[
    '-hide_banner',
    '-loglevel',
    'error',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-s',
    `${frame.width}x${frame.height}`,
    '-r',
    String(frame.rate),
    '-i',
    'pipe:0',
  ],
  ...(frame.sound === 'none' ? [] : TONE),
  ...video(frame),
  ...sound(frame),
  ...(publishTo.startsWith('rtmp') ? ['-f', 'flv'] : ['-f', 'rtsp', '-rtsp_transport', 'tcp']),
  publishTo,
]

/** Behind by more than this, frames are left out rather than drawn in a hurry. */
const MOST_CATCH_UP = 3

/** @param draw a frame for this moment. Returns the undo, which resolves when ffmpeg is gone. */
export function startEncoder(
  publishTo: string,
  draw: () => Buffer,
  onError: (words: string) => void,
  onEnded: () => void = () => {},
  size: Frame = FRAME,
): () => Promise<void> {
  const ffmpeg = guardedSpawn('ffmpeg', args(size, publishTo), { stdio: ['pipe', 'ignore', 'pipe'] })
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
  const timer = setInterval(
    () => {
      const due = Math.floor(((performance.now() - startedAt) * size.rate) / 1000) + 1
      if (due <= written || !ffmpeg.stdin || ffmpeg.stdin.writableLength > 3 * size.width * size.height * 1.5) return
      // The same picture twice keeps the stream's clock true when this process was held up.
      const frame = draw()
      for (let i = 0; i < Math.min(MOST_CATCH_UP, due - written); i += 1) ffmpeg.stdin.write(frame)
      written = due
    },
    1000 / size.rate / 2,
  )
  return () => {
    stopped = true
    clearInterval(timer)
    ffmpeg.kill('SIGKILL')
    return ended
  }
}
