/**
 * What moves a recording: its controls under the picture, their keys, and whoever stands around and moves it from
 * outside.
 */
import { html, nothing } from 'lit'
import type { Words } from '../words/en.ts'
import { FrameWatch } from './frame-watch.ts'
import type { HlsController } from './hls-controller.ts'

type Clip = {
  hls: HlsController
  /** Null before it has been drawn. */ video(): HTMLVideoElement | null
  /** When the press came (UTC ISO 8601); '' when none did. */ pressedAt(): string
}

export class ClipHand {
  #hls: HlsController
  #video: () => HTMLVideoElement | null
  #pressedAt: () => string
  #frames = new FrameWatch()

  constructor({ hls, video, pressedAt }: Clip) {
    this.#hls = hls
    this.#video = video
    this.#pressedAt = pressedAt
  }

  /** To be called for each video that shows a recording; the same one twice is no news. */
  watch(video: HTMLVideoElement): void {
    this.#frames.watch(video)
  }
  #seekTo(seconds: number): void {
    const video = this.#video()
    if (video) video.currentTime = Math.max(0, seconds)
  }
  #seekBy(seconds: number): void {
    this.#seekTo((this.#video()?.currentTime ?? 0) + seconds)
  }
  /** The wall clock's time of what is shown, milliseconds; null before it is known. */
  wallTime(): number | null {
    const video = this.#video()
    return video ? this.#hls.wallTimeOf(video.currentTime) : null
  }
  /** To the picture of that moment, or the nearest after it. @returns false when nothing is known yet */
  seekToWall(moment: number): boolean {
    const media = this.#hls.mediaTimeOf(moment) ?? (this.#hls.wallTimeOf(0) === null ? null : 0)
    if (media !== null) this.#seekTo(media)
    return media !== null
  }
  /** A frame on, or back; it stands still then. */
  step(frames: 1 | -1): void {
    const video = this.#video()
    if (!video) return
    video.pause()
    this.#seekTo(this.#frames.neighbour(video, frames))
  }
  /** @param rate of the camera's own time */
  run(playing: boolean, rate: number): void {
    const video = this.#video()
    if (!video) return
    if (video.playbackRate !== rate) video.playbackRate = rate
    if (playing && video.paused && !video.ended) void video.play().catch(() => {})
    if (!playing && !video.paused) video.pause()
  }
  #toggle = (): void => {
    const video = this.#video()
    if (video?.paused) void video.play().catch(() => {})
    else video?.pause()
  }
  #pressAt(): number | null {
    const pressedAt = this.#pressedAt()
    return pressedAt ? this.#hls.mediaTimeOf(Date.parse(pressedAt)) : null
  }
  /** Back to the moment of the press. */
  toPress = (): void => {
    const at = this.#pressAt()
    if (at !== null) this.#seekTo(at)
  }

  /** @param at what is shown, in words */
  controls(words: Words, at: string) {
    const video = this.#video()
    const { currentTime = 0, duration = 0, paused = false } = video ?? {}
    const end = Number.isFinite(duration) ? duration : seekableEnd(video)
    const press = this.#pressAt()
    return html`<div part="controls" class="controls" @keydown=${this.#onKey}>
      <div class="track">
        <input
          type="range"
          min="0"
          max=${end || 1}
          step="0.02"
          .value=${String(currentTime)}
          aria-label=${words.replayTitle}
          aria-valuetext=${at}
          @input=${(event: Event) => this.#seekTo(Number((event.target as HTMLInputElement).value))}
        />
        ${
          press !== null && press >= 0 && press <= end
            ? html`<svg class="mark" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                <rect x=${(press / (end || 1)) * 1000 - 2} width="4" height="10" />
              </svg>`
            : nothing
        }
      </div>
      <button @click=${this.#toggle} aria-label=${paused ? words.play : words.pause}>${paused ? '▶' : '❚❚'}</button>
      <button @click=${() => this.#seekBy(-10)}>${words.back10}</button>
      <button class="back" @click=${() => this.step(-1)} aria-label=${words.frameBack} title=${words.frameBack}>
        ◂❘
      </button>
      <button class="forward" @click=${() => this.step(1)} aria-label=${words.frameForward} title=${words.frameForward}>
        ❘▸
      </button>
      <button class="to-press" @click=${this.toPress}>${words.toPress}</button>
    </div>`
  }
  /** Only while the focus is on these controls: nothing that is typed elsewhere moves a picture. */
  #onKey = (event: KeyboardEvent): void => {
    const act = {
      ',': () => this.step(-1),
      '.': () => this.step(1),
      j: () => this.#seekBy(-10),
      l: () => this.#seekBy(10),
      p: this.toPress,
    }[event.key]
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    act()
  }
}

function seekableEnd(video: HTMLVideoElement | null): number {
  const seekable = video?.seekable
  return seekable && seekable.length > 0 ? seekable.end(seekable.length - 1) : 0
}
