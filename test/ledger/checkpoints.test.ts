import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  checkpointKey,
  checkpointPlaces,
  readCheckpoints,
  writeCheckpoint,
} from '../../server/ledger/checkpoints/checkpoint-files.ts'
import {
  originOf,
  readCheckpoint,
  signCheckpoint,
  verifierKeyOf,
} from '../../server/ledger/checkpoints/checkpoint-note.ts'
import { openLedgerChains } from '../../server/ledger/ledger-chains.ts'
import { hashOf, leafOf } from '../../server/ledger/ledger-hash.ts'
import { verifyLedger } from '../../server/ledger/ledger-proof.ts'
import { type Unhashed, openLedgerRows } from '../../server/ledger/ledger-sqlite.ts'

const AT = '2026-11-20T22:30:00.000Z'
const row = (seq: number): Unhashed => ({
  seq,
  at: AT,
  kind: 'incident.noted',
  actor: 'operator:Sam',
  subject: 'inc-1',
  body: `{"text":"entry ${seq}"}`,
})
const rows = (from: number, to: number): Unhashed[] => Array.from({ length: to - from + 1 }, (_, i) => row(from + i))

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-checkpoints-'))
  file = join(folder, 'ledger.sqlite')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Writes so many entries and signs what is there after each of `at`. */
function written(count: number, at: readonly number[]): void {
  const ledger = openLedgerRows(file)
  const places = checkpointPlaces(file)
  const key = checkpointKey(places.keyFile)
  for (const each of rows(1, count)) {
    ledger.append([each])
    if (at.includes(each.seq))
      writeCheckpoint(places, signCheckpoint({ origin: originOf(key, 1), ...ledger.tree() }, key), AT.slice(0, 10))
  }
  ledger.close()
}
/** What somebody who has the database, but not what was signed, could do: everything is made to fit again. */
function rewrite(from: number, body: string): void {
  const db = new DatabaseSync(file)
  db.exec('DROP TRIGGER entries_never_change; DROP TRIGGER entries_never_go;')
  let prev = (db.prepare('SELECT prev FROM entries WHERE seq = ?').get(from) as { prev: string }).prev
  for (const each of db.prepare('SELECT * FROM entries WHERE seq >= ? ORDER BY seq').all(from) as (Unhashed & {
    prev: string
  })[]) {
    const next = { ...each, body: each.seq === from ? body : each.body }
    const hash = hashOf(prev, leafOf(next))
    db.prepare('UPDATE entries SET body = ?, prev = ?, hash = ? WHERE seq = ?').run(next.body, prev, hash, each.seq)
    prev = hash
  }
  db.close()
}

describe('a checkpoint', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const checkpoint = { origin: originOf(privateKey, 1), size: 12_345, root: Buffer.alloc(32, 7).toString('base64') }
  test('is a signed note as C2SP has it: three lines, a blank one, a signature by a named key', () => {
    const note = signCheckpoint(checkpoint, privateKey)
    const [text = '', signature = ''] = note.split('\n\n')
    expect(text).toBe(`${checkpoint.origin}\n12345\n${checkpoint.root}`)
    const [, name, encoded = ''] = /^— (\S+) (\S+)\n$/.exec(signature) ?? []
    const bytes = Buffer.from(encoded, 'base64')
    expect([name, bytes.length]).toEqual([checkpoint.origin, 68])
    // Whoever has only the published verifier key can check it.
    const [vkeyName = '', vkeyId = '', vkey = ''] = verifierKeyOf(checkpoint.origin, privateKey)
      .split('+')
      .reduce<string[]>(
        (parts, part, i) =>
          i < 2
            ? [...parts, part]
            : [...parts.slice(0, 2), [parts[2], part].filter((each) => each !== undefined).join('+')],
        [],
      )
    const raw = Buffer.from(vkey, 'base64')
    expect([vkeyName, vkeyId, raw[0]]).toEqual([checkpoint.origin, bytes.subarray(0, 4).toString('hex'), 1])
    const key = createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw.subarray(1)]),
      format: 'der',
      type: 'spki',
    })
    expect(verify(null, Buffer.from(`${text}\n`), key, bytes.subarray(4))).toBe(true)
  })
  test('of C2SP’s own text is read', () => {
    const published =
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
      '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n'
    expect(readCheckpoint(published, privateKey)).toMatchObject({ size: 20_852_163, signed: false })
  })
  test.each([
    ['another size', (note: string) => note.replace('12345', '12346')],
    ['another root', (note: string) => note.replace(checkpoint.root, Buffer.alloc(32, 8).toString('base64'))],
    ['another’s signature', () => signCheckpoint(checkpoint, generateKeyPairSync('ed25519').privateKey)],
  ])('with %s is not signed', (_, change) =>
    expect(readCheckpoint(change(signCheckpoint(checkpoint, privateKey)), privateKey)?.signed).toBe(false),
  )
  test('cut short is none', () =>
    expect(readCheckpoint(signCheckpoint(checkpoint, privateKey).slice(0, -20), privateKey)?.signed ?? null).not.toBe(
      true,
    ))
})

describe('checkpoints outside the database', () => {
  test('agree with what was written', () => {
    written(700, [1, 100, 256, 257, 700])
    expect(verifyLedger(file)).toMatchObject({ ok: true, entries: 700, chains: [{ chain: 1, checkpoints: 5 }] })
  })
  test('show that the whole chain was written anew, though every hash fits', () => {
    written(300, [200])
    rewrite(120, '{"text":"nothing happened"}')
    expect(verifyLedger(file)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/first 200 entries are not those that were signed.*written anew/),
    })
  })
  test('do not show what was rewritten after the last of them: that is said openly, and the next one does', () => {
    written(300, [100])
    rewrite(120, '{"text":"nothing happened"}')
    expect(verifyLedger(file).ok).toBe(true)
  })
  test('show that the end was cut off', () => {
    written(300, [280])
    const db = new DatabaseSync(file)
    db.exec('DROP TRIGGER entries_never_go; DELETE FROM entries WHERE seq > 250')
    db.close()
    expect(verifyLedger(file)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/has 250 entries, and 280 were signed/),
    })
  })
  test('that were altered themselves are found, and one cut short by a crash is left out', () => {
    written(300, [100, 200])
    const name = join(folder, 'checkpoints', '2026-11-20.txt')
    appendFileSync(name, 'lamppost/x\n300\n')
    expect(verifyLedger(file)).toMatchObject({ ok: true, chains: [{ checkpoints: 2 }] })
    writeFileSync(name, readFileSync(name, 'utf8').replace('\n200\n', '\n201\n'))
    expect(verifyLedger(file)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/201 entries .* does not carry this ledger's signature/),
    })
  })
  test('are none of another key: a ledger that is signed anew after its key was taken away is not whole', () => {
    written(10, [10])
    rmSync(join(folder, 'ledger-key.pem'))
    rewrite(3, '{"text":"nothing happened"}')
    const again = openLedgerRows(file)
    const places = checkpointPlaces(file)
    const key = checkpointKey(places.keyFile)
    writeCheckpoint(places, signCheckpoint({ origin: originOf(key, 1), ...again.tree() }, key), AT.slice(0, 10))
    again.close()
    expect(verifyLedger(file)).toMatchObject({ ok: false, problem: expect.stringContaining('of another key') })
  })
  test('cannot be left behind by calling the chain another one', () => {
    written(10, [10])
    rewrite(3, '{"text":"nothing happened"}')
    const db = new DatabaseSync(file)
    db.exec(`UPDATE chain SET number = 2, genesis = '{}'`)
    db.close()
    expect(verifyLedger(file)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('says that it is chain 2, and it is the 1'),
    })
  })
  test('that were cut short do not run into the next one', () => {
    written(100, [50])
    const places = checkpointPlaces(file)
    const key = checkpointKey(places.keyFile)
    const rowsOf = openLedgerRows(file)
    const note = signCheckpoint({ origin: originOf(key, 1), ...rowsOf.tree() }, key)
    appendFileSync(join(folder, 'checkpoints', '2026-11-20.txt'), note.slice(0, -40))
    writeCheckpoint(places, note, '2026-11-20')
    rowsOf.close()
    expect(verifyLedger(file)).toMatchObject({ ok: true, chains: [{ checkpoints: 2 }] })
  })
  test('cannot be verified without their key, and that is said', () => {
    written(10, [10])
    rmSync(join(folder, 'ledger-key.pem'))
    expect(verifyLedger(file)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('ledger-key.pem is missing'),
    })
  })
  test('are signed by a key that only its owner can read, and that is never made anew over a damaged one', () => {
    written(1, [1])
    const { keyFile } = checkpointPlaces(file)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    expect(createPrivateKey(readFileSync(keyFile)).asymmetricKeyType).toBe('ed25519')
    writeFileSync(keyFile, 'damaged')
    expect(() => checkpointKey(keyFile)).toThrow(/restore it from a backup/)
  })
  test('of a ledger of an earlier version begin where it is: its tree is made from what is there', () => {
    written(600, [])
    const db = new DatabaseSync(file)
    db.exec('DELETE FROM nodes')
    db.close()
    const again = openLedgerRows(file)
    const fresh = again.tree()
    again.append([row(601)])
    again.close()
    expect(fresh.size).toBe(600)
    const reopened = openLedgerRows(file)
    expect(reopened.tree().size).toBe(601)
    reopened.close()
    expect(verifyLedger(file).ok).toBe(true)
  })
})

describe('a broken ledger', () => {
  const open = (knownSeq = 0) => openLedgerChains(file, { knownSeq, startedAt: AT })
  test('whose file is damaged is set aside unaltered, and a new chain names the break', () => {
    written(300, [200])
    const bytes = Buffer.from(readFileSync(file))
    bytes.fill(0x58, 0, 64)
    writeFileSync(file, bytes)
    const chains = open(250)
    expect(chains.takeBreak()).toMatchObject({ file: 'ledger-broken-1.sqlite', chain: 2 })
    expect(chains.current().head().seq).toBe(1_000_249)
    chains.current().append([row(1_000_250)])
    chains.close()
    expect(readFileSync(join(folder, 'ledger-broken-1.sqlite'))).toEqual(bytes)
    const { ok, problem, chains: verdicts } = verifyLedger(file)
    expect([ok, problem]).toEqual([false, expect.stringMatching(/chain 1: ledger-broken-1.sqlite cannot be read/)])
    expect(verdicts[1]).toMatchObject({ ok: true, entries: 1, first: 1_000_250 })
  })
  test('that does not verify is set aside, can still be read, and numbers go on', () => {
    written(50, [])
    const chains = open()
    chains.rotate('entry 20 was changed', 51, { seq: 19, hash: 'ab'.repeat(32) }, AT)
    chains.current().append([row(51), row(52)])
    expect(chains.page(48, 10).map(({ seq }) => seq)).toEqual([49, 50, 51, 52])
    expect(chains.page(48, 3).map(({ seq }) => seq)).toEqual([49, 50, 51])
    expect(chains.page(50, 10).map(({ seq }) => seq)).toEqual([51, 52])
    expect(chains.about('inc-1')).toHaveLength(52)
    chains.close()
    const reopened = open()
    expect(reopened.current().head().seq).toBe(52)
    expect(reopened.takeBreak()).toBeNull()
    reopened.close()
  })
  test('has the naming of its break under the first hash of the new chain', () => {
    written(5, [])
    const chains = open()
    chains.rotate('entry 3 was changed', 6, null, AT)
    chains.current().append([row(6)])
    chains.close()
    expect(verifyLedger(file).chains[1]).toMatchObject({ ok: true })
    const db = new DatabaseSync(file)
    db.exec(`UPDATE chain SET genesis = replace(genesis, 'entry 3 was changed', 'all is well')`)
    db.close()
    expect(verifyLedger(file).chains[1]).toMatchObject({ ok: false, problem: expect.stringContaining('entry 6') })
  })
  test('gives what can be read around a damaged place, and the rest is not lost with it', () => {
    written(3000, [])
    const bytes = readFileSync(file)
    const page = 4096
    // A leaf in the middle of the entries: its bytes are gone, those around it are not.
    const marker = bytes.indexOf('"entry 1500"')
    bytes.fill(0, Math.floor(marker / page) * page, Math.floor(marker / page) * page + page)
    writeFileSync(file, bytes)
    const chains = open()
    const all: number[] = []
    for (let found = chains.page(0, 500); found.length > 0; found = chains.page(all.at(-1) ?? 0, 500))
      all.push(...found.map(({ seq }) => seq))
    chains.close()
    expect(all.length).toBeGreaterThan(2900)
    expect([all[0], all.at(-1), all.includes(1500)]).toEqual([1, 3000, false])
  })
  test('whose setting aside was cut short by a death goes on where that was', () => {
    written(20, [])
    const whole = open()
    whole.rotate('entry 3 was changed', 21, null, AT)
    whole.current().append([row(21)])
    whole.close()
    // As it lies there when the power goes between the two renames.
    for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
    renameSync(file, join(folder, 'ledger-next.sqlite'))
    const chains = open()
    expect([chains.current().head().seq, chains.current().chain().number, chains.page(0, 100).length]).toEqual([
      21, 2, 21,
    ])
    chains.close()
    expect(verifyLedger(file).chains[1]).toMatchObject({ ok: true, first: 21 })
  })
  test('that was prepared and not yet set aside is still the one', () => {
    written(20, [])
    openLedgerRows(join(folder, 'ledger-next.sqlite'), { begins: { number: 2, first: 21, genesis: '{}' } }).close()
    const chains = open()
    expect([chains.current().head().seq, chains.current().chain().number]).toEqual([20, 1])
    chains.close()
    expect(readdirSync(folder).some((name) => name.startsWith('ledger-next'))).toBe(false)
  })
  test('whose earlier chain was taken away is not whole, and its number is never used again', () => {
    written(5, [])
    const chains = open()
    chains.rotate('one', 6, null, AT)
    chains.current().append([row(6)])
    chains.rotate('two', 7, null, AT)
    chains.current().append([row(7)])
    chains.close()
    rmSync(join(folder, 'ledger-broken-1.sqlite'))
    expect(verifyLedger(file)).toMatchObject({
      ok: false,
      problem: 'chain 1 is missing: ledger-broken-1.sqlite is not here',
    })
    const again = open()
    again.rotate('three', 8, null, AT)
    again.close()
    expect(
      readdirSync(folder)
        .filter((name) => /^ledger-broken-\d+\.sqlite$/.test(name))
        .sort(),
    ).toEqual(['ledger-broken-2.sqlite', 'ledger-broken-3.sqlite'])
  })
  test('is told chain by chain, each with its own checkpoints', () => {
    written(5, [5])
    const chains = open()
    chains.rotate('entry 3 was changed', 6, null, AT)
    chains.current().append(rows(6, 9))
    const places = checkpointPlaces(file)
    const key = checkpointKey(places.keyFile)
    writeCheckpoint(
      places,
      signCheckpoint({ origin: originOf(key, 2), ...chains.current().tree() }, key),
      AT.slice(0, 10),
    )
    chains.close()
    expect(verifyLedger(file)).toMatchObject({
      ok: true,
      entries: 9,
      chains: [{ checkpoints: 1 }, { checkpoints: 1, entries: 4 }],
    })
    expect(readCheckpoints(places, key).map(({ size }) => size)).toEqual([5, 4])
    expect(
      readdirSync(folder)
        .filter((name) => !/-(wal|shm)$/.test(name))
        .sort(),
    ).toEqual(['checkpoints', 'ledger-broken-1.sqlite', 'ledger-key.pem', 'ledger.sqlite'])
  })
})
