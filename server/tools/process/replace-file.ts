import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Whole or not at all, also when the power goes: a reader sees the text of before or the new one. For this account only.
 * @throws when it cannot be written; the file is as it was
 */
export function replaceFile(file: string, text: string): void {
  const beside = `${file}.new`
  const handle = openSync(beside, 'w', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } catch (error) {
    closeSync(handle)
    rmSync(beside, { force: true })
    throw error
  }
  closeSync(handle)
  renameSync(beside, file)
}
