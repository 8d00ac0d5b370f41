/**
 * Which of a device's media profiles are recorded, shown small, and move the head. Pure. A recorder, an encoder or a
 * camera with several sensors has many channels behind one address: the picture and the head must be of the same one.
 */

/**
 * What a device says of one of its media profiles. `source`: its video source; null where it names none. `codec`: as
 * it writes it, '' when it does not say.
 */
export type MediaProfile = {
  token: string
  name: string
  source: string | null
  codec: string
  width: number
  height: number
  /** Its PTZ configuration's node; '' when it has one that names none, null when it has none. */ ptzNode: string | null
  /** That configuration's own token. */ ptzConfiguration?: string
}
/** What the site file says of the channel; each may be left out. */
export type ChannelWish = {
  source?: string | undefined
  profile?: string | undefined
  substreamProfile?: string | undefined
  ptz?: { profile?: string | undefined; node?: string | undefined } | undefined
}
export type Channel = { source: string; profiles: MediaProfile[] }
/**
 * `small`: of the same source, H.264 and smaller than the recorded one, or the only H.264. `ptz`: null where no
 * profile of this source moves anything.
 */
export type ProfileChoice = { record: MediaProfile; small: MediaProfile | null; ptz: MediaProfile | null }
export type ChoiceFault = { fault: string }

/** Tiles are not larger than this. */
const SMALL_AREA = 1280 * 720

export const isH264 = ({ codec }: MediaProfile): boolean => /^(?:h\.?264|avc)/i.test(codec)
/** Recorded as it comes; a device that says no codec may mean one of them. */
const isRecordable = (profile: MediaProfile): boolean =>
  isH264(profile) || /^(?:h\.?265|hevc|)$/i.test(profile.codec.trim()) || /^(?:h\.?265|hevc)/i.test(profile.codec)
const areaOf = ({ width, height }: MediaProfile): number => width * height

/**
 * A device's channels in its own order. Profiles without a video source (sound, metadata) are none, as long as others
 * have one.
 */
export function channelsOf(profiles: readonly MediaProfile[]): Channel[] {
  const withSource = profiles.filter(({ source }) => source !== null)
  if (withSource.length === 0) return profiles.length === 0 ? [] : [{ source: '', profiles: [...profiles] }]
  const channels = new Map<string, MediaProfile[]>()
  for (const profile of withSource)
    channels.set(profile.source ?? '', [...(channels.get(profile.source ?? '') ?? []), profile])
  return [...channels].map(([source, each]) => ({ source, profiles: each }))
}

/** @returns the choice, or why there is none: a sentence that names the device's channels or profiles. */
export function chooseProfiles(profiles: readonly MediaProfile[], wish: ChannelWish): ProfileChoice | ChoiceFault {
  const channels = channelsOf(profiles)
  if (channels.length === 0) return { fault: 'It has no media profile: nothing of it can be recorded.' }
  const named = wish.profile === undefined ? null : profiles.find(({ token }) => token === wish.profile)
  if (named === undefined)
    return { fault: `It has no profile "${wish.profile}"; it has ${listOf(profiles.map(({ token }) => token))}.` }
  const found = channelFor(channels, named, wish.source)
  if ('fault' in found) return found
  const own = found.profiles
  const record = named ?? largest(own.filter(isRecordable)) ?? largest(own)
  if (!record) return { fault: 'It has no media profile: nothing of it can be recorded.' }
  const small =
    wish.substreamProfile === undefined
      ? smallOf(own, record)
      : own.find(({ token }) => token === wish.substreamProfile)
  if (small === undefined)
    return {
      fault:
        `Its channel "${found.source}" has no profile "${wish.substreamProfile}" for a ` +
        `sub-stream; it has ${listOf(own.map(({ token }) => token))}.`,
    }
  const ptz = ptzOf(profiles, own, record, wish.ptz)
  return 'fault' in ptz ? ptz : { record, small, ptz: ptz.profile }
}

function channelFor(
  channels: readonly Channel[],
  named: MediaProfile | null,
  source: string | undefined,
): Channel | ChoiceFault {
  const wanted = source ?? named?.source ?? (named ? '' : undefined)
  if (wanted !== undefined) {
    const found =
      channels.find((channel) => channel.source === wanted) ?? (named ? { source: '', profiles: [named] } : undefined)
    if (!found)
      return {
        fault: `It has no video source "${wanted}"; it has ${listOf(channels.map((channel) => channel.source))}.`,
      }
    if (named && !found.profiles.includes(named))
      return { fault: `Its profile "${named.token}" is not of the video source "${wanted}".` }
    return found
  }
  const [only, ...others] = channels
  if (only && others.length === 0) return only
  return {
    fault:
      `It has ${channels.length} channels, and the site file does not say which one this camera is: write ` +
      `onvif: { source: … } with one of ${listOf(channels.map((channel) => channel.source))}.`,
  }
}

/** The first of the largest: devices list their main stream first. */
const largest = (profiles: readonly MediaProfile[]): MediaProfile | undefined =>
  profiles.reduce<MediaProfile | undefined>(
    (best, each) => (best === undefined || areaOf(each) > areaOf(best) ? each : best),
    undefined,
  )

function smallOf(own: readonly MediaProfile[], record: MediaProfile): MediaProfile | null {
  const others = own.filter(
    (each) => each !== record && isH264(each) && (areaOf(each) < areaOf(record) || !isH264(record)),
  )
  const fitting = largest(others.filter((each) => areaOf(each) <= SMALL_AREA))
  return fitting ?? others.toSorted((a, b) => areaOf(a) - areaOf(b))[0] ?? null
}

function ptzOf(
  all: readonly MediaProfile[],
  own: readonly MediaProfile[],
  record: MediaProfile,
  wish: ChannelWish['ptz'],
): { profile: MediaProfile | null } | ChoiceFault {
  if (wish?.profile !== undefined) {
    const profile = all.find(({ token }) => token === wish.profile)
    return profile
      ? { profile }
      : { fault: `It has no profile "${wish.profile}" for its PTZ; it has ${listOf(all.map(({ token }) => token))}.` }
  }
  const moving = own.filter(({ ptzNode }) => ptzNode !== null)
  if (wish?.node !== undefined) {
    const profile =
      moving.find(({ ptzNode }) => ptzNode === wish.node) ?? all.find(({ ptzNode }) => ptzNode === wish.node)
    return profile ? { profile } : { fault: `No profile of it has the PTZ node "${wish.node}".` }
  }
  return { profile: record.ptzNode === null ? (moving[0] ?? null) : record }
}

const MOST_LISTED = 12
function listOf(names: readonly string[]): string {
  const shown = names
    .slice(0, MOST_LISTED)
    .map((name) => `"${name}"`)
    .join(', ')
  return names.length > MOST_LISTED ? `${shown} and ${names.length - MOST_LISTED} more` : shown || 'none'
}
