/** The PTZ service over a simulated head (ONVIF PTZ, ptz.wsdl). */
import { isoTime } from '../../tools/clock.ts'
import { wrap180 } from '../../tools/geography.ts'
import {
  type HeadFault,
  INTERRUPTED_MS,
  OVERSHOOT_DEGREES,
  SHORT_SHARE,
  SLOW_SPEED,
  START_LATE_MS,
  type Told,
  type createHeadTelling,
  partOfWay,
} from '../head-faults.ts'
import { LIMITS, type Pose, type createMotors, fromGeneric, toGeneric } from '../motors.ts'
import { PROFILE, PTZ_CONFIGURATION, ptzConfiguration } from './onvif-media-service.ts'
import { type SoapRequest, durationMs, element, numberAt, text } from '../../tools/onvif-server/soap-requests.ts'
import { SPACE, SoapFault, noSuchAction, xml } from '../../tools/onvif-server/soap-words.ts'
import type { PresetStore } from '../preset-store.ts'

export type SimulatedHead = {
  motors: ReturnType<typeof createMotors>
  presets: PresetStore
  deviceNow(): number
  /** What its picture shows without zoom, degrees. */ view(): { width: number; height: number }
  onPreset(token: string): void
  /** Whether its own tour of all presets goes on; anything else that it is asked ends it. */ tour: { on: boolean }
  /** What is wrong with it now, and what it is for life; left out: nothing. */ faults?: {
    now(): HeadFault | null
    forLife(): HeadFault | null
    telling: ReturnType<typeof createHeadTelling>
  }
}

/** The one preset tour that every simulated head has. */
export const TOUR = 'tour-1'
const round = (value: number): string => value.toFixed(5)
/** @param direction false: a head that tells its zoom alone */
const vector = (pose: Pose, direction = true): string => {
  const { pan, tilt, zoom } = toGeneric(pose)
  const panTilt = `<tt:PanTilt x="${round(pan)}" y="${round(tilt)}" space="${SPACE}/PanTiltSpaces/PositionGenericSpace"/>`
  return `${direction ? panTilt : ''}<tt:Zoom x="${round(zoom)}" space="${SPACE}/ZoomSpaces/PositionGenericSpace"/>`
}
const range = (name: string, uri: string, axes: string): string =>
  `<tt:${name}><tt:URI>${SPACE}/${uri}</tt:URI>${axes}</tt:${name}>`
const axis = (name: string, min: number, max: number): string =>
  `<tt:${name}><tt:Min>${min}</tt:Min><tt:Max>${max}</tt:Max></tt:${name}>`
const both = axis('XRange', -1, 1) + axis('YRange', -1, 1)
const spaces =
  range('AbsolutePanTiltPositionSpace', 'PanTiltSpaces/PositionGenericSpace', both) +
  range(
    'AbsolutePanTiltPositionSpace',
    'PanTiltSpaces/SphericalPositionSpaceDegrees',
    axis('XRange', -180, 180) + axis('YRange', LIMITS.tilt[0], LIMITS.tilt[1]),
  ) +
  range('AbsoluteZoomPositionSpace', 'ZoomSpaces/PositionGenericSpace', axis('XRange', 0, 1)) +
  range('RelativePanTiltTranslationSpace', 'PanTiltSpaces/TranslationGenericSpace', both) +
  range('RelativePanTiltTranslationSpace', 'PanTiltSpaces/TranslationSpaceFov', both) +
  range('RelativeZoomTranslationSpace', 'ZoomSpaces/TranslationGenericSpace', axis('XRange', -1, 1)) +
  range('ContinuousPanTiltVelocitySpace', 'PanTiltSpaces/VelocityGenericSpace', both) +
  range('ContinuousZoomVelocitySpace', 'ZoomSpaces/VelocityGenericSpace', axis('XRange', -1, 1))
const node =
  `<tt:Name>Head</tt:Name><tt:SupportedPTZSpaces>${spaces}</tt:SupportedPTZSpaces>` +
  '<tt:MaximumNumberOfPresets>255</tt:MaximumNumberOfPresets><tt:HomeSupported>true</tt:HomeSupported>'

export function answerPtz({ operation, argument }: SoapRequest, head: SimulatedHead): string {
  const { motors, presets } = head
  const profile = text(argument, 'ProfileToken')
  if (profile !== null && profile !== PROFILE)
    throw new SoapFault(['Sender', 'ter:InvalidArgVal', 'ter:NoProfile'], `There is no profile ${profile}`)
  const done = `<tptz:${operation}Response/>`
  /** What the request leaves out stays as it is. */
  const given = (name: string, rest: Pose): Pose => {
    const vectorElement = element(argument, name)
    return {
      pan: numberAt(vectorElement, 'x', 'PanTilt') ?? rest.pan,
      tilt: numberAt(vectorElement, 'y', 'PanTilt') ?? rest.tilt,
      zoom: numberAt(vectorElement, 'x', 'Zoom') ?? rest.zoom,
    }
  }
  const here = (): Pose => motors.place().pose
  const fault = head.faults?.now() ?? null

  if (/^Goto|Move$|^Stop$/.test(operation)) head.tour.on = false
  switch (operation) {
    case 'GetNodes':
      return `<tptz:GetNodesResponse><tptz:PTZNode token="node-1" FixedHomePosition="false">${node}</tptz:PTZNode></tptz:GetNodesResponse>`
    case 'GetNode':
      return `<tptz:GetNodeResponse><tptz:PTZNode token="node-1" FixedHomePosition="false">${node}</tptz:PTZNode></tptz:GetNodeResponse>`
    case 'GetConfigurations':
      return (
        `<tptz:GetConfigurationsResponse><tptz:PTZConfiguration token="${PTZ_CONFIGURATION}">${ptzConfiguration}</tptz:PTZConfiguration>` +
        '</tptz:GetConfigurationsResponse>'
      )
    case 'GetConfiguration':
      return (
        `<tptz:GetConfigurationResponse><tptz:PTZConfiguration token="${PTZ_CONFIGURATION}">${ptzConfiguration}</tptz:PTZConfiguration>` +
        '</tptz:GetConfigurationResponse>'
      )
    case 'GetConfigurationOptions':
      return (
        `<tptz:GetConfigurationOptionsResponse><tptz:PTZConfigurationOptions><tt:Spaces>${spaces}</tt:Spaces>` +
        '<tt:PTZTimeout><tt:Min>PT0S</tt:Min><tt:Max>PT60S</tt:Max></tt:PTZTimeout>' +
        '</tptz:PTZConfigurationOptions></tptz:GetConfigurationOptionsResponse>'
      )
    case 'GetServiceCapabilities':
      return (
        '<tptz:GetServiceCapabilitiesResponse><tptz:Capabilities MoveStatus="true" ' +
        'StatusPosition="true"/></tptz:GetServiceCapabilitiesResponse>'
      )
    case 'GetStatus':
      return status(head.faults?.telling.told(fault, motors.place()) ?? motors.place(), head.deviceNow())
    case 'GetPresets':
      return `<tptz:GetPresetsResponse>${presets
        .all()
        .map(({ token, name, pose }) => {
          const told = head.faults ? head.faults.telling.ofPreset(head.faults.forLife(), pose) : pose
          return (
            `<tptz:Preset token="${xml(token)}">` +
            `<tt:Name>${xml(name)}</tt:Name>${told ? `<tt:PTZPosition>${vector(told)}</tt:PTZPosition>` : ''}</tptz:Preset>`
          )
        })
        .join('')}</tptz:GetPresetsResponse>`
    case 'SetPreset': {
      const asked = text(argument, 'PresetToken')
      const token = presets.save(asked === '' ? null : asked, text(argument, 'PresetName') ?? '', here())
      return `<tptz:SetPresetResponse><tptz:PresetToken>${xml(token)}</tptz:PresetToken></tptz:SetPresetResponse>`
    }
    case 'RemovePreset':
      presets.remove(text(argument, 'PresetToken') ?? '')
      return done
    case 'GotoPreset': {
      const { token, pose } = presets.get(text(argument, 'PresetToken') ?? '')
      head.faults?.telling.onGoto(pose, here())
      turnTo(head, fault, token, pose)
      head.onPreset(token)
      return done
    }
    case 'GotoHomePosition':
      motors.goTo(presets.home())
      return done
    case 'SetHomePosition':
      presets.setHome(here())
      return done
    case 'AbsoluteMove': {
      const asked = given('Position', toGeneric(here()))
      const spherical = String(element(element(argument, 'Position'), 'PanTilt')?.['@space'] ?? '').endsWith(
        'SphericalPositionSpaceDegrees',
      )
      motors.goTo(spherical ? { ...fromGeneric(asked), pan: asked.pan, tilt: asked.tilt } : fromGeneric(asked))
      return done
    }
    case 'GetPresetTours':
      return (
        `<tptz:GetPresetToursResponse><tptz:PresetTour token="${TOUR}"><tt:Name>Round</tt:Name><tt:Status>` +
        `<tt:State>${head.tour.on ? 'Touring' : 'Idle'}</tt:State></tt:Status><tt:AutoStart>false</tt:AutoStart>` +
        '<tt:StartingCondition/></tptz:PresetTour></tptz:GetPresetToursResponse>'
      )
    case 'OperatePresetTour': {
      const tour = text(argument, 'PresetTourToken')
      if (tour !== TOUR) throw new SoapFault(['Sender', 'ter:InvalidArgVal', 'ter:NoToken'], `There is no tour ${tour}`)
      head.tour.on = text(argument, 'Operation') === 'Start'
      return done
    }
    case 'RelativeMove': {
      const inPicture = String(element(element(argument, 'Translation'), 'PanTilt')?.['@space'] ?? '').endsWith(
        'TranslationSpaceFov',
      )
      if (inPicture) {
        const { pan, tilt, zoom } = here()
        const by = given('Translation', { pan: 0, tilt: 0, zoom: 0 })
        const { width, height } = head.view()
        motors.goTo({ pan: pan + (by.pan * width) / 2 / zoom, tilt: tilt + (by.tilt * height) / 2 / zoom, zoom })
        return done
      }
      const now = toGeneric(here())
      const by = given('Translation', { pan: 0, tilt: 0, zoom: 0 })
      motors.goTo(fromGeneric({ pan: now.pan + by.pan, tilt: now.tilt + by.tilt, zoom: now.zoom + by.zoom }))
      return done
    }
    case 'ContinuousMove':
      motors.turn(given('Velocity', { pan: 0, tilt: 0, zoom: 0 }), durationMs(text(argument, 'Timeout') ?? 'PT5S') ?? 0)
      return done
    case 'Stop':
      motors.stop()
      return done
    default:
      throw noSuchAction(operation)
  }
}

/** As its motors do it now. */
function turnTo({ motors, presets }: SimulatedHead, fault: HeadFault | null, token: string, pose: Pose): void {
  const from = motors.place().pose
  switch (fault) {
    case 'stuck':
    case 'stuck-as-asked':
    case 'stuck-as-asked-idle':
      return
    case 'stops-short':
      return motors.goTo(partOfWay(from, pose, wrap180(pose.pan - from.pan), SHORT_SHARE))
    case 'overshoots':
      return motors.goTo({ ...pose, pan: pose.pan + OVERSHOOT_DEGREES })
    case 'another-preset':
      return motors.goTo(presets.all().find((other) => other.token !== token)?.pose ?? pose)
    case 'starts-late':
      return void setTimeout(() => motors.goTo(pose), START_LATE_MS).unref()
    case 'slow':
      return motors.goTo(pose, SLOW_SPEED)
    case 'interrupted':
      motors.goTo(pose)
      return void setTimeout(motors.stop, INTERRUPTED_MS).unref()
    default:
      return motors.goTo(pose)
  }
}

function status({ pose, moving, zoomAlone = false }: Told, now: number): string {
  const word = moving ? 'MOVING' : 'IDLE'
  const position = pose === null ? '' : `<tt:Position>${vector(pose, !zoomAlone)}</tt:Position>`
  const move =
    moving === null ? '' : `<tt:MoveStatus><tt:PanTilt>${word}</tt:PanTilt><tt:Zoom>${word}</tt:Zoom></tt:MoveStatus>`
  return (
    `<tptz:GetStatusResponse><tptz:PTZStatus>${position}${move}<tt:UtcTime>${isoTime(now)}</tt:UtcTime>` +
    '</tptz:PTZStatus></tptz:GetStatusResponse>'
  )
}
