/** Makes a back-up of a data folder while the server runs on it, and restores one. */
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { filesHolding } from '../../clip/ring/ring-files.ts'
import type { Recorded } from '../../glossary/ledger.ts'
import { beginAfterCopy, copyLedger, entriesOf } from '../../ledger/ledger-copy.ts'
import { verifyLedger } from '../../ledger/ledger-proof.ts'
import type { Row } from '../../ledger/ledger-hash.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { version } from '../../tools/package-root.ts'
import { readTar, writeTar } from '../../tools/process/tar.ts'
import { MANIFEST, type Manifest, filesBelow, parseManifest, sha256Of, standStill } from './backup-contents.ts'
import { keptRecordings } from './kept-recordings.ts'

const LEDGER = 'ledger.sqlite'
/** Before the ledger: a checkpoint must not speak of entries that the copy has not. */
const BEFORE = ['checkpoints', 'ledger-key.pem']
const PARTS = ['evidence-keys', 'people.json', 'sessions.json', 'heads.json', 'references']
/** Not of the town: where the site file lies in a back-up. */
const SITE = 'site'

function* recordedIn(rows: Iterable<Row>): Generator<Recorded> {
  for (const { seq, at, kind, actor, subject, body } of rows)
    yield { seq, at, kind, actor, subject, body: JSON.parse(body) } as Recorded
}
async function named(data: string, part: string): Promise<string[]> {
  const found = await stat(join(data, part)).catch(() => null)
  return found?.isFile() ? [part] : filesBelow(data, part)
}
/** Files of the data folder that recordings lie in, an index before its data. */
async function recordingsIn(data: string, copies: string, now: number): Promise<string[]> {
  const kept = keptRecordings(recordedIn(entriesOf(join(copies, LEDGER))), now)
  const clips = [...kept.clips].flatMap(([camera, ranges]) =>
    filesHolding(join(data, 'clips', camera), ranges).map((name) => join('clips', camera, name)),
  )
  const packages = await Promise.all(kept.exports.map((id) => filesBelow(data, join('exports', id))))
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

/** @throws when there is no ledger, or nobody takes what is written */
export async function makeBackup({ data, site, recordings, output, clock }: BackupOrder): Promise<Manifest> {
  const copies = await mkdtemp(join(data, '.backup-'))
  try {
    await chmod(copies, 0o700)
    const now = clock.now()
    const copied = async (names: readonly string[]): Promise<string[]> => {
      const done: string[] = []
      for (const name of names) {
        await mkdir(dirname(join(copies, name)), { recursive: true, mode: 0o700 })
        await copyFile(join(data, name), join(copies, name)).then(
          () => done.push(name),
          () => {},
        )
      }
      return done
    }
    const small = await copied((await Promise.all(BEFORE.map((part) => named(data, part)))).flat())
    const head = await copyLedger(join(data, LEDGER), copies)
    const chains = (await readdir(copies)).filter((name) => /^ledger(-broken-\d+)?\.sqlite(-wal)?$/.test(name))
    small.push(...chains, ...(await copied((await Promise.all(PARTS.map((part) => named(data, part)))).flat())))
    if (site !== null) {
      await mkdir(join(copies, SITE), { mode: 0o700 })
      await copyFile(site, join(copies, SITE, basename(site)))
      small.push(join(SITE, basename(site)))
    }
    const found = recordings ? await standStill(data, await recordingsIn(data, copies, now), copies, now) : null
    const parts = [
      { folder: copies, names: [...small, ...(found?.copied ?? [])] },
      { folder: data, names: found?.still ?? [] },
    ]
    const manifest = { lamppost: version, at: isoTime(now), head, recordings, files: await filesOf(parts) }
    await writeFile(join(copies, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`)
    await writeTar([{ folder: copies, names: [MANIFEST] }, ...parts], output)
    return manifest
  } finally {
    await rm(copies, { recursive: true, force: true })
  }
}
async function filesOf(parts: readonly { folder: string; names: readonly string[] }[]): Promise<Manifest['files']> {
  const files: Manifest['files'] = []
  for (const { folder, names } of parts)
    for (const name of names) {
      const file = join(folder, name)
      files.push({ name, bytes: (await stat(file)).size, sha256: await sha256Of(file) })
    }
  return files
}

export type Restored = Manifest & { entries: number; site: string | null }

/**
 * Into a folder that is not there yet. Nothing is left of it when the back-up is not whole.
 * @throws in words: the folder is in use, the back-up is damaged, its record does not verify
 */
export async function restoreBackup(
  archive: string | Readable,
  data: string,
  clock: Pick<Clock, 'now'>,
): Promise<Restored> {
  if (existsSync(data) && (await readdir(data)).length > 0)
    throw new Error(`${data} is not empty: restore into a folder of its own, and give that to --data`)
  await mkdir(dirname(data), { recursive: true })
  const folder = await mkdtemp(`${data}.restoring-`)
  try {
    await readTar(archive, folder)
    const manifest = parseManifest(await readFile(join(folder, MANIFEST), 'utf8'))
    await mustBeWhole(folder, manifest)
    const ledger = join(folder, LEDGER)
    const { ok, problem, entries } = verifyLedger(ledger)
    if (!ok) throw new Error(`The record in this back-up does not verify: ${problem}`)
    beginAfterCopy(ledger, manifest, clock)
    await rm(join(folder, MANIFEST))
    await rm(data, { recursive: true, force: true })
    await rename(folder, data)
    const [site] = await filesBelow(data, SITE)
    return { ...manifest, entries, site: site === undefined ? null : join(data, site) }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}
/** @throws names the first file that is another, missing, or too many */
async function mustBeWhole(folder: string, { files }: Manifest): Promise<void> {
  const there = new Set(await filesBelow(folder, ''))
  there.delete(MANIFEST)
  for (const { name, sha256 } of files) {
    if (!there.delete(name)) throw new Error(`The back-up is not whole: ${name} is missing`)
    if ((await sha256Of(join(folder, name))) !== sha256)
      throw new Error(`The back-up is damaged: ${name} has another hash`)
  }
  const [more] = there
  if (more !== undefined) throw new Error(`The back-up has more than it says: ${more}`)
}
