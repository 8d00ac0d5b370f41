import type { SiteCamera } from '../../glossary/site.ts'

/** What a camera's stream is read with: its own credentials where the site file has some, else those of ONVIF. */
export const streamSecrets = ({ onvif, stream }: SiteCamera): { username: string; password: string } | null =>
  stream?.username != null ? { username: stream.username, password: stream.password ?? '' } : onvif
