import { chownSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'

/** A command that root gives must not take the file away from the account that the server runs as. */
function keepOwner(file: string, beside: string): void {
  try {
    const { uid, gid } = statSync(file)
    if (process.getuid?.() === 0 && uid !== 0) chownSync(beside, uid, gid)
  } catch {
    // There was none: it is whoever's makes it.
  }
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
  keepOwner(file, beside)
  renameSync(beside, file)
}

/** The same, and nothing waits for the disk meanwhile. One at a time for each file. */
export async function replaceFileSoon(file: string, text: string): Promise<void> {
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
