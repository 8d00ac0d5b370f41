/** What in a real town is another machine: it takes only what the measured server and browser leave of this one. */
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setPriority } from 'node:os'
import { delimiter, join } from 'node:path'

/** SCHED_IDLE with all its children, where `chrt` is there to ask for it; else the least of the ordinary priorities. */
export function forkAside(module, args) {
  const chrt = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'chrt'))
    .find((path) => existsSync(path))
  if (chrt) return fork(module, args, { execPath: chrt, execArgv: ['--idle', '0', process.execPath] })
  const child = fork(module, args)
  setPriority(child.pid, 19)
  return child
}
