/** Makes a back-up of a data folder while the server runs on it, and restores one. */
import { existsSync, rmSync } from 'node:fs'
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { filesHolding } from '../../clip/ring/ring-files.ts'
import type { Recorded } from '../../glossary/ledger.ts'
import { beginAfterCopy, copyLedger, entriesOf } from '../../ledger/ledger-copy.ts'
import { verifyLedger } from '../../ledger/ledger-proof.ts'
import type { Row } from '../../ledger/ledger-hash.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { version } from '../../tools/package-root.ts'
import { lockFolder } from '../../tools/process/folder-lock.ts'
import { readTar, writeTar } from '../../tools/process/tar.ts'
import { MANIFEST, type Manifest, filesIn, parseManifest, sha256Of, takeInto } from './backup-contents.ts'
import { keptRecordings } from './kept-recordings.ts'

const LEDGER = 'ledger.sqlite'
/** Before the ledger: a checkpoint must not speak of entries that the copy has not. */
const BEFORE = ['checkpoints', 'ledger-key.pem']
const PARTS = ['evidence-keys', 'people.json', 'sessions.json', 'heads.json', 'references']
/** Not of the town: where the site file lies in a back-up. */
const SITE = 'site'
const [COPIES, RESTORING] = ['.backup-', '.restoring-']

function* recordedIn(rows: Iterable<Row>): Generator<Recorded> {
  for (const { seq, at, kind, actor, subject, body } of rows)
    yield { seq, at, kind, actor, subject, body: JSON.parse(body) } as Recorded
}
const namesIn = async (data: string, parts: readonly string[]): Promise<string[]> =>
  (await Promise.all(parts.map((part) => filesIn(data, part)))).flat()
/** Files of the data folder that recordings lie in, an index before its data. */
async function recordingsIn(data: string, copies: string, now: number): Promise<string[]> {
  const kept = keptRecordings(recordedIn(entriesOf(join(copies, LEDGER))), now)
  const clips = [...kept.clips].flatMap(([camera, ranges]) =>
    filesHolding(join(data, 'clips', camera), ranges).map((name) => join('clips', camera, name)),
  )
  const packages = await Promise.all(kept.exports.map((id) => filesIn(data, join('exports', id))))
  return [...clips, ...packages.flat(), ...kept.calls.map((call) => join('calls', `${call}.wav`))]
}

export type BackupOrder = {
  data: string
  /** Goes along, for a machine on which nothing is; null: it is kept elsewhere. */
  site: string | null
  recordings: boolean
  output: Writable
  clock: Pick<Clock, 'now'>
}

/** What a back-up that was killed has left: it has keys in it. A process of that number may be another one by now. */
async function sweep(data: string, begins: string): Promise<void> {
  for (const name of await readdir(data)) {
    const pid = Number(new RegExp(`^\\${begins}(\\d+)-`).exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(pid) || (pid !== process.pid && existsSync(`/proc/${pid}`))) continue
    await rm(join(data, name), { recursive: true, force: true })
  }
}
/** A folder that goes with this process, also by Ctrl-C. */
async function passingFolder(data: string, begins: string): Promise<{ folder: string; remove(): void }> {
  await sweep(data, begins)
  const folder = await mkdtemp(join(data, `${begins}${process.pid}-`))
  await chmod(folder, 0o700)
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const onSignal = (signal: NodeJS.Signals): void => {
    remove()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, onSignal)
  return {
    folder,
    remove(): void {
      for (const signal of signals) process.removeListener(signal, onSignal)
      remove()
    },
  }
}

/** @throws when there is no ledger, something cannot be read, or nobody takes what is written */
export async function makeBackup({ data, site, recordings, output, clock }: BackupOrder): Promise<Manifest> {
  if (!existsSync(join(data, LEDGER))) throw new Error(`There is no ledger here: ${join(data, LEDGER)}`)
  const { folder: copies, remove } = await passingFolder(data, COPIES)
  try {
    const now = clock.now()
    const names = await takeInto(copies, data, await namesIn(data, BEFORE), now)
    const head = await copyLedger(join(data, LEDGER), copies)
    names.push(...(await readdir(copies)).filter((name) => /^ledger(-broken-\d+)?\.sqlite(-wal)?$/.test(name)))
    names.push(...(await takeInto(copies, data, await namesIn(data, PARTS), now)))
    if (site !== null) {
      await mkdir(join(copies, SITE), { mode: 0o700 })
      await copyFile(site, join(copies, SITE, basename(site)))
      names.push(join(SITE, basename(site)))
    }
    if (recordings) names.push(...(await takeInto(copies, data, await recordingsIn(data, copies, now), now)))
    const manifest = { lamppost: version, at: isoTime(now), head, recordings, files: await filesOf(copies, names) }
    await writeFile(join(copies, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`)
    await writeTar(copies, [MANIFEST, ...names], output)
    return manifest
  } finally {
    remove()
  }
}
async function filesOf(folder: string, names: readonly string[]): Promise<Manifest['files']> {
  const files: Manifest['files'] = []
  for (const name of names) {
    const file = join(folder, name)
    files.push({ name, bytes: (await stat(file)).size, sha256: await sha256Of(file) })
  }
  return files
}

/** `broken`: chains that were broken when the back-up was made. */
export type Restored = Manifest & { entries: number; site: string | null; broken: number[] }

/** A disk of its own has this, and a folder that a server was started on has a lock. */
const OF_NOBODY = new Set(['lost+found', 'lock.sqlite'])

/**
 * Into a folder that is empty, or not there yet. No server starts on it meanwhile, and nothing is left in it when the
 * back-up is not whole.
 * @throws in words: the folder is in use, the back-up is damaged, its record does not verify
 */
export async function restoreBackup(
  archive: string | Readable,
  wanted: string,
  clock: Pick<Clock, 'now'>,
): Promise<Restored> {
  const isNew = !existsSync(wanted)
  await mkdir(wanted, { recursive: true, mode: 0o700 })
  // A link to a bigger disk is followed, not replaced.
  const data = await realpath(wanted)
  const unlock = lockFolder(data)
  let keep = !isNew
  try {
    await sweep(data, RESTORING)
    const there = (await readdir(data)).find((name) => !OF_NOBODY.has(name))
    if (there !== undefined)
      throw new Error(`${wanted} is not empty (${there}): restore into a folder of its own, and give that to --data`)
    const { folder, remove } = await passingFolder(data, RESTORING)
    try {
      await readTar(archive, folder)
      const restored = await checked(folder, clock)
      await forgetSessions(join(folder, 'sessions.json'))
      await rm(join(folder, MANIFEST))
      await giveTo(await stat(data), folder)
      for (const name of await readdir(folder)) await rename(join(folder, name), join(data, name))
      keep = true
      const [site] = await filesIn(data, SITE)
      return { ...restored, site: site === undefined ? null : join(data, site) }
    } finally {
      remove()
    }
  } finally {
    unlock()
    if (!keep) await rm(data, { recursive: true, force: true })
    else if (isNew || !existsSync(join(data, LEDGER))) await rm(join(data, 'lock.sqlite'), { force: true })
  }
}
/** @throws names what is wrong with it */
async function checked(folder: string, clock: Pick<Clock, 'now'>): Promise<Omit<Restored, 'site'>> {
  const manifest = parseManifest(await readFile(join(folder, MANIFEST), 'utf8'))
  await mustBeWhole(folder, manifest)
  const ledger = join(folder, LEDGER)
  const { chains, entries } = verifyLedger(ledger)
  const current = chains.at(-1)
  // One that was broken long ago stays what it is, and is told.
  if (!current?.ok)
    throw new Error(`The record in this back-up does not verify: ${current?.problem ?? 'there is none'}`)
  if (current.head !== manifest.head.hash)
    throw new Error('The record in this back-up ends with another entry than the back-up says')
  const head = { seq: current.first + current.entries - 1, hash: current.head }
  beginAfterCopy(ledger, { head, isEmpty: current.entries === 0, at: manifest.at }, clock)
  const anew = verifyLedger(ledger).chains.at(-1)
  if (!anew?.ok) throw new Error(`The record cannot go on after this back-up: ${anew?.problem ?? ''}`)
  return { ...manifest, entries, broken: chains.filter(({ ok }) => !ok).map(({ chain }) => chain) }
}
/** @throws names the first that is another, missing, too many, or no file */
async function mustBeWhole(folder: string, { files }: Manifest): Promise<void> {
  const there = new Set(await filesIn(folder, '.'))
  there.delete(MANIFEST)
  for (const { name, sha256 } of files) {
    if (!there.delete(name)) throw new Error(`The back-up is not whole: ${name} is missing`)
    // A link would lead what is written later to another place.
    if (!(await lstat(join(folder, name))).isFile())
      throw new Error(`The back-up has something that is no file: ${name}`)
    if ((await sha256Of(join(folder, name))) !== sha256)
      throw new Error(`The back-up is damaged: ${name} has another hash`)
  }
  const [more] = there
  if (more !== undefined) throw new Error(`The back-up has more than it says: ${more}`)
}
/** Who was signed in then may have been signed out since; what the record knows of accounts stays. */
async function forgetSessions(file: string): Promise<void> {
  const found = await readFile(file, 'utf8').catch(() => null)
  if (found === null) return
  const { at, people } = JSON.parse(found) as { at?: unknown; people?: unknown }
  await writeFile(file, `${JSON.stringify({ at, sessions: [], passes: [], browsers: [], people })}\n`)
}
/** Root restores for the account that the folder belongs to. */
async function giveTo({ uid, gid }: { uid: number; gid: number }, folder: string): Promise<void> {
  if (process.getuid?.() !== 0 || uid === 0) return
  for (const each of await readdir(folder, { recursive: true })) await chown(join(folder, each), uid, gid)
}
