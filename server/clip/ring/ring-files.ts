/** Which files of a ring hold recordings of some times: for a back-up. Reads names and sizes only. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bucketEnd, indexName, initName, listBuckets } from './ring-index.ts'

/**
 * @param ranges milliseconds since 1970
 * @returns names below the folder; each index before its data: what is in the index is then in the data, too
 */
export function filesHolding(folder: string, ranges: readonly { from: number; to: number }[]): string[] {
  const buckets = listBuckets(folder)
  const wanted = buckets.filter(({ start }, i) =>
    ranges.some(({ from, to }) => start <= to && bucketEnd(buckets, i) >= from),
  )
  const inits = [...new Set(wanted.map(({ run }) => initName(run)))]
  return [...inits, ...wanted.flatMap((bucket) => [indexName(bucket), bucket.name])].filter((name) =>
    existsSync(join(folder, name)),
  )
}
