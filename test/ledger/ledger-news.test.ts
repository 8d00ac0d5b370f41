import { expect, test } from 'vitest'
import type { Entry, Verification } from '../../server/glossary/ledger.ts'
import type { LiveNews } from '../../server/glossary/news.ts'
import { brokenNews, verdictTo } from '../../server/ledger/ledger-news.ts'

test('a record that verifies is an ordinary line of the log, a broken one an error with its problem', () => {
  const lines: unknown[] = []
  const say = verdictTo({
    info: (about, words) => lines.push(['info', about, words]),
    error: (about, words) => lines.push(['error', about, words]),
  })
  say({ ok: true, entries: 7, head: 'h', problem: null, chains: [] } satisfies Verification)
  say({ ok: false, entries: 7, head: 'h', problem: 'entry 3 was changed', chains: [] } satisfies Verification)
  expect(lines).toEqual([
    ['info', { entries: 7 }, 'the ledger is intact'],
    ['error', { entries: 7, problem: 'entry 3 was changed' }, 'THE LEDGER IS BROKEN'],
  ])
})
test('open pages are told of a break, and of no other entry', () => {
  const told: LiveNews[] = []
  const onEntry = brokenNews({ publish: (news) => told.push(news) })
  onEntry({ kind: 'house.started', body: {} } as Entry)
  onEntry({ kind: 'ledger.broken', body: { problem: 'entry 3 was changed' } } as Entry)
  expect(told).toEqual([{ event: 'ledger.health', data: { problem: 'entry 3 was changed' } }])
})
