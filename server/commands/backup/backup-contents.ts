/** What a back-up is made of: which files, as of when, and the hash of each. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Type } from 'typebox'
import { Value } from 'typebox/value'

/** `head`: the newest entry of the ledger in it. `recordings`: whether what incidents hold is in it. */
export type Manifest = {
  lamppost: string
  at: string
  head: { seq: number; hash: string }
  recordings: boolean
  files: { name: string; bytes: number; sha256: string }[]
}
export const MANIFEST = 'manifest.json'
export const LEDGER = 'ledger.sqlite'
/** Not of the data folder: where the site file lies in a back-up. */
export const SITE = 'site'
const SHAPE = Type.Object({
  lamppost: Type.String(),
  at: Type.String(),
  head: Type.Object({ seq: Type.Integer(), hash: Type.String() }),
  recordings: Type.Boolean(),
  files: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer(), sha256: Type.String() })),
})
/** @throws when it is none */
export function parseManifest(text: string): Manifest {
  const found: unknown = JSON.parse(text)
  if (!Value.Check(SHAPE, found)) throw new Error(`${MANIFEST} is none of a back-up of Lamppost`)
  return found
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'
/** Null: there is none. @throws when it cannot be read: that it is there is known, and it would be missing later */
async function ifThere<Found>(found: Promise<Found>): Promise<Found | null> {
  return found.catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
}

/** Names of everything below a part that is no folder, deep; a file is its own. @throws as above */
export async function filesIn(folder: string, part: string): Promise<string[]> {
  const found = await ifThere(stat(join(folder, part)))
  if (!found) return []
  if (!found.isDirectory()) return [part]
  const below = await readdir(join(folder, part), { recursive: true, withFileTypes: true })
  return below.filter((each) => !each.isDirectory()).map((each) => relative(folder, join(each.parentPath, each.name)))
}

/** What was written so lately may be written at this moment. */
const STILL_MS = 10 * 60_000

/**
 * Puts files of the data folder as they are now into a folder of copies: what lies still under a second name, which
 * costs nothing and stays when the first goes; what may be written on, or lies on another disk, as a copy.
 * @returns those that are there; the others have gone meanwhile, and were not kept any more
 */
export async function takeInto(copies: string, data: string, names: readonly string[], now: number): Promise<string[]> {
  const taken: string[] = []
  for (const name of names) {
    const [from, to] = [join(data, name), join(copies, name)]
    const found = await ifThere(stat(from))
    if (!found) continue
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    const isStill = now - found.mtimeMs > STILL_MS
    const linked =
      isStill &&
      (await link(from, to).then(
        () => true,
        () => false,
      ))
    if (linked || (await ifThere(copyFile(from, to).then(() => true)))) taken.push(name)
  }
  return taken
}
