/**
 * What people ask for, as requests of the API. Not here: the town's state and how it is kept up to date
 * (wall-client).
 */
import type { Confirmation } from './evidence-requests.ts'
import type {
  CameraInquiry,
  CameraMatch,
  ClosureCode,
  ConnectorTrial,
  Destination,
  FoundCamera,
  Incident,
  LentLink,
  OnvifDeviceView,
  PresetCheck,
  PresetView,
  RecorderReport,
  Shift,
  ShiftSummary,
  Snapshot,
} from '../api-shapes.ts'

import { ANSWER_MS } from '../deadlines.ts'

/** @throws Refusal in the server's words */
export type WallCalls = {
  /** As `get`, of what is asked again and again: unchanged, it is not sent once more. */
  getChanged<T>(path: string): Promise<T>
  call(
    method: string,
    path: string,
    body?: unknown,
    options?: { signal?: AbortSignal; seen?: string },
  ): Promise<Response>
  get<T>(path: string): Promise<T>
  /** What the server answers of an incident is its newest state. */
  keep(incident: Incident): void
}

export function createWallRequests({ call, get, keep }: Omit<WallCalls, 'getChanged'>) {
  const incidentPath = (id: string, what: string): string => `/api/v1/incidents/${encodeURIComponent(id)}/${what}`
  const change = async (id: string, what: string, body?: unknown, method = 'POST'): Promise<Incident> => {
    const incident = (await (
      await call(method, incidentPath(id, what), body, { signal: AbortSignal.timeout(ANSWER_MS) })
    ).json()) as Incident
    keep(incident)
    return incident
  }
  const cameraPath = (id: string, what: string): string => `/api/v1/cameras/${encodeURIComponent(id)}/${what}`
  const connectorPath = (id: string, what: string): string => `/api/v1/connectors/${encodeURIComponent(id)}/${what}`
  return {
    /** @param from take it over from this person; null: nobody has it, or it is offered. */
    acknowledge: (id: string, from: string | null = null): Promise<Incident> =>
      change(id, 'acknowledgement', from === null ? undefined : { from }),
    /** @param seen the newest entry of its log that was seen: a press after it is refused. */
    close: (
      id: string,
      { reason, code, seen }: { reason: string; code: ClosureCode; seen?: number },
    ): Promise<Incident> => change(id, 'closure', { reason, code, ...(seen === undefined ? {} : { seen }) }),
    reopen: (id: string, reason: string): Promise<Incident> => change(id, 'reopening', { reason }),
    offer: (id: string, to: string | null): Promise<Incident> =>
      change(id, 'handover', to === null ? {} : { to }, 'PUT'),
    withdrawOffer: (id: string): Promise<Incident> => change(id, 'handover', undefined, 'DELETE'),
    hold: (id: string, reason: string, minutes: number | null): Promise<Incident> =>
      change(id, 'hold', { reason, ...(minutes === null ? {} : { minutes }) }, 'PUT'),
    takeUp: (id: string): Promise<Incident> => change(id, 'hold', undefined, 'DELETE'),
    /** @param replaces the entry of the same note as it was before. @returns the entry's number */
    note: async (id: string, text: string, replaces: number | null = null): Promise<number | null> => {
      const { log } = await change(id, 'notes', { text, ...(replaces === null ? {} : { replaces }) })
      return (
        log.findLast(({ kind, body }) => kind === 'incident.noted' && (body as { text: string }).text === text)?.seq ??
        null
      )
    },
    answerCamera: (
      id: string,
      { camera, by, answer }: { camera: string; by: string; answer: 'give' | 'keep' },
    ): Promise<Incident> => change(id, `camera-requests/${encodeURIComponent(camera)}`, { by, answer }),
    lend: async (id: string, contact: string, minutes: number): Promise<LentLink> =>
      (await call('POST', incidentPath(id, 'responder-links'), { contact, minutes })).json() as Promise<LentLink>,
    revokeLink: async (id: string, link: string): Promise<void> =>
      void (await call('DELETE', incidentPath(id, `responder-links/${encodeURIComponent(link)}`))),
    shareNote: async (id: string, note: number, shared: boolean): Promise<void> =>
      void (await call(shared ? 'PUT' : 'DELETE', incidentPath(id, `notes/${note}/sharing`))),
    tick: (id: string, step: number): Promise<Incident> => change(id, 'steps', { step }),
    contacted: (id: string, contact: string, outcome: string): Promise<Incident> =>
      change(id, 'contacts', { contact, outcome }),
    /** @param preset its token; null: the one that shows the help point */
    bring: (id: string, camera: string, preset: string | null = null): Promise<Incident> =>
      change(id, 'framings', preset === null ? { camera } : { camera, preset }),
    /** Keeps the newest picture of the camera with the incident. */
    async takeSnapshot(id: string, camera: string): Promise<Snapshot> {
      const signal = AbortSignal.timeout(ANSWER_MS)
      return (await (await call('POST', incidentPath(id, 'snapshots'), { camera }, { signal })).json()) as Snapshot
    },
    snapshots: async (id: string): Promise<Snapshot[]> =>
      (await get<{ items: Snapshot[] }>(incidentPath(id, 'snapshots'))).items,
    /** As an address for an image; the caller gives it up. Null where its file is not what was kept. */
    async snapshotPicture(id: string, snapshot: string): Promise<string | null> {
      const answer = await call('GET', incidentPath(id, `snapshots/${snapshot}.jpg`)).catch(() => null)
      return answer && URL.createObjectURL(await answer.blob())
    },
    drill: async (helpPoint: string): Promise<void> =>
      void (await call('POST', `/api/v1/help-points/${encodeURIComponent(helpPoint)}/drills`)),
    tryVoice: async (helpPoint: string, teach: boolean): Promise<void> =>
      void (await call('POST', `/api/v1/help-points/${encodeURIComponent(helpPoint)}/voice-drills`, { teach })),
    helpPointTable: async (): Promise<{ blob: Blob; name: string }> => {
      const answer = await call('GET', '/api/v1/help-points.csv')
      return {
        blob: await answer.blob(),
        name: /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? 'help-points.csv',
      }
    },
    outbox: async (): Promise<Destination[]> => (await get<{ items: Destination[] }>('/api/v1/outbox')).items,
    retryLetter: async (destination: string, seq: number): Promise<void> =>
      void (await call('POST', `/api/v1/outbox/${encodeURIComponent(destination)}/dead-letters/${seq}/retry`)),
    incident: (id: string): Promise<Incident> => get(`/api/v1/incidents/${encodeURIComponent(id)}`),
    incidents: async (after: string | null): Promise<{ items: Incident[]; next: string | null }> =>
      get(`/api/v1/incidents?limit=50${after === null ? '' : `&after=${encodeURIComponent(after)}`}`),
    /** The newest still picture as an address for an image; the caller gives it up with `URL.revokeObjectURL`. */
    snapshot: async (camera: string): Promise<string> =>
      URL.createObjectURL(await (await call('GET', cameraPath(camera, 'snapshot.jpg'))).blob()),
    /** Why a camera is looked at that no open incident shows; it holds for an hour. */
    giveReason: async (reason: string, camera: string): Promise<void> =>
      void (await call('POST', '/api/v1/views', { reason, camera })),
    presets: async (camera: string): Promise<PresetView[]> =>
      (await get<{ items: PresetView[] }>(cameraPath(camera, 'presets'))).items,
    savePreset: async (
      camera: string,
      preset: { token: string | null; name: string; helpPoint: string | null },
    ): Promise<void> => {
      const body = { name: preset.name, ...(preset.helpPoint === null ? {} : { helpPoint: preset.helpPoint }) }
      await (preset.token === null
        ? call('POST', cameraPath(camera, 'presets'), body)
        : call('PUT', cameraPath(camera, `presets/${encodeURIComponent(preset.token)}`), body))
    },
    removePreset: async (camera: string, preset: string): Promise<void> =>
      void (await call('DELETE', cameraPath(camera, `presets/${encodeURIComponent(preset)}`))),
    teachPreset: async (camera: string, preset: string): Promise<void> =>
      void (await call('POST', cameraPath(camera, `presets/${encodeURIComponent(preset)}/reference`))),
    confirmPreset: async (camera: string, preset: string): Promise<void> =>
      void (await call('POST', cameraPath(camera, `presets/${encodeURIComponent(preset)}/confirmation`))),
    checkPreset: async (camera: string, preset: string): Promise<PresetCheck> =>
      (
        await call('POST', cameraPath(camera, `presets/${encodeURIComponent(preset)}/check`))
      ).json() as Promise<PresetCheck>,
    /**
     * What a preset was taught, or what its newest check saw; the caller gives the address up with
     * `URL.revokeObjectURL`. Null when there is none.
     */
    presetPicture: async (camera: string, preset: string, which: 'reference' | 'check'): Promise<string | null> => {
      const answer = await call('GET', cameraPath(camera, `presets/${encodeURIComponent(preset)}/${which}.jpg`)).catch(
        () => null,
      )
      return answer && URL.createObjectURL(await answer.blob())
    },
    onvifDevices: async (): Promise<OnvifDeviceView[]> =>
      (await get<{ items: OnvifDeviceView[] }>('/api/v1/onvif-devices')).items,
    connectorCameras: async (connector: string): Promise<CameraMatch[]> =>
      (await get<{ items: CameraMatch[] }>(connectorPath(connector, 'cameras'))).items,
    /** @param theirs null: none of theirs is said to be this one any more */
    sayCamera: async (connector: string, camera: string, theirs: string | null): Promise<void> =>
      void (await call('PUT', connectorPath(connector, `cameras/${encodeURIComponent(camera)}`), { theirs })),
    testConnector: async (connector: string, press: boolean): Promise<ConnectorTrial> =>
      (await call('POST', connectorPath(connector, 'test'), { press })).json() as Promise<ConnectorTrial>,
    networks: async (): Promise<string[]> => (await get<{ devices: string[] }>('/api/v1/discovery')).devices,
    discover: async (device: string | null): Promise<FoundCamera[]> =>
      (
        (await (await call('POST', '/api/v1/discovery', device === null ? {} : { device })).json()) as {
          items: FoundCamera[]
        }
      ).items,
    inquire: async (access: { url: string; username: string; password: string }): Promise<CameraInquiry> =>
      (await call('POST', '/api/v1/discovery/inquiry', access)).json() as Promise<CameraInquiry>,
    recorder: async (camera: string): Promise<RecorderReport> => get(cameraPath(camera, 'recorder')),
    recall: async (camera: string, preset: string): Promise<void> =>
      void (await call('POST', cameraPath(camera, `presets/${encodeURIComponent(preset)}/recall`))),
    /** Goes on for 0.7 s: whoever holds it asks again before that. @param takeOver out of another's hand */
    move: async (
      camera: string,
      velocity: { pan: number; tilt: number; zoom: number },
      takeOver = false,
    ): Promise<void> =>
      void (await call('POST', cameraPath(camera, 'move'), {
        ...velocity,
        timeoutMs: 700,
        ...(takeOver ? { takeOver } : {}),
      })),
    /** Turns it to a place in its picture: shares from the middle to an edge, right and down. */
    centre: async (camera: string, at: { x: number; y: number }, takeOver = false): Promise<void> =>
      void (await call('POST', cameraPath(camera, 'centre'), { ...at, ...(takeOver ? { takeOver } : {}) })),
    shiftNow: (): Promise<ShiftSummary> => get('/api/v1/shifts/now'),
    shifts: async (): Promise<Shift[]> => (await get<{ items: Shift[] }>('/api/v1/shifts')).items,
    offerShift: async (notes: string): Promise<Shift> =>
      (
        await call('POST', '/api/v1/shifts', { notes }, { signal: AbortSignal.timeout(ANSWER_MS) })
      ).json() as Promise<Shift>,
    /** @param who null: who is signed in here. */
    acceptShift: async (shift: string, who: Confirmation | null): Promise<Shift> =>
      (
        await call('POST', `/api/v1/shifts/${encodeURIComponent(shift)}/signature`, who ?? undefined, {
          signal: AbortSignal.timeout(ANSWER_MS),
        })
      ).json() as Promise<Shift>,
    stopMoving: async (camera: string): Promise<void> => void (await call('POST', cameraPath(camera, 'stop'))),
    /** The clip as an MP4, with the hash that the server took of it. */
    download: async (incident: string, camera: string): Promise<{ blob: Blob; sha256: string; name: string }> => {
      const answer = await call('GET', `${incidentPath(incident, 'clips')}/${encodeURIComponent(camera)}/clip.mp4`)
      const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? 'clip.mp4'
      return { blob: await answer.blob(), sha256: answer.headers.get('x-lamppost-sha256') ?? '', name }
    },
  }
}
