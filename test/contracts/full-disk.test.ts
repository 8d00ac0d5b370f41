/**
 * The ledger's file on a disk that fills up: what was durable stays, and what is kept is used. A small disk in
 * memory, mounted by root.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeReadyOnFullDisk, writtenInRoom } from '../../server/ledger/ledger-room.ts'
import { type LedgerRows, openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'

let disk = ''
let file = ''
const mount = (megabytes: number): void => {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk]).status !== 0)
    throw new Error('tmpfs cannot be mounted')
}
/** Another program takes all there is, down to the last block, or all but some megabytes. */
function fill(name: string, leftBytes = 0): void {
  const handle = openSync(join(disk, name), 'a')
  const free = (): number => statfsSync(disk).bavail * statfsSync(disk).bsize
  const step = (bytes: number): void => {
    try {
      for (;;) {
        if (leftBytes > 0 && free() <= leftBytes) return
        writeSync(handle, Buffer.alloc(bytes))
      }
    } catch {
      // Full.
    }
  }
  step(1024 * 1024)
  step(4096)
  closeSync(handle)
}
const entry = (seq: number) => ({
  seq,
  at: '2026-11-28T18:00:00.000Z',
  kind: 'press.received',
  actor: 'source:http',
  subject: `incident-${seq}`,
  body: JSON.stringify({ press: { key: `k${seq}`, helpPoint: 'bar' }, pad: 'p'.repeat(600) }),
})
function open(): LedgerRows {
  makeReadyOnFullDisk(file)
  const rows = openLedgerRows(file)
  rows.room?.begin()
  return rows
}
/** How many of so many entries were written, each in a commit of its own. */
function put(rows: LedgerRows, count: number): number {
  let taken = 0
  for (let i = 0; i < count; i += 1) {
    try {
      writtenInRoom(rows.room, () => rows.append([entry(rows.head().seq + 1)]))
      taken += 1
    } catch {
      // Refused.
    }
  }
  return taken
}
beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), 'lamppost-ledger-disk-'))
  file = join(disk, 'ledger.sqlite')
})
afterEach(() => {
  spawnSync('umount', ['--lazy', disk])
  rmSync(disk, { recursive: true, force: true })
})

describe.skipIf(process.getuid?.() !== 0)('a ledger on a small disk (needs root to mount one)', () => {
  test.each([
    ['a new ledger', 0],
    ['one with older entries', 100],
  ])('%s that is closed on the full disk, with no room kept, loses nothing that was durable', (_, older) => {
    mount(64)
    if (older > 0) {
      const before = open()
      expect(put(before, older)).toBe(older)
      before.close()
      for (const name of ['ledger-reserve', 'ledger-reserve-index']) rmSync(join(disk, name), { force: true })
    }
    fill('most', 20 * 1024 * 1024)
    const rows = open()
    const taken = put(rows, 100)
    fill('rest')
    rows.close()
    for (const name of ['most', 'rest']) rmSync(join(disk, name))
    const again = open()
    expect(taken).toBe(100)
    expect(again.head().seq).toBe(older + taken)
    expect(again.page(0, 1000)).toHaveLength(older + taken)
    again.close()
  })
  test('somebody who reads while it is closed on the full disk takes nothing away from it', () => {
    mount(120)
    const rows = open()
    put(rows, 50)
    const reader = new DatabaseSync(file, { readOnly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM entries').get()
    put(rows, 70)
    fill('other')
    rmSync(join(disk, 'ledger-reserve'), { force: true })
    fill('rest')
    rows.close()
    reader.close()
    for (const name of ['other', 'rest']) rmSync(join(disk, name))
    const again = open()
    expect(again.head().seq).toBe(120)
    again.close()
  })
  test('after an ordinary stop and start its log is long enough again: on the full disk everything is taken', () => {
    mount(150)
    const first = open()
    for (let i = 0; i < 30; i += 1) first.room?.restore()
    put(first, 5)
    first.close()
    const rows = open()
    expect(put(rows, 5)).toBe(5)
    fill('other')
    expect(put(rows, 300)).toBe(300)
    expect(rows.room?.state().hoursLeft).toBeGreaterThan(0)
    rows.close()
  })
  test('when the log has come to its end because somebody reads, that is said; once they have gone it is taken again', () => {
    mount(120)
    const rows = open()
    put(rows, 100)
    for (let i = 0; i < 20; i += 1) rows.room?.restore()
    fill('other')
    const reader = new DatabaseSync(file, { readOnly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM entries').get()
    expect(put(rows, 1500)).toBeLessThan(1500)
    expect(rows.room?.state()).toMatchObject({ onReserve: true, hoursLeft: 0 })
    reader.exec('COMMIT')
    reader.close()
    expect(put(rows, 50)).toBe(50)
    expect(rows.room?.state().hoursLeft).toBeGreaterThan(0)
    rows.close()
  })
  test('two names of one log, as a death while closing leaves them, are parted before anything is emptied', () => {
    mount(120)
    const rows = open()
    put(rows, 40)
    rmSync(join(disk, 'ledger-reserve'))
    spawnSync('ln', [`${file}-wal`, join(disk, 'ledger-reserve')])
    fill('other')
    const copy = openLedgerRows(file, { readOnly: true })
    expect(copy.head().seq).toBe(40)
    copy.close()
    makeReadyOnFullDisk(file)
    expect(existsSync(join(disk, 'ledger-reserve'))).toBe(false)
    expect(statSync(`${file}-wal`).nlink).toBe(1)
    rows.close()
  })
})
