/** Engines (servers that other people write and keep) as children: found, started, and never left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { packageRoot } from '../package-root.ts'

const guard = join(packageRoot, 'server', 'tools', 'process', 'guarded-engine.sh')
/** Debian puts servers where a person's PATH does not look. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
const LONGEST_LINE = 4000

/** The program's whole path; null where this machine lacks it. */
export function findProgram(program: string): string | null {
  for (const folder of FOLDERS) {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return join(folder, program)
    } catch {
      // The next folder may have it.
    }
  }
  return null
}

export type Engine = { process: ChildProcess; ended: Promise<void>; close(): void }

/**
 * Starts it in a process group of its own, which ends with this process, however that ends.
 * @param onLine hears what it prints
 * @throws when this machine lacks it
 */
export function startEngine(
  name: string,
  args: readonly string[],
  folder: string,
  onLine: (line: string) => void,
): Engine {
  const program = findProgram(name)
  if (program === null) throw new Error(`${name} is not on this machine`)
  // In a session of its own: what is sent to the server's whole group must not kill the guard before its engine.
  const child = spawn(guard, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'], cwd: folder, detached: true })
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
  child.stdin?.on('error', () => {})
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
      for (const line of lines) onLine(line)
    })
  }
  return { process: child, ended, close: () => void child.stdin?.end() }
}
