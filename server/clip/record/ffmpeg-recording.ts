/**
 * One run of one ffmpeg that copies a camera's stream into fragmented MP4: fed to the packager, watched, ended. Knows
 * nothing of retries (clip-recorder). What it cannot make sense of ends it, with words for the engineer.
 */
import { Readable } from 'node:stream'
import type { Sound } from '../../glossary/clip.ts'
import { messageOf } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'
import { type Run, type RunEnd, redactor, watchSilence } from './recording-run.ts'
import { BASIC_USED } from './rtsp/rtsp-sign-in.ts'
import { openRtspRelay } from './rtsp/rtsp-relay.ts'
import { createStreamFollower } from './stream-follower.ts'

/** ffmpeg's own script of inputs (ffconcat): it carries the address and its options past the process list. */
function inputScript(url: string, transport: 'tcp' | 'udp'): string {
  const options = url.startsWith('rtsp') ? [`rtsp_transport ${transport}`, 'timeout 4000000'] : []
  const common = ['fflags nobuffer', 'probesize 32', 'analyzeduration 0']
  return [
    'ffconcat version 1.0',
    `file '${url.replaceAll("'", String.raw`'\''`)}'`,
    ...[...options, ...common].map((option) => `option ${option}`),
    '',
  ].join('\n')
}

/** Only loopback is ever spoken to: the relay, or the place that cameras push to. */
const INPUT = [
  '-f',
  'concat',
  '-safe',
  '0',
  '-protocol_whitelist',
  'pipe,rtsp,rtp,rtmp,tcp,udp',
  '-fflags',
  'nobuffer',
  '-flags',
  'low_delay',
  '-probesize',
  '32',
  '-analyzeduration',
  '0',
]
const PICTURE = ['-map', '0:v:0', '-c:v', 'copy']
const SOUND: Record<Sound, string[]> = {
  drop: ['-an'],
  keep: ['-map', '0:a:0?', '-c:a', 'copy'],
  convert: ['-map', '0:a:0?', '-c:a', 'aac', '-b:a', '64k'],
}
const OUTPUT = [
  '-f',
  'mp4',
  '-movflags',
  '+frag_every_frame+empty_moov+default_base_moof+skip_trailer',
  '-flush_packets',
  '1',
]

/** Records until the stream ends or the signal fires. */
export async function recordByFfmpeg({
  address,
  store,
  window,
  clock,
  onError,
  signal,
  onPicture,
  onNote = () => {},
  sound,
  startMs,
  transport = 'tcp',
}: Run & { sound: Sound; transport?: 'tcp' | 'udp' }): Promise<RunEnd> {
  const stop = new AbortController()
  const giveUp = (): void => stop.abort()
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) stop.abort()
  // ffmpeg never speaks to a camera itself: it would follow it anywhere, with the password.
  const relay = /^rtsps?:/.test(address.url)
    ? await openRtspRelay({
        url: address.url,
        basic: address.basic ?? false,
        onBasic: () => onNote(BASIC_USED),
        signal: stop.signal,
      })
    : null
  let reason: string | null = null
  if (stop.signal.aborted) {
    relay?.close()
    signal.removeEventListener('abort', giveUp)
    return { reason: 'The recording was ended.', words: [], atOnce: false, change: null }
  }
  let atOnce = false

  const end = (words: string, soon = false): void => {
    reason ??= words
    atOnce ||= soon
    stop.abort()
  }
  const follower = createStreamFollower({ store, window, now: clock.now, onPicture, onUnfit: end, onNote })

  const onOutput = (chunk: Buffer): void => {
    try {
      if (!stop.signal.aborted) follower.push(chunk)
    } catch (error) {
      if (!stop.signal.aborted) onError(error)
      end(`The stream cannot be recorded: ${messageOf(error)}`)
    }
  }
  const { words, ended } = runFfmpeg({
    input: Readable.from([inputScript(relay?.url ?? address.url, transport)]),
    inputOptions: INPUT,
    outputOptions: [...PICTURE, ...SOUND[sound], ...OUTPUT],
    onOutput,
    signal: stop.signal,
    redact: redactor(address),
  })
  const silence = watchSilence({ clock, startMs, pictures: follower.pictures, signal: stop.signal, onSilent: end })
  const said = await ended
  if (reason === null) reason = relay?.words() ?? null
  relay?.close()
  // ffmpeg lost patience before we did.
  if (reason === null && said === null) reason = silence.words()
  stop.abort()
  signal.removeEventListener('abort', giveUp)
  await silence.over
  follower.finish()
  window.stopped()
  const soundUnfit =
    sound === 'keep' &&
    words().some((line) => /codec .*not currently supported in container|Could not find tag for codec pcm/i.test(line))
  return {
    reason: reason ?? said ?? 'The camera ended the stream.',
    words: [...words()],
    atOnce: atOnce || soundUnfit,
    change: soundUnfit ? 'convert-sound' : null,
  }
}
