import type { SiteCamera } from '../../glossary/site.ts'

/** What a camera's stream is read with: its own credentials where the site file has some, else those of ONVIF. */
export const streamSecrets = ({ onvif, stream }: SiteCamera): StreamSecrets | null =>
  stream?.username != null
    ? { username: stream.username, password: stream.password ?? '', basic: stream.basic ?? false }
    : onvif && { username: onvif.username, password: onvif.password, basic: onvif.basic ?? stream?.basic ?? false }
/** `basic`: the password may go in the clear. */
export type StreamSecrets = { username: string; password: string; basic?: boolean }

/** The same address with a name and password in it; without any, as it is. */
export function signedIn(address: string | URL, secrets: StreamSecrets | null): URL {
  const url = new URL(address)
  if (secrets) {
    url.username = encodeURIComponent(secrets.username)
    url.password = encodeURIComponent(secrets.password)
  }
  return url
}
