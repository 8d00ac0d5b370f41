/**
 * The few structures of a stored ZIP64 (APPNOTE 6.3.10: 4.3.7, 4.3.12, 4.3.14 to 4.3.16, 4.5.3). Pure: numbers in,
 * bytes out.
 */

import { LARGE, MANY, SIGNATURE } from './zip-signatures.ts'

export type ZipEntry = {
  name: string
  bytes: number
  crc: number
  /** Of its local header. */ offset: number
  /** Milliseconds since 1970. */ at: number
}

const ZIP64_EXTRA = 1
const UTF8_NAMES = 0x0800
const STORED = 0
const VERSION = { plain: 20, zip64: 45 } as const
/** A plain file that its owner may read and write, others read: what it was made on is Unix. */
const MADE_ON_UNIX = 3 << 8
const PLAIN_FILE = 0o100644

type Field = [bytes: 2 | 4 | 8, value: number]
function pack(fields: readonly Field[], ...rest: Buffer[]): Buffer {
  const head = Buffer.alloc(fields.reduce((sum, [bytes]) => sum + bytes, 0))
  let at = 0
  for (const [bytes, value] of fields) {
    if (bytes === 8) head.writeBigUInt64LE(BigInt(value), at)
    else head.writeUIntLE(value, at, bytes)
    at += bytes
  }
  return Buffer.concat([head, ...rest])
}

/** MS-DOS date and time, in UTC: two seconds exact, from 1980 to 2107. */
function dosTime(ms: number): { time: number; date: number } {
  const at = new Date(Math.max(ms, Date.UTC(1980)))
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  }
}

/** Sizes that do not fit 32 bits go into the extra field; the local header always has both. */
export function localHeader({ name, bytes, crc, at }: ZipEntry): Buffer {
  const text = Buffer.from(name, 'utf8')
  const large = bytes >= LARGE
  const extra = large
    ? pack([
        [2, ZIP64_EXTRA],
        [2, 16],
        [8, bytes],
        [8, bytes],
      ])
    : Buffer.alloc(0)
  const { time, date } = dosTime(at)
  const size = large ? LARGE : bytes
  return pack(
    [
      [4, SIGNATURE.local],
      [2, large ? VERSION.zip64 : VERSION.plain],
      [2, UTF8_NAMES],
      [2, STORED],
      [2, time],
      [2, date],
      [4, crc],
      [4, size],
      [4, size],
      [2, text.length],
      [2, extra.length],
    ],
    text,
    extra,
  )
}

export function centralHeader({ name, bytes, crc, offset, at }: ZipEntry): Buffer {
  const text = Buffer.from(name, 'utf8')
  const wide: Field[] = [
    ...(bytes >= LARGE
      ? ([
          [8, bytes],
          [8, bytes],
        ] satisfies Field[])
      : []),
    ...(offset >= LARGE ? ([[8, offset]] satisfies Field[]) : []),
  ]
  const extra = wide.length > 0 ? pack([[2, ZIP64_EXTRA], [2, wide.length * 8], ...wide]) : Buffer.alloc(0)
  const version = wide.length > 0 ? VERSION.zip64 : VERSION.plain
  const { time, date } = dosTime(at)
  const size = Math.min(bytes, LARGE)
  return pack(
    [
      [4, SIGNATURE.central],
      [2, MADE_ON_UNIX | version],
      [2, version],
      [2, UTF8_NAMES],
      [2, STORED],
      [2, time],
      [2, date],
      [4, crc],
      [4, size],
      [4, size],
      [2, text.length],
      [2, extra.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, PLAIN_FILE * 0x1_0000],
      [4, Math.min(offset, LARGE)],
    ],
    text,
    extra,
  )
}

/** The directory's end; the ZIP64 one before it where numbers do not fit. */
export function directoryEnd({ entries, bytes, offset }: { entries: number; bytes: number; offset: number }): Buffer {
  const wide = entries >= MANY || bytes >= LARGE || offset >= LARGE
  const end64 = wide
    ? pack([
        [4, SIGNATURE.end64],
        [8, 44],
        [2, MADE_ON_UNIX | VERSION.zip64],
        [2, VERSION.zip64],
        [4, 0],
        [4, 0],
        [8, entries],
        [8, entries],
        [8, bytes],
        [8, offset],
        [4, SIGNATURE.locator64],
        [4, 0],
        [8, offset + bytes],
        [4, 1],
      ])
    : Buffer.alloc(0)
  const count = Math.min(entries, MANY)
  return Buffer.concat([
    end64,
    pack([
      [4, SIGNATURE.end],
      [2, 0],
      [2, 0],
      [2, count],
      [2, count],
      [4, Math.min(bytes, LARGE)],
      [4, Math.min(offset, LARGE)],
      [2, 0],
    ]),
  ])
}
