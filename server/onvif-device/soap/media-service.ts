/** The pictures of the device (ONVIF Media, media.wsdl): a profile for each, whose tokens are all the picture's own. Pure. */
import { type SoapRequest, text } from '../../tools/onvif-server/soap-requests.ts'
import { SoapFault, noSuchAction, xml } from '../../tools/onvif-server/soap-words.ts'
import type { DeviceStream } from '../device-plan.ts'

export type MediaFacts = {
  streams: readonly DeviceStream[]
  /** As they are now, or usually: it changes with the camera. */ size: { width: number; height: number }
  streamUri(token: string): string
}
/** Facts of a picture that nobody can set here; VMSs show them, and most ask for nothing else. */
const [RATE, KBITS] = [25, 4096]

/** @throws ter:NoProfile, ter:ActionNotSupported */
export function answerMedia({ operation, argument }: SoapRequest, facts: MediaFacts): string {
  const { streams, size } = facts
  const known = (name: string): DeviceStream => {
    const given = text(argument, name)
    const found = given === null ? streams[0] : streams.find(({ token }) => token === given)
    if (found) return found
    throw new SoapFault(['Sender', 'ter:InvalidArgVal', 'ter:NoProfile'], `There is no ${name} ${given}`)
  }
  const listed = (name: string, write: (stream: DeviceStream) => string): string =>
    `<trt:${name}Response>${streams.map(write).join('')}</trt:${name}Response>`
  const one = (name: string, tag: string, stream: DeviceStream, content: string): string =>
    `<trt:${name}Response><trt:${tag} token="${stream.token}">${content}</trt:${tag}></trt:${name}Response>`
  const configurations = (name: string, content: (stream: DeviceStream) => string): string =>
    listed(name, (stream) => `<trt:Configurations token="${stream.token}">${content(stream)}</trt:Configurations>`)
  switch (operation) {
    case 'GetServiceCapabilities':
      return (
        `<trt:GetServiceCapabilitiesResponse><trt:Capabilities><trt:ProfileCapabilities MaximumNumberOfProfiles="${streams.length}"/>` +
        '<trt:StreamingCapabilities RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities></trt:GetServiceCapabilitiesResponse>'
      )
    case 'GetProfiles':
      return listed(
        'GetProfiles',
        (stream) => `<trt:Profiles ${headOf(stream)}>${profileOf(stream, size)}</trt:Profiles>`,
      )
    case 'GetProfile': {
      const stream = known('ProfileToken')
      return `<trt:GetProfileResponse><trt:Profile ${headOf(stream)}>${profileOf(stream, size)}</trt:Profile></trt:GetProfileResponse>`
    }
    case 'GetVideoSources':
      return listed(
        'GetVideoSources',
        ({ token }) =>
          `<trt:VideoSources token="${token}"><tt:Framerate>${RATE}</tt:Framerate>${resolutionOf(size)}</trt:VideoSources>`,
      )
    case 'GetVideoSourceConfigurations':
      return configurations(operation, (stream) => sourceOf(stream, size))
    case 'GetCompatibleVideoSourceConfigurations':
      return configurations(operation, (stream) => sourceOf(stream, size))
    case 'GetVideoSourceConfiguration': {
      const stream = known('ConfigurationToken')
      return one('GetVideoSourceConfiguration', 'Configuration', stream, sourceOf(stream, size))
    }
    case 'GetVideoEncoderConfigurations':
      return configurations(operation, (stream) => encoderOf(stream, size))
    case 'GetCompatibleVideoEncoderConfigurations':
      return configurations(operation, (stream) => encoderOf(stream, size))
    case 'GetVideoEncoderConfiguration': {
      const stream = known('ConfigurationToken')
      return one('GetVideoEncoderConfiguration', 'Configuration', stream, encoderOf(stream, size))
    }
    case 'GetAudioSources':
    case 'GetAudioSourceConfigurations':
    case 'GetAudioEncoderConfigurations':
    case 'GetMetadataConfigurations':
      return `<trt:${operation}Response/>`
    case 'GetStreamUri':
      return (
        `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>${xml(facts.streamUri(known('ProfileToken').token))}</tt:Uri>` +
        '<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>' +
        '<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>'
      )
    default:
      throw noSuchAction(operation)
  }
}

type Size = MediaFacts['size']
const headOf = ({ token }: DeviceStream): string => `token="${token}" fixed="true"`
const resolutionOf = ({ width, height }: Size): string =>
  `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>`
const sourceOf = ({ token, name }: DeviceStream, { width, height }: Size): string =>
  `<tt:Name>${xml(name)}</tt:Name><tt:UseCount>1</tt:UseCount><tt:SourceToken>${token}</tt:SourceToken>` +
  `<tt:Bounds x="0" y="0" width="${width}" height="${height}"/>`
const encoderOf = ({ name }: DeviceStream, size: Size): string =>
  `<tt:Name>${xml(name)}</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding>${resolutionOf(size)}` +
  `<tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>${RATE}</tt:FrameRateLimit>` +
  `<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>${KBITS}</tt:BitrateLimit></tt:RateControl>` +
  `<tt:H264><tt:GovLength>${RATE}</tt:GovLength><tt:H264Profile>High</tt:H264Profile></tt:H264>` +
  '<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>' +
  '<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>'
const profileOf = (stream: DeviceStream, size: Size): string =>
  `<tt:Name>${xml(stream.name)}</tt:Name>` +
  `<tt:VideoSourceConfiguration token="${stream.token}">${sourceOf(stream, size)}</tt:VideoSourceConfiguration>` +
  `<tt:VideoEncoderConfiguration token="${stream.token}">${encoderOf(stream, size)}</tt:VideoEncoderConfiguration>`
