/** The main thread's side of the video thread: what to record, what is held, and the bytes that the door hands out. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CameraId, HeadLook, Reachability } from '../glossary/camera.ts'
import type { Clip, Gap, LiveForm, PictureForm, Range, RecorderReport } from '../glossary/clip.ts'
import type { StoredRange } from '../glossary/evidence.ts'
import type { SiteCamera } from '../glossary/site.ts'
import { isoTime } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import { builtEntry } from '../tools/package-root.ts'
import { callWorker } from '../tools/process/worker-calls.ts'
import type { CutResult } from './ring/clip-cut.ts'
import type { DiskLimits, DiskState } from './ring/clip-disk.ts'
import type { CameraToRecord } from './clip-channel.ts'
import type { ClipNews, ClipThread } from './clip-thread.ts'
import type { Query } from './live/live-window.ts'
import type { StreamAddress } from './record/recording-run.ts'
import { type StreamSecrets, signedIn } from '../tools/rtsp/stream-secrets.ts'
import { openMaskMemory } from './privacy/mask-memory.ts'
import { type LiveListener, type LiveViewer, createLiveWatchers } from './live/live-watchers.ts'

const THREAD_AGAIN_MS = 500
/** Measured with 250 cameras: larger costs memory, smaller collects too often. */
const YOUNG_MB = 16

const wantedOf = (
  { id, buffer, privacy }: SiteCamera,
  address: StreamAddress | null,
  substream: StreamAddress | null,
): CameraToRecord => ({
  id,
  address,
  substream,
  mode: buffer.mode,
  sound: buffer.sound,
  reader: buffer.reader,
  limits: { keepMs: buffer.keepMs, mostBytes: buffer.mostBytes },
  privacy: privacy ?? null,
})
/** A camera that has left the town, as far as this run knows nothing else of it. */
const GONE = { mode: 'always', sound: 'drop', reader: 'direct', privacy: null } satisfies Partial<CameraToRecord>
const LEAST_KEEP_MS = 24 * 3_600_000
/** Cameras that were ever recorded here. */
function recordedBefore(folder: string): CameraId[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name as CameraId] : [],
    )
  } catch {
    return []
  }
}
const NOT_RECORDED: RecorderReport = {
  codec: null,
  picture: 'copy',
  sound: 'drop',
  reader: 'direct',
  timedBy: 'camera',
  startedAt: null,
  runs: 0,
  lastEnd: null,
}
const rangeOf = ({ from, to }: Pick<Clip, 'from' | 'to'>): Range => ({
  from: Date.parse(from),
  to: to === null ? null : Date.parse(to),
})

export type ClipDeskOptions = {
  folder: string
  scratch: string
  evictEveryMs?: number
  disk?: DiskLimits
  now(): number
  onVideo(camera: CameraId, state: Reachability, reason: string | null): void
  /** Whether what is recorded reaches the disk. */
  onBuffer?(camera: CameraId, state: Reachability, reason: string | null): void
  onDisk?(state: DiskState): void
  onError(error: unknown): void
}

export function createClipDesk(options: ClipDeskOptions) {
  const {
    folder,
    scratch,
    evictEveryMs = 10_000,
    disk = { most: null, reserve: 0 },
    now,
    onVideo,
    onBuffer = () => {},
    onDisk = () => {},
    onError,
  } = options
  // What a crash left behind; the folder's lock says that nobody else uses it.
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  // A town without cameras has a disk all the same.
  mkdirSync(folder, { recursive: true })
  const startThread = (again = false) => {
    const started = callWorker<ClipThread>(
      builtEntry('clip/clip-thread.js'),
      { folder, evictEveryMs, disk: diskLimits, again },
      (message) => onNews(message as ClipNews),
      { maxYoungGenerationSizeMb: YOUNG_MB },
    )
    void started.ended.then((error) => {
      if (closing) return
      onError(error ?? new Error('the video thread has ended'))
      for (const camera of wanted.keys()) onVideo(camera, 'down', 'The video thread has ended and is started again.')
      setTimeout(() => void startAgain().catch(onError), THREAD_AGAIN_MS)
    })
    return started
  }
  function onNews(news: ClipNews): void {
    if ('error' in news) return onError(new Error(news.error))
    if ('disk' in news) {
      diskState = news.disk
      return onDisk(news.disk)
    }
    if ('parts' in news)
      return news.parts.forEach(({ camera, form, live, words }) => watchers.news(camera as CameraId, form, live, words))
    const camera = news.camera as CameraId
    if ('state' in news) onVideo(camera, news.state.video, news.state.reason)
    else if ('buffer' in news) onBuffer(camera, news.buffer.buffer, news.buffer.reason)
    else codecs.set(camera, news.codec)
  }
  let diskLimits = disk
  let diskState: DiskState | null = null
  const codecs = new Map<CameraId, string>()
  const wanted = new Map<CameraId, CameraToRecord>()
  const looks = new Map<CameraId, HeadLook>()
  const masks = openMaskMemory({ file: join(dirname(folder), 'privacy-masks.json'), onError })
  const holds = new Map<string, { camera: CameraId; name: string; range: Range }>()
  let closing = false
  let evicting = false
  let thread = startThread()
  const calls = new Proxy({} as typeof thread.calls, {
    get: (_, name: keyof typeof thread.calls) => thread.calls[name],
  })

  const watchers = createLiveWatchers({
    watch: (camera, form) => calls.watch(camera, form),
    unwatch: (camera, form) => calls.unwatch(camera, form),
    onError,
  })

  /** The same cameras and the same holds as before, in a new thread. */
  async function startAgain(): Promise<void> {
    if (closing) return
    thread = startThread(true)
    for (const camera of wanted.values()) await recordOrSay(camera)
    if (evicting) await calls.evictFromNowOn()
    watchers.restart()
  }

  /** One camera's bad files are no reason to record no other. */
  const recordOrSay = (camera: CameraToRecord): Promise<void> =>
    record(camera).catch((error: unknown) => {
      onError(error)
      onBuffer(camera.id as CameraId, 'down', `The clip buffer cannot be opened: ${messageOf(error)}`)
    })

  async function record(camera: CameraToRecord): Promise<void> {
    wanted.set(camera.id as CameraId, camera)
    const held = [...holds.values()].filter((hold) => hold.camera === camera.id)
    await calls.record(camera, held)
    for (const { name, range } of held) await calls.hold(camera.id, name, range)
    // A new thread must know where the head looks. It is so now; of the time without a thread nobody knows.
    const look = looks.get(camera.id as CameraId)
    if (!camera.privacy) looks.delete(camera.id as CameraId)
    else if (look) await calls.look(camera.id, { ...look, at: now() })
  }

  return {
    /**
     * Every camera has a ring at once; recording begins when its stream's address is known. The ring of a camera that
     * has left the town stays for what incidents hold of it; the rest of it grows old as it did before, and after a
     * restart as the site's longest buffer does: a line of the site file that was lost by mistake must cost no
     * recording.
     */
    async follow(cameras: readonly SiteCamera[]): Promise<void> {
      masks.follow(cameras)
      const gone = [...new Set([...wanted.keys(), ...recordedBefore(folder)])].filter(
        (id) => !cameras.some((camera) => camera.id === id),
      )
      const keepMs = Math.max(LEAST_KEEP_MS, ...cameras.map(({ buffer }) => buffer.keepMs))
      for (const id of gone) {
        await recordOrSay({
          ...GONE,
          limits: { keepMs, mostBytes: null },
          ...wanted.get(id),
          id,
          address: null,
          substream: null,
          privacy: masks.of(id),
        })
        await calls.forget(id)
      }
      for (const camera of cameras)
        await recordOrSay(
          wantedOf(camera, wanted.get(camera.id)?.address ?? null, wanted.get(camera.id)?.substream ?? null),
        )
    },
    /**
     * @param access credentials for the streams; they go to ffmpeg by standard input only.
     * @param hidden further secrets in the address.
     * @param substream the camera's own H.264, where `stream` is something else.
     */
    async stream(
      camera: SiteCamera,
      stream: URL,
      access: StreamSecrets | null,
      hidden: readonly string[] = [],
      substream: URL | null = null,
    ): Promise<void> {
      const secrets = [...hidden, ...(access ? [access.password, encodeURIComponent(access.password)] : [])]
      const addressOf = (plain: URL): StreamAddress => {
        const url = signedIn(plain, access)
        const fingerprint = camera.stream?.fingerprint ?? camera.onvif?.fingerprint
        return {
          url: url.href,
          secrets,
          ...(access?.basic ? { basic: true } : {}),
          ...(url.protocol === 'rtsps:' && fingerprint ? { fingerprint } : {}),
        }
      }
      await record(wantedOf(camera, addressOf(stream), substream && addressOf(substream)))
    },
    limitDisk(limits: DiskLimits): void {
      diskLimits = limits
      calls.limitDisk(limits).catch(onError)
    },
    /** As in an HLS CODECS attribute; null until the first picture. */
    codec: (camera: CameraId): string | null => codecs.get(camera) ?? null,
    /** Null while the disk was never anything but well. */
    diskState: (): DiskState | null => diskState,
    /** Whether anything of it may lie on the disk, also when it has left the town. */
    hasRing: (camera: string): boolean => wanted.has(camera as CameraId),
    /** One that is shown: what has masks is converted here. */
    hasSubstream: (camera: CameraId): boolean =>
      wanted.get(camera)?.substream != null && wanted.get(camera)?.privacy == null,
    /** Whether it has privacy masks. */
    isMasked: (camera: CameraId): boolean => wanted.get(camera)?.privacy != null,
    /** Where the head of a camera with masks looks, from when on. */
    look(camera: CameraId, look: HeadLook): void {
      looks.set(camera, look)
      calls.look(camera, look).catch(onError)
    },
    report: async (camera: CameraId): Promise<RecorderReport> => (await calls.report(camera)) ?? NOT_RECORDED,
    /** @param name an incident's or an export's. */
    hold(incident: string, clip: Clip): void {
      const hold = { camera: clip.camera, name: incident, range: rangeOf(clip) }
      holds.set(`${incident} ${clip.camera}`, hold)
      calls.hold(clip.camera, incident, hold.range).catch(onError)
    },
    release(incident: string, camera: CameraId): void {
      holds.delete(`${incident} ${camera}`)
      calls.release(camera, incident).catch(onError)
    },
    evictFromNowOn(): void {
      evicting = true
      calls.evictFromNowOn().catch(onError)
    },
    /** The camera's newest picture, part by part, from the newest keyframe on. */
    watchLive: (camera: CameraId, form: LiveForm, listener: LiveListener): LiveViewer =>
      watchers.watch(camera, form, listener),
    livePlaylist: (camera: CameraId, form: PictureForm, query: Query): Promise<string> =>
      calls.livePlaylist(camera, form, query),
    livePart: (camera: CameraId, form: PictureForm, number: number, index: number): Promise<Uint8Array | null> =>
      calls.livePart(camera, form, number, index),
    liveSegment: (camera: CameraId, form: PictureForm, number: number): Promise<Uint8Array | null> =>
      calls.liveSegment(camera, form, number),
    liveInit: (camera: CameraId, form: PictureForm, run: number): Promise<Uint8Array | null> =>
      calls.liveInit(camera, form, run),
    segment: (camera: CameraId, number: number): Promise<Uint8Array | null> => calls.segment(camera, number),
    init: (camera: CameraId, run: number): Promise<Uint8Array | null> => calls.init(camera, run),
    /** As H.264; null when the clip does not hold it. @param unmasked without its masks @throws clip/unreadable */
    convertedSegment: (clip: Clip, number: number, unmasked: boolean): Promise<Uint8Array | null> =>
      calls.convertedSegment(clip.camera, rangeOf(clip), number, unmasked),
    convertedInit: (clip: Clip, run: number, unmasked: boolean): Promise<Uint8Array | null> =>
      calls.convertedInit(clip.camera, rangeOf(clip), run, unmasked),
    playlist: (clip: Clip, pressedAt: string): Promise<string> =>
      calls.heldPlaylist(clip.camera, rangeOf(clip), Date.parse(pressedAt)),
    /** The numbers of the segments that a clip may hand out: nothing outside what the incident holds. */
    async numbers(clip: Clip): Promise<Set<number>> {
      return new Set((await calls.segments(clip.camera, rangeOf(clip))).map(({ number }) => number))
    },
    async gaps(clip: Clip): Promise<Gap[]> {
      // What lies further back than the buffer ever reached is a gap too; what lies ahead of now is not.
      const gaps = await calls.gaps(clip.camera, rangeOf({ ...clip, to: clip.to }))
      return gaps.map(({ from, to }) => ({ from: isoTime(from), to: isoTime(Math.min(to, now())) }))
    },
    /** Cuts into a file of its own; the caller removes it with `done`. @throws clip/none, clip/unreadable */
    async cut(camera: CameraId, range: Range): Promise<CutResult & { file: string; done(): Promise<void> }> {
      const file = join(scratch, `${newId('cut', now())}.mp4`)
      const done = (): Promise<void> => rm(file, { force: true })
      try {
        return { ...(await calls.cut(camera, range, file)), file, done }
      } catch (error) {
        await done()
        throw error
      }
    },
    /** Where a range has pictures. */
    recorded: (camera: CameraId, range: Range): Promise<{ from: number; to: number }[]> =>
      calls.recorded(camera, range),
    /**
     * Where a range lies on the disk; hold it for as long as it is read.
     * @throws live/none when the camera has no clip buffer
     */
    stored: (camera: CameraId, range: Range): Promise<StoredRange> => calls.stored(camera, range),
    thumbnail: (camera: CameraId, at: number, width: number): Promise<Uint8Array | null> =>
      calls.thumbnail(camera, at, width),
    /** With its masks. @throws live/none, also while it is covered whole */
    still: (camera: CameraId): Promise<{ picture: Uint8Array; at: number }> => calls.still(camera, true),
    /** As the camera sent it; it must not leave this server. */
    unmaskedStill: (camera: CameraId): Promise<{ picture: Uint8Array; at: number }> => calls.still(camera, false),
    /** A kept JPEG of it with its masks. @throws live/none when what must be covered is not known */
    covered: (camera: CameraId, jpeg: Uint8Array, position: HeadLook['position']): Promise<Uint8Array> =>
      calls.covered(camera, jpeg, position),
    /** Small grey pictures of what is newest; null where there is none. */
    glimpses: (
      cameras: CameraId[],
      size: { width: number; height: number },
    ): Promise<({ pixels: Uint8Array; at: number } | null)[]> => calls.glimpses(cameras, size),
    bytes: (): Promise<Record<string, number>> => calls.bytes(),
    async close(): Promise<void> {
      closing = true
      await calls.close().catch(onError)
      await thread.terminate()
    },
  }
}
