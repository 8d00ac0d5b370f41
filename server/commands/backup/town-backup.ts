/** Makes a back-up of a data folder while the server runs on it. */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Writable } from 'node:stream'
import { filesHolding } from '../../clip/ring/ring-files.ts'
import type { Recorded } from '../../glossary/ledger.ts'
import type { Row } from '../../ledger/ledger-hash.ts'
import { copyLedger, entriesOf } from '../../ledger/copies/ledger-copy.ts'
import { type Clock, isoTime } from '../../tools/clock.ts'
import { version } from '../../tools/package-root.ts'
import { writeTar } from '../../tools/process/tar.ts'
import { LEDGER, MANIFEST, type Manifest, SITE, filesIn, sha256Of, takeInto } from './backup-contents.ts'
import { keptRecordings } from './kept-recordings.ts'
import { passingFolder } from './passing-folder.ts'

/** Before the ledger: a checkpoint must not speak of entries that the copy has not. */
const BEFORE = ['checkpoints', 'ledger-key.pem']
const PARTS = ['evidence-keys', 'town.json', 'people.json', 'sessions.json', 'heads.json', 'inputs.json', 'references']

function* recordedIn(rows: Iterable<Row>): Generator<Recorded> {
  for (const { seq, at, kind, actor, subject, body } of rows)
    yield { seq, at, kind, actor, subject, body: JSON.parse(body) } as Recorded
}
const namesIn = async (data: string, parts: readonly string[]): Promise<string[]> =>
  (await Promise.all(parts.map((part) => filesIn(data, part)))).flat()
/** Files of the data folder that recordings lie in, an index before its data. */
async function recordingsIn(data: string, copies: string, now: number): Promise<string[]> {
  const kept = keptRecordings(recordedIn(entriesOf(join(copies, LEDGER))), now)
  const clips = [...kept.clips].flatMap(([camera, ranges]) =>
    filesHolding(join(data, 'clips', camera), ranges).map((name) => join('clips', camera, name)),
  )
  const packages = await Promise.all(kept.exports.map((id) => filesIn(data, join('exports', id))))
  return [
    ...clips,
    ...packages.flat(),
    ...kept.calls.map((call) => join('calls', `${call}.wav`)),
    ...kept.snapshots.map((id) => join('snapshots', `${id}.jpg`)),
  ]
}

export type BackupOrder = {
  data: string
  /** Goes along, for a machine on which nothing is; null: it is kept elsewhere. */
  site: string | null
  recordings: boolean
  output: Writable
  clock: Pick<Clock, 'now'>
}

/** @throws when there is no ledger, something cannot be read, or nobody takes what is written */
export async function makeBackup({ data, site, recordings, output, clock }: BackupOrder): Promise<Manifest> {
  if (!existsSync(join(data, LEDGER))) throw new Error(`There is no ledger here: ${join(data, LEDGER)}`)
  const { folder: copies, remove } = await passingFolder(data, '.backup-')
  try {
    const now = clock.now()
    const names = await takeInto(copies, data, await namesIn(data, BEFORE), now)
    const head = await copyLedger(join(data, LEDGER), copies)
    names.push(...(await readdir(copies)).filter((name) => /^ledger(-broken-\d+)?\.sqlite(-wal)?$/.test(name)))
    names.push(...(await takeInto(copies, data, await namesIn(data, PARTS), now)))
    if (site !== null) {
      await mkdir(join(copies, SITE), { mode: 0o700 })
      await copyFile(site, join(copies, SITE, basename(site)))
      names.push(join(SITE, basename(site)))
    }
    if (recordings) names.push(...(await takeInto(copies, data, await recordingsIn(data, copies, now), now)))
    const manifest = { lamppost: version, at: isoTime(now), head, recordings, files: await filesOf(copies, names) }
    await writeFile(join(copies, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`)
    await writeTar(copies, [MANIFEST, ...names], output)
    return manifest
  } finally {
    remove()
  }
}
async function filesOf(folder: string, names: readonly string[]): Promise<Manifest['files']> {
  const files: Manifest['files'] = []
  for (const name of names) {
    const file = join(folder, name)
    files.push({ name, bytes: (await stat(file)).size, sha256: await sha256Of(file) })
  }
  return files
}
