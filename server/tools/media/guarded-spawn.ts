/** Children that cannot outlive us: the kernel kills them when the thread that started them dies, SIGKILL included. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../package-root.ts'
import { resetPriority } from '../process/thread-priority.ts'

/** A wrapper in the place of ffmpeg for code that insists on starting one program by its path. */
export const guardedFfmpegPath = join(packageRoot, 'server', 'tools', 'media', 'guarded-ffmpeg.sh')

/** Starts `command` under `setpriv --pdeathsig KILL` (util-linux, part of every Debian). */
export function guardedSpawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], options)
  if (child.pid !== undefined) resetPriority(child.pid)
  return child
}
