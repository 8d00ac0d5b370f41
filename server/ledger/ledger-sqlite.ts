/**
 * One chain of the ledger in an SQLite file. Synchronous: it runs in the ledger's own thread, and in the command
 * line's.
 */
import { DatabaseSync } from 'node:sqlite'
import { bringForward, knownForm } from './ledger-forms.ts'
import { isFull, openLedgerRoom } from './ledger-room.ts'
import { NO_PREVIOUS, type Row, hashOf, leafOf } from './ledger-hash.ts'
import { type Node, createTreeEdge, inclusionPath, innerHash, isKept, peaksOf } from './merkle-tree.ts'

export type Unhashed = Omit<Row, 'prev' | 'hash'>
/**
 * `genesis`: what the chain was begun for; '' for the first one. After a break it names the break, and the first
 * entry's hash covers it.
 */
export type Chain = { number: number; first: number; genesis: string }
export type LedgerRows = ReturnType<typeof openLedgerRows>

const FIRST_CHAIN: Chain = { number: 1, first: 1, genesis: '' }
/** What the first entry of a chain follows. */
export const startOf = ({ genesis }: Chain): string => (genesis === '' ? NO_PREVIOUS : hashOf(NO_PREVIOUS, genesis))

/** @throws when a newer Lamppost wrote it, and when it is no database any more; it is closed then */
function knownFormOrClose(db: DatabaseSync, file: string): number {
  try {
    return knownForm(db, file)
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * @param file the database, made when missing.
 * @param begins for a new file only: the chain that begins in it.
 * @throws when another process has it open for writing, when a newer Lamppost wrote it, and when it is no database any
 * more.
 */
export function openLedgerRows(
  file: string,
  { begins = FIRST_CHAIN, readOnly = false }: { begins?: Chain; readOnly?: boolean } = {},
) {
  const db = new DatabaseSync(file, { readOnly })
  const form = knownFormOrClose(db, file)
  if (!readOnly) {
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000; PRAGMA foreign_keys = ON;',
    )
    bringForward(db, form)
    db.prepare('INSERT OR IGNORE INTO chain SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM chain)').run(
      begins.number,
      begins.first,
      begins.genesis,
    )
  }
  const room = readOnly ? null : openLedgerRoom(db, file)
  const hasTable = (name: string): boolean =>
    db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined
  const chain =
    ((hasTable('chain') ? db.prepare('SELECT number, first, genesis FROM chain').get() : undefined) as
      Chain | undefined) ?? FIRST_CHAIN
  const insert = readOnly
    ? null
    : db.prepare(
        'INSERT INTO entries (seq, at, kind, actor, subject, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
  const insertNode = readOnly ? null : db.prepare('INSERT OR REPLACE INTO nodes (level, idx, hash) VALUES (?, ?, ?)')
  const pageAfter = db.prepare('SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT ?')
  const bySubject = db.prepare('SELECT * FROM entries WHERE subject = ? ORDER BY seq')
  const openedBefore = db.prepare(
    "SELECT seq, subject FROM entries WHERE kind = 'incident.opened' AND seq < ? ORDER BY seq DESC LIMIT ?",
  )
  const byKey = db.prepare(
    "SELECT * FROM entries WHERE kind = 'press.received' AND json_extract(body, '$.press.key') = ? " +
      "AND json_extract(body, '$.press.helpPoint') = ? ORDER BY seq DESC LIMIT 1",
  )
  const lastLed = db.prepare("SELECT body FROM entries WHERE kind = 'town.led' ORDER BY seq DESC LIMIT 1")
  const hashAt = db.prepare('SELECT hash FROM entries WHERE seq = ?')
  const last = db.prepare('SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1')
  const head = (): { seq: number; hash: string } =>
    (last.get() as { seq: number; hash: string } | undefined) ?? { seq: chain.first - 1, hash: startOf(chain) }
  let tip = head()
  const edge = readOnly ? createTreeEdge() : openEdge()

  /** The hash over a whole subtree. */
  function hashOfTree(level: number, index: number): Buffer {
    if (level === 0)
      return Buffer.from((hashAt.get(chain.first + index) as { hash: string } | undefined)?.hash ?? '', 'hex')
    const found = isKept(level)
      ? (db.prepare('SELECT hash FROM nodes WHERE level = ? AND idx = ?').get(level, index) as
          { hash: Uint8Array } | undefined)
      : undefined
    return found
      ? Buffer.from(found.hash)
      : innerHash(hashOfTree(level - 1, index * 2), hashOfTree(level - 1, index * 2 + 1))
  }
  /** The tree as it was left; its kept nodes are made anew for a ledger of an earlier version. */
  function openEdge(): ReturnType<typeof createTreeEdge> {
    const size = tip.seq - chain.first + 1
    const kept = (db.prepare('SELECT count(*) AS count FROM nodes').get() as { count: number }).count
    if (size >= 256 && kept === 0) return rebuiltEdge()
    return createTreeEdge(
      size,
      peaksOf(size).map(({ level, index }) => ({ level, index, hash: hashOfTree(level, index) })),
    )
  }
  function rebuiltEdge(): ReturnType<typeof createTreeEdge> {
    const fresh = createTreeEdge()
    db.exec('BEGIN')
    for (let after = chain.first - 1; ;) {
      const page = pageAfter.all(after, 5000) as Row[]
      if (page.length === 0) break
      for (const { hash } of page) keepNodes(fresh.push(Buffer.from(hash, 'hex')))
      after = page.at(-1)?.seq ?? after
    }
    db.exec('COMMIT')
    return fresh
  }
  function keepNodes(nodes: readonly Node[]): void {
    for (const { level, index, hash } of nodes) insertNode?.run(level, index, hash)
  }

  function inTransaction(write: () => void): void {
    db.exec('BEGIN IMMEDIATE')
    try {
      write()
      db.exec('COMMIT')
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }

  return {
    chain: (): Chain => chain,
    /** What is kept for presses on a full disk; null where nothing is written. */
    room,
    head,
    /** One transaction, one fsync: all of them or none. Returns each row's hash, in order. */
    append(rows: readonly Unhashed[]): string[] {
      const hashes: string[] = []
      let prev = tip.hash
      const takeBack = edge.mark()
      try {
        inTransaction(() => {
          for (const row of rows) {
            const hash = hashOf(prev, leafOf(row))
            insert?.run(row.seq, row.at, row.kind, row.actor, row.subject, row.body, prev, hash)
            keepNodes(edge.push(Buffer.from(hash, 'hex')))
            hashes.push(hash)
            prev = hash
          }
        })
      } catch (error) {
        takeBack()
        throw error
      }
      tip = { seq: rows.at(-1)?.seq ?? tip.seq, hash: prev }
      return hashes
    },
    page: (after: number, limit: number): Row[] => pageAfter.all(after, limit) as Row[],
    about: (subject: string): Row[] => bySubject.all(subject) as Row[],
    /** Newest first. */
    openedBefore: (seq: number, limit: number): { seq: number; subject: string }[] =>
      openedBefore.all(seq, limit) as { seq: number; subject: string }[],
    pressWithKey: (helpPoint: string, key: string): Row | null =>
      (byKey.get(key, helpPoint) as Row | undefined) ?? null,
    hashAt: (seq: number): string | null => (hashAt.get(seq) as { hash: string } | undefined)?.hash ?? null,
    /** One row as it is stored, with its proof in the tree as it is now; null when it is not in this chain. */
    inclusion(seq: number): { row: Row; leafIndex: number; treeSize: number; root: string; proof: string[] } | null {
      const row = pageAfter.get(seq - 1, 1) as Row | undefined
      if (row?.seq !== seq) return null
      const [leafIndex, treeSize] = [seq - chain.first, edge.size()]
      return {
        row,
        leafIndex,
        treeSize,
        root: edge.root().toString('base64'),
        proof: inclusionPath(leafIndex, treeSize, hashOfTree).map((hash) => hash.toString('hex')),
      }
    },
    /** Of a town on several machines: under which its newest lead began; 0: it never had one. */
    newestTerm(): number {
      const row = lastLed.get() as { body: string } | undefined
      return row ? (JSON.parse(row.body) as { term: number }).term : 0
    },
    /** The tree's head over all entries of this chain. */
    tree: (): { size: number; root: string } => ({ size: edge.size(), root: edge.root().toString('base64') }),
    /** Writes and waits for the disk as an entry would. @throws what an entry would meet. */
    probe: (): void =>
      inTransaction(
        () =>
          void db.prepare('INSERT INTO probe VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET count = count + 1').run(),
      ),
    close(): void {
      let after: (() => void) | null = null
      try {
        // So that the file is whole without its log, for whoever copies it.
        after = room?.closing() ?? null
        if (!readOnly) db.exec(after ? 'PRAGMA wal_checkpoint(PASSIVE)' : 'PRAGMA wal_checkpoint(TRUNCATE)')
      } catch (error) {
        // What found no room in the file stays in its log.
        if (!isFull(error)) throw error
      } finally {
        db.close()
        after?.()
      }
    },
  }
}

/**
 * The hashes of those at the beginning of a batch that are on disk already: the thread before this one wrote them,
 * and died before it could say so.
 * @throws when another entry stands under one of their numbers
 */
export function hashesOfWritten(rows: Pick<LedgerRows, 'head' | 'page'>, batch: readonly Unhashed[]): string[] {
  const first = batch[0]?.seq ?? Number.POSITIVE_INFINITY
  const { seq: head } = rows.head()
  if (first > head) return []
  return rows.page(first - 1, Math.min(batch.length, head - first + 1)).map((row, i) => {
    const sent = batch[i]
    if (
      row.seq !== sent?.seq ||
      row.at !== sent.at ||
      row.kind !== sent.kind ||
      row.actor !== sent.actor ||
      row.subject !== sent.subject ||
      row.body !== sent.body
    )
      throw new Error(`entry ${row.seq} of the ledger is another than the one that was to be written`)
    return row.hash
  })
}

/** Whether the file itself is damaged, so that trying again is of no use. SQLITE_CORRUPT, SQLITE_NOTADB. */
export function isCorruption(error: unknown): boolean {
  const code = (error as { errcode?: number } | null)?.errcode
  return (
    (code !== undefined && [11, 26].includes(code & 0xff)) ||
    /malformed|not a database|database corruption/i.test(error instanceof Error ? error.message : '')
  )
}
