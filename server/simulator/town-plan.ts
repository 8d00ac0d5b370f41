/** What the simulated cameras of a town are like, worked out from its site file. Pure. */
import type { Place } from '../glossary/press.ts'
import type { Site, SiteCamera } from '../glossary/site.ts'
import { bearingBetween, metresBetween, wrap180 } from '../tools/geography.ts'
import { FRAME } from './picture/camera-picture.ts'
import type { Pose } from './motors.ts'
import type { StoredPreset } from './preset-store.ts'
import type { CameraPlan } from './simulated-camera.ts'
import type { Landmark } from './picture/street-drawing.ts'

const SEEN_WITHIN_METRES = 150

/** A camera with presets is a PTZ; it waits looking away, so that a press visibly moves it. */
export function planTown(site: Site): CameraPlan[] {
  return site.cameras.map((camera, i) => {
    const presets = presetsOf(site, camera)
    const ptz = presets.length > 0
    const nearest = [...site.helpPoints].sort((a, b) => distance(camera, a.location) - distance(camera, b.location))[0]
    const facing = nearest && camera.location ? wrap180(bearingBetween(camera.location, nearest.location)) : 0
    const home: Pose = ptz
      ? { pan: wrap180((presets[0]?.pose.pan ?? 0) + 130), tilt: -12, zoom: 1 }
      : { pan: facing, tilt: -14, zoom: 1.4 }
    return {
      id: camera.id,
      name: camera.name,
      seed: 1201 + i * 77,
      ptz,
      home,
      presets,
      landmarks: landmarksOf(site, camera),
      pushes: camera.rtmp !== null,
      speaker: camera.speaker === 'onvif',
      streamOnly: camera.stream !== null && camera.onvif === null,
      ...deviceOf(camera),
    }
  })
}

/** So many channels the simulated recorder and the simulated encoder for old cameras have. */
const CHANNELS = { nvr: 4, bridge: 150 }
/** What kind of device it is one of, as its id begins: a site file says which channel, and not how many there are. */
function deviceOf({ id, onvif }: SiteCamera): Pick<CameraPlan, 'channel' | 'substream'> {
  const [kind = ''] = id.split('-')
  const number = Number(/^VideoSource_(\d+)$/.exec(onvif?.source ?? '')?.[1])
  if ((kind === 'nvr' || kind === 'bridge') && number > 0) return { channel: { number, of: CHANNELS[kind] } }
  return kind === 'two' ? { substream: { ...FRAME, width: 480, height: 270 } } : {}
}

const distance = (camera: SiteCamera, place: Place): number =>
  camera.location ? metresBetween(camera.location, place) : Number.POSITIVE_INFINITY

function presetsOf(site: Site, camera: SiteCamera): StoredPreset[] {
  return [...camera.presets].flatMap(([helpPoint, { token, name }]) => {
    const place = site.helpPoints.find(({ id }) => id === helpPoint)?.location
    if (!place || !camera.location) return []
    const zoom = 1.5 + Math.min(1.5, metresBetween(camera.location, place) / 80)
    return [{ token, name, pose: { pan: wrap180(bearingBetween(camera.location, place)), tilt: -15, zoom } }]
  })
}

function landmarksOf(site: Site, camera: SiteCamera): Landmark[] {
  const from = camera.location
  if (!from) return []
  const points = site.helpPoints.map(({ name, location }) => ({ name, location, helpPoint: true }))
  const places = site.safePlaces.map(({ name, location }) => ({ name, location, helpPoint: false }))
  return [...points, ...places]
    .filter(({ location }) => metresBetween(from, location) <= SEEN_WITHIN_METRES)
    .map(({ name, location, helpPoint }) => ({
      bearing: bearingBetween(from, location),
      sign: name.split(',')[0] ?? name,
      helpPoint,
    }))
}
