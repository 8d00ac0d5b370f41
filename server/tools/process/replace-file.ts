import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * A command that root gives must not take a file away from the account that the server runs as.
 * @param like whose the new one is to be: the file of before, or the folder
 */
export function keepOwner(like: string, made: string): void {
  const found = statSync(like, { throwIfNoEntry: false })
  if (found && process.getuid?.() === 0 && found.uid !== 0) chownSync(made, found.uid, found.gid)
}

/**
 * Whole or not at all, also when the power goes or the disk is full: a reader sees the text of before or the new one.
 * For its owner's account only.
 * @throws when it cannot be written; the file is as it was
 */
export function replaceFile(file: string, text: string): void {
  const beside = `${file}.new`
  const handle = openSync(beside, 'w', 0o600)
  try {
    writeFileSync(handle, text)
    fsyncSync(handle)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  } finally {
    closeSync(handle)
  }
  keepOwner(existsSync(file) ? file : dirname(file), beside)
  renameSync(beside, file)
}

/** The same, and nothing waits for the disk meanwhile. One at a time for each file. */
export async function replaceFileSoon(file: string, text: string | Uint8Array): Promise<void> {
  const beside = `${file}.new`
  const handle = await open(beside, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await rename(beside, file)
}
