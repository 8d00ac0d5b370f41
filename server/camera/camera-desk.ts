/** All cameras of the town: their heads, their health, and who holds each. */
import type {
  Blindness,
  CameraHealth,
  CameraId,
  HeadLook,
  Preset,
  PresetToken,
  PtzPosition,
  Reachability,
} from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Place } from '../glossary/press.ts'
import type { Site, SiteCamera } from '../glossary/site.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { builtEntry } from '../tools/package-root.ts'
import { keepWorker } from '../tools/process/worker-calls.ts'
import { type PressedPlace, type Candidate, concerns } from './camera-choice.ts'
import { movedBy, sharedHeadText } from './head/shared-head.ts'
import { createCameraFinding } from './camera-finding.ts'
import { mustBeCameraAddress } from './camera-networks.ts'
import { ipv4Devices } from './network-devices.ts'
import { type CameraHead, createCameraHead } from './head/camera-head.ts'
import { troubleSentence } from './camera-trouble.ts'
import { type Aim, aimAt } from './framing/geometric-aim.ts'
import { clockStateOf, createSteadiness } from './watch/health-steadiness.ts'
import { type HeadMemories, newHeadMemory, wholePosition } from './head/head-memory.ts'
import type { InputEvent } from './onvif/onvif-events.ts'
import type { InventoryThread } from './onvif/onvif-inventory-thread.ts'

/** For so long after somebody steered a camera it is left where they want it. */
const HANDS_OFF_MS = 10 * 60_000

/** As part of a sentence about why another camera was taken. */
const asReason = (sentence: string | null): string =>
  sentence === null
    ? 'it does not answer'
    : sentence.replace(/\.$/, '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())

/** Until it was reached, the site file's word counts. */
const isPtz = ({ presets, mount }: SiteCamera, head: CameraHead | null): boolean =>
  head !== null && (head.ptz() ?? (presets.size > 0 || mount !== null))
const isMapped = ({ presets }: SiteCamera, token: PresetToken): boolean =>
  [...presets.values()].some((preset) => preset.token === token)

function aimOf({ location, mount }: SiteCamera, head: CameraHead | null, place: Place | null): Aim | null {
  const range = head?.aimRange() ?? null
  return location && mount && range && place ? aimAt(location, mount, place, range) : null
}

export type HealthChange = { camera: CameraId; health: CameraHealth }
/** In the order in which their reasons matter to a person. */
const PARTS = ['onvif', 'video', 'buffer'] as const
type Part = (typeof PARTS)[number]
type Steady = ReturnType<typeof createSteadiness> & { proving: AbortController | null }
type Kept = {
  detail: string | null
  site: SiteCamera
  head: CameraHead | null
  health: CameraHealth
  reasons: Record<Part, string | null>
  /** As it is this moment, told or not. */ now: Record<Part, Reachability>
  steady: Record<Part, Steady>
  handMovedAt: number | null
  lookedFor: boolean
}
export function createCameraDesk(options: {
  clock: Clock
  onHealth(change: HealthChange): void
  onStream(camera: SiteCamera, stream: URL, substream: URL | null): void
  /** What was seen of the heads before; left out: nothing is kept. */ memories?: HeadMemories
  /** Its presets were read. */ onPresets?(
    camera: CameraId,
    presets: readonly Preset[],
    mapped: ReadonlySet<PresetToken>,
  ): void
  presetConfirmed?(camera: CameraId, token: PresetToken): boolean
  /** A preset that the site file names is not on the camera. `away`: it was there before the camera was away. */ onPresetGone(
    camera: CameraId,
    token: PresetToken,
    away: boolean,
  ): void
  /** Whether a help point's button is wired to it. */ listened?(camera: CameraId): boolean
  onInput?(camera: CameraId, event: InputEvent): void
  onListening?(camera: CameraId, problem: string | null): void
  /** Its head is told to turn in a moment. */
  onTurn?(camera: CameraId): void
  /** Whether this server still moves the town's cameras; left out: nobody else could. */
  mayChange?: (() => boolean) | undefined
  /** It was reached, and said what it is. */
  onMet?(camera: SiteCamera): void
  /** Its video was there and has gone. */
  onInterrupted?(camera: CameraId): void
  onError(error: unknown): void
}) {
  const {
    clock,
    onHealth,
    onStream,
    onPresetGone,
    listened = () => false,
    onInput = () => {},
    onListening = () => {},
    onInterrupted = () => {},
    memories,
    onPresets = () => {},
    onTurn = () => {},
    mayChange,
    onMet = () => {},
    presetConfirmed = () => true,
    onError,
  } = options
  const inventory = keepWorker<InventoryThread>(builtEntry('camera/onvif/onvif-inventory-thread.js'), {
    clock,
    onDeath: onError,
    // A heap that has grown is seldom given back: what devices send must not make it grow.
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 },
  })
  const cameras = new Map<CameraId, Kept>()
  const holders = new Map<CameraId, IncidentId>()
  const positions = new Map<CameraId, Partial<PtzPosition>>()

  /** False also of one that has left the town, or when the house closes: its recorder may be heard a moment longer. */
  const hasVideo = (id: CameraId): boolean => cameras.get(id)?.health.video === 'up'

  /** One change as it came; one that comes and goes is told as lost until it has lasted. */
  function change(camera: CameraId, part: Part, state: Reachability, reason: string | null): void {
    const kept = cameras.get(camera)
    if (!kept) return
    kept.now[part] = state
    const steady = kept.steady[part]
    steady.proving?.abort()
    steady.proving = null
    const now = clock.monotonic()
    if (state === 'down' && kept.health[part] === 'up') steady.lost(now)
    const provingMs = state === 'up' && kept.health[part] === 'down' ? steady.provingMs(now) : 0
    if (provingMs === 0) return tell(camera, part, state, reason)
    const proving = new AbortController()
    steady.proving = proving
    tell(camera, part, 'down', steady.words(now))
    void clock.sleep(provingMs, proving.signal).then(() => proving.signal.aborted || tell(camera, part, 'up', reason))
  }

  function tell(camera: CameraId, part: Part, state: Reachability, reason: string | null): void {
    const kept = cameras.get(camera)
    if (!kept) return
    const changed = kept.health[part] !== state
    // A part that works may have something to say all the same.
    kept.reasons[part] = state === 'up' ? reason : (reason ?? kept.reasons[part])
    const states = { ...kept.health, [part]: state }
    const said = PARTS.filter((each) => kept.reasons[each] !== null).toSorted(
      (a, b) => Number(states[a] === 'up') - Number(states[b] === 'up'),
    )
    const health = {
      ...states,
      reason: said[0] === undefined ? null : kept.reasons[said[0]],
      since: changed ? isoTime(clock.now()) : kept.health.since,
    }
    if (!changed && health.reason === kept.health.reason) return
    kept.health = health
    onHealth({ camera, health })
  }

  /** Where an engineer may ask addresses what they are. */
  let networks: readonly string[] | null = null
  function open(site: SiteCamera): void {
    const steady = (): Steady => ({ ...createSteadiness(), proving: null })
    const kept: Kept = {
      detail: null,
      site,
      head: null,
      now: { onvif: 'unknown', video: 'unknown', buffer: 'unknown' },
      steady: { onvif: steady(), video: steady(), buffer: steady() },
      health: {
        onvif: 'unknown',
        video: 'unknown',
        buffer: 'unknown',
        blind: null,
        clockOffsetMs: null,
        clock: 'unknown',
        since: isoTime(clock.now()),
        reason: null,
      },
      reasons: { onvif: null, video: null, buffer: null },
      handMovedAt: null,
      lookedFor: false,
    }
    cameras.set(site.id, kept)
    if (!site.onvif) return
    kept.head = createCameraHead({
      id: site.id,
      access: site.onvif,
      clock,
      takeInventory: inventory.calls.take,
      mounted: () => kept.site.mount !== null,
      sharedHead(inventory) {
        const all = [...cameras.values()].map(({ site: each, head }) => ({
          site: each,
          inventory: head?.inventory() ?? null,
        }))
        const other = movedBy(site.id, inventory, all)
        return other && sharedHeadText(other)
      },
      memory: memories?.of(site.id) ?? newHeadMemory(),
      onLearnt: () => memories?.changed(),
      onTurn: () => onTurn(site.id),
      mayChange,
      onPresets: (presets) =>
        onPresets(site.id, presets, new Set([...kept.site.presets.values()].map(({ token }) => token))),
      confirmed: (token) => presetConfirmed(site.id, token),
      onHealth: ({ onvif, reason, trouble, detail }) => {
        kept.detail = detail ?? null
        change(site.id, 'onvif', onvif, reason === null ? null : troubleSentence(trouble ?? null, reason))
      },
      onSession: (stream, substream, fault) => {
        // The site file's own stream is read whatever ONVIF says.
        if (!kept.site.stream) {
          if (stream) onStream(kept.site, stream, substream)
          else if (fault) change(site.id, 'video', 'down', fault.words)
        }
        publishMissing(site.id)
        onMet(kept.site)
      },
      onPresetsGone: (tokens, away) => {
        for (const token of tokens) if (isMapped(kept.site, token)) onPresetGone(site.id, token, away)
      },
      onClock: (offsetMs) => clockIs(site.id, offsetMs),
      listened: () => listened(site.id),
      onInput: (event) => onInput(site.id, event),
      onListening: (problem) => onListening(site.id, problem),
    })
  }

  function clockIs(id: CameraId, clockOffsetMs: number): void {
    const found = cameras.get(id)
    if (!found) return
    const state = clockStateOf(found.health.clock, clockOffsetMs)
    const changed = state !== found.health.clock
    found.health = { ...found.health, clockOffsetMs, clock: state, ...(changed ? { since: isoTime(clock.now()) } : {}) }
    if (changed) onHealth({ camera: id, health: found.health })
  }
  /** What the site file names and the camera never had, since anybody looked. */
  function publishMissing(id: CameraId): void {
    const found = cameras.get(id)
    const known = found?.head?.knownTokens()
    if (!found || !known || found.lookedFor) return
    found.lookedFor = true
    for (const { token } of found.site.presets.values()) if (!known.has(token)) onPresetGone(id, token, false)
  }

  async function shut(id: CameraId): Promise<void> {
    const kept = cameras.get(id)
    for (const part of PARTS) kept?.steady[part].proving?.abort()
    cameras.delete(id)
    await kept?.head?.close()
  }

  /** @throws camera/unknown */
  function kept(id: string): Kept {
    const found = cameras.get(id as CameraId)
    if (!found) throw new Failure('camera/unknown', `There is no camera "${id}" in this town.`)
    return found
  }

  return {
    /** Takes over the town; a camera whose access changed gets a new session, the others keep theirs. */
    async follow(site: Site): Promise<void> {
      networks = site.cameraNetworks
      const wanted = new Map(site.cameras.map((camera) => [camera.id, camera]))
      const access = (camera: SiteCamera | undefined): string =>
        JSON.stringify([camera?.onvif, camera?.mount != null, camera?.stream != null])
      const gone = [...cameras]
        .filter(([id, { site: old }]) => access(wanted.get(id)) !== access(old))
        .map(([id]) => id)
      await Promise.all(gone.map(shut))
      for (const camera of site.cameras) {
        const existing = cameras.get(camera.id)
        if (existing) existing.site = camera
        else open(camera)
      }
    },
    /**
     * Those that may have to do with the place.
     * @param others who has a camera, where that is another than holds it; null is nobody.
     */
    candidates: (
      helpPoint: PressedPlace,
      others: ReadonlyMap<CameraId, IncidentId | null> = new Map(),
      neededBy: (presets: SiteCamera['presets']) => IncidentId | null = () => null,
    ): Candidate[] =>
      [...cameras.values()]
        .filter(({ site }) => concerns(site, helpPoint))
        .map(({ site, head, health, now, handMovedAt }) => ({
          id: site.id,
          name: site.name,
          location: site.location,
          ptz: isPtz(site, head),
          // A press may use what answers now, whether or not it has lasted.
          onvif: now.onvif,
          heldBy: others.has(site.id) ? (others.get(site.id) ?? null) : (holders.get(site.id) ?? null),
          presets: site.presets,
          handMovedMs: handMovedAt === null ? null : clock.monotonic() - handMovedAt,
          blind: health.blind,
          fault: head?.fault()?.words ?? null,
          silence: now.onvif === 'down' ? asReason(health.reason) : null,
          neededBy: neededBy(site.presets),
          knownTokens: head?.knownTokens() ?? null,
          canAim: (place) => aimOf(site, head, place) !== null,
        })),
    /** The engineer's way to cameras that are not in the site file yet. */
    finding: createCameraFinding({
      discover: inventory.calls.discover,
      inquire: inventory.calls.inquire,
      devices: ipv4Devices,
      mayAsk: (url) =>
        mustBeCameraAddress(url, {
          networks,
          known: [...cameras.values()].flatMap(({ site: { onvif } }) => (onvif ? [onvif.url] : [])),
        }),
      masked: () =>
        [...cameras.values()].flatMap(({ site: { onvif, stream, privacy }, head }) =>
          privacy
            ? [
                {
                  addresses: [onvif?.url, stream?.url].filter((each) => each !== undefined),
                  serial: head?.device()?.serial ?? null,
                },
              ]
            : [],
        ),
      cameraAt: (url) => [...cameras.values()].find(({ site }) => site.onvif?.url === url)?.site.id ?? null,
    }),
    ids: () => [...cameras.keys()],
    siteCamera: (id: string): SiteCamera => kept(id).site,
    /** @throws camera/unknown, camera/fixed */
    head(id: string): CameraHead {
      const { head } = kept(id)
      if (!head) throw new Failure('camera/fixed', `${id} has no ONVIF address; it cannot be asked to move.`)
      return head
    },
    /** Null of one that stands still, or is not known. */
    turningHead: (id: CameraId): CameraHead | null => {
      const head = cameras.get(id)?.head ?? null
      return head?.ptz() ? head : null
    },
    /** Where its head said that it stands, at most a few seconds ago; null where that is not known. */
    standing(id: CameraId): HeadLook['position'] {
      const head = cameras.get(id)?.head
      return head?.positionTrusted() ? wholePosition(head.lastPosition()) : null
    },
    /** How this camera is turned to a place by coordinates; null when it cannot be. */
    aimAt(id: CameraId, place: Place | null): Aim | null {
      const { site, head } = kept(id)
      return aimOf(site, head, place)
    },
    /**
     * Before what a camera shows well is given up for it. One that does not answer is believed: only the move will
     * tell.
     * @throws camera/unknown, camera/fixed, preset/unknown
     */
    async mustHave(id: CameraId, token: PresetToken): Promise<void> {
      const { site, head } = kept(id)
      if (!isPtz(site, head)) throw new Failure('camera/fixed', `${id} is a fixed camera; it has no presets.`)
      if (!head || (head.knownTokens()?.has(token) ?? true)) return
      const presets = await head.presets()
      if (presets.some((preset) => preset.token === token)) return
      throw new Failure(
        'preset/unknown',
        `${id} has no preset ${token}; it ` +
          `has ${presets.map((preset) => (preset.name ? `${preset.token} (${preset.name})` : preset.token)).join(', ') || 'none'}.`,
      )
    },
    ptz(id: string): boolean {
      const { head, site } = kept(id)
      return isPtz(site, head)
    },
    /** What it says it is; null before it was spoken to. */
    device: (id: string) => kept(id).head?.device() ?? null,
    health: (id: string): CameraHealth => kept(id).health,
    /** The camera's own words about what is wrong, for the engineer; null when it answers. */
    detail: (id: string): string | null => kept(id).detail,
    /** Somebody steers it: a press takes another camera if it can. */
    movedByHand(id: CameraId): void {
      kept(id).handMovedAt = clock.monotonic()
    },
    /** What somebody who looked at its picture found. */
    seen(id: CameraId, blind: Blindness | null): void {
      const found = cameras.get(id)
      if (!found || found.health.blind === blind) return
      found.health = { ...found.health, blind, since: isoTime(clock.now()) }
      onHealth({ camera: id, health: found.health })
    },
    hasVideo,
    videoIs(camera: CameraId, state: Reachability, reason: string | null): void {
      if (state === 'down' && hasVideo(camera)) onInterrupted(camera)
      change(camera, 'video', state, reason)
    },
    bufferIs: (camera: CameraId, state: Reachability, reason: string | null): void =>
      change(camera, 'buffer', state, reason),
    heldBy: (id: CameraId): IncidentId | null => holders.get(id) ?? null,
    /** Null when nobody needs it and it answers; else why it should be left alone. */
    busy(id: CameraId): string | null {
      const { health, handMovedAt } = kept(id)
      if (holders.has(id)) return 'an incident holds it'
      if (handMovedAt !== null && clock.monotonic() - handMovedAt < HANDS_OFF_MS) return 'somebody has just steered it'
      return health.onvif === 'up' ? null : asReason(health.reason)
    },
    /** @param to home, where it looked before it was sent (home where it never said), or nowhere. */
    async sendBack(id: CameraId, to: SiteCamera['after']): Promise<void> {
      const { head } = kept(id)
      const before = positions.get(id) ?? null
      positions.delete(id)
      if (!head || to === 'stay') return
      if (typeof to === 'object') await head.startTour(to.tour)
      else if (to === 'before' && before) await head.goTo(before)
      else await head.goHome()
    },
    /** Remembers where it looks, from what it said last: nothing is asked while somebody waits. */
    rememberPosition(id: CameraId): void {
      const position = kept(id).head?.lastPosition()
      if (position && !positions.has(id)) positions.set(id, position)
    },
    /** Returns the undo. A camera that another incident holds stays with it. */
    hold(id: CameraId, incident: IncidentId): () => void {
      if (!holders.has(id)) holders.set(id, incident)
      return () => {
        if (holders.get(id) === incident) holders.delete(id)
      }
    },
    async close(): Promise<void> {
      await Promise.all([...cameras.keys()].map(shut))
      await inventory.terminate()
    },
  }
}
