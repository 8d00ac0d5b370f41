/** The same suite for a ledger whose order real etcd agree on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { MemberId } from '../../server/glossary/member.ts'
import { openLedger } from '../../server/ledger/ledger.ts'
import { createAgreement } from '../../server/members/agreement.ts'
import { type Etcd, createEtcd } from '../../server/members/engine/etcd.ts'
import { keysOf } from '../../server/members/engine/keys.ts'
import { createSeal } from '../../server/members/engine/seal.ts'
import { standForLead } from '../../server/members/term.ts'
import type { Head } from '../../server/members/town-state.ts'
import { realClock as clock } from '../../server/tools/clock.ts'
import { ledgerSuite } from '../contracts/ledger-suite.ts'
import { startEngine } from './member-town.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-agreed-'))
const seal = createSeal(Buffer.alloc(32, 5))
let engine: Awaited<ReturnType<typeof startEngine>>
let etcd: Etcd
beforeAll(async () => {
  engine = await startEngine(folder)
  etcd = createEtcd({ endpoints: engine.endpoints, user: null, password: null, ca: null })
})
afterAll(async () => {
  etcd.close()
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

const towns = new Map<string, string>()
ledgerSuite('agreed on', async (options) => {
  const town = towns.get(options.file) ?? `town-${towns.size + 1}`
  towns.set(options.file, town)
  const keys = keysOf(town)
  const start = { seq: 0, hash: '0'.repeat(64), term: 0 }
  await etcd.txn([{ key: keys.head, created: '0' }], [{ put: keys.head, value: seal.seal(keys.head, start) }])
  const term = await standForLead({ etcd, keys, seal, clock, self: { member: 'A' as MemberId, url: '' }, terms: 0 })
  const [kv] = (await etcd.range(keys.head)).found
  if (!term || !kv) throw new Error('nobody leads')
  const head = { ...seal.open<Omit<Head, 'modRevision'>>(kv.key, kv.value), modRevision: kv.modRevision }
  // A thread of the ledger that dies is started again; here the term goes on with it.
  const agreement = {
    ...createAgreement({ etcd, keys, seal, clock, term, head, onBroken: () => {} }),
    unable: () => {},
  }
  const ledger = await openLedger({ ...options, agreement })
  return {
    ...ledger,
    async close() {
      await ledger.close()
      await term.resign('the test is over')
    },
  }
})
