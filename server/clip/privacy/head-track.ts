/**
 * Where a head looked, and since when: what a mask in its coordinates needs, live and for what was recorded before.
 * Beside the recording, a line for each change; a line that cannot be read is a time of which nothing is known.
 */
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { HeadLook } from '../../glossary/camera.ts'
import { replaceFile } from '../../tools/process/replace-file.ts'

export type HeadTrack = ReturnType<typeof openHeadTrack>

/** A look is put right when the next answer of the head comes; a clock is set back by more. */
const CORRECTED_MS = 30_000
/** So long the last look before a step of the clock may have held. */
const STEPPED_MS = 24 * 3_600_000
const unknownSince = (at: number): HeadLook => ({ at, position: null, still: false })

/**
 * @param file null: in memory only
 * @param now from then on nothing is known, until somebody says where it looks
 */
export function openHeadTrack({ file, now, onError }: { file: string; now: number; onError(error: unknown): void }) {
  let looks: HeadLook[] = read(file)
  let failed = false

  function write(look: HeadLook): void {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      appendFileSync(file, `${JSON.stringify(look)}\n`, { mode: 0o600 })
      failed = false
    } catch (error) {
      if (!failed) onError(error)
      failed = true
      // With a line missing, what stands before it would seem to hold on: of all that time nobody knows then.
      forget()
    }
  }
  function forget(): void {
    try {
      rmSync(file, { force: true, recursive: true })
    } catch {
      // There is no such place at all.
    }
  }
  function note(look: HeadLook): void {
    const corrected = dropFrom(looks, look.at)
    const last = looks.at(-1)
    if (last && !corrected && JSON.stringify({ ...last, at: 0 }) === JSON.stringify({ ...look, at: 0 })) return
    looks.push(look)
    write(look)
  }
  note(unknownSince(now))

  return {
    note,
    /** The newest that was said. */
    last: (): HeadLook => looks.at(-1) ?? unknownSince(Number.NEGATIVE_INFINITY),
    /**
     * Every look from one time to another, the first of which began before. Where the clock was set back in between,
     * those of before and of afterwards: which of them it was nobody can tell.
     */
    between(from: number, to: number): HeadLook[] {
      const found: HeadLook[] = []
      // From the newest on: what is asked for is seldom old.
      for (let i = looks.length - 1, next = Number.POSITIVE_INFINITY; i >= 0; i -= 1) {
        const look = looks[i] ?? unknownSince(0)
        const over = looks[i + 1]
        // A later one that is dated earlier: the clock was set back.
        const until = over && over.at < look.at ? look.at + STEPPED_MS : next
        if (look.at <= to && until > from) found.push(look)
        next = look.at
        if (look.at <= from && !looks.slice(0, i).some(({ at }) => at > look.at)) break
      }
      return found.length === 0 ? [unknownSince(Number.NEGATIVE_INFINITY)] : found.toReversed()
    },
    /** What is older than everything that was recorded is needed no more. */
    forgetBefore(time: number): void {
      const first = looks.findIndex((_, i) => (looks[i + 1]?.at ?? Number.POSITIVE_INFINITY) > time)
      if (first <= 0) return
      looks = looks.slice(first)
      try {
        replaceFile(file, looks.map((look) => `${JSON.stringify(look)}\n`).join(''))
      } catch (error) {
        onError(error)
      }
    },
  }
}

const isLook = (value: unknown): value is HeadLook => {
  const { at, position, still } = (value ?? {}) as Partial<HeadLook>
  if (typeof at !== 'number' || !Number.isFinite(at) || typeof still !== 'boolean') return false
  return position === null || [position?.pan, position?.tilt, position?.zoom].every(Number.isFinite)
}

/**
 * What was said of that time and of later ones is no longer so: a head that was thought to stand did not. More than a
 * moment later it is no correction: the clock was set back, and both were so.
 * @returns whether anything was dropped
 */
function dropFrom(looks: HeadLook[], at: number): boolean {
  const before = looks.length
  if ((looks.at(-1)?.at ?? at) - at > CORRECTED_MS) return false
  for (let last = looks.at(-1); last && last.at >= at && last.at - at <= CORRECTED_MS; last = looks.at(-1)) looks.pop()
  return looks.length < before
}

/** In the order of their times: a later line corrects what was said of the same time before. */
function read(file: string): HeadLook[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  const looks: HeadLook[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const last = looks.at(-1)?.at ?? Number.NEGATIVE_INFINITY
    let look = unknownSince(last)
    try {
      const found: unknown = JSON.parse(line)
      if (isLook(found)) look = found
    } catch {
      // Half a line of a full disk.
    }
    dropFrom(looks, look.at)
    looks.push(look)
  }
  return looks
}
