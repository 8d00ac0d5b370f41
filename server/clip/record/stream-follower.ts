/**
 * Makes parts and segments of a camera's fragments, and follows what cameras do in mid-stream: new parameter sets,
 * clocks that jump or go back. Not here: where the fragments come from (ffmpeg-recording, rtsp-recording). Pure, but
 * for its store.
 */
import type { Segment } from '../../glossary/clip.ts'
import { type ClosedSegment, createPackager } from '../ring/clip-packager.ts'
import { type Fragment, type Init, createFragmentReader } from './fragment-reader.ts'
import type { LiveWindow } from '../live/live-window.ts'
import { avcConfigIn } from '../../tools/media/avc-config.ts'
import { parameterSetsIn, withParameterSets } from './parameter-sets.ts'
import { createTimelineWatch } from './timeline-watch.ts'

/** Where runs and segments go: the ring on disk, or memory. */
export type RunStore = {
  beginRun(init: Buffer): number
  append(closed: ClosedSegment & { run: number }): {
    segment: Segment
    /** Nobody reads the bytes after this. */ written: Promise<unknown>
  }
  nextNumber(): number
}
export type FollowerEvents = {
  /** Pictures begin, or their codec changes; as in an HLS CODECS attribute. */
  onPicture(codec: string): void
  /** Nothing more can be made of this stream. `soon`: the camera is well, beginning again helps at once. */
  onUnfit(reason: string, soon: boolean): void
  /** Something about a stream that is recorded all the same; null when it is over. */
  onNote?(words: string | null): void
}

/** What an engineer can do about it. */
export const longGopText = (seconds: number): string =>
  `The camera sent no keyframe for ${Math.round(seconds)} s: set its GOP to a few seconds, and switch smart codecs off.`

/** Each leaves files behind; no camera that is well is changed so often. */
const MOST_RUNS_A_MINUTE = 10
const PLAYABLE = /^(avc[13]|hev1|hvc1)/

export function createStreamFollower({
  store,
  window,
  now,
  arrivedAt = now,
  onPicture,
  onUnfit,
  onNote = () => {},
  asItCame = (fragment) => fragment,
  longestSegmentS,
}: FollowerEvents & {
  store: RunStore
  window: Pick<LiveWindow, 'onPart' | 'onSegment'> & Partial<Pick<LiveWindow, 'wantedPart'>>
  /** Wall clock, milliseconds. */ now(): number
  /** Each picture of ffmpeg's, when it comes; may say more of it. */ asItCame?(fragment: Fragment): Fragment
  /** Without a keyframe. */ longestSegmentS?: number | undefined
  /** When a picture arrived, where that is not now. */ arrivedAt?(fragment: Fragment): number
}) {
  let init: Init | null = null
  let sps: Buffer | null = null
  let run = 0
  let timeline = createTimelineWatch()
  let started = false
  let unfit = false
  let pictures = 0
  /** When the newest keyframe came. */
  let keyframeAt = Number.NEGATIVE_INFINITY
  let begun: number[] = []
  /** The newest fragment is in a segment. */
  let packed = false

  const packager = createPackager({
    onLongGop: (seconds) => onNote(seconds === null ? null : longGopText(seconds)),
    ...(window.wantedPart ? { wantedPart: window.wantedPart } : {}),
    ...(longestSegmentS === undefined ? {} : { longestSegmentS }),
    onPart: (segment) => window.onPart(store.nextNumber(), run, segment, packager.partTarget()),
    onSegment: ({ release, ...closed }) => {
      const { segment, written } = store.append({ run, ...closed })
      let readers = 2
      const readerDone = (): void => {
        readers -= 1
        if (readers === 0) release()
      }
      window.onSegment(segment, readerDone)
      void written.finally(readerDone)
    },
  })
  const giveUp = (reason: string, soon = false): void => {
    unfit = true
    onUnfit(reason, soon)
  }
  function beginRun(bytes: Buffer): void {
    packager.finish()
    begun = [...begun.filter((at) => now() - at < 60_000), now()]
    if (begun.length > MOST_RUNS_A_MINUTE) return giveUp('The camera changes its picture all the time.')
    run = store.beginRun(bytes)
    timeline = createTimelineWatch()
  }
  /** Another initialisation section: the first, or the camera's picture is another from here on. */
  function begin(found: Init): void {
    if (!PLAYABLE.test(found.video.codec))
      return giveUp(`The camera sends ${found.video.codec.trim()}, which no browser shows: set it to H.264.`)
    const before = init?.video.codec
    init = found
    beginRun(found.bytes)
    if (started && before !== found.video.codec) onPicture(found.video.codec)
  }
  /** A new sequence parameter set in the middle of the stream: another resolution, another initialisation section. */
  function followSets(fragment: Fragment): void {
    const found = init && sps ? parameterSetsIn(fragment.bytes) : null
    if (!init || !sps || !found || found.sps.equals(sps)) return
    const bytes = withParameterSets(init.bytes, found)
    if (!bytes) return
    sps = Buffer.from(found.sps)
    begin({ ...init, bytes, video: { ...init.video, codec: `avc1.${found.sps.toString('hex', 1, 4)}` } })
  }
  function take(fragment: Fragment, at: number): void {
    packed = false
    if (unfit) return
    pictures += 1
    const verdict = timeline.look(fragment)
    // By arrival, pictures that the network held up have nearly one time: that is no clock that stands.
    if (verdict === 'stuck' && !fragment.timedByArrival)
      return giveUp('The clock in the camera’s stream went back.', true)
    if (verdict === 'jump' && init) {
      packager.lost(fragment.lostBefore ?? 0)
      beginRun(init.bytes)
      // Its length is the jump: no player could make sense of it.
      if (fragment.duration > 1) return
    }
    // The wall clock was put back: times may go back where a run begins, never within one. No picture is lost by it.
    if (fragment.keyframe && init && at < keyframeAt) {
      packager.lost(fragment.lostBefore ?? 0)
      beginRun(init.bytes)
    }
    if (fragment.keyframe) keyframeAt = at
    if (unfit) return
    packager.push(fragment, at)
    packed = true
    if (!started && init) onPicture(init.video.codec)
    started = true
  }
  const reader = createFragmentReader({
    onInit: (found) => {
      sps = avcConfigIn(found.bytes)?.sps[0] ?? null
      begin(found)
    },
    onFragment: (fragment) => {
      if (unfit) return
      if (fragment.video && fragment.keyframe) followSets(fragment)
      if (fragment.video) take(asItCame(fragment), arrivedAt(fragment))
      else packager.push(fragment, now())
    },
  })

  return {
    /**
     * What ffmpeg wrote, however it is split.
     * @throws when it is no fragmented MP4, or no keyframe comes for too long.
     */
    push: (chunk: Buffer): void => reader.push(chunk),
    /**
     * For who makes fragments itself: an initialisation section, then pictures with the wall clock at their arrival.
     */
    begin,
    /** @throws when no keyframe comes for too long. */
    take,
    /**
     * The newest fragment is `more` seconds longer than it said when it was taken.
     * @param rewrite changes its bytes
     * @returns whether viewers have it already, as it was
     */
    lasted(more: number, rewrite: (bytes: Buffer) => void): boolean {
      timeline.lasted(more)
      return packed && packager.lasted(more, rewrite)
    },
    /** Packets that never came, before another beginning. */
    lost: (packets: number): void => packager.lost(packets),
    /** The stream has ended: what is here is kept. */
    finish: (): void => packager.finish(),
    /** Frames so far: sound alone is no sign of life. */
    pictures: () => pictures,
  }
}
