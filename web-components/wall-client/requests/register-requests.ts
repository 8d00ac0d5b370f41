/** What is asked of all incidents there ever were, and the figures of a period. */
import type { PressReport } from '../../../server/glossary/register.ts'
import type { Incident } from '../api-shapes.ts'
import type { WallCalls } from './wall-requests.ts'

/** Empty: any. `from` and `to`: local dates. */
export type IncidentQuery = Record<'from' | 'to' | 'helpPoint' | 'outcome' | 'person' | 'q', string>
/** The entries of an incident in the ledger: their numbers, and a hash of their hashes. */
export type IncidentRecord = { first: number; last: number; entries: number; sha256: string }

const asked = (query: Record<string, string>): string =>
  String(new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')))

export const createRegisterRequests = ({ call, get }: Pick<WallCalls, 'call' | 'get'>) => ({
  /** Newest first. @param after the last one that was seen; '' for the first page */
  findIncidents: (
    query: Partial<IncidentQuery>,
    after: string,
    limit: number,
  ): Promise<{ items: Incident[]; next: string | null }> =>
    get(`/api/v1/incidents?${asked({ ...query, after, limit: String(limit) })}`),
  incidentRecord: (id: string): Promise<IncidentRecord> => get(`/api/v1/incidents/${encodeURIComponent(id)}/record`),
  pressReport: (from: string, to: string): Promise<PressReport> =>
    get(`/api/v1/reports/presses?${asked({ from, to })}`),
  pressTable: async (from: string, to: string): Promise<{ blob: Blob; name: string }> => {
    const answer = await call('GET', `/api/v1/reports/presses.csv?${asked({ from, to })}`)
    const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1]
    return { blob: await answer.blob(), name: name ?? 'presses.csv' }
  },
})
