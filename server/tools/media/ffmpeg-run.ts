/**
 * The only file that knows fluent-ffmpeg (archived upstream). One run of ffmpeg: its output, its end, its last words.
 */
import type { Readable } from 'node:stream'
import { PassThrough, Writable } from 'node:stream'
import ffmpeg from 'fluent-ffmpeg'
import { messageOf } from '../failure.ts'
import { guardedFfmpegPath } from './guarded-spawn.ts'

export type FfmpegJob = {
  /** A path, or a stream that becomes ffmpeg's standard input. Never an address with a password: argv is public. */
  input: string | Readable
  inputOptions: readonly string[]
  outputOptions: readonly string[]
  /** A path; without it the output is `stdout`. */
  output?: string
  /** Hears the output as it comes, instead of `stdout`: one stream less on the way of every frame. */
  onOutput?: (chunk: Buffer) => void
  /** Where it runs: further outputs among the options are names in it. */
  folder?: string
  signal: AbortSignal
  /** 1 to 19: how much it stands back for everything else on this machine. */
  niceness?: number
  /** Blots secrets out of what ffmpeg says. */
  redact?: (text: string) => string
}

export type FfmpegRun = {
  stdout: Readable
  /** Its newest words, redacted, oldest first. */ words(): readonly string[]
  /** Null when it ended well; else why, in ffmpeg's own words. */ ended: Promise<string | null>
}

const LINES_KEPT = 20

export function runFfmpeg({
  input,
  inputOptions,
  outputOptions,
  output,
  onOutput,
  folder,
  signal,
  niceness = 0,
  redact = (text) => text,
}: FfmpegJob): FfmpegRun {
  // fluent-ffmpeg takes a closed output for a broken one when the process ends a moment later.
  const stdout = new PassThrough({ emitClose: false })
  const command = ffmpeg({ stdoutLines: LINES_KEPT, niceness, ...(folder === undefined ? {} : { cwd: folder }) })
  // Its own look at ffmpeg's abilities starts two more processes for each run and misreads newer versions.
  Object.assign(command, {
    _checkCapabilities: (done: () => void) => done(),
    availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
  })
  command.setFfmpegPath(guardedFfmpegPath)
  command.input(input).inputOptions(['-hide_banner', '-loglevel', 'warning', '-nostats', ...inputOptions])
  command.outputOptions([...outputOptions])
  const lines: string[] = []
  const stop = (): void => void command.kill('SIGKILL')
  command.on('stderr', (line: string) => {
    lines.push(redact(line))
    if (lines.length > LINES_KEPT) lines.shift()
  })
  // Aborted before it could start: fluent-ffmpeg had no process to kill yet.
  command.on('start', () => signal.aborted && stop())
  const ended = new Promise<string | null>((resolve) => {
    command.on('end', () => resolve(null))
    command.on('error', (error: Error) =>
      resolve(lines.findLast((line) => line.trim() !== '') ?? redact(messageOf(error))),
    )
  })
  signal.addEventListener('abort', stop, { once: true })
  void ended.then(() => signal.removeEventListener('abort', stop))
  const sink = new Writable({
    highWaterMark: 1_000_000,
    emitClose: false,
    write(chunk: Buffer, _, done) {
      onOutput?.(chunk)
      done()
    },
  })
  if (output === undefined) command.pipe(onOutput ? sink : stdout, { end: true })
  else command.save(output)
  return { stdout, words: () => lines, ended }
}
