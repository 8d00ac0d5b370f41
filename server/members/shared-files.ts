/**
 * Small files that every member has: people and sessions, keys, what is known of heads, the site file. A file that was
 * changed here goes into the agreement; one that was changed elsewhere is written here. Where both changed, the
 * agreement wins, and what was here is kept beside it.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Clock, isoTime } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { replaceFile } from '../tools/process/replace-file.ts'
import type { Etcd } from './engine/etcd.ts'
import type { TownKeys } from './engine/keys.ts'
import type { Seal } from './engine/seal.ts'
import type { SharedFile } from './town-state.ts'

/** Of the data folder. Sessions and heads are the lead's: others only follow. A key is never another one afterwards. */
const FILES = [
  { name: 'people.json', byLeadOnly: false },
  { name: 'sessions.json', byLeadOnly: true },
  { name: 'heads.json', byLeadOnly: true },
  { name: 'inputs.json', byLeadOnly: true },
  { name: 'ledger-key.pem', byLeadOnly: true, isFixed: true },
]
const FOLDERS = [
  { name: 'secrets', byLeadOnly: false },
  { name: 'evidence-keys', byLeadOnly: true, isFixed: true },
]
export const SITE = 'site'
const LOOK_EVERY_MS = 250
/** The engine takes no more in one value. */
const MOST_BYTES = 900 * 1024

export type SharedFilesPort = {
  etcd: Pick<Etcd, 'txn'>
  keys: TownKeys
  seal: Seal
  clock: Clock
  dataFolder: string
  siteFile: string
  agreed(): ReadonlyMap<string, SharedFile>
  isRead(): boolean
  leads(): boolean
  onError(error: unknown): void
}
type Wanted = { name: string; path: string; byLeadOnly: boolean; isFixed?: boolean }
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

export function createSharedFiles(port: SharedFilesPort) {
  const { etcd, keys, seal, clock, dataFolder, siteFile, agreed, isRead, leads, onError } = port
  const bookFile = join(dataFolder, 'member', 'shared.json')
  const stopped = new AbortController()
  /** By name: the hash of what this member and the agreement had in common last. */
  const common = new Map<string, string>(readBook())
  const seen = new Map<string, { stamp: string; text: string }>()
  const said = new Set<string>()
  /** By name: the revision of what this member has put into the agreement last. */
  const offered = new Map<string, bigint>()
  let siteDiffers: string | null = null

  function readBook(): [string, string][] {
    try {
      return Object.entries(JSON.parse(readFileSync(bookFile, 'utf8')) as Record<string, string>)
    } catch {
      return []
    }
  }
  function noteCommon(name: string, text: string): void {
    if (common.get(name) === hashOf(text)) return
    common.set(name, hashOf(text))
    replaceFile(bookFile, `${JSON.stringify(Object.fromEntries(common))}\n`)
  }
  /** @throws when it is longer than the engine takes: it is not shared, and not overwritten either */
  function textOf({ name, path }: Wanted): string | null {
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found?.isFile()) return null
    if (found.size > MOST_BYTES) throw new Error(`it is longer than ${MOST_BYTES / 1024} KiB`)
    const stamp = `${found.mtimeMs} ${found.size} ${found.ino}`
    const known = seen.get(name)
    if (known?.stamp === stamp) return known.text
    const text = readFileSync(path, 'utf8')
    seen.set(name, { stamp, text })
    return text
  }
  function wanted(): Wanted[] {
    const inFolders = FOLDERS.flatMap(({ name: folder, ...rules }) => {
      const here = existsSync(join(dataFolder, folder)) ? readdirSync(join(dataFolder, folder)) : []
      const there = [...agreed().keys()]
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => name.slice(folder.length + 1))
      return [...new Set([...here, ...there])]
        .filter((name) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && !name.endsWith('.new'))
        .map((name) => ({ name: `${folder}/${name}`, path: join(dataFolder, folder, name), ...rules }))
    })
    return [
      ...FILES.map((each) => ({ ...each, path: join(dataFolder, each.name) })),
      ...inFolders,
      // What an engineer has saved, or changed by hand, on the server that leads.
      { name: SITE, path: siteFile, byLeadOnly: true },
    ]
  }
  /** @returns false: somebody was quicker */
  async function offer({ name }: Wanted, text: string, modified: string): Promise<void> {
    const key = keys.file(name)
    const { succeeded, revision } = await etcd.txn([{ key, modified }], [{ put: key, value: seal.seal(key, text) }])
    if (!succeeded) return
    offered.set(name, BigInt(revision))
    noteCommon(name, text)
  }
  function write({ name, path }: Wanted, text: string): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    replaceFile(path, text)
    noteCommon(name, text)
  }
  async function look(file: Wanted): Promise<void> {
    const here = textOf(file)
    const there = agreed().get(file.name)
    // What this member has just offered is on its way back: until then the text of before says nothing.
    if (BigInt(there?.modRevision ?? 0) < (offered.get(file.name) ?? 0n)) return
    const mayOffer = !file.byLeadOnly || leads()
    if (file.name === SITE) siteDiffers = null
    if (there === undefined) return here !== null && mayOffer ? offer(file, here, '0') : undefined
    if (here === there.text) return noteCommon(file.name, here)
    if (file.isFixed) return write(file, there.text)
    const last = common.get(file.name)
    const isChangedHere = here !== null && hashOf(here) !== last
    const isChangedThere = hashOf(there.text) !== last
    if (isChangedHere && !isChangedThere) {
      if (mayOffer) return offer(file, here, there.modRevision)
      if (file.name === SITE)
        siteDiffers = 'it was changed by hand on a server that does not lead: make the change on the one that leads'
      // The lead's own: what is here is of before.
      else if (file.byLeadOnly) write(file, there.text)
      return
    }
    // The lead has just written it, and its own change is on its way.
    if (isChangedHere && leads() && file.byLeadOnly) return offer(file, here, there.modRevision)
    if (isChangedHere) {
      const aside = `${file.path}.before-town-${isoTime(clock.now()).replaceAll(/[:.]/g, '-')}`
      replaceFile(aside, here)
      onError(new Error(`${file.path} was another than the town’s: it is kept as ${aside}`))
    }
    write(file, there.text)
  }
  async function lookAtAll(): Promise<void> {
    for (const file of wanted())
      try {
        await look(file)
        said.delete(file.name)
      } catch (error) {
        if (!said.has(file.name))
          onError(new Error(`${file.name} is not shared with the other servers: ${messageOf(error)}`))
        said.add(file.name)
      }
  }
  async function watch(): Promise<void> {
    mkdirSync(dirname(bookFile), { recursive: true, mode: 0o700 })
    while (!stopped.signal.aborted) {
      if (isRead()) await lookAtAll()
      await clock.sleep(LOOK_EVERY_MS, stopped.signal)
    }
  }
  const watching = watch()
  return {
    siteDiffers: (): string | null => siteDiffers,
    /** Everything once, now: before this member leads. */ settle: lookAtAll,
    async close(): Promise<void> {
      stopped.abort()
      await watching
    },
  }
}
export type SharedFiles = ReturnType<typeof createSharedFiles>
