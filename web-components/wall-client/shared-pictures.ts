/**
 * One stream for each camera and form, however many tiles of the page show it. Who comes later begins at the segment
 * that is running, with what has come of it.
 */
import type { CarriedBegin, CarriedListener, CarriedPart } from './picture-socket.ts'

type Told = { begin: CarriedBegin; parts: CarriedPart[] }
export type SharedPicture = ReturnType<typeof createSharedPicture>

const joined = (pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.byteLength
  }
  return all
}

export function createSharedPicture() {
  const listeners = new Set<CarriedListener>()
  let told: Told | null = null

  /** The stream as it would begin now. */
  function beginNow({ begin, parts }: Told): CarriedBegin {
    return {
      ...begin,
      duration: begin.duration + parts.reduce((sum, { duration }) => sum + duration, 0),
      bytes: joined([begin.bytes, ...parts.map(({ bytes }) => bytes)]),
    }
  }
  return {
    join(listener: CarriedListener): void {
      listeners.add(listener)
      if (told) listener.begin(beginNow(told))
    },
    /** @returns whether anybody is left */
    leave(listener: CarriedListener): boolean {
      listeners.delete(listener)
      return listeners.size > 0
    },
    begin(begin: CarriedBegin): void {
      told = { begin, parts: [] }
      for (const listener of [...listeners]) listener.begin(begin)
    },
    part(part: CarriedPart): void {
      if (told && part.number !== told.begin.number) {
        const { number, start } = told.begin
        const { duration } = beginNow(told)
        const before = [...told.begin.before, { number, start, duration }].slice(-Math.max(1, told.begin.before.length))
        const { bytes, duration: own, start: from } = part
        told = { begin: { ...told.begin, before, number: part.number, start: from, duration: own, bytes }, parts: [] }
      } else told?.parts.push(part)
      for (const listener of [...listeners]) listener.part(part)
    },
    gone(words: string, code: string | null): void {
      told = null
      for (const listener of [...listeners]) listener.gone(words, code)
    },
  }
}
