/** `lamppost backup` and `lamppost restore`: a whole town's data in one archive, made while the server runs. */
import { once } from 'node:events'
import { createWriteStream, existsSync, rmSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { realClock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { packageRoot } from '../../tools/package-root.ts'
import { makeBackup } from './town-backup.ts'
import { restoreBackup } from './town-restore.ts'

type Options = {
  data?: string | undefined
  site?: string | undefined
  to?: string | undefined
  'no-recordings'?: boolean | undefined
}
const say = (words: string): void => void process.stderr.write(`${words}\n`)
const folderOf = (data: string | undefined): string => resolve(data ?? join(packageRoot, 'data'))
const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`

/** Under another name until it is whole: a back-up that broke off is none. @throws when it cannot be written there */
async function openOutput(
  to: string,
): Promise<{ output: Writable; commit(): Promise<void>; abandon(): Promise<void> }> {
  if (to === '-') return { output: process.stdout, commit: async () => {}, abandon: async () => {} }
  const part = `${to}.part`
  const output = createWriteStream(part, { mode: 0o600 })
  await once(output, 'open').catch((error: unknown) => {
    throw new Error(`${to} cannot be written: ${messageOf(error)}`, { cause: error })
  })
  process.once('exit', () => rmSync(part, { force: true }))
  return {
    output,
    async commit() {
      output.end()
      await finished(output)
      await rename(part, to)
    },
    abandon: () => rm(part, { force: true }),
  }
}

export async function backupCommand({ data, site, to, 'no-recordings': without = false }: Options): Promise<number> {
  if (to === undefined) throw new Error('--to is missing: a file, or - for standard output (as to age or gpg)')
  if (site !== undefined && !existsSync(site)) throw new Error(`the site file ${site} does not exist`)
  const folder = folderOf(data)
  if (!existsSync(folder)) throw new Error(`there is no ${folder}`)
  const { output, commit, abandon } = await openOutput(to)
  const order = { data: folder, site: site === undefined ? null : resolve(site), recordings: !without }
  try {
    const { head, files } = await makeBackup({ ...order, output, clock: realClock })
    await commit()
    const bytes = files.reduce((sum, each) => sum + each.bytes, 0)
    say(`${files.length} files, ${megabytes(bytes)}, the record up to entry ${head.seq} (${head.hash.slice(0, 16)}…).`)
    say('It has the keys that sign evidence, and secrets of people: keep it encrypted.')
    say(
      site === undefined
        ? 'The site file is not in it (--site FILE).'
        : 'Of the site file only the file itself is in it: not what it names, such as streets and keys.',
    )
  } catch (error) {
    await abandon()
    throw error
  }
  return 0
}

export async function restoreCommand([file]: string[], { data }: Options): Promise<number> {
  if (file === undefined) throw new Error('lamppost restore needs a back-up: a file, or - for standard input')
  if (file !== '-' && !existsSync(file)) throw new Error(`there is no ${file}`)
  const folder = folderOf(data)
  const begun = realClock.monotonic()
  const { at, head, entries, files, site, recordings, broken } = await restoreBackup(
    file === '-' ? process.stdin : resolve(file),
    folder,
    realClock,
  )
  const seconds = ((realClock.monotonic() - begun) / 1000).toFixed(1)
  say(
    `Restored into ${folder} in ${seconds} s: ${files.length} files of ${at}; ${entries} entries verified, up to ${head.seq}.`,
  )
  say('What was recorded after that is lost; the record says where it goes on, and gives no number twice.')
  if (broken.length > 0) say(`Chain ${broken.join(' and ')} was broken before the back-up, and still is.`)
  say(
    'Accounts, tokens and hand-over links are as they were then: end again what was ended since. Nobody is signed in.',
  )
  if (!recordings) say('Recordings were left out of this back-up.')
  say(`Start it: lamppost start --site ${site ?? 'FILE'} --data ${folder}`)
  return 0
}
