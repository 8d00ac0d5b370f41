/**
 * One run of one ffmpeg that copies a camera's stream into fragmented MP4: fed to the packager, watched, ended. Knows
 * nothing of retries (clip-recorder). What it cannot make sense of ends it, with words for the engineer.
 */
import { Readable } from 'node:stream'
import type { Sound, TimedBy } from '../../glossary/clip.ts'
import { messageOf } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'
import { NoKeyframe } from '../ring/clip-packager.ts'
import { TIMED_BY_ARRIVAL, createArrivalWatch } from './arrival-watch.ts'
import type { Fragment } from './fragment-reader.ts'
import { type Run, type RunEnd, redactor, watchSilence } from './recording-run.ts'
import { BASIC_USED } from '../../tools/rtsp/rtsp-sign-in.ts'
import { openRtspRelay } from './rtsp/rtsp-relay.ts'
import { createStreamFollower } from './stream-follower.ts'

/** ffmpeg's own script of inputs (ffconcat): it carries the address and its options past the process list. */
function inputScript(url: string, transport: 'tcp' | 'udp', timedBy: TimedBy): string {
  const options = url.startsWith('rtsp') ? [`rtsp_transport ${transport}`, 'timeout 4000000'] : []
  const times = timedBy === 'arrival' ? ['use_wallclock_as_timestamps 1'] : []
  const common = ['fflags nobuffer', 'probesize 32', 'analyzeduration 0', ...times]
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
/** Of a run whose clock has never gone well. */
const YOUNG_PICTURES = 100
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
  timedBy = 'camera',
  longestSegmentS,
  onTimedByArrival = () => {},
}: Run & { sound: Sound; transport?: 'tcp' | 'udp'; timedBy?: TimedBy }): Promise<RunEnd> {
  const stop = new AbortController()
  const giveUp = (): void => stop.abort()
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) stop.abort()
  // ffmpeg never speaks to a camera itself: it would follow it anywhere, with the password.
  const relay = /^rtsps?:/.test(address.url)
    ? await openRtspRelay({
        url: address.url,
        basic: address.basic ?? false,
        fingerprint: address.fingerprint ?? null,
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
  let change: RunEnd['change'] = null
  const times = createArrivalWatch()
  let isReordered = false
  /** Once ffmpeg has begun with the camera's own times it keeps them: another run takes those of arrival. */
  function asItCame(fragment: Fragment): Fragment {
    if (timedBy === 'arrival') return { ...fragment, timedByArrival: true }
    // What is sent in another order than it is shown needs the camera's own times, however wrong they are.
    if (fragment.reordered) isReordered = true
    if (times.look(fragment.duration, clock.monotonic()) && !isReordered) {
      change = 'time-by-arrival'
      end('The clock in the camera’s stream is of no use.', true)
    }
    return fragment
  }
  const follower = createStreamFollower({
    store,
    window,
    now: clock.now,
    asItCame,
    longestSegmentS,
    onPicture: (codec) => {
      if (timedBy === 'arrival') {
        onNote(TIMED_BY_ARRIVAL)
        onTimedByArrival()
      }
      onPicture(codec)
    },
    onUnfit: (words, soon = false) => {
      // One that stands still from the first pictures on will do so in the next run, too.
      if (soon && !isReordered && follower.pictures() < YOUNG_PICTURES) change = 'time-by-arrival'
      end(words, soon)
    },
    onNote,
  })

  const onOutput = (chunk: Buffer): void => {
    try {
      if (!stop.signal.aborted) follower.push(chunk)
    } catch (error) {
      const far = error instanceof NoKeyframe
      if (!stop.signal.aborted && !far) onError(error)
      end(`The stream cannot be recorded: ${messageOf(error)}`, far)
    }
  }
  const { words, ended } = runFfmpeg({
    input: Readable.from([inputScript(relay?.url ?? address.url, transport, timedBy)]),
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
    change: soundUnfit ? 'convert-sound' : change,
  }
}
