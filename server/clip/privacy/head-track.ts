/**
 * Where a head looked, and since when: what a mask in its coordinates needs, live and for what was recorded before.
 * Beside the recording, a line for each change; a line that cannot be read is a time of which nothing is known.
 */
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { HeadLook } from '../../glossary/camera.ts'

export type HeadTrack = ReturnType<typeof openHeadTrack>

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
      // Once for each time that the disk is full; after a restart the time in between is one of which nothing is known.
      if (!failed) onError(error)
      failed = true
    }
  }
  function note(look: HeadLook): void {
    // A time that was thought to be one of standing still, and was not.
    const corrected = dropFrom(looks, look.at)
    const last = looks.at(-1)
    if (last && !corrected && JSON.stringify({ ...last, at: 0 }) === JSON.stringify({ ...look, at: 0 })) return
    looks.push(look)
    write(look)
  }
  note(unknownSince(now))

  return {
    note,
    /** Where it looked then. */
    at: (time: number): HeadLook => looks.findLast(({ at }) => at <= time) ?? unknownSince(Number.NEGATIVE_INFINITY),
    /** Every look from one time to another, the first of which began before. */
    between(from: number, to: number): HeadLook[] {
      const first = looks.findLast(({ at }) => at <= from) ?? unknownSince(Number.NEGATIVE_INFINITY)
      return [first, ...looks.filter(({ at }) => at > from && at <= to)]
    },
    /** What is older than everything that was recorded is needed no more. */
    forgetBefore(time: number): void {
      const first = looks.findLastIndex(({ at }) => at <= time)
      if (first <= 0) return
      looks = looks.slice(first)
      try {
        writeFileSync(`${file}.new`, looks.map((look) => `${JSON.stringify(look)}\n`).join(''), { mode: 0o600 })
        renameSync(`${file}.new`, file)
      } catch (error) {
        rmSync(`${file}.new`, { force: true })
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

/** What was said of that time and of later ones is no longer so. @returns whether anything was */
function dropFrom(looks: HeadLook[], at: number): boolean {
  const before = looks.length
  for (let last = looks.at(-1); last && last.at >= at; last = looks.at(-1)) looks.pop()
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
