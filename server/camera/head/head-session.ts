/**
 * What a camera is, as it says itself: its set-up over ONVIF, and what of it can be used. Not here: whether it goes on
 * answering (head-life).
 */
import type { Preset, PtzStatus } from '../../glossary/camera.ts'
import type { OnvifAccess } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { within } from '../../tools/pace/within.ts'
import type { AimRange } from '../framing/geometric-aim.ts'
import { pinStream } from '../onvif/host-pin.ts'
import type { OnvifClient } from '../onvif/onvif-client.ts'
import { nothingOf } from '../onvif/onvif-failures.ts'
import type { Inventory } from '../onvif/onvif-inventory.ts'
import { type OnvifPtz, type PictureRange, createOnvifPtz } from '../onvif/onvif-ptz.ts'
import { CALL_DEADLINE_MS, STATUS_DEADLINE_MS } from './head-deadlines.ts'

const SETUP_DEADLINE_MS = 8000
/** All its questions together: a thread that hangs must not keep every camera of the town from its next try. */
const WHOLE_SETUP_MS = 120_000
const FIRST_STATUS_MS = 500

export type HeadSession = {
  inventory: Inventory
  ptz: OnvifPtz | null
  /** Why its head is another camera's to move. */ shared: string | null
  stream: URL | null
  substream: URL | null
  presets: Preset[]
  aimRange: AimRange | null
  /** How it is turned to a place in its picture; null: it cannot be; left out: it was not asked yet. */
  pictureRange?: PictureRange | null
  /** Why its stream's address may not be read. */ problem: string | null
}
/** It answers, and cannot be used all the same: which part of it, in a sentence for the operator. */
export type Fault = NonNullable<Inventory['fault']>
export type TakeInventory = (access: OnvifAccess, timeoutMs: number) => Promise<Inventory>

/** That there is no picture counts more than that it cannot be moved. */
export function faultOf({ inventory, problem, shared }: HeadSession): Fault | null {
  return (
    inventory.fault ??
    (problem === null ? null : { kind: 'stream', words: problem }) ??
    (shared === null ? null : { kind: 'ptz', words: shared })
  )
}

/**
 * @param signal ends what is under way
 * @param mounted whether the site file says how it hangs: then it is asked whether it can be turned by degrees
 * @param sharedHead why its head is another camera's to move; null when it is not
 * @param onInventory it said what it is
 */
export function createHeadSetup({
  access,
  client,
  clock,
  signal,
  takeInventory,
  mounted,
  sharedHead,
  onInventory,
  notePresets,
  asking,
}: {
  access: OnvifAccess
  client: OnvifClient
  clock: Clock
  signal: AbortSignal
  takeInventory: TakeInventory
  mounted(): boolean
  sharedHead(inventory: Inventory): string | null
  onInventory(inventory: Inventory): void
  notePresets(presets: Preset[], away: boolean): Preset[]
  /** It is asked now; what takes its answer. */
  asking(): (status: PtzStatus) => PtzStatus
}) {
  const closed = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('closing'))))
  closed.catch(() => {})

  const ptzOf = ({ ptzPath, ptzProfile }: Inventory, shared: string | null): OnvifPtz | null =>
    ptzPath && ptzProfile !== null && shared === null
      ? createOnvifPtz({ client, path: ptzPath, profile: ptzProfile })
      : null

  return {
    /** @throws camera/unreachable, camera/refused */
    async inventory(): Promise<Inventory> {
      const inventory = await within(
        Promise.race([takeInventory(access, SETUP_DEADLINE_MS), closed]),
        { ms: WHOLE_SETUP_MS, clock, signal },
        () => {
          throw new Failure('camera/unreachable', `It was not set up within ${WHOLE_SETUP_MS / 1000} s.`, {
            extra: { trouble: 'unreachable' },
          })
        },
      )
      onInventory(inventory)
      return inventory
    },
    /** @param before the session of the same camera until now: what it knew is not forgotten; null: there was none */
    async session(inventory: Inventory, before: HeadSession | null): Promise<HeadSession> {
      // Picture and head each by itself: an address that may not be read is no reason not to move it.
      const pin = async (uri: string | null): Promise<{ url: URL | null; problem: string | null }> =>
        uri === null
          ? { url: null, problem: null }
          : await pinStream(uri, { base: client.base, nat: access.nat === true })
      const pinned = before?.stream ? { url: before.stream, problem: null } : await pin(inventory.streamUri)
      const substream = before?.stream ? before.substream : (await pin(inventory.smallUri)).url
      const shared = sharedHead(inventory)
      const ptz = ptzOf(inventory, shared)
      // A camera that lists no presets is a fixed view, and one that does not say where it looks is worth as much.
      const listed = ptz && (await ptz.getPresets(CALL_DEADLINE_MS).catch(nothingOf))
      const presets = listed ? notePresets(listed, before === null) : (before?.presets ?? [])
      // Where it looks now is the place before the first move; nobody waits for it for long.
      if (ptz) {
        const told = ptz.getStatus(STATUS_DEADLINE_MS).then(asking(), () => null)
        await within<unknown>(told, { ms: FIRST_STATUS_MS, clock, signal }, () => null)
      }
      // Not every camera answers this, and none is worth less for it.
      const aimRange = ptz && mounted() ? await ptz.aimRange(CALL_DEADLINE_MS).catch(() => null) : null
      return { inventory, ptz, shared, stream: pinned.url, problem: pinned.problem, substream, presets, aimRange }
    },
    /** A camera that shares its head may have been met since, or be gone: the session follows that. */
    followShared(session: HeadSession): void {
      const shared = sharedHead(session.inventory)
      if (shared === session.shared) return
      session.shared = shared
      session.ptz = ptzOf(session.inventory, shared)
    },
  }
}
