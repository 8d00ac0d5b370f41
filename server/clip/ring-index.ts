/** The ring's files on disk: one data file and one index of lines per five minutes of one run. Names say what is inside. */
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Segment } from '../glossary/clip.ts'

/** Where a segment lies in its bucket's data file. */
export type Located = Segment & { offset: number }
/** Five minutes or so of one run: `<start>-<run>-<first segment>.m4s`. */
export type Bucket = { name: string; start: number; run: number; first: number; bytes: number }

const NAME = /^(\d+)-(\d+)-(\d+)\.m4s$/
export const bucketName = (start: number, run: number, first: number): string => `${start}-${run}-${first}.m4s`
export const indexName = (bucket: Pick<Bucket, 'name'>): string => bucket.name.replace(/m4s$/, 'jsonl')
export const initName = (run: number): string => `run-${run}.mp4`

export const indexLine = ({ number, start, duration, offset, bytes, sha256, lostPackets }: Located): string => `${JSON.stringify([number, start, duration, offset, bytes, sha256, ...(lostPackets === undefined ? [] : [lostPackets])])}\n`

/** Drops a last line that was cut short, and segments whose bytes never reached the disk. */
export function parseIndex(text: string, run: number, dataBytes: number): Located[] {
  const segments: Located[] = []
  for (const line of text.split('\n')) {
    try {
      const [number, start, duration, offset, bytes, sha256, lostPackets] = JSON.parse(line) as [number, number, number, number, number, string, number?]
      if (offset + bytes <= dataBytes) segments.push({ number, run, start, duration, offset, bytes, sha256, ...(lostPackets === undefined ? {} : { lostPackets }) })
    } catch {
      // A line cut short by a crash: its segment was never promised to anybody.
    }
  }
  return segments
}

/** All buckets of one camera, oldest first. Reads names and sizes only. */
export function listBuckets(folder: string): Bucket[] {
  return namesIn(folder)
    .flatMap((name) => {
      const [, start, run, first] = NAME.exec(name) ?? []
      return start === undefined ? [] : [{ name, start: Number(start), run: Number(run), first: Number(first), bytes: statSync(join(folder, name)).size }]
    })
    .sort((a, b) => a.first - b.first)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

export const readIndexNow = (folder: string, bucket: Bucket): Located[] => parseIndex(readTextOrNothing(join(folder, indexName(bucket))), bucket.run, bucket.bytes)

export async function readIndex(folder: string, bucket: Bucket): Promise<Located[]> {
  const text = await readFile(join(folder, indexName(bucket)), 'utf8').catch(() => '')
  return parseIndex(text, bucket.run, bucket.bytes)
}

function readTextOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

export function readSlice(file: string, offset: number, bytes: number): Buffer {
  const slice = Buffer.alloc(bytes)
  const handle = openSync(file, 'r')
  try {
    if (readSync(handle, slice, 0, bytes, offset) !== bytes) throw new Error(`${file} is shorter than its index says`)
    return slice
  } finally {
    closeSync(handle)
  }
}
