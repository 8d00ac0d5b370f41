/**
 * A town of one's own for practice: a real site file with every camera simulated, and nothing in it that reaches a real
 * device, telephone or service. Pure.
 */
import { parse, stringify } from 'yaml'

type Plain = Record<string, unknown>
const listOf = (value: unknown): Plain[] => (Array.isArray(value) ? (value as Plain[]) : [])
const pick = (from: Plain, keys: readonly string[]): Plain =>
  Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])))

/** What each thing of the real file keeps. Everything else is left out: a key that comes later reaches nothing either. */
const KEPT = {
  site: ['id', 'name', 'timezone', 'quietHours'],
  helpPoint: ['id', 'name', 'address', 'location', 'instructions'],
  camera: ['id', 'name', 'location', 'mount', 'bearing', 'after', 'presets', 'privacy'],
  contact: ['id', 'name'],
  town: ['safePlaces', 'streets', 'viewing'],
} as const
/** So many are recorded all the time, as two cores can: the others from the press on. */
const RECORDED = 8
/** Nobody is called by mistake. */
const NO_NUMBER = '000'

/** Under which names the simulated camera's ports and key are referred to; by its place in the file. */
export const referencesOf = (at: number) => ({
  onvif: `TRAINING_${at}_ONVIF`,
  rtsp: `TRAINING_${at}_RTSP`,
  key: `TRAINING_${at}_KEY`,
})
export const PASSWORD = 'TRAINING_PASSWORD'

function cameraOf(camera: Plain, at: number, isRecorded: boolean): Plain {
  const { onvif, rtsp, key } = referencesOf(at)
  const access = { username: 'lamppost', password: `\${${PASSWORD}}` }
  const how = camera['rtmp']
    ? { rtmp: { streamKey: `\${${key}}` } }
    : camera['onvif']
      ? { onvif: { url: `http://127.0.0.1:\${${onvif}}/onvif/device_service`, ...access } }
      : { stream: { url: `rtsp://127.0.0.1:\${${rtsp}}/stream`, ...access } }
  return { ...pick(camera, KEPT.camera), ...how, buffer: isRecorded ? { preRoll: '60s' } : 'on-press' }
}

/** @param text of a site file that is valid */
export function trainingText(text: string): string {
  const town = parse(text, { maxAliasCount: -1 }) as Plain
  const cameras = listOf(town['cameras'])
  // Those that a press would move come first.
  const recorded = new Set(
    cameras
      .toSorted((a, b) => Number(b['presets'] !== undefined) - Number(a['presets'] !== undefined))
      .filter((camera) => camera['buffer'] !== 'on-press')
      .slice(0, RECORDED),
  )
  const training = {
    site: { ...pick(town['site'] as Plain, KEPT.site), prefix: 'TRAINING', training: true },
    ...pick(town, KEPT.town),
    escalation: listOf(town['escalation']).map(({ after }) => ({ after })),
    helpPoints: listOf(town['helpPoints']).map((helpPoint) => ({
      ...pick(helpPoint, KEPT.helpPoint),
      sources: [{ http: {} }],
    })),
    cameras: cameras.map((camera, i) => cameraOf(camera, i, recorded.has(camera))),
    contacts: listOf(town['contacts']).map((contact) => ({ ...pick(contact, KEPT.contact), phone: NO_NUMBER })),
    evidence: { prefix: 'TRAINING' },
  }
  return `# For practice only: made anew at each start. Edit the real site file instead.\n${stringify(training, { lineWidth: 0 })}`
}
