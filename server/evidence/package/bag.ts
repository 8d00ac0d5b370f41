/** What makes a folder a BagIt bag (RFC 8493), as text. Pure. */
import { createHash } from 'node:crypto'

/** `path`: inside the bag, with `/`. */
export type BagFile = { path: string; bytes: number; sha256: string }

export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const byPath = (a: BagFile, b: BagFile): number => (a.path < b.path ? -1 : 1)
/** As sha256sum writes it, in the order of the paths. */
export const manifestText = (files: readonly BagFile[]): string =>
  [...files]
    .sort(byPath)
    .map(({ sha256, path }) => `${sha256}  ${path}\n`)
    .join('')

export const BAGIT_TXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'

/** @param info label and value; values are put on one line. */
export const bagInfo = (info: readonly (readonly [string, string])[], payload: readonly BagFile[]): string =>
  [...info, ['Payload-Oxum', `${payload.reduce((sum, { bytes }) => sum + bytes, 0)}.${payload.length}`] as const]
    .map(([label, value]) => `${label}: ${value.replaceAll(/\s+/g, ' ').trim()}\n`)
    .join('')
