/**
 * The media service (ONVIF Media, media.wsdl): one profile and its stream, or a second, smaller one beside it; of a
 * recorder or an encoder a source and a profile for each of its channels.
 */
import { FRAME } from '../picture/camera-picture.ts'
import { LIMITS } from '../motors.ts'
import { type SoapRequest, text } from '../../tools/onvif-server/soap-requests.ts'
import { SPACE, SoapFault, noSuchAction, xml } from '../../tools/onvif-server/soap-words.ts'

export const PROFILE = 'profile-1'
const SUB_PROFILE = 'profile-2'
export const SOURCE = 'source-1'
export const PTZ_CONFIGURATION = 'ptz-1'

const vector = (zoomSpace: string, panSpace: string): string =>
  `<tt:PanTilt x="1" y="1" space="${SPACE}/PanTiltSpaces/${panSpace}"/><tt:Zoom x="1" space="${SPACE}/ZoomSpaces/${zoomSpace}"/>`

/** The PTZ configuration, as the media profile and the PTZ service both name it. */
export const ptzConfiguration =
  '<tt:Name>PTZ</tt:Name><tt:UseCount>1</tt:UseCount><tt:NodeToken>node-1</tt:NodeToken>' +
  `<tt:DefaultAbsolutePantTiltPositionSpace>${SPACE}/PanTiltSpaces/PositionGenericSpace</tt:DefaultAbsolutePantTiltPositionSpace>` +
  `<tt:DefaultAbsoluteZoomPositionSpace>${SPACE}/ZoomSpaces/PositionGenericSpace</tt:DefaultAbsoluteZoomPositionSpace>` +
  `<tt:DefaultContinuousPanTiltVelocitySpace>${SPACE}/PanTiltSpaces/VelocityGenericSpace</tt:DefaultContinuousPanTiltVelocitySpace>` +
  `<tt:DefaultContinuousZoomVelocitySpace>${SPACE}/ZoomSpaces/VelocityGenericSpace</tt:DefaultContinuousZoomVelocitySpace>` +
  `<tt:DefaultPTZSpeed>${vector('ZoomGenericSpeedSpace', 'GenericSpeedSpace')}</tt:DefaultPTZSpeed>` +
  `<tt:DefaultPTZTimeout>PT5S</tt:DefaultPTZTimeout>` +
  `<tt:PanTiltLimits><tt:Range><tt:URI>${SPACE}/PanTiltSpaces/PositionGenericSpace</tt:URI>` +
  `<tt:XRange><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:XRange>` +
  `<tt:YRange><tt:Min>${LIMITS.tilt[0] / 90}</tt:Min><tt:Max>${LIMITS.tilt[1] / 90}</tt:Max></tt:YRange></tt:Range></tt:PanTiltLimits>` +
  `<tt:ZoomLimits><tt:Range><tt:URI>${SPACE}/ZoomSpaces/PositionGenericSpace</tt:URI>` +
  `<tt:XRange><tt:Min>0</tt:Min><tt:Max>1</tt:Max></tt:XRange></tt:Range></tt:ZoomLimits>`

const bounds = `<tt:Bounds x="0" y="0" width="${FRAME.width}" height="${FRAME.height}"/>`
type Size = { width: number; height: number }
const resolutionOf = ({ width, height }: Size): string =>
  `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>`
const resolution = resolutionOf(FRAME)
const sourceConfigurationOf = (source: string): string =>
  `<tt:Name>Source</tt:Name><tt:UseCount>1</tt:UseCount><tt:SourceToken>${source}</tt:SourceToken>${bounds}`
const sourceConfiguration = sourceConfigurationOf(SOURCE)
const multicast =
  '<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>' +
  '<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>'
/** Media 1 has no word for H.265; cameras that speak it here all the same say this. */
const encoderOf = (codec: 'h264' | 'h265', size: Size = FRAME): string =>
  `<tt:Name>${codec.toUpperCase()}</tt:Name><tt:UseCount>1</tt:UseCount>` +
  `<tt:Encoding>${codec.toUpperCase()}</tt:Encoding>${resolutionOf(size)}<tt:Quality>4</tt:Quality>` +
  `<tt:RateControl><tt:FrameRateLimit>${FRAME.rate}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>` +
  `<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl><tt:H264><tt:GovLength>${FRAME.rate}</tt:GovLength>` +
  `<tt:H264Profile>Baseline</tt:H264Profile></tt:H264>${multicast}<tt:SessionTimeout>PT60S</tt:SessionTimeout>`

const profile = (name: 'Main' | 'Sub', ptz: boolean, codec: 'h264' | 'h265', size: Size = FRAME): string =>
  `<tt:Name>${name}</tt:Name><tt:VideoSourceConfiguration token="vsc-1">${sourceConfiguration}</tt:VideoSourceConfiguration>` +
  '<tt:VideoEncoderConfiguration ' +
  `token="${name === 'Main' ? 'vec-1' : 'vec-2'}">${encoderOf(codec, size)}</tt:VideoEncoderConfiguration>` +
  (ptz ? `<tt:PTZConfiguration token="${PTZ_CONFIGURATION}">${ptzConfiguration}</tt:PTZConfiguration>` : '')

/** As recorders name them. */
export const sourceOf = (channel: number): string => `VideoSource_${channel}`
const profileOf = (channel: number): string => `profile-of-channel-${channel}`
const channelProfile = (channel: number): string =>
  `<tt:Name>Channel ${channel}</tt:Name><tt:VideoSourceConfiguration ` +
  `token="vsc-${channel}">${sourceConfigurationOf(sourceOf(channel))}</tt:VideoSourceConfiguration>` +
  `<tt:VideoEncoderConfiguration token="vec-${channel}">${encoderOf('h264')}</tt:VideoEncoderConfiguration>`

type MediaFacts = {
  ptz: boolean
  streamUri: string
  /** Null: it has one stream only. */ substreamUri: string | null
  substreamSize?: Size | undefined
  codec: 'h264' | 'h265'
  /** Of a recorder: how many, and where each is. */ channels?: {
    count: number
    streamUri(channel: number): Promise<string>
  } | null
}
export async function answerMedia(
  { operation, argument }: SoapRequest,
  { ptz, streamUri, substreamUri, substreamSize, codec, channels = null }: MediaFacts,
): Promise<string> {
  const numbers = Array.from({ length: channels?.count ?? 0 }, (_, i) => i + 1)
  const profiles = new Map<string, string>(
    channels
      ? numbers.map((channel) => [profileOf(channel), channelProfile(channel)])
      : [
          [PROFILE, profile('Main', ptz, substreamUri === null ? 'h264' : codec)],
          ...(substreamUri === null ? [] : [[SUB_PROFILE, profile('Sub', false, 'h264', substreamSize)] as const]),
        ],
  )
  const known = (name: string): string => {
    const given = text(argument, name)
    if (given === null) return channels ? profileOf(1) : PROFILE
    if (profiles.has(given)) return given
    throw new SoapFault(['Sender', 'ter:InvalidArgVal', 'ter:NoProfile'], `There is no ${name} ${given}`)
  }
  switch (operation) {
    case 'GetProfiles':
      return `<trt:GetProfilesResponse>${[...profiles]
        .map(([token, content]) => `<trt:Profiles token="${token}" fixed="true">${content}</trt:Profiles>`)
        .join('')}</trt:GetProfilesResponse>`
    case 'GetProfile': {
      const token = known('ProfileToken')
      return (
        `<trt:GetProfileResponse><trt:Profile token="${token}" fixed="true">${profiles.get(token)}</trt:Profile>` +
        '</trt:GetProfileResponse>'
      )
    }
    case 'GetVideoSources':
      return `<trt:GetVideoSourcesResponse>${(channels ? numbers.map(sourceOf) : [SOURCE])
        .map(
          (source) =>
            `<trt:VideoSources token="${source}"><tt:Framerate>${FRAME.rate}</tt:Framerate>${resolution}</trt:VideoSources>`,
        )
        .join('')}</trt:GetVideoSourcesResponse>`
    case 'GetVideoSourceConfigurations':
      return (
        `<trt:GetVideoSourceConfigurationsResponse><trt:Configurations token="vsc-1">${sourceConfiguration}</trt:Configurations>` +
        '</trt:GetVideoSourceConfigurationsResponse>'
      )
    case 'GetVideoEncoderConfigurations':
      return (
        `<trt:GetVideoEncoderConfigurationsResponse><trt:Configurations token="vec-1">${encoderOf('h264')}</trt:Configurations>` +
        '</trt:GetVideoEncoderConfigurationsResponse>'
      )
    case 'GetStreamUri': {
      const token = known('ProfileToken')
      const uri = channels
        ? await channels.streamUri(numbers.find((channel) => profileOf(channel) === token) ?? 1)
        : token === SUB_PROFILE
          ? (substreamUri ?? streamUri)
          : streamUri
      return (
        `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>${xml(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>` +
        '<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>'
      )
    }
    case 'GetServiceCapabilities':
      return (
        '<trt:GetServiceCapabilitiesResponse><trt:Capabilities><trt:ProfileCapabilities MaximumNumberOfProfiles="1"/>' +
        '<trt:StreamingCapabilities RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities></trt:GetServiceCapabilitiesResponse>'
      )
    default:
      throw noSuchAction(operation)
  }
}
