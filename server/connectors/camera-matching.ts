/**
 * Which of a VMS's cameras is which of ours. Pure. What the engineer says counts first; then the very same stream; then
 * an address that one camera alone has on either side. A name is no proof: it is a candidate for the engineer.
 */
import type { CameraMatch } from '../glossary/connector.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { ConnectorSite, SiteCamera } from '../glossary/site.ts'
import { streamAddress } from '../tools/rtsp/stream-address.ts'
import type { TheirCamera } from './connector.ts'

type Ours = Pick<SiteCamera, 'id' | 'name' | 'onvif' | 'stream'>
const CANDIDATES_SHOWN = 5
const LOOPBACK = /^(localhost|127\.|::1$)/

export const hostOf = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').toLowerCase()

const hostsOf = ({ onvif, stream }: Ours): string[] => [
  ...new Set(
    [onvif?.url, stream?.url].flatMap((url) => (url && URL.canParse(url) ? [hostOf(new URL(url).hostname)] : [])),
  ),
]
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '')

/** @param streamAt the address at which a camera's stream is read now; null: it is not known */
export function matchCameras(
  ours: readonly Ours[],
  theirs: readonly TheirCamera[],
  said: ConnectorSite['cameras'],
  streamAt: (camera: CameraId) => string | null = () => null,
): CameraMatch[] {
  const byId = new Map(theirs.map((their) => [their.id, their]))
  const taken = new Set(said.values())
  const grouped = (keyOf: (their: TheirCamera) => string | null): Map<string, TheirCamera[]> => {
    const groups = new Map<string, TheirCamera[]>()
    for (const their of theirs) {
      const key = taken.has(their.id) ? null : keyOf(their)
      if (key !== null) groups.set(key, [...(groups.get(key) ?? []), their])
    }
    return groups
  }
  const byStream = grouped(({ stream }) => stream)
  const byHost = grouped(({ host }) => host)
  const byName = grouped(({ name }) => plain(name) || null)
  const sameHost = new Map<string, number>()
  for (const camera of ours)
    if (!said.has(camera.id)) for (const host of hostsOf(camera)) sameHost.set(host, (sameHost.get(host) ?? 0) + 1)

  const matches = ours.map((camera): CameraMatch => {
    const none = (problem: string, candidates: CameraMatch['candidates'] = []): CameraMatch => ({
      camera: camera.id,
      name: camera.name,
      theirs: null,
      theirName: null,
      how: null,
      problem,
      candidates: candidates.slice(0, CANDIDATES_SHOWN),
    })
    const is = (their: TheirCamera, how: CameraMatch['how']): CameraMatch => ({
      ...none(''),
      theirs: their.id,
      theirName: their.name,
      how,
      problem: their.problem,
    })
    const named = said.get(camera.id)
    if (named !== undefined) {
      const their = byId.get(named)
      return their ? is(their, 'site-file') : none(`The site file names the camera "${named}", which the VMS has not.`)
    }
    const stream = streamAt(camera.id) ?? (camera.stream ? streamAddress(camera.stream.url) : null)
    const streams = stream === null ? [] : (byStream.get(stream) ?? [])
    if (streams.length === 1 && streams[0]) return is(streams[0], 'stream')
    if (streams.length > 1)
      return none(
        'The VMS has this stream more than once: say in the site file which one it is.',
        streams.map(({ id, name }) => ({ id, name, why: 'the same stream' })),
      )
    const hosts = hostsOf(camera)
    // Every simulated camera, and every bridge of cameras on this machine, is at 127.0.0.1: that says nothing.
    const atHost = hosts.filter((host) => !LOOPBACK.test(host)).flatMap((host) => byHost.get(host) ?? [])
    const alone = hosts.every((host) => sameHost.get(host) === 1)
    if (atHost.length === 1 && atHost[0] && alone) return is(atHost[0], 'address')
    const candidates = [
      ...atHost.map(({ id, name }) => ({ id, name, why: 'the same address' })),
      ...(byName.get(plain(camera.name)) ?? []).map(({ id, name }) => ({ id, name, why: 'the same name' })),
      ...(byName.get(plain(camera.id)) ?? []).map(({ id, name }) => ({ id, name, why: 'its name is our id' })),
    ].filter(({ id }, i, all) => all.findIndex((each) => each.id === id) === i)
    if (candidates.length === 0) return none('No camera of the VMS has its address.')
    return none('No camera of the VMS is surely this one: say in the site file which one it is.', candidates)
  })
  return withoutDoubles(matches)
}

/** One camera of theirs that two of ours were matched with is neither's. */
function withoutDoubles(matches: readonly CameraMatch[]): CameraMatch[] {
  const times = new Map<string, CameraMatch[]>()
  for (const match of matches)
    if (match.theirs !== null) times.set(match.theirs, [...(times.get(match.theirs) ?? []), match])
  return matches.map((match) => {
    const twins = match.theirs === null ? [] : (times.get(match.theirs) ?? [])
    if (twins.length < 2 || match.how === 'site-file') return match
    const others = twins.filter((twin) => twin !== match).map(({ camera }) => camera)
    return {
      ...match,
      theirs: null,
      theirName: null,
      how: null,
      problem: `${others.join(', ')} is matched with the same camera of the VMS: say in the site file which one it is.`,
      candidates: [{ id: match.theirs ?? '', name: match.theirName ?? '', why: 'the same camera' }],
    }
  })
}
