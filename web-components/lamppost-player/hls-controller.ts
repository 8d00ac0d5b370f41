/**
 * Owns one hls.js on one video element: attaches, keeps to the edge, starts again after errors, and tells the truth
 * about age.
 */
import Hls from 'hls.js/light'
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { PictureForm } from '../wall-client/api-shapes.ts'
import type { PictureCarrier } from '../wall-client/picture-socket.ts'
import { type CarriedStream, createCarriedStream } from './socket-stream.ts'
import { createSpareWish } from './live-edge-rate.ts'
import { type EdgeKeeper, createEdgeKeeper } from './live-edge-sync.ts'
import { type Mode, configs, leastSpare, startBehind } from './hls-settings.ts'
import { isBehind } from './quality-downgrade.ts'

export type Source = {
  url: string
  mode: Mode
  camera: string
  form: PictureForm
  carrier: PictureCarrier
  headers(): Record<string, string>
  now(): number
  /** The browser was given this form and cannot show it. False: there is no other. */ onUnshowable(): boolean
}
/**
 * `unasked`: the server wants a reason for this picture first. `age`: seconds between the picture's arrival at the
 * server and now. `still`: milliseconds since the picture last moved. `why`: the server's words when it has refused
 * it. `behind`: more is there to be played than has come, part by part over HTTP; null where nothing is known.
 */
export type Picture = {
  state: 'starting' | 'playing' | 'gone' | 'unasked'
  age: number | null
  still: number
  at: number | null
  why: string | null
  behind: boolean | null
}
const NO_PICTURE: Picture = { state: 'starting', age: null, still: 0, at: null, why: null, behind: null }

const TICK_MS = 100
const GONE_AFTER_MS = 5000
/** An element that was in error is believed again when it has shown new pictures for so long. */
const WELL_AGAIN_MS = 1500
/** An element in error is begun again after so long. */
const ERROR_AGAIN_MS = 1500
const RESTART_MS = [200, 500, 1000, 2000]
/** A reason may be given elsewhere on the page, or an incident need the picture after all. */
const ASK_AGAIN_MS = 3000
const UNSHOWABLE: ReadonlySet<string> = new Set([
  Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR,
  Hls.ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR,
  Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
])
const NO_REASON = { code: 'view/no-reason', status: 422 }
/** Whoever is refused asks again, and is told again: older words are no longer why. */
const WHY_LASTS_MS = 10_000

/** The words of a problem that the server answered with. @param request hls.js's own, of whatever kind */
function detailOf(request: unknown): string | null {
  try {
    const { detail } = JSON.parse((request as XMLHttpRequest).responseText) as { detail?: unknown }
    return typeof detail === 'string' ? detail : null
  } catch {
    return null
  }
}

export class HlsController implements ReactiveController {
  #host: ReactiveControllerHost & { readonly isConnected: boolean }
  #video: HTMLVideoElement | null = null
  #source: Source | null = null
  #hls: Hls | null = null
  #carried: CarriedStream | null = null
  #timer: ReturnType<typeof setInterval> | null = null
  #restart: ReturnType<typeof setTimeout> | null = null
  #failures = 0
  #edge: EdgeKeeper | null = null
  #wish = createSpareWish(leastSpare('edge'))
  #lastTime = 0
  #frames = 0
  #movedAt = 0
  #startedAt = 0
  #everMoved = false
  /** It was in error, and is not believed yet. */
  #failed = false
  /** Since it was begun, or was in error. */
  #firstMovedAt: number | null = null
  #unasked = false
  #why: { words: string; at: number } | null = null
  picture: Picture = NO_PICTURE

  constructor(host: ReactiveControllerHost & { readonly isConnected: boolean }) {
    this.#host = host
    host.addController(this)
  }
  hostConnected(): void {
    if (this.#video && this.#source) this.#start()
  }
  hostDisconnected(): void {
    this.#stop()
  }

  /** The same source twice is no news. */
  play(video: HTMLVideoElement, source: Source): void {
    if (!this.#host.isConnected) return
    if (this.#video === video && this.#source?.url === source.url && this.#source.mode === source.mode) {
      // A renewed token counts from the next request on.
      this.#source = source
      return
    }
    this.#stop()
    this.#video = video
    this.#source = source
    this.#wish = createSpareWish(leastSpare(source.mode))
    this.#everMoved = false
    this.#failed = false
    this.#lastTime = 0
    this.#frames = 0
    this.#movedAt = performance.now()
    this.#failures = 0
    this.#unasked = false
    this.#why = null
    this.picture = NO_PICTURE
    this.#start()
  }

  /** Nobody can see it: nothing is fetched until it is played again. */
  rest(): void {
    if (!this.#source) return
    this.#stop()
    this.#source = null
    this.picture = NO_PICTURE
  }

  /**
   * Media seconds of a wall-clock moment: by its segment's own time, since a camera's seconds are not the wall's.
   * Null when it is not in the recording.
   */
  mediaTimeOf(moment: number): number | null {
    const fragments = this.#hls?.latestLevelDetails?.fragments ?? []
    const found = fragments.findLast(({ programDateTime }) => programDateTime !== null && programDateTime <= moment)
    if (!found || found.programDateTime === null) return null
    return found.start + Math.min(found.duration, (moment - found.programDateTime) / 1000)
  }

  /** The wall clock's time of a place in the recording; null before it is known. */
  wallTimeOf(media: number): number | null {
    const fragments = this.#hls?.latestLevelDetails?.fragments ?? []
    const found =
      fragments.findLast(({ start, programDateTime }) => programDateTime !== null && start <= media + 0.001) ??
      fragments[0]
    return found && found.programDateTime !== null ? found.programDateTime + (media - found.start) * 1000 : null
  }

  #start(): void {
    const [video, source] = [this.#video, this.#source]
    if (!video || !source || this.#hls) return
    this.#firstMovedAt = null
    this.#carried =
      source.mode === 'carried'
        ? createCarriedStream(source.carrier, source.camera, source.form, (code, words) =>
            code === NO_REASON.code ? this.#refused() : this.#notNow(words),
          )
        : null
    const hls = new Hls({
      ...configs[source.mode],
      ...(this.#carried ? { loader: this.#carried.loader } : {}),
      xhrSetup: (request) => {
        for (const [name, value] of Object.entries(this.#source?.headers() ?? {})) request.setRequestHeader(name, value)
      },
    })
    this.#hls = hls
    this.#startedAt = performance.now()
    if (source.mode !== 'clip')
      this.#edge = createEdgeKeeper({
        video,
        startS: (part) => startBehind(source.mode, part),
        wish: this.#wish,
        hasMoved: () => this.#movedAt > this.#startedAt,
        isSeen: () => document.visibilityState === 'visible',
      })
    hls.on(Hls.Events.BUFFER_APPENDED, (_, { frag, part }) => this.#edge?.appended(part?.duration ?? frag.duration))
    hls.on(Hls.Events.ERROR, (_, { fatal, response, details, networkDetails }) => {
      if (source.mode !== 'clip' && (response?.code ?? 0) >= 400 && response?.code !== NO_REASON.status)
        this.#sayWhy(detailOf(networkDetails))
      if (response?.code === NO_REASON.status) this.#refused()
      else if (UNSHOWABLE.has(details) && source.onUnshowable()) return
      else if (fatal) this.#again()
    })
    hls.loadSource(this.#carried?.url ?? source.url)
    hls.attachMedia(video)
    // Muted video may always start by itself; a refusal means the tab is hidden, and the next tick tries again.
    video.play().catch(() => {})
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    if (this.#restart) clearTimeout(this.#restart)
    this.#timer = null
    this.#restart = null
    this.#hls?.destroy()
    this.#hls = null
    this.#carried?.close()
    this.#carried = null
    this.#edge?.close()
    this.#edge = null
  }

  #sayWhy(words: string | null): void {
    if (words !== null) this.#why = { words, at: performance.now() }
  }
  #notNow(words: string): void {
    this.#sayWhy(words)
    this.#again(ASK_AGAIN_MS)
  }
  #refused(): void {
    this.#why = null
    this.#unasked = true
    this.#again(ASK_AGAIN_MS)
  }
  /** Asks at once, if it was refused for want of a reason. */
  askAgain(): void {
    if (!this.#unasked) return
    this.#stop()
    this.#unasked = false
    this.#why = null
    this.#everMoved = false
    this.#movedAt = performance.now()
    this.#start()
  }

  #again(wait = RESTART_MS[Math.min(this.#failures, RESTART_MS.length - 1)]): void {
    if (this.#restart) return
    this.#failures += 1
    this.#restart = setTimeout(() => {
      const at = this.#source?.mode === 'clip' ? (this.#video?.currentTime ?? 0) : 0
      this.#stop()
      this.#start()
      if (at > 0 && this.#video) this.#video.currentTime = at
    }, wait)
  }

  #tick(): void {
    const [video, source, hls] = [this.#video, this.#source, this.#hls]
    if (!video || !source || !hls) return
    const now = performance.now()
    // An element in error shows nothing new, whatever its clock does: the stream is begun again.
    if (video.error) {
      this.#everMoved = false
      this.#failed = true
      this.#firstMovedAt = null
      if (now - this.#startedAt > ERROR_AGAIN_MS) return this.#again()
    }
    // A recording that stands still at its first picture is one that can be seen.
    if (source.mode === 'clip' && video.readyState >= 2 && !video.error) this.#everMoved = true
    if (
      !video.error &&
      video.currentTime !== this.#lastTime &&
      video.readyState >= 2 &&
      this.#hasNewFrame(video, source.mode)
    ) {
      if (this.#everMoved) this.#failures = 0
      this.#lastTime = video.currentTime
      this.#movedAt = now
      this.#firstMovedAt ??= now
      // After an error the first pictures may be the same nonsense as before it.
      if (!this.#failed || now - this.#firstMovedAt >= WELL_AGAIN_MS) {
        this.#everMoved = true
        this.#failed = false
      }
      this.#unasked = false
    }
    if (this.#why && now - this.#why.at > WHY_LASTS_MS) this.#why = null
    this.#edge?.look()
    const still = now - this.#movedAt
    if (source.mode !== 'clip' && still > GONE_AFTER_MS && now - this.#startedAt > GONE_AFTER_MS) this.#again()
    const at = hls.playingDate?.getTime() ?? null
    const state = this.#unasked
      ? 'unasked'
      : !this.#everMoved
        ? still > GONE_AFTER_MS || this.#why !== null
          ? 'gone'
          : 'starting'
        : source.mode !== 'clip' && still > GONE_AFTER_MS
          ? 'gone'
          : 'playing'
    const age = at === null ? null : (source.now() - at) / 1000
    this.picture = {
      state,
      age,
      still,
      at,
      why: this.#why?.words ?? null,
      behind:
        source.mode === 'edge' && this.#movedAt > this.#startedAt && document.visibilityState === 'visible'
          ? this.#isBehind(video, hls)
          : null,
    }
    this.#host.requestUpdate()
  }

  #isBehind({ buffered, currentTime }: HTMLVideoElement, { latestLevelDetails: list }: Hls): boolean | null {
    const left = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - currentTime
    return (
      list &&
      isBehind({
        listed: list.edge - currentTime,
        left,
        longest: Math.max(0, ...list.fragments.map(({ duration }) => duration)),
        part: list.partTarget,
      })
    )
  }

  /**
   * Media time may run on while the picture stands: only another picture is one that moves. A hidden page draws none.
   */
  #hasNewFrame(video: HTMLVideoElement, mode: Mode): boolean {
    if (mode === 'clip' || document.visibilityState !== 'visible') return true
    // A picture that the browser dropped was not shown.
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality()
    const frames = totalVideoFrames - droppedVideoFrames
    const moved = frames !== this.#frames
    this.#frames = frames
    return moved
  }
}
