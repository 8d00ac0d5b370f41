/** What a back-up is made of: which files, as of when, and the hash of each. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises'
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

/** Names of files below a folder, deep; none when it is not there. */
export async function filesBelow(folder: string, part: string): Promise<string[]> {
  const found = await readdir(join(folder, part), { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((each) => each.isFile()).map((each) => relative(folder, join(each.parentPath, each.name)))
}

/** What was written so lately may be written at this moment: it is copied first, and the copy is taken. */
const STILL_MS = 10 * 60_000

/** Sorts the named files of the data folder into those that lie still and copies of the others. */
export async function standStill(
  data: string,
  names: readonly string[],
  copies: string,
  now: number,
): Promise<{ still: string[]; copied: string[] }> {
  const [still, copied]: [string[], string[]] = [[], []]
  for (const name of names) {
    const found = await stat(join(data, name)).catch(() => null)
    // What has gone meanwhile was not kept any more.
    if (!found) continue
    if (now - found.mtimeMs > STILL_MS) still.push(name)
    else {
      await mkdir(dirname(join(copies, name)), { recursive: true, mode: 0o700 })
      await copyFile(join(data, name), join(copies, name))
      copied.push(name)
    }
  }
  return { still, copied }
}
