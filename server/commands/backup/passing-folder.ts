/** A folder for copies inside a data folder, that goes with the process that made it. */
import { existsSync, rmSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What a process that was killed has left: there are keys in it. A folder with our own number is of an earlier process
 * (in a container each may be number 1); one whose number is in use may be in use too, and stays.
 */
async function sweep(data: string, begins: string): Promise<void> {
  for (const name of await readdir(data)) {
    const pid = Number(new RegExp(`^\\${begins}(\\d+)-`).exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(pid) || (pid !== process.pid && existsSync(`/proc/${pid}`))) continue
    await rm(join(data, name), { recursive: true, force: true })
  }
}

/**
 * Removed by `remove`, and when the process ends by a signal such as Ctrl-C; one that was left before goes first.
 * @param begins of its name, with a dot; the number of the process follows
 */
export async function passingFolder(data: string, begins: string): Promise<{ folder: string; remove(): void }> {
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
