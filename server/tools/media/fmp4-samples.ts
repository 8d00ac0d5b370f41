/** Reads what a moof says of the samples that follow it (ISO/IEC 14496-12, 8.8). Pure: bytes in, values out. */
import { type Box, type Track, boxesIn, child, need } from './fmp4-boxes.ts'

/** Times are ticks of the track. `offset`: of its bytes, from the moof's first one. */
export type Sample = {
  decodeTime: number
  duration: number
  /** From decoding to showing. */ composition: number
  bytes: number
  offset: number
  /** It can be decoded by itself. */ sync: boolean
}
/** The samples of one track in one moof. */
export type Run = { track: number; decodeTime: number; duration: number; samples: Sample[] }
type Defaults = { duration: number; bytes: number; flags: number }

const NOT_SYNC = 0x0001_0000
/** A recorder's fragment has a second or two; one that claims millions would fill the memory with what is not there. */
const MOST_SAMPLES = 100_000

/**
 * @throws when its boxes make no sense. Places count from the moof (`default-base-is-moof`), as every recorder of
 * ours writes them.
 */
export function readMoof(moof: Buffer, tracks: readonly Track[]): Run[] {
  const whole = need(boxesIn(moof)[0], 'moof')
  return boxesIn(moof, whole.content, whole.end)
    .filter(({ type }) => type === 'traf')
    .map((traf) => readTraf(moof, traf, tracks))
}

function readTraf(moof: Buffer, traf: Box, tracks: readonly Track[]): Run {
  const tfhd = need(child(moof, traf, 'tfhd'), 'tfhd')
  const flags = moof.readUInt32BE(tfhd.content) & 0xff_ffff
  const id = moof.readUInt32BE(tfhd.content + 4)
  const track = tracks.find((each) => each.id === id)
  let at = tfhd.content + 8
  const optional = (present: number, bytes: number): number | null => {
    if ((flags & present) === 0) return null
    at += bytes
    return moof.readUInt32BE(at - 4)
  }
  optional(0x1, 8)
  optional(0x2, 4)
  const defaults = {
    duration: optional(0x8, 4) ?? track?.defaultDuration ?? 0,
    bytes: optional(0x10, 4) ?? track?.defaultBytes ?? 0,
    flags: optional(0x20, 4) ?? track?.defaultFlags ?? 0,
  }
  const tfdt = child(moof, traf, 'tfdt')
  const decodeTime = !tfdt
    ? 0
    : moof[tfdt.content] === 1
      ? Number(moof.readBigUInt64BE(tfdt.content + 4))
      : moof.readUInt32BE(tfdt.content + 4)
  const run: Run = { track: id, decodeTime, duration: 0, samples: [] }
  for (const trun of boxesIn(moof, traf.content, traf.end)) if (trun.type === 'trun') addTrun(moof, trun, run, defaults)
  return run
}

function addTrun(moof: Buffer, trun: Box, run: Run, defaults: Defaults): void {
  const signed = moof[trun.content] !== 0
  const flags = moof.readUInt32BE(trun.content) & 0xff_ffff
  const count = moof.readUInt32BE(trun.content + 4)
  if (count > MOST_SAMPLES) throw new Error(`a fragment of ${count} samples is none of a recorder's`)
  let at = trun.content + 8
  const has = (flag: number): boolean => (flags & flag) !== 0
  const next = (): number => moof.readUInt32BE((at += 4) - 4)
  const before = run.samples.at(-1)
  let offset = has(0x1) ? moof.readInt32BE((at += 4) - 4) : before ? before.offset + before.bytes : 0
  const first = has(0x4) ? next() : null
  for (let i = 0; i < count; i += 1) {
    const duration = has(0x100) ? next() : defaults.duration
    const bytes = has(0x200) ? next() : defaults.bytes
    const own = has(0x400) ? next() : defaults.flags
    const composition = has(0x800) ? (signed ? moof.readInt32BE((at += 4) - 4) : next()) : 0
    run.samples.push({
      decodeTime: run.decodeTime + run.duration,
      duration,
      composition,
      bytes,
      offset,
      sync: ((i === 0 ? (first ?? own) : own) & NOT_SYNC) === 0,
    })
    run.duration += duration
    offset += bytes
  }
}
