import type { SiteCamera } from '../../glossary/site.ts'

/** What a camera's stream is read with: its own credentials where the site file has some, else those of ONVIF. */
export const streamSecrets = ({ onvif, stream }: SiteCamera): StreamSecrets | null =>
  stream?.username != null
    ? { username: stream.username, password: stream.password ?? '', basic: stream.basic ?? false }
    : onvif && { username: onvif.username, password: onvif.password, basic: onvif.basic ?? stream?.basic ?? false }
/** `basic`: the password may go in the clear. */
export type StreamSecrets = { username: string; password: string; basic?: boolean }
