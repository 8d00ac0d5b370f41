/** Keeps the RTMP ingest running while the town has cameras that push. */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createBackoff } from '../../tools/pace/backoff.ts'
import type { Clock } from '../../tools/clock.ts'
import { guardedSpawn } from '../../tools/media/guarded-spawn.ts'
import { builtEntry } from '../../tools/package-root.ts'
import { freeTcpPort } from '../../tools/process/free-port.ts'
import type { IngestStart } from './rtmp-ingest-process.ts'

/**
 * Each message of a stranger costs buffers for an instant. Without these, V8 and the C library keep 60 MB of them for
 * ever; with them 2 MB (800 strangers).
 */
const LITTLE_YOUNG = ['--max-semi-space-size=1']
const ONE_HEAP = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }

/**
 * @param port 0 picks a free one.
 * @param host where cameras reach it.
 * @param silentMs a camera that pushes nothing for so long has gone.
 */
export async function startRtmpIngest({
  port,
  host,
  scratch,
  keys,
  clock,
  onError,
  silentMs = 10_000,
}: {
  port: number
  host: string
  scratch: string
  keys: string[]
  clock: Clock
  onError(words: string): void
  silentMs?: number
}) {
  mkdirSync(scratch, { recursive: true })
  // node-media-server cannot choose one itself.
  const chosen = port === 0 ? await freeTcpPort(host) : port
  const fetchFrom = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  const stopped = new AbortController()
  const backoff = createBackoff(500, 10_000)
  let child: ChildProcess | null = null
  let known = keys

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      // Its output names stream keys: nobody keeps it.
      const started = guardedSpawn(
        process.execPath,
        [...LITTLE_YOUNG, builtEntry('clip/record/rtmp-ingest-process.js')],
        {
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
          env: { ...process.env, ...ONE_HEAP },
        },
      )
      child = started
      const ended = new Promise<void>((resolve) => {
        started.once('exit', () => resolve())
        started.on('error', () => resolve())
      })
      started.once('message', () => backoff.reset())
      started.send({ port: chosen, host, scratch, keys: known, silentMs } satisfies IngestStart)
      await ended
      child = null
      if (stopped.signal.aborted) return
      onError(`the RTMP ingest on ${host}:${chosen} has ended; is the port in use?`)
      await clock.sleep(backoff.wait(), stopped.signal)
    }
  }
  const running = run()

  return {
    port: chosen,
    /** Where our own recorder fetches what the camera pushes. */
    streamOf: (key: string): URL => new URL(`rtmp://${fetchFrom}:${chosen}/live/${key}`),
    setKeys(next: string[]): void {
      known = next
      if (child?.connected) child.send({ keys: next })
    },
    async close(): Promise<void> {
      stopped.abort()
      if (child?.connected) child.disconnect()
      const late = setTimeout(() => child?.kill('SIGKILL'), 500)
      await running
      clearTimeout(late)
    },
  }
}
