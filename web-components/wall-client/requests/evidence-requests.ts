/** What the evidence officer asks for, as requests of the API. Not here: what the room asks for (wall-requests). */
import type { Call, Disclosure, ExportOrder, ExportView, FoundRecordings, Keeping, KeyState } from '../api-shapes.ts'
import type { WallCalls } from './wall-requests.ts'

/** `next`: there is more than this page. */
export type Retention = { keepDays: number; warnDays: number; items: Keeping[]; next: string | null }
export type RecordedCall = Call & { recording: NonNullable<Call['recording']> }
/** As one signs in: with a second step where the account has one. */
export type Confirmation =
  { user: string; password: string } | { token: string } | { ticket: string; code: string } | { passkey: object }

export function createEvidenceRequests({ call, get, getChanged }: Pick<WallCalls, 'call' | 'get' | 'getChanged'>) {
  const path = (id: string, what = ''): string => `/api/v1/exports/${encodeURIComponent(id)}${what}`
  const json = async <T>(answer: Promise<Response>): Promise<T> => (await answer).json() as Promise<T>
  return {
    /** @param after `next` of the page before; null: the newest. */
    exports: (after: string | null = null): Promise<{ items: ExportView[]; next: string | null }> =>
      getChanged(`/api/v1/exports${after === null ? '' : `?after=${encodeURIComponent(after)}`}`),
    orderExport: (order: ExportOrder): Promise<ExportView> => json(call('POST', '/api/v1/exports', order)),
    cancelExport: (id: string): Promise<ExportView> => json(call('POST', path(id, '/cancellation'))),
    resumeExport: (id: string): Promise<ExportView> => json(call('POST', path(id, '/resumption'))),
    deleteExport: (id: string, reason: string): Promise<ExportView> => json(call('DELETE', path(id), { reason })),
    /** The password (or token) once more, before recordings are handed out. */
    confirm: async (who: Confirmation): Promise<void> => void (await call('PUT', '/api/v1/session/confirmation', who)),
    packageBytes: (id: string): Promise<Response> => call('GET', path(id, '/package.zip')),
    companion: async (id: string): Promise<{ blob: Blob; name: string }> => ({
      blob: await (await call('GET', path(id, '/companion.zip'))).blob(),
      name: `${id}_companion.zip`,
    }),
    /**
     * A page to be printed. It is saved, and not opened: what is opened from here would have this page's policy, and
     * no style.
     */
    receipt: async (id: string): Promise<Blob> => (await call('GET', path(id, '/receipt.html'))).blob(),
    /** Calls of an incident whose sound is there. */
    recordedCalls: async (incident: string): Promise<RecordedCall[]> =>
      (await get<{ items: Call[] }>(`/api/v1/calls?incident=${encodeURIComponent(incident)}`)).items.flatMap(
        ({ recording, ...of }) => (recording ? [{ ...of, recording }] : []),
      ),
    /** Each fetch is an entry of the record. */
    callSound: async (id: string): Promise<Blob> =>
      (await call('GET', `/api/v1/calls/${encodeURIComponent(id)}/recording.wav`)).blob(),
    evidenceKeys: (): Promise<KeyState> => get('/api/v1/evidence-keys'),
    evidenceRoot: async (): Promise<Blob> => (await call('GET', '/api/v1/evidence-root.pem')).blob(),
    disclosures: async (id: string): Promise<Disclosure[]> =>
      (await get<{ items: Disclosure[] }>(path(id, '/disclosures'))).items,
    disclose: (
      id: string,
      to: { recipient: string; organisation: string; purpose: string; days: number },
    ): Promise<Disclosure & { link: string }> => json(call('POST', path(id, '/disclosures'), to)),
    revokeDisclosure: (id: string, reason: string): Promise<Disclosure> =>
      json(call('DELETE', `/api/v1/disclosures/${encodeURIComponent(id)}`, { reason })),
    /** Of some incidents, or what ends soon: its first page. */
    retention: (which: { incidents: readonly string[] } | { expiring: true }): Promise<Retention> =>
      getChanged(
        `/api/v1/retention?${'expiring' in which ? 'expiring=true' : `incidents=${which.incidents.map(encodeURIComponent).join(',')}`}`,
      ),
    retentionTable: async (): Promise<Blob> => (await call('GET', '/api/v1/retention.csv')).blob(),
    lockClips: (incident: string, reason: string): Promise<Keeping> =>
      json(call('PUT', `/api/v1/incidents/${encodeURIComponent(incident)}/lock`, { reason })),
    unlockClips: (incident: string, reason: string): Promise<Keeping> =>
      json(call('DELETE', `/api/v1/incidents/${encodeURIComponent(incident)}/lock`, { reason })),
    searchRecordings: (order: {
      from: string
      to: string
      helpPoint: string
      metres: number
      reason: string
    }): Promise<FoundRecordings> => json(call('POST', '/api/v1/evidence-searches', order)),
    /**
     * A small picture of a clip, as an address for an image; the caller gives it up. Null when nothing was recorded
     * then.
     */
    thumbnail: async (incident: string, camera: string, at: string): Promise<string | null> => {
      const answer = await call(
        'GET',
        `/api/v1/incidents/${encodeURIComponent(incident)}/clips/${encodeURIComponent(camera)}/thumbnail.jpg?at=${encodeURIComponent(at)}`,
      ).catch(() => null)
      return answer && URL.createObjectURL(await answer.blob())
    },
  }
}
