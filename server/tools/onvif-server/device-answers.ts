/** What every ONVIF device says of itself in the same way (ONVIF Core, devicemgmt.wsdl). Pure. */
import { createHash } from 'node:crypto'
import { xml } from './soap-words.ts'

/** These may be asked without credentials (ONVIF Core 5.9.4, PRE_AUTH). */
export const PRE_AUTH = new Set([
  'GetSystemDateAndTime',
  'GetCapabilities',
  'GetServices',
  'GetServiceCapabilities',
  'GetHostname',
  'GetEndpointReference',
  'GetWsdlUrl',
])

/** A locally administered address of its own, the same for the same serial number. */
export const hardwareAddress = (serial: string): string =>
  `02:${(createHash('sha256').update(serial).digest('hex').slice(0, 10).match(/../g) ?? []).join(':')}`

/** @param now wall clock, milliseconds */
export function dateAndTime(now: number): string {
  const at = new Date(now)
  const time =
    `<tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute>` +
    `<tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time>`
  const date =
    `<tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month>` +
    `<tt:Day>${at.getUTCDate()}</tt:Day></tt:Date>`
  return (
    '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>' +
    '<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>UTC0</tt:TZ></tt:TimeZone>' +
    `<tt:UTCDateTime>${time}${date}</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`
  )
}

/** @param serial of the device; its one network interface has the address made of it */
export const networkInterfaces = (serial: string): string =>
  '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled>' +
  `<tt:Info><tt:Name>eth0</tt:Name><tt:HwAddress>${hardwareAddress(serial)}</tt:HwAddress>` +
  '<tt:MTU>1500</tt:MTU></tt:Info></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>'

/** @param name letters, digits and hyphens */
export const hostname = (name: string): string =>
  '<tds:GetHostnameResponse><tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP>' +
  `<tt:Name>${xml(name)}</tt:Name></tds:HostnameInformation></tds:GetHostnameResponse>`

/** @param all addresses that begin with onvif://www.onvif.org/ */
export const scopesAnswer = (all: readonly string[]): string =>
  `<tds:GetScopesResponse>${all
    .map((scope) => `<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>${scope}</tt:ScopeItem></tds:Scopes>`)
    .join('')}</tds:GetScopesResponse>`
