/**
 * The thread that all video runs in, so that a burst of it costs a press nothing. One recorder, ring and window per
 * camera.
 */
import type { HeadLook } from '../glossary/camera.ts'
import type { PictureForm, Range, RecorderReport, Segment } from '../glossary/clip.ts'
import type { StoredRange } from '../glossary/evidence.ts'
import { realClock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { lowerPriority } from '../tools/process/thread-priority.ts'
import { answerCalls, publishToMain, workerInput } from '../tools/process/worker-calls.ts'
import {
  type BufferState,
  type CameraToRecord,
  type Channel,
  type Hold,
  coverageOf,
  openChannel,
} from './clip-channel.ts'
import type { ClipRing } from './ring/clip-ring.ts'
import { cutClip } from './ring/clip-cut.ts'
import { type DiskLimits, type DiskState, createClipDisk } from './ring/clip-disk.ts'
import { gapsIn, recordedIn } from './ring/clip-gaps.ts'
import { formIn } from '../tools/media/fmp4-boxes.ts'
import { type RecorderState, createRecorder } from './record/clip-recorder.ts'
import { createConvertedClips } from './ring/converted-clip.ts'
import { clipPlaylist } from './ring/hls-playlist.ts'
import { createLivePictures } from './live/live-pictures.ts'
import type { Query } from './live/live-window.ts'
import type { PartNews } from './live/part-post.ts'
import { type KeyframeDecoder, type Size, createKeyframeDecoder } from './live/keyframe-decoder.ts'
import { lonePicture } from './live/lone-picture.ts'
import { coveredPicture, stillPicture } from './live/still-picture.ts'
import { filters } from './privacy/cover.ts'
import { USUAL_ASPECT, aspectIn, aspectOfJpeg } from './privacy/picture-aspect.ts'

export type ClipNews =
  | { error: string }
  | { camera: string; state: RecorderState }
  | { camera: string; buffer: BufferState }
  | { camera: string; codec: string }
  | { parts: PartNews[] }
  | { disk: DiskState }
/** `again`: another thread was here before, and told what it found. */
const {
  folder,
  evictEveryMs,
  disk: diskLimits,
  again,
} = workerInput<{ folder: string; evictEveryMs: number; disk: DiskLimits; again: boolean }>()
/** Presses and cameras are another thread's, and come first. */
lowerPriority(5)
const clock = realClock
const channels = new Map<string, Channel>()
const stopped = new AbortController()
const conversions = createConvertedClips({ signal: stopped.signal })
let cuts = 0
let keyframes: KeyframeDecoder | null = null
const tell = (news: ClipNews): void => publishToMain(news)
const copyOf = (bytes: Uint8Array | null): Uint8Array | null => bytes && new Uint8Array(bytes)
const onError = (error: unknown): void =>
  tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
const disk = createClipDisk({
  folder,
  limits: diskLimits,
  rings: () => [...channels.values()].map(({ ring }) => ring),
  publishFirst: again,
  onState: (state) => tell({ disk: state }),
})

function channel(id: string): Channel {
  const found = channels.get(id)
  if (!found) throw new Failure('live/none', `Camera ${id} has no clip buffer.`)
  return found
}

const live = createLivePictures({
  channels,
  channelOf: channel,
  post: (parts, memory) => publishToMain({ parts } satisfies ClipNews, memory),
  clock,
  onError,
})

/** Milliseconds that may lie between the pictures of one segment and the next one's first. */
const BETWEEN_MS = 1000
/** Later than this it is said of a time of which something was shown. */
const LATE_MS = 60
const FORGET_EVERY_MS = 3_600_000
/** So late a picture may be in any case. */
const LATEST_MS = 1000

/** What changes one camera's recorder waits for what changed it before: two of them on one ring would never end. */
const turns = new Map<string, Promise<unknown>>()
function inTurn(id: string, job: () => Promise<void>): Promise<void> {
  const done = (turns.get(id) ?? Promise.resolve()).then(job)
  turns.set(
    id,
    done.catch(() => {}),
  )
  return done
}

/** Starts or stops the recorder as the buffer's mode, its holds and its address want it. */
async function settle(id: string): Promise<void> {
  const found = channel(id)
  const { wanted, ring, window, recorder } = found
  const record = wanted.address !== null && (wanted.mode === 'always' || ring.heldOpen())
  if (record && !recorder && wanted.address)
    found.recorder = createRecorder({
      address: wanted.address,
      sound: wanted.sound,
      reader: wanted.reader,
      store: ring,
      window,
      clock,
      onError,
      onState: (state) => tell({ camera: id, state }),
      onCodec: (codec) => tell({ camera: id, codec }),
    })
  if (!record && recorder) {
    found.recorder = null
    await recorder.close()
  }
}

/** A range that has just ended ends in the segment that is still open: it is worth the wait until that is closed. */
async function untilClosed({ window }: Channel, { to }: Range): Promise<void> {
  if (to === null || to > clock.now()) return
  const patience = clock.now() + 1000 * (window.longest() + 1)
  while (window.running() && window.closedUntil() < to && clock.now() < patience) await clock.sleep(50, stopped.signal)
}

/** A camera that stalls sends pictures late that are dated early: the last of a segment came before the next segment. */
async function arrivedBy(
  { within }: ClipRing,
  { number, start, duration }: Pick<Segment, 'number' | 'start' | 'duration'>,
): Promise<number> {
  const likely = start + duration * 1000 + LATEST_MS
  const next = (await within({ from: start, to: likely + LATEST_MS })).find((each) => each.number === number + 1)
  return Math.max(likely, next?.start ?? likely)
}

async function converted(id: string, { number, run, start, duration }: Segment, unmasked: boolean) {
  const { ring, coverage } = channel(id)
  const init = await ring.init(run)
  if (!init) return null
  const cover = unmasked
    ? null
    : coverage?.during(start, await arrivedBy(ring, { number, start, duration }), aspectIn(init))
  const covered = filters(cover)
  // Other masks than before make another picture of it.
  return conversions.convert([id, number, ...covered].join(' '), async () => {
    const found = await ring.read(number)
    return found && { init, bytes: found.bytes, covered }
  })
}

/**
 * The segments that can be read, for callers that only show pictures: a disk that cannot be read gives none, and the
 * incident can still be opened.
 */
const readable = (id: string, range: Range): Promise<Segment[]> =>
  channel(id)
    .ring.within(range)
    .catch((error: unknown) => {
      onError(error)
      return []
    })

async function evictAll(): Promise<void> {
  for (const { ring } of channels.values()) await ring.evict(clock.now()).catch(onError)
}
/** Room is looked for often: a full disk comes quickly. */
async function keepRoom(): Promise<void> {
  for (let evicted = Number.NEGATIVE_INFINITY, forgot = clock.monotonic(); !stopped.signal.aborted;) {
    if (clock.monotonic() - forgot >= FORGET_EVERY_MS) {
      for (const each of channels.values()) if (each.track) await forgetLooks(each).catch(onError)
      forgot = clock.monotonic()
    }
    if (clock.monotonic() - evicted >= evictEveryMs) {
      await evictAll()
      evicted = clock.monotonic()
    }
    await disk.look().catch(onError)
    await clock.sleep(Math.min(2000, evictEveryMs), stopped.signal)
  }
}

/** Where a head looked before anything that is recorded is nobody’s to know. */
async function forgetLooks({ ring, track }: Channel): Promise<void> {
  const [first] = await ring.within({ from: 0, to: null })
  track?.forgetBefore(first?.start ?? clock.now())
}

async function record(wanted: CameraToRecord, holds: readonly Hold[]): Promise<void> {
  const existing = channels.get(wanted.id)
  if (!existing) {
    const opened = openChannel({
      wanted,
      folder,
      now: clock.now(),
      gate: disk.gate,
      wantedPart: live.wantedPart,
      publishFirst: again,
      onError,
      onBuffer: (buffer) => tell({ camera: wanted.id, buffer }),
    })
    // Before anything else may let go of what is held.
    for (const { name, range } of holds) opened.ring.hold(name, range)
    channels.set(wanted.id, opened)
    if (opened.track) forgetLooks(opened).catch(onError)
    return settle(wanted.id)
  }
  const before = existing.wanted
  existing.wanted = wanted
  existing.ring.limit(wanted.limits)
  const changed =
    before.address?.url !== wanted.address?.url || before.sound !== wanted.sound || before.reader !== wanted.reader
  const { recorder, view } = existing
  const masked = JSON.stringify(before.privacy) !== JSON.stringify(wanted.privacy)
  // Without masks nobody is told where it looks.
  if (masked && !wanted.privacy) existing.track?.note({ at: clock.now(), position: null, still: false })
  if (masked) Object.assign(existing, coverageOf(wanted, existing, { folder, now: clock.now(), onError }))
  if (changed) existing.recorder = null
  if (changed || masked || before.substream?.url !== wanted.substream?.url) existing.view = null
  await Promise.all([changed ? recorder?.close() : null, existing.view === view ? null : view?.close()])
  // Recording first: whatever becomes of the view must not cost a picture of it.
  await settle(wanted.id)
  if (existing.view === view && !masked) return
  if (masked || existing.coverage) live.followAgain(wanted.id, ['copy', 'h264'])
  else live.followAgain(wanted.id, ['h264'])
}

const calls = {
  record: (wanted: CameraToRecord, holds: readonly Hold[]): Promise<void> =>
    inTurn(wanted.id, () => record(wanted, holds)),
  forget: (id: string): Promise<void> =>
    inTurn(id, async () => {
      const found = channels.get(id)
      if (!found) return
      // Its ring stays: incidents may hold clips of it, and what nobody holds must still grow old and go.
      found.wanted = { ...found.wanted, address: null, substream: null }
      const { view } = found
      found.view = null
      await Promise.all([settle(id), view?.close()])
    }),
  async hold(id: string, name: string, range: Range): Promise<void> {
    if (!channels.has(id)) return
    channel(id).ring.hold(name, range)
    await inTurn(id, () => settle(id))
  },
  async release(id: string, name: string): Promise<void> {
    if (!channels.has(id)) return
    channel(id).ring.release(name)
    await inTurn(id, () => settle(id))
  },
  /** Where the head of a camera with masks looks, from when on. */
  look(id: string, look: HeadLook): void {
    const found = channels.get(id)
    if (!found?.coverage) return
    const covered = (): string => String(found.coverage?.now(USUAL_ASPECT).cover.cells)
    const before = covered()
    if (!found.track)
      Object.assign(found, coverageOf(found.wanted, null, { folder, now: clock.now(), mayTurn: true, onError }))
    const { track, coverage, view } = found
    if (!track || !coverage || coverage.isSame(track.last(), look)) return
    track.note(look)
    if (covered() === before) return
    // What was shown since then showed too much: nobody who comes later gets it.
    if (view && clock.now() - look.at > LATE_MS) {
      found.view = null
      view.close().catch(onError)
      live.followAgain(id, ['copy', 'h264'])
    } else view?.coverAgain()
  },
  limitDisk: (limits: DiskLimits): void => disk.limit(limits),
  /** Only after every hold of the ledger has been named. */
  evictFromNowOn: (): void => void keepRoom(),
  watch: live.watch,
  unwatch: live.unwatch,
  async livePlaylist(id: string, form: PictureForm, query: Query): Promise<string> {
    const found = live.of(id, form)
    const covered = live.coveredNow(id)
    if (covered !== null) throw new Failure('live/none', covered)
    return found.window.playlist(query)
  },
  async livePart(id: string, form: PictureForm, number: number, index: number): Promise<Uint8Array | null> {
    const part = await live.of(id, form).window.part(number, index)
    return part && new Uint8Array(part)
  },
  // Copies: what is handed out goes for good, and the next viewer wants it, too.
  liveSegment: async (id: string, form: PictureForm, number: number): Promise<Uint8Array | null> =>
    copyOf(await live.of(id, form).segment(number)),
  liveInit: async (id: string, form: PictureForm, run: number): Promise<Uint8Array | null> =>
    copyOf(await live.of(id, form).init(run)),
  /** As it was recorded, whatever must be covered of it. */
  async segment(id: string, number: number): Promise<Uint8Array | null> {
    return (await channel(id).ring.read(number))?.bytes ?? null
  },
  init: async (id: string, run: number): Promise<Uint8Array | null> => copyOf(await channel(id).ring.init(run)),
  /**
   * The held form of `live/h264`: the same numbers and times. Null when it lies outside the range.
   * @throws clip/unreadable
   */
  async convertedSegment(id: string, range: Range, number: number, unmasked: boolean): Promise<Uint8Array | null> {
    const segment = (await channel(id).ring.within(range)).find((each) => each.number === number)
    return copyOf((segment && (await converted(id, segment, unmasked)))?.segment ?? null)
  },
  /** Of the first segment of that run: it fits the others. */
  async convertedInit(id: string, range: Range, run: number, unmasked: boolean): Promise<Uint8Array | null> {
    const segment = (await channel(id).ring.within(range)).find((each) => each.run === run)
    return copyOf((segment && (await converted(id, segment, unmasked)))?.init ?? null)
  },
  async heldPlaylist(id: string, range: Range, pressedAt: number): Promise<string> {
    await untilClosed(channel(id), range)
    const segments = await channel(id).ring.within(range)
    return clipPlaylist({ segments, pressedAt, ended: range.to !== null })
  },
  async segments(id: string, range: Range): Promise<Segment[]> {
    return channel(id).ring.within(range)
  },
  recorded: async (id: string, range: Range): Promise<{ from: number; to: number }[]> =>
    channels.has(id) ? recordedIn(await readable(id, range)) : [],
  async stored(id: string, range: Range): Promise<StoredRange> {
    const found = channel(id)
    await untilClosed(found, range)
    const segments = await found.ring.stored(range)
    const runs = [...new Set(segments.map(({ run }) => run))]
    const inits = await Promise.all(
      runs.map(
        async (run) => [run, { file: found.ring.initFile(run), ...formIn(await found.ring.init(run)) }] as const,
      ),
    )
    return { segments, inits: Object.fromEntries(inits), gaps: gapsIn(segments, range.from, range.to ?? clock.now()) }
  },
  async gaps(id: string, range: Range): Promise<{ from: number; to: number }[]> {
    if (!channels.has(id)) return []
    const { window } = channel(id)
    // While a picture arrives, the newest seconds are on their way to the disk; when none does, the gap lasts until
    // now.
    return gapsIn(await readable(id, range), range.from, range.to ?? (window.running() ? null : clock.now()))
  },
  async cut(id: string, range: Range, file: string) {
    cuts += 1
    await untilClosed(channel(id), range)
    return cutClip({ ring: channel(id).ring, range, folder: `${file}.parts-${cuts}`, file, signal: stopped.signal })
  },
  /** @param shown somebody sees it: with its masks. @throws live/none, also when it is covered whole */
  async still(id: string, shown: boolean): Promise<{ picture: Uint8Array; at: number }> {
    const { ring, window, coverage } = channel(id)
    const newest = window.newestKeyframe()
    // Its memory may be another picture's by the time a file was read.
    const keyframe = newest && Buffer.from(newest.bytes)
    const init = newest && (await ring.init(newest.run))
    if (!init || !keyframe) throw new Failure('live/none', `There is no picture from ${id} yet.`)
    const cover = shown ? coverage?.at(newest.at, aspectIn(init)) : undefined
    if (cover?.cells === null) throw new Failure('live/none', cover.why)
    const picture = await stillPicture(Buffer.concat([init, keyframe]), stopped.signal, null, filters(cover))
    return { picture, at: newest.at }
  },
  /**
   * A kept JPEG with its masks.
   * @param position where the head stood; null: it did not say
   * @throws live/none when what must be covered is not known
   */
  async covered(id: string, jpeg: Uint8Array, position: HeadLook['position']): Promise<Uint8Array> {
    const { coverage } = channel(id)
    const picture = Buffer.from(jpeg)
    const cover = coverage?.standing(position, aspectOfJpeg(picture))
    if (cover?.cells === null) throw new Failure('live/none', cover.why)
    const found = filters(cover)
    return found.length === 0 ? jpeg : new Uint8Array(await coveredPicture(picture, stopped.signal, found))
  },
  /**
   * Of each camera's newest keyframe a small grey picture; null where there is none. Nobody is asked for it, and it
   * stands back for everything.
   */
  async glimpses(ids: string[], size: Size): Promise<({ pixels: Uint8Array; at: number } | null)[]> {
    const found = await Promise.all(
      ids.map(async (id) => {
        const known = channels.get(id)
        const newest = known?.window.newestKeyframe() ?? null
        const keyframe = newest && Buffer.from(newest.bytes)
        const init = newest && known ? await known.ring.init(newest.run).catch(() => null) : null
        return newest && keyframe && init ? { picture: lonePicture(init, keyframe), at: newest.at } : null
      }),
    )
    keyframes ??= createKeyframeDecoder(size)
    const grey = await keyframes.decode(
      found.map((each) => each?.picture ?? null),
      stopped.signal,
    )
    return found.map((each, i) => {
      const pixels = grey[i]
      return each && pixels ? { pixels: new Uint8Array(pixels), at: each.at } : null
    })
  },
  /** The keyframe that a recorded moment's segment begins with, small. Null when nothing was recorded then. */
  async thumbnail(id: string, at: number, width: number): Promise<Uint8Array | null> {
    const { ring, coverage } = channel(id)
    // A segment lasts until the next begins, whatever its pictures' times add up to.
    const segment = (await ring.within({ from: at - BETWEEN_MS, to: at + 1 })).at(-1)
    const [bytes, init] = segment ? [(await ring.read(segment.number))?.bytes, await ring.init(segment.run)] : []
    if (!bytes || !init || !segment) return null
    const covered = filters(coverage?.at(segment.start, aspectIn(init)))
    return new Uint8Array(await stillPicture(Buffer.concat([init, bytes]), stopped.signal, width, covered))
  },
  report: (id: string): RecorderReport | null => channels.get(id)?.recorder?.report() ?? null,
  bytes: (): Record<string, number> => Object.fromEntries([...channels].map(([id, { ring }]) => [id, ring.bytes()])),
  async close(): Promise<void> {
    stopped.abort()
    keyframes?.close()
    await Promise.all(
      [...channels.values()].map(async ({ recorder, view }) => {
        await recorder?.close()
        await view?.close()
      }),
    )
    await Promise.all([...channels.values()].map(({ ring }) => ring.close()))
  },
}
export type ClipThread = typeof calls

answerCalls(calls)
