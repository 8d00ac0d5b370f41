/** The engineer's site file: read, and saved against the version that was seen. */
import type { WallCalls } from './wall-requests.ts'

export type SiteFileState = {
  text: string
  version: string
  writable: boolean
  undo: boolean
  /** What the newest edit changed. */
  undoes: string | null
  problem: string | null
}
/** `why`: why the town does not follow it yet. */
export type SiteFileEdit = { version: string; following: boolean; why: string | null }

export const createSiteFileRequests = ({ call, get }: Pick<WallCalls, 'call' | 'get'>) => ({
  siteFile: (): Promise<SiteFileState> => get('/api/v1/site-file'),
  /** @throws Refusal `site/changed` with `text` and `version` of now; `site/invalid` with `problems` */
  saveSiteFile: async (text: string, seen: string): Promise<SiteFileEdit> =>
    (await call('PUT', '/api/v1/site-file', { text }, { seen })).json() as Promise<SiteFileEdit>,
  undoSiteFile: async (seen: string): Promise<SiteFileEdit> =>
    (await call('POST', '/api/v1/site-file/undo', undefined, { seen })).json() as Promise<SiteFileEdit>,
})
