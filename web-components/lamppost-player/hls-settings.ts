/** How hls.js is set up for each way in which a picture comes, and where playing begins. */
import type { HlsConfig } from 'hls.js/light'

/**
 * carried: live over the page's WebSocket. edge: as live as HTTP can be. plain: live, but frugal with connections.
 * clip: a recording, from its start mark.
 */
export type Mode = 'carried' | 'edge' | 'plain' | 'clip'

/** The least that should be left to play when the next part comes: an ill-timed one must not stop the picture. */
const EDGE_SPARE_S = 0.05
const PLAIN_SPARE_S = 0.5
/** Where playing begins and jumps land: seconds before the end of what is here. */
const EDGE_START_S = 0.14
const PLAIN_START_S = 1.2

export const leastSpare = (mode: Mode): number => (mode === 'plain' ? PLAIN_SPARE_S : EDGE_SPARE_S)
/**
 * Whole segments come as far apart as they are long, and the list that names them is asked for now and then.
 * @param part seconds that the newest lasts.
 * @returns seconds before the end of what is here
 */
export const startBehind = (mode: Mode, part: number): number =>
  mode === 'plain' ? Math.max(PLAIN_START_S, part + PLAIN_SPARE_S) : EDGE_START_S

const common: Partial<HlsConfig> = {
  enableWorker: false,
  liveSyncOnStallIncrease: 0,
  maxLiveSyncPlaybackRate: 1,
  startFragPrefetch: true,
}
const edge: Partial<HlsConfig> = {
  ...common,
  lowLatencyMode: true,
  liveSyncDuration: EDGE_START_S,
  liveMaxLatencyDuration: 30,
  maxBufferLength: 5,
  backBufferLength: 10,
}
export const configs: Record<Mode, Partial<HlsConfig>> = {
  carried: edge,
  edge,
  plain: {
    ...common,
    lowLatencyMode: false,
    liveSyncDuration: PLAIN_START_S,
    liveMaxLatencyDuration: 30,
    maxBufferLength: 5,
    backBufferLength: 5,
  },
  // Half a picture before what is loaded is another picture: hls.js would take it for a hole that needs no loading.
  clip: { ...common, lowLatencyMode: false, maxBufferLength: 20, backBufferLength: 60, maxBufferHole: 0.005 },
}
