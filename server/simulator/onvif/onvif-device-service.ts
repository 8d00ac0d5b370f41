/** The device service: who it is, what it can do, what time it has (ONVIF Core, devicemgmt.wsdl). */
import { dateAndTime, hostname, networkInterfaces, scopesAnswer } from '../../tools/onvif-server/device-answers.ts'
import { type SoapRequest, text } from '../../tools/onvif-server/soap-requests.ts'
import { NS, noSuchAction, xml } from '../../tools/onvif-server/soap-words.ts'

export type DeviceFacts = {
  name: string
  serial: string
  ptz: boolean
  /** http://host:port as the client reached us. */ base: string
  deviceNow: number
}

const VERSION = '<tt:Major>24</tt:Major><tt:Minor>12</tt:Minor>'

export function answerDevice({ operation, argument }: SoapRequest, facts: DeviceFacts): string {
  switch (operation) {
    case 'GetSystemDateAndTime':
      return dateAndTime(facts.deviceNow)
    case 'GetDeviceInformation':
      return (
        '<tds:GetDeviceInformationResponse><tds:Manufacturer>Lamppost</tds:Manufacturer>' +
        `<tds:Model>${facts.ptz ? 'Simulated PTZ' : 'Simulated fixed'}</tds:Model><tds:FirmwareVersion>1.0</tds:FirmwareVersion>` +
        `<tds:SerialNumber>${xml(facts.serial)}</tds:SerialNumber>` +
        '<tds:HardwareId>simulator</tds:HardwareId></tds:GetDeviceInformationResponse>'
      )
    case 'GetServices':
      return services(facts, text(argument, 'IncludeCapability') === 'true')
    case 'GetCapabilities':
      return capabilities(facts)
    case 'GetServiceCapabilities':
      return (
        `<tds:GetServiceCapabilitiesResponse><tds:Capabilities>${serviceCapabilities}</tds:Capabilities>` +
        '</tds:GetServiceCapabilitiesResponse>'
      )
    case 'GetScopes':
      return scopesAnswer(scopes(facts))
    case 'GetHostname':
      return hostname(facts.serial)
    case 'GetNetworkInterfaces':
      return networkInterfaces(facts.serial)
    case 'GetUsers':
      return (
        '<tds:GetUsersResponse><tds:User><tt:Username>lamppost</tt:Username>' +
        '<tt:UserLevel>Operator</tt:UserLevel></tds:User></tds:GetUsersResponse>'
      )
    default:
      throw noSuchAction(operation)
  }
}

const serviceCapabilities = '<tds:Network/><tds:Security UsernameToken="true" HttpDigest="false"/><tds:System/>'

function services({ base, ptz }: DeviceFacts, withCapabilities: boolean): string {
  const service = (namespace: string, path: string, inner: string): string =>
    `<tds:Service><tds:Namespace>${namespace}</tds:Namespace>` +
    `<tds:XAddr>${base}${path}</tds:XAddr>` +
    `${withCapabilities ? `<tds:Capabilities>${inner}</tds:Capabilities>` : ''}<tds:Version>${VERSION}</tds:Version>` +
    '</tds:Service>'
  const all = [
    service(NS.tds, '/onvif/device_service', `<tds:Capabilities>${serviceCapabilities}</tds:Capabilities>`),
    service(
      NS.trt,
      '/onvif/media_service',
      '<trt:Capabilities><trt:ProfileCapabilities MaximumNumberOfProfiles="1"/>' +
        '<trt:StreamingCapabilities RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities>',
    ),
    ...(ptz
      ? [service(NS.tptz, '/onvif/ptz_service', '<tptz:Capabilities MoveStatus="true" StatusPosition="true"/>')]
      : []),
    service(NS.tev, '/onvif/event_service', '<tev:Capabilities WSPullPointSupport="true"/>'),
  ]
  return `<tds:GetServicesResponse>${all.join('')}</tds:GetServicesResponse>`
}

function capabilities({ base, ptz }: DeviceFacts): string {
  const at = (path: string): string => `<tt:XAddr>${base}${path}</tt:XAddr>`
  return (
    `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device>${at('/onvif/device_service')}</tt:Device>` +
    `<tt:Events>${at('/onvif/event_service')}<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>` +
    '<tt:WSPullPointSupport>true</tt:WSPullPointSupport>' +
    '<tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport>' +
    `</tt:Events>` +
    `<tt:Media>${at('/onvif/media_service')}<tt:StreamingCapabilities>` +
    `<tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>` +
    `</tt:StreamingCapabilities></tt:Media>` +
    `${ptz ? `<tt:PTZ>${at('/onvif/ptz_service')}</tt:PTZ>` : ''}</tds:Capabilities></tds:GetCapabilitiesResponse>`
  )
}

const scopes = ({ name, ptz }: DeviceFacts): string[] => [
  `onvif://www.onvif.org/name/${encodeURIComponent(name)}`,
  'onvif://www.onvif.org/hardware/simulator',
  'onvif://www.onvif.org/Profile/Streaming',
  ...(ptz ? ['onvif://www.onvif.org/type/ptz'] : ['onvif://www.onvif.org/type/video_encoder']),
]
