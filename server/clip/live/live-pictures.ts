/**
 * What can be watched live of each camera, inside the video thread: what is recorded, or its conversion; and who
 * follows it.
 */
import { availableParallelism } from 'node:os'
import type { LiveForm } from '../../glossary/clip.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import type { Channel } from '../clip-channel.ts'
import type { Part } from '../ring/clip-packager.ts'
import { createConvertedView, hasRoom } from './converted-view.ts'
import type { LivePart, LiveStart, LiveWindow } from './live-window.ts'
import { areManyFollowed, partLength } from './part-length.ts'
import { type PartNews, createPartPost } from './part-post.ts'
import { USUAL_ASPECT, aspectIn } from '../privacy/picture-aspect.ts'

/** The newest picture with its initialisation section; `codec` as in an HLS CODECS attribute. */
export type LiveStartBytes = Omit<LiveStart, 'parts'> & { parts: Part<Uint8Array>[]; init: Uint8Array; codec: string }
/** The recorded stream, or its conversion. */
type Live = {
  window: LiveWindow
  codec(): string
  init(run: number): Promise<Uint8Array | null> | Uint8Array | null
  segment(number: number): Promise<Uint8Array | null> | Uint8Array | null
}

/** Each takes a quarter of a core and more: beyond this all of them would be late. */
const MOST_CONVERSIONS = 2 * availableParallelism()

/** A message takes along all the memory that its bytes are a slice of: it gets a copy of just them. */
const alone = ({ bytes, live = bytes, duration, independent, at }: Part): Part<Uint8Array> => ({
  bytes: new Uint8Array(live),
  duration,
  independent,
  at,
})

/** @param channelOf throws live/none for a camera that has none. @param post tells the other thread parts, in order. */
export function createLivePictures({
  channels,
  channelOf,
  post,
  clock,
  onError,
}: {
  channels: ReadonlyMap<string, Channel>
  channelOf(id: string): Channel
  post(parts: PartNews[], memory: ArrayBuffer[]): void
  clock: Clock
  onError(error: unknown): void
}) {
  function followed(): number {
    let count = 0
    for (const { unfollow } of channels.values()) count += unfollow.size
    return count
  }
  function asked(): number {
    let count = 0
    for (const { window, view } of channels.values())
      count += Number(window.isAsked()) + Number(view?.window.isAsked() ?? false)
    return count
  }
  /** Who is not asked for over HTTP stays as young as it is. */
  const wantedPart = (isAsked: boolean): number => partLength(followed(), isAsked ? asked() : 0)
  const posted = createPartPost({ post, isBusy: () => areManyFollowed(followed()) })
  const tell = (camera: string, form: LiveForm, live: LivePart | null): void =>
    posted({
      ...{ camera, form, live: live && { ...live, part: alone(live.part) } },
      ...(live === null && form !== 'unmasked' ? wordsOf(camera) : {}),
    })
  /** Why nothing of it is shown for a while. */
  const coveredNow = (camera: string): string | null =>
    channels.get(camera)?.coverage?.now(USUAL_ASPECT).cover.why ?? null
  const wordsOf = (camera: string): { words?: string } => {
    const words = coveredNow(camera)
    return words === null ? {} : { words }
  }

  /** @throws live/none */
  function live(id: string, form: LiveForm): Live {
    const found = channelOf(id)
    const { ring, window, coverage } = found
    // What has masks is made anew in every form, with them.
    if (form === 'unmasked' || (form === 'copy' && !coverage))
      return {
        window,
        codec: () => found.recorder?.codec() ?? '',
        init: (run) => (window.isLiveRun(run) ? ring.init(run) : null),
        segment: async (number) => (window.isLive(number) ? ((await ring.read(number))?.bytes ?? null) : null),
      }
    const { address } = found.wanted
    const substream = coverage ? null : found.wanted.substream
    if (!address) throw new Failure('live/none', `There is no picture from ${id} yet.`)
    if (!substream && !found.recorder)
      throw new Failure(
        'live/none',
        `${id} is recorded from a press on, and needs a conversion here${coverage ? ' for its privacy masks' : ''}: ` +
          'there is no live picture of it before that.',
      )
    const view = (found.view ??= createConvertedView({
      substream,
      source: { window, init: ring.init },
      covered: coverage && ((init) => (found.coverage ?? coverage).now(aspectIn(init))),
      wantedPart,
      clock,
      onError,
    }))
    if (
      !substream &&
      !view.converting() &&
      !hasRoom(
        [...channels.values()].flatMap((each) => each.view ?? []),
        MOST_CONVERSIONS,
      )
    )
      throw new Failure(
        'live/none',
        `${MOST_CONVERSIONS} live pictures are converted already, which is all that this machine can do beside ` +
          `recording: close one of them${coverage ? '.' : `, or give ${id} an H.264 stream.`}`,
      )
    view.use()
    return { window: view.window, codec: () => view.codec() ?? '', init: view.init, segment: view.segment }
  }

  async function start({ window, init, codec }: Live): Promise<LiveStartBytes | null> {
    const newest = window.newest()
    const bytes = newest && (await init(newest.run))
    // Parts that came while the file was read belong to the start, too: what is told meanwhile is told again by it.
    const now = window.newest()
    return bytes && now && now.run === newest.run
      ? { ...now, parts: now.parts.map(alone), init: new Uint8Array(bytes), codec: codec() }
      : null
  }

  return {
    of: live,
    coveredNow,
    /** Seconds that a part should last now. @param isAsked whether some player asks for it part by part over HTTP */
    wantedPart,
    /**
     * Every part is told from now on. Null when there is no live picture yet; it begins with the next part then.
     * @throws live/none
     */
    async watch(id: string, form: LiveForm): Promise<LiveStartBytes | { covered: string } | null> {
      const { unfollow } = channelOf(id)
      const found = live(id, form)
      if (!unfollow.has(form))
        unfollow.set(
          form,
          found.window.follow((part) => tell(id, form, part)),
        )
      const covered = form === 'unmasked' ? null : coveredNow(id)
      return covered === null ? start(found) : { covered }
    },
    unwatch(id: string, form: LiveForm): void {
      const unfollow = channels.get(id)?.unfollow
      unfollow?.get(form)?.()
      unfollow?.delete(form)
    },
    /**
     * A new conversion has taken the place of the old one, and viewers continue with it. When no conversion can be
     * started now, each viewer gets that as the reason, and its player requests the picture again later.
     */
    followAgain(id: string, forms: readonly LiveForm[]): void {
      const { unfollow } = channelOf(id)
      for (const form of forms) {
        if (!unfollow.has(form)) continue
        unfollow.get(form)?.()
        unfollow.delete(form)
        // Until the new one has a picture there is none: the old one may have shown what is masked from now on.
        tell(id, form, null)
        try {
          unfollow.set(
            form,
            live(id, form).window.follow((part) => tell(id, form, part)),
          )
        } catch {
          // Each player asks again.
        }
      }
    },
  }
}
