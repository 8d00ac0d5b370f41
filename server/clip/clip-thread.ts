/** The thread that all video runs in, so that a burst of it costs a press nothing. One recorder, ring and window per camera. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Range, Segment } from '../glossary/clip.ts'
import { realClock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { answerCalls, tellMain, workerInput } from '../tools/worker-calls.ts'
import { cutClip } from './clip-cut.ts'
import { gapsIn } from './clip-gaps.ts'
import { type Recorder, type RecorderState, type StreamAddress, createRecorder } from './clip-recorder.ts'
import { type ClipRing, openClipRing } from './clip-ring.ts'
import { clipPlaylist } from './hls-playlist.ts'
import { type LivePart, type LiveStart, type LiveWindow, type Query, createLiveWindow } from './live-window.ts'
import { stillPicture } from './still-picture.ts'

export type CameraToRecord = { id: string; address: StreamAddress | null; mode: 'always' | 'on-press'; keepMs: number }
export type ClipNews = { camera: string; state: RecorderState } | { error: string } | { camera: string; live: LivePart | null }
/** The newest picture with its initialisation section; `codec` as in an HLS CODECS attribute. */
export type LiveStartBytes = LiveStart & { init: Uint8Array; codec: string }

type Channel = { ring: ClipRing; window: LiveWindow; recorder: Recorder | null; wanted: CameraToRecord; unfollow: (() => void) | null }

const { folder, evictEveryMs } = workerInput<{ folder: string; evictEveryMs: number }>()
const clock = realClock
const channels = new Map<string, Channel>()
const stopped = new AbortController()
let cuts = 0
const onError = (error: unknown): void => tellMain({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies ClipNews)

function channel(id: string): Channel {
  const found = channels.get(id)
  if (!found) throw new Failure('live/none', `Camera ${id} has no clip buffer.`)
  return found
}

/** Starts or stops the recorder as the buffer's mode, its holds and its address want it. */
async function settle(id: string): Promise<void> {
  const found = channel(id)
  const { wanted, ring, window, recorder } = found
  const record = wanted.address !== null && (wanted.mode === 'always' || ring.heldOpen())
  if (record && !recorder && wanted.address) found.recorder = createRecorder({ address: wanted.address, ring, window, clock, onError, onState: (state) => tellMain({ camera: id, state } satisfies ClipNews) })
  if (!record && recorder) {
    found.recorder = null
    await recorder.close()
  }
}

async function liveStart({ ring, window, recorder }: Channel): Promise<LiveStartBytes | null> {
  const newest = window.newest()
  const init = newest && (await readFile(ring.initFile(newest.run)).catch(() => null))
  // Parts that came while the file was read belong to the start, too: what is told meanwhile is told again by it.
  const now = window.newest()
  return init && now && now.run === newest.run ? { ...now, init, codec: recorder?.codec() ?? '' } : null
}

async function evictAll(): Promise<void> {
  for (const { ring } of channels.values()) await ring.evict(clock.now()).catch(onError)
}

const calls = {
  async record(wanted: CameraToRecord): Promise<void> {
    const existing = channels.get(wanted.id)
    if (existing && existing.wanted.address?.url !== wanted.address?.url) {
      await existing.recorder?.close()
      existing.recorder = null
    }
    existing?.ring.keepFor(wanted.keepMs)
    if (existing) existing.wanted = wanted
    else channels.set(wanted.id, { ring: openClipRing({ folder: join(folder, wanted.id), keepMs: wanted.keepMs }), window: createLiveWindow(), recorder: null, wanted, unfollow: null })
    await settle(wanted.id)
  },
  async forget(id: string): Promise<void> {
    const found = channels.get(id)
    if (!found) return
    // Its ring stays: incidents may hold clips of it, and what nobody holds must still grow old and go.
    found.wanted = { ...found.wanted, address: null }
    await settle(id)
  },
  async hold(id: string, name: string, range: Range): Promise<void> {
    if (!channels.has(id)) return
    channel(id).ring.hold(name, range)
    await settle(id)
  },
  async release(id: string, name: string): Promise<void> {
    if (!channels.has(id)) return
    channel(id).ring.release(name)
    await settle(id)
  },
  /** Only after every hold of the ledger has been named. */
  evictFromNowOn(): void {
    void (async () => {
      while (!stopped.signal.aborted) {
        await evictAll()
        await clock.sleep(evictEveryMs, stopped.signal)
      }
    })()
  },
  /** Every part is told from now on. Null when there is no live picture yet; it begins with the next part then. */
  async watch(id: string): Promise<LiveStartBytes | null> {
    const found = channel(id)
    found.unfollow ??= found.window.follow((live) => tellMain({ camera: id, live } satisfies ClipNews))
    return liveStart(found)
  },
  unwatch(id: string): void {
    const found = channels.get(id)
    found?.unfollow?.()
    if (found) found.unfollow = null
  },
  livePlaylist: (id: string, query: Query): Promise<string> => channel(id).window.playlist(query),
  async livePart(id: string, number: number, index: number): Promise<Uint8Array | null> {
    const part = await channel(id).window.part(number, index)
    return part && Uint8Array.from(part)
  },
  async segment(id: string, number: number): Promise<Uint8Array | null> {
    return (await channel(id).ring.read(number))?.bytes ?? null
  },
  async init(id: string, run: number): Promise<Uint8Array | null> {
    return readFile(channel(id).ring.initFile(run)).catch(() => null)
  },
  async heldPlaylist(id: string, range: Range, pressedAt: number): Promise<string> {
    const segments = await channel(id).ring.within(range)
    return clipPlaylist({ segments, pressedAt, ended: range.to !== null })
  },
  async segments(id: string, range: Range): Promise<Segment[]> {
    return channel(id).ring.within(range)
  },
  async gaps(id: string, range: Range): Promise<{ from: number; to: number }[]> {
    if (!channels.has(id)) return []
    const { ring, window } = channel(id)
    // While a picture arrives, the newest seconds are on their way to the disk; when none does, the gap lasts until now.
    return gapsIn(await ring.within(range), range.from, range.to ?? (window.running() ? null : clock.now()))
  },
  cut(id: string, range: Range, file: string) {
    cuts += 1
    return cutClip({ ring: channel(id).ring, range, folder: `${file}.parts-${cuts}`, file, signal: stopped.signal })
  },
  async still(id: string): Promise<{ picture: Uint8Array; at: number }> {
    const { ring, window } = channel(id)
    const newest = window.newestKeyframe()
    if (!newest) throw new Failure('live/none', `There is no picture from ${id} yet.`)
    return { picture: await stillPicture(Buffer.concat([await readFile(ring.initFile(newest.run)), newest.bytes]), stopped.signal), at: newest.at }
  },
  bytes: (): Record<string, number> => Object.fromEntries([...channels].map(([id, { ring }]) => [id, ring.bytes()])),
  async close(): Promise<void> {
    stopped.abort()
    await Promise.all([...channels.values()].map(async ({ recorder }) => recorder?.close()))
    await Promise.all([...channels.values()].map(({ ring }) => ring.settled()))
  },
}
export type ClipThread = typeof calls

answerCalls(calls)
