/** Archives by the machine's own tar (GNU), which every Debian has. */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

/** @throws with the first words of tar */
async function run(args: readonly string[], io: { input?: Readable; output?: Writable }): Promise<void> {
  const tar = spawn('tar', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<number>((resolve, reject) => {
    tar.once('error', (error) => reject(new Error('tar cannot be started here', { cause: error })))
    tar.once('close', (code) => resolve(code ?? 1))
  })
  const said = text(tar.stderr)
  const pipes = [
    // That tar has read enough, or has ended, is said by its exit code.
    io.input ? pipeline(io.input, tar.stdin).catch(() => {}) : tar.stdin.end(),
    io.output ? pipeline(tar.stdout, io.output, { end: false }) : tar.stdout.resume(),
  ]
  const [code, words] = await Promise.all([ended, said, ...pipes])
  if (code !== 0) throw new Error(`tar ended with ${code}: ${words.trim().split('\n')[0] ?? ''}`)
}

/**
 * @param names below the folder, in their order, whatever is in them. @param output is not ended
 * @throws when one cannot be read, or nobody takes the output
 */
export const writeTar = (folder: string, names: readonly string[], output: Writable): Promise<void> =>
  // Names go by standard input: there may be more of them than a command line takes, and none of them is an option.
  run(['-cf', '-', '--no-recursion', '-C', folder, '--null', '--verbatim-files-from', '-T', '-'], {
    input: Readable.from(names.map((name) => `${name}\0`)),
    output,
  })

/** @param archive a file, or what is read. @throws when it is none, or is cut short */
export const readTar = (archive: string | Readable, folder: string): Promise<void> =>
  run(['-xf', '-', '-C', folder, '--no-same-owner', '--no-same-permissions'], {
    input: typeof archive === 'string' ? createReadStream(archive) : archive,
  })
