/** What the device says of itself: the device service, and its inputs (ONVIF Core, devicemgmt.wsdl; deviceio.wsdl). Pure. */
import { dateAndTime, hostname, networkInterfaces, scopesAnswer } from '../../tools/onvif-server/device-answers.ts'
import { type SoapRequest, text } from '../../tools/onvif-server/soap-requests.ts'
import { NS, noSuchAction, xml } from '../../tools/onvif-server/soap-words.ts'
import type { DevicePlan } from '../device-plan.ts'

export type DeviceFacts = {
  plan: DevicePlan
  version: string
  username: string
  encrypted: boolean
  /** http://host:port as the client reached us. */ base: string
  /** Wall clock, milliseconds. */ now: number
}
const VERSION = '<tt:Major>24</tt:Major><tt:Minor>12</tt:Minor>'
export const PATHS = {
  device: '/onvif/device_service',
  media: '/onvif/media_service',
  events: '/onvif/event_service',
  io: '/onvif/deviceio_service',
} as const

/** @throws ter:ActionNotSupported */
export function answerDevice({ operation, argument }: SoapRequest, facts: DeviceFacts): string {
  const { plan, username } = facts
  switch (operation) {
    case 'GetSystemDateAndTime':
      return dateAndTime(facts.now)
    case 'GetDeviceInformation':
      return (
        '<tds:GetDeviceInformationResponse><tds:Manufacturer>Lamppost</tds:Manufacturer><tds:Model>Help points</tds:Model>' +
        `<tds:FirmwareVersion>${xml(facts.version)}</tds:FirmwareVersion><tds:SerialNumber>${xml(plan.serial)}</tds:SerialNumber>` +
        '<tds:HardwareId>lamppost</tds:HardwareId></tds:GetDeviceInformationResponse>'
      )
    case 'GetServices':
      return servicesOf(facts, text(argument, 'IncludeCapability') === 'true')
    case 'GetCapabilities':
      return capabilitiesOf(facts)
    case 'GetServiceCapabilities':
      return `<tds:GetServiceCapabilitiesResponse><tds:Capabilities>${own(facts)}</tds:Capabilities></tds:GetServiceCapabilitiesResponse>`
    case 'GetScopes':
      return scopesAnswer(scopesOf(plan))
    case 'GetHostname':
      return hostname(plan.serial)
    case 'GetNetworkInterfaces':
      return networkInterfaces(plan.serial)
    case 'GetNetworkProtocols':
      return '<tds:GetNetworkProtocolsResponse/>'
    case 'GetUsers':
      return (
        `<tds:GetUsersResponse><tds:User><tt:Username>${xml(username)}</tt:Username>` +
        '<tt:UserLevel>User</tt:UserLevel></tds:User></tds:GetUsersResponse>'
      )
    default:
      throw noSuchAction(operation)
  }
}

/** @throws ter:ActionNotSupported */
export function answerDeviceIo({ operation }: SoapRequest, { inputs, streams }: DevicePlan): string {
  const tokens = (response: string, names: readonly string[]): string =>
    `<tmd:${response}>${names.map((name) => `<tmd:Token>${xml(name)}</tmd:Token>`).join('')}</tmd:${response}>`
  switch (operation) {
    case 'GetServiceCapabilities':
      return (
        `<tmd:GetServiceCapabilitiesResponse><tmd:Capabilities VideoSources="${streams.length}" VideoOutputs="0" ` +
        `AudioSources="0" AudioOutputs="0" RelayOutputs="0" DigitalInputs="${inputs.length}"/></tmd:GetServiceCapabilitiesResponse>`
      )
    case 'GetDigitalInputs':
      return (
        '<tmd:GetDigitalInputsResponse>' +
        inputs.map((token) => `<tmd:DigitalInputs token="${xml(token)}" IdleState="open"/>`).join('') +
        '</tmd:GetDigitalInputsResponse>'
      )
    case 'GetVideoSources':
      return tokens(
        'GetVideoSourcesResponse',
        streams.map(({ token }) => token),
      )
    default:
      throw noSuchAction(operation)
  }
}

const own = ({ encrypted }: DeviceFacts): string =>
  `<tds:Network/><tds:Security UsernameToken="true" HttpDigest="true"${encrypted ? ' TLS1.2="true"' : ''}/><tds:System/>`

function servicesOf(facts: DeviceFacts, withCapabilities: boolean): string {
  const { streams, inputs } = facts.plan
  const service = (namespace: string, path: string, inner: string): string =>
    `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${facts.base}${path}</tds:XAddr>` +
    `${withCapabilities ? `<tds:Capabilities>${inner}</tds:Capabilities>` : ''}<tds:Version>${VERSION}</tds:Version></tds:Service>`
  const all = [
    service(NS.tds, PATHS.device, `<tds:Capabilities>${own(facts)}</tds:Capabilities>`),
    service(
      NS.trt,
      PATHS.media,
      `<trt:Capabilities><trt:ProfileCapabilities MaximumNumberOfProfiles="${streams.length}"/>` +
        '<trt:StreamingCapabilities RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities>',
    ),
    service(NS.tev, PATHS.events, '<tev:Capabilities WSPullPointSupport="true"/>'),
    service(NS.tmd, PATHS.io, `<tmd:Capabilities DigitalInputs="${inputs.length}"/>`),
  ]
  return `<tds:GetServicesResponse>${all.join('')}</tds:GetServicesResponse>`
}

function capabilitiesOf({ base, plan }: DeviceFacts): string {
  const at = (path: string): string => `<tt:XAddr>${base}${path}</tt:XAddr>`
  return (
    `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device>${at(PATHS.device)}<tt:IO>` +
    `<tt:InputConnectors>${plan.inputs.length}</tt:InputConnectors><tt:RelayOutputs>0</tt:RelayOutputs></tt:IO></tt:Device>` +
    `<tt:Events>${at(PATHS.events)}<tt:WSSubscriptionPolicySupport>true</tt:WSSubscriptionPolicySupport>` +
    '<tt:WSPullPointSupport>true</tt:WSPullPointSupport>' +
    '<tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>' +
    `<tt:Media>${at(PATHS.media)}<tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast>` +
    '<tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP></tt:StreamingCapabilities></tt:Media>' +
    `<tt:Extension><tt:DeviceIO>${at(PATHS.io)}<tt:VideoSources>${plan.streams.length}</tt:VideoSources>` +
    '<tt:VideoOutputs>0</tt:VideoOutputs><tt:AudioSources>0</tt:AudioSources><tt:AudioOutputs>0</tt:AudioOutputs>' +
    '<tt:RelayOutputs>0</tt:RelayOutputs></tt:DeviceIO></tt:Extension></tds:Capabilities></tds:GetCapabilitiesResponse>'
  )
}

const scopesOf = ({ name }: DevicePlan): string[] => [
  `onvif://www.onvif.org/name/${encodeURIComponent(name)}`,
  'onvif://www.onvif.org/hardware/lamppost',
  'onvif://www.onvif.org/Profile/Streaming',
  'onvif://www.onvif.org/type/video_encoder',
]
