/**
 * Keeps a still picture with an incident: the camera's newest, with its masks, its time and its hash. The file is on
 * disk before the entry is, so that no entry names a picture that was never there. Deleted with the last of the
 * incident's clips. Not here: how a picture is made (clip).
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CameraId } from '../glossary/camera.ts'
import type { Incident, IncidentId, Snapshot, SnapshotId } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import { newId } from '../tools/identity.ts'
import { mayLetGo } from '../tools/kept-incident.ts'
import { replaceFileSoon } from '../tools/process/replace-file.ts'
import type { SnapshotBook } from './snapshot-book.ts'

/** More than anybody looks through; a script that takes one a second must not fill the disk. */
const MOST_OF_ONE = 200

export type SnapshotDeskOptions = {
  clock: Clock
  /** Of the pictures; made when the first one is taken. */
  folder: string
  book: SnapshotBook
  append: Append
  incidents: {
    load(id: string): Promise<Incident>
    /** How many clips the incident still holds. */
    clipsOf(id: IncidentId): number
  }
  /** The newest picture, with its masks. @throws live/none */
  still(camera: CameraId): Promise<{ picture: Uint8Array; at: number }>
}

export function createSnapshotDesk({ clock, folder, book, append, incidents, still }: SnapshotDeskOptions) {
  /** Being written: not strays. */
  const arriving = new Set<string>()
  const nameOf = (id: SnapshotId): string => `${id}.jpg`
  const fileOf = (id: SnapshotId): string => join(folder, nameOf(id))

  /** @throws incident/unknown, incident/closed, snapshot/too-many */
  async function keepable(id: string): Promise<Incident> {
    const incident = await incidents.load(id)
    if (incident.state === 'closed')
      throw new Failure('incident/closed', 'This incident is closed: its recordings are what is kept of it.')
    if (book.of(incident.id).length >= MOST_OF_ONE)
      throw new Failure('snapshot/too-many', `${MOST_OF_ONE} pictures are kept with this incident already.`)
    return incident
  }
  async function deleteOne({ id, incident, sha256 }: Snapshot, why: string): Promise<void> {
    await rm(fileOf(id), { force: true })
    const body = { snapshot: id, incident, sha256, why }
    await append([{ kind: 'snapshot.deleted', actor: 'lamppost', subject: incident, body }]).durable
  }
  return {
    /** The oldest first. @throws incident/unknown */
    async list(incident: string): Promise<readonly Snapshot[]> {
      return book.of((await incidents.load(incident)).id)
    },
    /**
     * Resolves when it is in the ledger.
     * @throws incident/unknown, incident/closed, snapshot/too-many, live/none, ledger/unavailable
     */
    async take(incident: string, camera: CameraId, name: string, actor: string): Promise<Snapshot> {
      const about = await keepable(incident)
      const { picture, at } = await still(camera)
      if (picture.length === 0) throw new Failure('live/none', `${camera} shows no picture now.`)
      const id = newId<SnapshotId>('snp', clock.now())
      arriving.add(nameOf(id))
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        await replaceFileSoon(fileOf(id), picture)
        const sha256 = createHash('sha256').update(picture).digest('hex')
        const body = {
          ...{ snapshot: id, incident: about.id, camera, at: isoTime(at), by: name },
          ...{ file: `snapshots/${nameOf(id)}`, bytes: picture.length, sha256 },
        }
        await append([{ kind: 'snapshot.taken', actor, subject: about.id, body }]).durable
      } catch (error) {
        // One that is in the record all the same is missed there, and its hash says what it was.
        if (!book.of(about.id).some((each) => each.id === id)) await rm(fileOf(id), { force: true })
        throw error
      } finally {
        arriving.delete(nameOf(id))
      }
      const taken = book.of(about.id).find((each) => each.id === id)
      if (!taken) throw new Error('the snapshot is not in the record')
      return taken
    },
    /** @throws snapshot/unknown, snapshot/changed when the file is not what was kept */
    async picture(incident: string, id: string): Promise<{ snapshot: Snapshot; picture: Uint8Array }> {
      const snapshot = book.of(incident).find((each) => each.id === id)
      if (!snapshot) throw new Failure('snapshot/unknown', `Incident ${incident} has no snapshot "${id}".`)
      const picture = await readFile(fileOf(snapshot.id)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      if (picture === null || createHash('sha256').update(picture).digest('hex') !== snapshot.sha256)
        throw new Failure(
          'snapshot/changed',
          picture === null
            ? `The file of the snapshot "${id}" is not there any more.`
            : `The file of the snapshot "${id}" is not what was kept: its hash differs.`,
        )
      return { snapshot, picture }
    },
    /** @param why as the entries say it */
    async drop(incident: IncidentId, why: string): Promise<void> {
      for (const snapshot of [...book.of(incident)]) await deleteOne(snapshot, why)
    },
    /** Those of incidents without clips: as old as clips become, unless somebody has locked them. */
    async sweep(keepMs: number): Promise<void> {
      const old = book.all().filter(({ takenAt }) => clock.now() - Date.parse(takenAt) >= keepMs)
      for (const snapshot of old) {
        if (incidents.clipsOf(snapshot.incident) > 0) continue
        if (mayLetGo(await incidents.load(snapshot.incident))) await deleteOne(snapshot, 'retention')
      }
    },
    /** A crash between a file and its entry leaves a file that the record does not know. */
    tidy(): void {
      const known = new Set(book.all().map(({ id }) => nameOf(id)))
      let names: string[]
      try {
        names = readdirSync(folder)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
        throw error
      }
      for (const name of names)
        if (!known.has(name) && !arriving.has(name) && !arriving.has(name.replace(/\.new$/, '')))
          rmSync(join(folder, name), { force: true })
    },
  }
}
