/** Restores a back-up into a data folder, and nothing of one that is not whole. */
import { existsSync } from 'node:fs'
import { chown, lstat, mkdir, readFile, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { beginAfterCopy } from '../../ledger/copies/ledger-copy.ts'
import { verifyLedger } from '../../ledger/ledger-proof.ts'
import type { Clock } from '../../tools/clock.ts'
import { lockFolder } from '../../tools/process/folder-lock.ts'
import { readTar } from '../../tools/process/tar.ts'
import { LEDGER, MANIFEST, type Manifest, SITE, filesIn, parseManifest, sha256Of } from './backup-contents.ts'
import { passingFolder } from './passing-folder.ts'

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
    const { folder, remove } = await passingFolder(data, '.restoring-')
    try {
      const there = (await readdir(data)).find((name) => name !== basename(folder) && !OF_NOBODY.has(name))
      if (there !== undefined)
        throw new Error(`${wanted} is not empty (${there}): restore into a folder of its own, and give that to --data`)
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
