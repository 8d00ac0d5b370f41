/** `lamppost backup` and `lamppost restore`: a whole town's data in one archive, made while the server runs. */
import { createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { finished } from 'node:stream/promises'
import { makeBackup, restoreBackup } from './town-backup.ts'
import { realClock } from '../../tools/clock.ts'
import { packageRoot } from '../../tools/package-root.ts'

type Options = {
  data?: string | undefined
  site?: string | undefined
  to?: string | undefined
  'no-recordings'?: boolean | undefined
}
const say = (words: string): void => void process.stderr.write(`${words}\n`)
const folderOf = (data: string | undefined): string => resolve(data ?? join(packageRoot, 'data'))
const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`

export async function backupCommand({ data, site, to, 'no-recordings': without = false }: Options): Promise<number> {
  if (to === undefined) throw new Error('--to is missing: a file, or - for standard output (as to age or gpg)')
  if (site !== undefined && !existsSync(site)) throw new Error(`the site file ${site} does not exist`)
  const folder = folderOf(data)
  if (!existsSync(folder)) throw new Error(`there is no ${folder}`)
  // Under another name until it is whole: a back-up that broke off is none.
  const part = `${to}.part`
  const output = to === '-' ? process.stdout : createWriteStream(part, { mode: 0o600 })
  const order = { data: folder, site: site === undefined ? null : resolve(site), recordings: !without }
  try {
    const { head, files } = await makeBackup({ ...order, output, clock: realClock })
    if (to !== '-') {
      output.end()
      await finished(output)
      await rename(part, to)
    }
    const bytes = files.reduce((sum, each) => sum + each.bytes, 0)
    say(`${files.length} files, ${megabytes(bytes)}, the record up to entry ${head.seq} (${head.hash.slice(0, 16)}…).`)
    say('It has the keys that sign evidence, and secrets of people: keep it encrypted.')
  } catch (error) {
    if (to !== '-') await rm(part, { force: true })
    throw error
  }
  return 0
}

export async function restoreCommand([file]: string[], { data }: Options): Promise<number> {
  if (file === undefined) throw new Error('lamppost restore needs a back-up: a file, or - for standard input')
  if (file !== '-' && !existsSync(file)) throw new Error(`there is no ${file}`)
  const folder = folderOf(data)
  const begun = realClock.monotonic()
  const { at, head, entries, files, site, recordings } = await restoreBackup(
    file === '-' ? process.stdin : resolve(file),
    folder,
    realClock,
  )
  const seconds = ((realClock.monotonic() - begun) / 1000).toFixed(1)
  say(
    `Restored into ${folder} in ${seconds} s: ${files.length} files of ${at}; ${entries} entries verified, up to ${head.seq}.`,
  )
  say('What was recorded after that is lost; the record says where it goes on, and gives no number twice.')
  if (!recordings) say('Recordings were left out of this back-up.')
  say(`Start it: lamppost start --site ${site ?? 'FILE'} --data ${folder}`)
  return 0
}
