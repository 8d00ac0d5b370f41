/** Replaces a file that people own and edit, too: whole or not at all, and never over what somebody has just written. */
import { constants } from 'node:fs'
import { access, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { utf8Text } from '../../tools/utf8-text.ts'

/** It does not say what it said when the change was made. */
export class ChangedMeanwhile extends Error {}

/** A link stays one: what it leads to is replaced. Owner and rights stay as they were. @throws ChangedMeanwhile */
export async function replaceText(file: string, before: string, after: string): Promise<void> {
  const target = await realpath(file)
  const { mode, uid, gid } = await stat(target)
  const beside = `${target}.new`
  // What lies there is of an edit that was cut off, or a link that somebody has laid.
  await rm(beside, { force: true })
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const handle = await open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    try {
      await handle.writeFile(after)
      if (process.getuid?.() === 0) await handle.chown(uid, gid)
      // Whatever this process keeps from others of its own files: who could read this one still can.
      await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (utf8Text(await readFile(target)) !== before) throw new ChangedMeanwhile()
    await rename(beside, target)
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    throw error
  }
}
export async function isReplaceable(file: string): Promise<boolean> {
  try {
    const target = await realpath(file)
    await Promise.all([target, dirname(target)].map((path) => access(path, constants.W_OK)))
    return true
  } catch {
    return false
  }
}
/** What would help, by the system's own code. */
export const whyNotReplaced = (code: unknown): string =>
  code === 'EBUSY' || code === 'EXDEV'
    ? 'it is mounted as a single file, as containers do it: mount the folder that it lies in'
    : 'the account that the server runs as needs to write it and its folder'
