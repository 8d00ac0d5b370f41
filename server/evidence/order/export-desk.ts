/**
 * Exports from the order to the package: one after the other, gone on with after a death, and nothing half-written.
 * State is the book's. Not here: how a package is made (export-run), who may ask (the door).
 */
import { existsSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Call, CallId } from '../../glossary/call.ts'
import type { CameraId } from '../../glossary/camera.ts'
import type {
  CallWithoutSound,
  Export,
  ExportCamera,
  ExportId,
  ExportPress,
  ExportRequest,
  InclusionProof,
  MadeExport,
  StoredRange,
} from '../../glossary/evidence.ts'
import type { Incident, IncidentId } from '../../glossary/incident.ts'
import type { Append, Draft, Entry } from '../../glossary/ledger.ts'
import type { SiteEvidence } from '../../glossary/site.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { builtEntry } from '../../tools/package-root.ts'
import { callWorker } from '../../tools/process/worker-calls.ts'
import { custodyOf } from '../package/custody.ts'
import type { SigningKeys } from '../sign/evidence-keys.ts'
import type { ExportBook } from './export-book.ts'
import type { ManifestFacts } from './export-manifest.ts'
import type { CallCut } from '../cut/call-cut.ts'
import type { CameraCut } from '../cut/camera-cut.ts'
import { clockStatement } from '../package/clock-statement.ts'
import { packageFile } from './export-run.ts'
import type { ExportNews, ExportThread } from './export-thread.ts'
import { clearScratch, partFile } from '../package/packing.ts'
import { parentCalls, parentCameras } from '../cut/redaction.ts'
import { otherEnd } from '../other-end.ts'

export type ExportPort = {
  site(): { id: string; name: string; timezone: string; evidence: SiteEvidence }
  camera(id: CameraId): Omit<ExportCamera, 'framings'>
  incident(id: string): Promise<Incident>
  /** What people call it on the telephone; null: it has no number. */
  numberOf(incident: IncidentId): string | null
  presses(incident: Incident): ExportPress[]
  stored(camera: CameraId, range: { from: number; to: number }): Promise<StoredRange>
  /** Nothing of it is evicted until it is released. */
  hold(name: string, clip: { camera: CameraId; from: string; to: string }): void
  release(name: string, camera: CameraId): void
  calls: {
    of(incident: IncidentId): Call[]
    find(id: string): Call | null
    /** Of its recording. */
    fileOf(id: CallId): string
    /** Their recordings are not deleted until they are released. */
    hold(name: string, calls: readonly CallId[]): void
    release(name: string): void
  }
  about(subject: string): Promise<Entry[]>
  inclusion(seq: number): Promise<InclusionProof | null>
  signing(): Promise<SigningKeys>
  software(): ManifestFacts['software']
}
type Options = {
  folder: string
  clock: Clock
  book: ExportBook
  append: Append
  port: ExportPort
  onProgress(id: ExportId, progress: number): void
  onError(error: unknown): void
}

/** Master and viewing copy, and a little for everything else. */
const ROOM_TIMES = 2.1
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
export type ExportDesk = ReturnType<typeof createExportDesk>

export function createExportDesk({ folder, clock, book, append, port, onProgress, onError }: Options) {
  const folderOf = (id: ExportId): string => join(folder, id)
  const progress = new Map<ExportId, number>()
  const cancelled = new Map<ExportId, string>()
  const startThread = () =>
    callWorker<ExportThread>(builtEntry('evidence/order/export-thread.js'), {}, (message) => {
      const news = message as ExportNews
      progress.set(news.export, news.progress)
      onProgress(news.export, news.progress)
    })
  let thread: ReturnType<typeof startThread> | null = null
  /** A thread that died is followed by another one with the next export. */
  function calls() {
    if (!thread) {
      const started = startThread()
      thread = started
      void started.ended.then(() => thread === started && (thread = null))
    }
    return thread.calls
  }
  const stopped = new AbortController()
  let working: Promise<void> | null = null
  let current: ExportId | null = null
  let currentOver: Promise<void> = Promise.resolve()
  const changed = (
    id: ExportId,
    to: Pick<Export, 'state'> & Partial<Pick<Export, 'problem' | 'facts'>>,
    actor = 'lamppost',
  ): Draft => ({
    kind: 'export.changed',
    actor,
    subject: id,
    body: { export: id, incident: book.get(id).incident, problem: null, facts: null, ...to },
  })
  const holdName = (id: ExportId): string => `export ${id}`
  function holdAll({ id, cuts, calls, kind }: Pick<Export, 'id' | 'cuts' | 'calls' | 'kind'>): void {
    if (kind !== 'master') return
    for (const cut of cuts) port.hold(holdName(id), cut)
    port.calls.hold(holdName(id), calls)
  }
  function releaseAll({ id, cuts }: Export): void {
    for (const { camera } of cuts) port.release(holdName(id), camera)
    port.calls.release(holdName(id))
  }
  const isUnfinished = ({ state, deletedAt }: Export): boolean =>
    deletedAt === null && (state === 'queued' || state === 'cutting')

  function newExportId(): ExportId {
    const { evidence } = port.site()
    const year = isoTime(clock.now()).slice(0, 4)
    const before = book.all().filter(({ id }) => id.includes(`-${year}-`)).length
    const chance = [...randomBytes(4)].map((byte) => ALPHABET[byte % 32]).join('')
    return `${evidence.prefix}-${year}-${String(before + 1).padStart(6, '0')}-${chance}` as ExportId
  }

  async function camerasOf(job: Export): Promise<CameraCut[]> {
    const incident = job.incident === null ? null : await port.incident(job.incident)
    const parent = job.kind === 'redacted' && job.parentExport !== null ? book.get(job.parentExport) : null
    const of = (camera: CameraId): ExportCamera => ({
      ...port.camera(camera),
      framings: incident?.framings.filter((framing) => framing.camera === camera) ?? [],
    })
    if (parent) {
      const stated = await parentCameras(packageFile(folderOf(parent.id)))
      return job.cuts.map((cut) => ({
        camera: of(cut.camera),
        cut,
        range: { segments: [], inits: {}, gaps: [] },
        parent: {
          file: packageFile(folderOf(parent.id)),
          ...(stated.get(cut.camera) ?? { views: [], gaps: [], incomplete: [], timedByArrival: [], uncounted: 0 }),
          redactions: job.redactions.filter(({ camera }) => camera === cut.camera),
        },
      }))
    }
    return Promise.all(
      job.cuts.map(async (cut) => ({
        camera: of(cut.camera),
        cut,
        parent: null,
        range: await port.stored(cut.camera, { from: Date.parse(cut.from), to: Date.parse(cut.to) }),
      })),
    )
  }
  async function callsOf(job: Export): Promise<CallCut[]> {
    const parent = job.kind === 'redacted' && job.parentExport !== null ? book.get(job.parentExport) : null
    const stated = parent ? await parentCalls(packageFile(folderOf(parent.id))) : []
    return job.calls.map((id): CallCut => {
      if (parent) {
        const found = stated.find((each) => each.id === id)
        if (!found) throw new Failure('call/unknown', `The parent export has no sound of call ${id}.`)
        const { file: path, sha256, helpPoint, ringingAt, bytes, from, to, gaps } = found
        return {
          call: { id, helpPoint, ringingAt, recording: { sha256, bytes, from, to, gaps } },
          file: packageFile(folderOf(parent.id)),
          parent: { path, sha256, silences: job.silences.filter(({ call }) => call === id) },
        }
      }
      const call = port.calls.find(id)
      if (!call?.recording) throw new Failure('call/no-recording', `The recording of call ${id} is not there any more.`)
      const { ringingAt, recording } = call
      return {
        call: { id, helpPoint: otherEnd(call), ringingAt, recording },
        file: port.calls.fileOf(id),
        parent: null,
      }
    })
  }
  const withoutSound = (job: Export): CallWithoutSound[] =>
    job.incident === null
      ? []
      : port.calls
          .of(job.incident)
          .filter(({ id }) => !job.calls.includes(id))
          .map(({ id, ringingAt, endedAt, recorded, recording }) => ({
            id,
            ringingAt,
            endedAt,
            why: recording
              ? 'it was not asked for'
              : endedAt === null
                ? 'it was still going on'
                : recorded
                  ? 'nobody answered it, or its recording was deleted'
                  : 'this site does not record calls',
          }))
  async function checkRoom(job: Export, cameras: readonly CameraCut[], voices: readonly CallCut[]): Promise<void> {
    const heard = voices.reduce((sum, { call }) => sum + call.recording.bytes, 0)
    const bytes = cameras.reduce(
      (sum, { range }) => sum + range.segments.reduce((all, segment) => all + segment.bytes, 0),
      job.parentExport !== null && job.kind === 'redacted' ? (book.get(job.parentExport).facts?.bytes ?? 0) / 2 : 0,
    )
    const { bavail, bsize } = await statfs(folder)
    // What was made before a death is there already.
    const made = await stat(partFile(folderOf(job.id))).then(
      ({ size }) => size,
      () => 0,
    )
    const needed = Math.max(0, (bytes + heard) * ROOM_TIMES - made)
    if (needed > bavail * bsize)
      throw new Failure(
        'export/no-room',
        `This export needs ${Math.ceil(needed / 1e6)} MB on the disk of the packages, ` +
          `and ${Math.floor((bavail * bsize) / 1e6)} MB are free. Make room, or cut less.`,
      )
  }

  /** The entry that vouches for what was cut, and its proof; a ledger that was begun anew meanwhile is told again. */
  async function sealed(job: Export, seal: NonNullable<Export['seal']>): Promise<InclusionProof> {
    const before = book.sealEntry(job.id)
    const known =
      before !== null && book.get(job.id).seal?.contents === seal.contents ? await port.inclusion(before) : null
    if (known) return known
    const [entry] = await append([
      {
        kind: 'export.sealed',
        actor: 'lamppost',
        subject: job.id,
        body: { export: job.id, incident: job.incident, ...seal },
      },
    ]).durable
    const proof = entry && (await port.inclusion(entry.seq))
    if (!proof)
      throw new Failure(
        'ledger/unavailable',
        'The ledger could not prove its entry of this export; go on with it later.',
      )
    return proof
  }

  async function make(job: Export): Promise<void> {
    const { id } = job
    await append([changed(id, { state: 'cutting' })]).durable
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const [cameras, voices] = [await camerasOf(job), await callsOf(job)]
    // Of a death between its last byte and its entry: only what the ledger calls ready is a package.
    await rm(packageFile(folderOf(id)), { force: true })
    await checkRoom(job, cameras, voices)
    mustBeWanted(id)
    const createdAt = isoTime(clock.now())
    const { evidence, id: siteId, name, timezone } = port.site()
    const plan = { at: Date.parse(job.requestedAt), timezone, cameras, calls: voices }
    const outcome = await calls().cut({ id, folder: folderOf(id), ...plan })
    mustBeWanted(id)
    const ledger = await sealed(job, outcome.seal)
    const incident = job.incident === null ? null : await port.incident(job.incident)
    const custody = custodyOf([...(incident ? await port.about(incident.id) : []), ...(await port.about(id))])
    const facts = await calls().finish(
      {
        id,
        request: requestOf(job),
        createdAt,
        site: { id: siteId, name, timezone },
        incidentNumber: incident && port.numberOf(incident.id),
        presses: incident ? port.presses(incident) : [],
        cameras: outcome.cameras,
        calls: outcome.calls,
        callsWithoutSound: withoutSound(job),
        clock: clockStatement(
          evidence,
          book.steps([...job.cuts, ...outcome.calls].map(({ from }) => from).sort()[0] ?? '', isoTime(clock.now())),
        ),
        software: port.software(),
        seal: outcome.seal,
        ledger,
        custody,
      },
      { ...(await port.signing()), timeStamp: evidence.timeStamp },
    )
    await append([changed(id, { state: 'ready', facts })]).durable
  }

  /** Cancelled before the thread had anything to stop. */
  function mustBeWanted(id: ExportId): void {
    if (cancelled.has(id) || stopped.signal.aborted) throw new Error('it is not wanted any more')
  }

  async function run(id: ExportId): Promise<void> {
    current = id
    let over: () => void = () => {}
    currentOver = new Promise((resolve) => (over = resolve))
    try {
      await make(book.get(id))
    } catch (error) {
      if (stopped.signal.aborted) return void (await calls().drop(id, true).catch(onError))
      const by = cancelled.get(id)
      // What was cancelled, or wants more room, can be gone on with; what failed leaves nothing behind.
      const keep = by !== undefined || (error instanceof Failure && error.code === 'export/no-room')
      await calls().drop(id, keep).catch(onError)
      // Also of a run that this thread knows nothing of.
      await clearScratch(folderOf(id)).catch(onError)
      if (!keep) await rm(folderOf(id), { recursive: true, force: true }).catch(onError)
      if (by === undefined && !(error instanceof Failure)) onError(error)
      append([changed(id, { state: 'failed', problem: by === undefined ? messageOf(error) : `Cancelled by ${by}.` })])
    } finally {
      current = null
      cancelled.delete(id)
      progress.delete(id)
      if (!stopped.signal.aborted) releaseAll(book.get(id))
      over()
    }
  }
  async function workOff(): Promise<void> {
    try {
      for (let next = nextJob(); next && !stopped.signal.aborted; next = nextJob()) await run(next.id)
    } finally {
      working = null
    }
  }
  /** What a death left of packages that were deleted. */
  async function sweep(): Promise<void> {
    for (const name of await readdir(folder).catch(() => [])) {
      const job = book.all().find(({ id }) => id === name)
      // One that the ledger does not know, or cannot tell any more, is left alone.
      if (job && job.deletedAt !== null) await rm(join(folder, name), { recursive: true, force: true })
      else if (job && !isUnfinished(job)) await clearScratch(join(folder, name))
    }
  }
  const nextJob = (): Export | undefined => book.all().findLast(isUnfinished)
  const work = (): void => void (working ??= Promise.resolve().then(workOff).catch(onError))

  /** @throws export/gone, export/not-ready */
  function made(id: string): MadeExport {
    const job = book.get(id)
    if (job.deletedAt !== null)
      throw new Failure(
        'export/gone',
        `The package ${id} was deleted at ${job.deletedAt}; the ledger has the hash of it.`,
      )
    if (job.state !== 'ready' || !job.facts)
      throw new Failure(
        'export/not-ready',
        job.state === 'failed' ? `Export ${id} has failed: ${job.problem}` : `Export ${id} is still being made.`,
      )
    if (!existsSync(packageFile(folderOf(job.id))))
      throw new Failure('export/gone', `The package ${id} is not in the data folder any more.`)
    return { ...job, facts: job.facts }
  }

  return {
    /** @throws what the order lacks. The order itself is checked where it comes in; here it is only written down. */
    async order(request: ExportRequest): Promise<Export> {
      const id = newExportId()
      holdAll({ ...request, id })
      await append([
        {
          kind: 'export.requested',
          actor: `${request.exportedBy.role}:${request.exportedBy.name}`,
          subject: id,
          body: { ...request, export: id },
        },
      ]).durable
      work()
      return book.get(id)
    },
    get: book.get,
    all: book.all,
    page: book.page,
    progress: (id: ExportId): number => progress.get(id) ?? 0,
    made,
    file: (id: ExportId): string => packageFile(folderOf(id)),
    /** @throws export/not-ready when there is nothing to cancel */
    async cancel(id: string, by: string, actor: string): Promise<Export> {
      const job = book.get(id)
      if (!isUnfinished(job))
        throw new Failure('export/not-ready', `Export ${id} is ${job.state}; there is nothing to cancel.`)
      if (current !== job.id) {
        await append([changed(job.id, { state: 'failed', problem: `Cancelled by ${by}.` }, actor)]).durable
        await clearScratch(folderOf(job.id)).catch(onError)
        releaseAll(job)
        return book.get(id)
      }
      cancelled.set(job.id, by)
      await calls().abort(job.id)
      await currentOver
      return book.get(id)
    },
    /**
     * Goes on with what was cancelled or has failed.
     * @throws export/not-ready, export/gone, also of the one that it is derived from
     */
    async resume(id: string, actor: string): Promise<Export> {
      const job = book.get(id)
      if (job.deletedAt !== null) throw new Failure('export/gone', `Export ${id} was deleted; make another one.`)
      if (job.state !== 'failed')
        throw new Failure('export/not-ready', `Export ${id} is ${job.state}; there is nothing to go on with.`)
      if (job.parentExport !== null) made(job.parentExport)
      holdAll(job)
      await append([changed(job.id, { state: 'queued' }, actor)]).durable
      work()
      return book.get(id)
    },
    /** The package goes; the ledger keeps what it was. */
    async remove(id: string, reason: string, actor: string): Promise<Export> {
      const job = book.get(id)
      if (isUnfinished(job)) throw new Failure('export/not-ready', `Export ${id} is being made; cancel it first.`)
      if (job.deletedAt !== null) return job
      await append([
        {
          kind: 'export.deleted',
          actor,
          subject: job.id,
          body: { export: job.id, incident: job.incident, sha256: job.facts?.sha256 ?? null, reason },
        },
      ]).durable
      await rm(folderOf(job.id), { recursive: true, force: true })
      return book.get(id)
    },
    /** After a start, before anything is evicted: what was under way holds its recordings again. */
    reacquireHolds: (): void => book.all().filter(isUnfinished).forEach(holdAll),
    /** After a start: what was under way is gone on with. */
    resumeExports(): void {
      void sweep().catch(onError)
      work()
    },
    async close(): Promise<void> {
      stopped.abort()
      if (current !== null)
        await calls()
          .abort(current)
          .catch(() => {})
      await working
      await thread?.terminate()
    },
  }
}

const requestOf = ({
  kind,
  parentExport,
  incident,
  cuts,
  redactions,
  calls,
  silences,
  requestedBy,
  reason,
  lawfulBasis,
  exhibitRef,
  exportedBy,
}: Export): ExportRequest => ({
  kind,
  parentExport,
  incident,
  cuts,
  redactions,
  calls,
  silences,
  requestedBy,
  reason,
  lawfulBasis,
  exhibitRef,
  exportedBy,
})
