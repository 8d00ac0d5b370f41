/**
 * Records one camera: one ffmpeg that copies its stream into fragmented MP4, watched and started again. The supervisor
 * (`createRecorder`) knows nothing of ffmpeg; the run (`recordOnce`) knows nothing of retries.
 */
import { Readable } from 'node:stream'
import { createBackoff } from '../tools/backoff.ts'
import type { Clock } from '../tools/clock.ts'
import { wordsOf } from '../tools/failure.ts'
import { createPackager } from './clip-packager.ts'
import type { ClipRing } from './clip-ring.ts'
import { runFfmpeg } from './ffmpeg-run.ts'
import { type Init, createFragmentReader } from './fragment-reader.ts'
import type { LiveWindow } from './live-window.ts'

/** Address with credentials, percent-encoded; it reaches ffmpeg through standard input, never through argv. */
export type StreamAddress = { url: string; secrets: readonly string[] }
type Parts = { ring: ClipRing; window: LiveWindow; clock: Clock; onError(error: unknown): void }

/** A camera that sends nothing for so long is as good as gone. */
const STALL_MS = 4000

/** ffmpeg's own script of inputs (ffconcat): it carries the address and its options past the process list. */
function inputScript(url: string): string {
  const options = url.startsWith('rtsp') ? ['rtsp_transport tcp', 'timeout 4000000'] : []
  const common = ['fflags nobuffer', 'probesize 32', 'analyzeduration 0']
  return ['ffconcat version 1.0', `file '${url.replaceAll("'", String.raw`'\''`)}'`, ...[...options, ...common].map((option) => `option ${option}`), ''].join('\n')
}

const INPUT = ['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'pipe,rtsp,rtsps,rtp,rtmp,tcp,tls,udp,crypto', '-fflags', 'nobuffer', '-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0']
const OUTPUT = ['-map', '0:v:0', '-c', 'copy', '-f', 'mp4', '-movflags', '+frag_every_frame+empty_moov+default_base_moof', '-flush_packets', '1']

/** Records until the stream ends or the signal fires. Resolves with why it ended. */
export async function recordOnce({ address, ring, window, clock, onError, signal, onPicture }: Parts & { address: StreamAddress; signal: AbortSignal; onPicture(init: Init): void }): Promise<string> {
  const stop = new AbortController()
  const giveUp = (): void => stop.abort()
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) stop.abort()
  let reason: string | null = null
  let heard = clock.monotonic()
  let init: Init | null = null
  let run: Promise<number> | null = null
  let runNumber = 0
  let fragments: Promise<void> = Promise.resolve()

  /** What cannot be recorded ends the run: the supervisor tries again, and health says why. */
  const failed = (error: unknown): void => {
    if (!stop.signal.aborted) onError(error)
    reason ??= `it cannot be recorded: ${wordsOf(error)}`
    stop.abort()
  }

  const packager = createPackager({
    onPart: (segment) => window.onPart(ring.nextNumber(), runNumber, segment, packager.partTarget()),
    onSegment: (closed) => {
      const { segment, written } = ring.append({ run: runNumber, ...closed })
      window.onSegment(segment)
      written.catch(onError)
    },
  })
  const reader = createFragmentReader({
    onInit: (found) => {
      init = found
      run = ring.beginRun(found.bytes)
      run.catch(failed)
    },
    onFragment: (fragment) => {
      const now = clock.now()
      fragments = fragments.then(async () => {
        if (run) runNumber = await run
        run = null
        packager.push(fragment, now)
        if (init) onPicture(init)
        init = null
      })
      fragments.catch(failed)
    },
  })

  const redact = (text: string): string => address.secrets.reduce((clean, secret) => (secret ? clean.replaceAll(secret, '…') : clean), text)
  const { stdout, ended } = runFfmpeg({ input: Readable.from([inputScript(address.url)]), inputOptions: INPUT, outputOptions: OUTPUT, signal: stop.signal, redact })
  stdout.on('data', (chunk: Buffer) => {
    heard = clock.monotonic()
    try {
      reader.push(chunk)
    } catch (error) {
      reason ??= `the stream makes no sense: ${wordsOf(error)}`
      stop.abort()
    }
  })
  const watch = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(500, stop.signal)
      if (clock.monotonic() - heard > STALL_MS) {
        reason ??= `no picture for ${STALL_MS / 1000} s`
        stop.abort()
      }
    }
  })()
  const words = await ended
  stop.abort()
  signal.removeEventListener('abort', giveUp)
  await watch
  await fragments.catch(() => {})
  packager.finish()
  window.stopped()
  return reason ?? words ?? 'the camera ended the stream'
}

export type RecorderState = { video: 'up' | 'down'; reason: string | null }
export type Recorder = { state(): RecorderState | null; codec(): string | null; close(): Promise<void> }

/** Keeps recording, whatever the camera does. `onState` hears changes only. */
export function createRecorder(options: Parts & { address: StreamAddress; onState(state: RecorderState): void }): Recorder {
  const { clock, onState } = options
  const stopped = new AbortController()
  const backoff = createBackoff(250, 5000)
  let state: RecorderState | null = null
  let codec: string | null = null
  const say = (next: RecorderState): void => {
    if (state?.video === next.video && state.reason === next.reason) return
    state = next
    onState(next)
  }
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const reason = await recordOnce({
        ...options,
        signal: stopped.signal,
        onPicture: (init) => {
          codec = init.video.codec
          backoff.reset()
          say({ video: 'up', reason: null })
        },
      })
      if (stopped.signal.aborted) return
      say({ video: 'down', reason })
      await clock.sleep(backoff.wait(), stopped.signal)
    }
  }
  const running = run()
  return {
    state: () => state,
    codec: () => codec,
    async close() {
      stopped.abort()
      await running
    },
  }
}
