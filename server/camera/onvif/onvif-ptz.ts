/** The PTZ service's messages (ONVIF PTZ 26.06), written out and read back. */
import type { Preset, PresetToken, PtzPosition, PtzStatus, PtzVelocity } from '../../glossary/camera.ts'
import type { Aim, AimRange, Limits } from '../framing/geometric-aim.ts'
import type { OnvifClient } from './onvif-client.ts'
import { escapeXml } from './onvif-envelope.ts'
import { type XmlElement, attributeIn, elementIn, elementsIn, numberIn, textIn } from './onvif-reply.ts'

const PTZ = 'http://www.onvif.org/ver20/ptz/wsdl'
const SCHEMA = 'http://www.onvif.org/ver10/schema'
const SPACES = 'http://www.onvif.org/ver10/tptz'
const SPHERICAL = `${SPACES}/PanTiltSpaces/SphericalPositionSpaceDegrees`
/** Translations as shares of what the picture shows (ONVIF PTZ 5.7.2): its ends are the picture's edges. */
const PICTURE_SPACE = `${SPACES}/PanTiltSpaces/TranslationSpaceFov`
const ZOOM_SPACE = `${SPACES}/ZoomSpaces/PositionGenericSpace`
/** By how much the head is told to turn, for a place at an edge of the picture. */
export type PictureRange = { x: Limits; y: Limits }
const number = (value: number): string => String(Math.round(value * 1e6) / 1e6)

export type OnvifPtz = ReturnType<typeof createOnvifPtz>

/**
 * @param path where the PTZ service is, as the inventory found it.
 * @param profile the media profile that moves this head.
 */
export function createOnvifPtz({ client, path, profile }: { client: OnvifClient; path: string; profile: string }) {
  const profileToken = `<ProfileToken>${escapeXml(profile)}</ProfileToken>`
  const call = (action: string, inner: string, deadlineMs: number): Promise<XmlElement> =>
    client.call({
      path,
      namespace: PTZ,
      action,
      body: `<${action} xmlns="${PTZ}">${profileToken}${inner}</${action}>`,
      deadlineMs,
      changes: !action.startsWith('Get'),
    })

  /** What each of its heads can be told. */
  async function nodeSpaces(deadlineMs: number): Promise<XmlElement[]> {
    const body = `<GetNodes xmlns="${PTZ}"/>`
    const response = await client.call({ path, namespace: PTZ, action: 'GetNodes', body, deadlineMs })
    return elementsIn(response, 'PTZNode')
      .map((node) => elementIn(node, 'SupportedPTZSpaces'))
      .filter((spaces) => spaces !== null)
  }

  return {
    /** Without Speed: some cameras refuse it. */
    gotoPreset: async (token: PresetToken, deadlineMs: number): Promise<void> =>
      void (await call('GotoPreset', `<PresetToken>${escapeXml(token)}</PresetToken>`, deadlineMs)),
    async getStatus(deadlineMs: number): Promise<PtzStatus> {
      const status = elementIn(await call('GetStatus', '', deadlineMs), 'PTZStatus') ?? {}
      return { position: positionOf(elementIn(status, 'Position')), moving: movingOf(elementIn(status, 'MoveStatus')) }
    },
    async getPresets(deadlineMs: number): Promise<Preset[]> {
      const response = await call('GetPresets', '', deadlineMs)
      return elementsIn(response, 'Preset').flatMap((preset) => {
        const token = attributeIn(preset, 'token')
        return token === null
          ? []
          : [
              {
                token: token as PresetToken,
                name: textIn(preset, 'Name') ?? '',
                position: positionOf(elementIn(preset, 'PTZPosition')),
              },
            ]
      })
    },
    /** Saves where the head looks now; without a token the camera makes a new preset. */
    async setPreset(name: string, token: PresetToken | null, deadlineMs: number): Promise<PresetToken> {
      const given = token === null ? '' : `<PresetToken>${escapeXml(token)}</PresetToken>`
      const response = await call('SetPreset', `<PresetName>${escapeXml(name)}</PresetName>${given}`, deadlineMs)
      return (textIn(response, 'PresetToken') ?? token ?? '') as PresetToken
    },
    removePreset: async (token: PresetToken, deadlineMs: number): Promise<void> =>
      void (await call('RemovePreset', `<PresetToken>${escapeXml(token)}</PresetToken>`, deadlineMs)),
    /** The camera stops by itself after `timeoutMs`: the dead man's handle is in the camera, not in the network. */
    async continuousMove({ pan, tilt, zoom }: PtzVelocity, timeoutMs: number, deadlineMs: number): Promise<void> {
      const velocity = `<PanTilt xmlns="${SCHEMA}" x="${number(pan)}" y="${number(tilt)}"/><Zoom xmlns="${SCHEMA}" x="${number(zoom)}"/>`
      await call(
        'ContinuousMove',
        `<Velocity>${velocity}</Velocity><Timeout>PT${number(timeoutMs / 1000)}S</Timeout>`,
        deadlineMs,
      )
    },
    /** Where this head can be turned by degrees; null when it does not say that it can (ONVIF PTZ 5.7.1.2). */
    async aimRange(deadlineMs: number): Promise<AimRange | null> {
      for (const spaces of await nodeSpaces(deadlineMs)) {
        const spherical = elementsIn(spaces, 'AbsolutePanTiltPositionSpace').find(
          (space) => textIn(space, 'URI') === SPHERICAL,
        )
        const [pan, tilt] = spherical
          ? [limitsOf(elementIn(spherical, 'XRange')), limitsOf(elementIn(spherical, 'YRange'))]
          : []
        if (pan && tilt)
          return {
            pan,
            tilt,
            zoom: elementsIn(spaces, 'AbsoluteZoomPositionSpace').some((space) => textIn(space, 'URI') === ZOOM_SPACE),
          }
      }
      return null
    },
    /** How this head can be turned to a place in its picture; null when it does not say that it can. */
    async pictureRange(deadlineMs: number): Promise<PictureRange | null> {
      for (const spaces of await nodeSpaces(deadlineMs)) {
        const found = elementsIn(spaces, 'RelativePanTiltTranslationSpace').find(
          (space) => textIn(space, 'URI') === PICTURE_SPACE,
        )
        const [x, y] = found ? [limitsOf(elementIn(found, 'XRange')), limitsOf(elementIn(found, 'YRange'))] : []
        if (x && y) return { x, y }
      }
      return null
    },
    /** In the picture's own space. */
    turnInPicture: async ({ x, y }: { x: number; y: number }, deadlineMs: number): Promise<void> =>
      void (await call(
        'RelativeMove',
        `<Translation><PanTilt xmlns="${SCHEMA}" x="${number(x)}" y="${number(y)}" space="${PICTURE_SPACE}"/></Translation>`,
        deadlineMs,
      )),
    /** Degrees; where there is a zoom, at its widest. */
    async aim({ pan, tilt }: Aim, zoom: boolean, deadlineMs: number): Promise<void> {
      const wide = zoom ? `<Zoom xmlns="${SCHEMA}" x="0" space="${ZOOM_SPACE}"/>` : ''
      await call(
        'AbsoluteMove',
        `<Position><PanTilt xmlns="${SCHEMA}" x="${number(pan)}" y="${number(tilt)}" space="${SPHERICAL}"/>${wide}</Position>`,
        deadlineMs,
      )
    },
    /** Lets the camera's own tour go on (ONVIF PTZ 5.4.5). */
    startTour: async (tour: string, deadlineMs: number): Promise<void> =>
      void (await call(
        'OperatePresetTour',
        `<PresetTourToken>${escapeXml(tour)}</PresetTourToken><Operation>Start</Operation>`,
        deadlineMs,
      )),
    gotoHome: async (deadlineMs: number): Promise<void> => void (await call('GotoHomePosition', '', deadlineMs)),
    /** Only the axes that are given move. */
    async absoluteMove(
      { pan, tilt, zoom, panTiltSpace, zoomSpace }: Partial<PtzPosition>,
      deadlineMs: number,
    ): Promise<void> {
      const inSpace = (space: string | undefined): string => (space === undefined ? '' : ` space="${escapeXml(space)}"`)
      const panTilt =
        pan === undefined || tilt === undefined
          ? ''
          : `<PanTilt xmlns="${SCHEMA}" x="${number(pan)}" y="${number(tilt)}"${inSpace(panTiltSpace)}/>`
      const zoomed = zoom === undefined ? '' : `<Zoom xmlns="${SCHEMA}" x="${number(zoom)}"${inSpace(zoomSpace)}/>`
      await call('AbsoluteMove', `<Position>${panTilt}${zoomed}</Position>`, deadlineMs)
    },
    stop: async (deadlineMs: number): Promise<void> =>
      void (await call('Stop', '<PanTilt>true</PanTilt><Zoom>true</Zoom>', deadlineMs)),
  }
}

/** Only the axes that the camera named: a missing position is null, never 0. */
function positionOf(vector: XmlElement | null): Partial<PtzPosition> | null {
  if (!vector) return null
  const panTilt = elementIn(vector, 'PanTilt')
  const pan = panTilt && numberIn(panTilt, 'x')
  const tilt = panTilt && numberIn(panTilt, 'y')
  const zoomElement = elementIn(vector, 'Zoom')
  const zoom = zoomElement && numberIn(zoomElement, 'x')
  const position = {
    ...(pan === null ? {} : { pan }),
    ...(tilt === null ? {} : { tilt }),
    ...(zoom === null ? {} : { zoom }),
  }
  if (Object.keys(position).length === 0) return null
  const [panTiltSpace, zoomSpace] = [panTilt, zoomElement].map((element) => element && attributeIn(element, 'space'))
  return { ...position, ...(panTiltSpace ? { panTiltSpace } : {}), ...(zoomSpace ? { zoomSpace } : {}) }
}

function limitsOf(range: XmlElement | null): Limits | null {
  const [min, max] = [range && textIn(range, 'Min'), range && textIn(range, 'Max')]
  return min === null || max === null || !(Number(min) < Number(max)) ? null : { min: Number(min), max: Number(max) }
}

/** MOVING on any axis is moving; IDLE on one and nothing else is standing; UNKNOWN or silence is unknown. */
function movingOf(element: XmlElement | null): boolean | null {
  if (!element) return null
  const states = new Set([textIn(element, 'PanTilt'), textIn(element, 'Zoom')].map((state) => state?.toUpperCase()))
  if (states.has('MOVING')) return true
  return states.has('IDLE') && !states.has('UNKNOWN') ? false : null
}
