/** The order in which a town starts and ends, without a town: wings that only write down. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EvidenceNeeds, openEvidence } from '../../server/evidence/evidence-wing.ts'
import { createPhases } from '../../server/tools/phases.ts'
import type { Site } from '../../server/glossary/site.ts'
import { type LedgerNeeds, openLedgerWing } from '../../server/ledger/ledger-wing.ts'
import { type OutboxNeeds, openOutbox } from '../../server/outbox/outbox-wing.ts'
import { createClosingStack } from '../../server/tools/process/closing-stack.ts'
import type { Phases } from '../../server/tools/wing.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const SITE = { name: 'Darlington' } as Site
const CHANGED = { name: 'Darlington, changed' } as Site
const logger = pino({ level: 'silent' })

let clock: ReturnType<typeof createFakeClock>
let closing: ReturnType<typeof createClosingStack>
let done: string[]
beforeEach(() => {
  clock = createFakeClock()
  done = []
  closing = createClosingStack((what, error) => done.push(`closing ${what} failed: ${String(error)}`))
})
const phases = () => createPhases<string>({ clock, logger, closing })
const wing = (name: string): Phases<string> => ({
  follow: { [`${name} cameras`]: ({ name: site }) => void done.push(`${name} follows ${site}`) },
  resume: () => void done.push(`${name} resumes`),
  begin: () => void done.push(`${name} begins`),
  listen: { [`${name} receiver`]: ({ name: site }) => void done.push(`${name} listens for ${site}`) },
  routes: (app) => void done.push(`${name} routes of ${app}`),
})

describe('a town that starts', () => {
  test('goes through each phase with all its wings before the next', async () => {
    const house = phases()
    house.add(wing('one'))
    house.add(wing('two'))
    await house.begin(() => SITE)
    await house.routes('the door')
    expect(done).toEqual([
      'one follows Darlington',
      'two follows Darlington',
      'one resumes',
      'two resumes',
      'one begins',
      'two begins',
      'one listens for Darlington',
      'two listens for Darlington',
      'one routes of the door',
      'two routes of the door',
    ])
  })
  test('follows a site file that changed while it opened, once it has begun', async () => {
    const house = phases()
    let site = SITE
    house.add({
      ...wing('one'),
      async resume() {
        site = CHANGED
        // What the watch of the file says now: nothing follows yet.
        await house.follow(CHANGED)
        done.push('one resumes')
      },
    })
    await house.begin(() => site)
    expect(done).toEqual([
      'one follows Darlington',
      'one resumes',
      'one begins',
      'one listens for Darlington',
      'one listens for Darlington, changed',
      'one follows Darlington, changed',
    ])
  })
  test('does not end because a part cannot follow, and tries that part again', async () => {
    const house = phases()
    let free = false
    house.add({
      ...wing('one'),
      listen: {
        'the receiver': () => {
          if (!free) throw new Error('the port is in use')
          done.push('the receiver listens')
        },
      },
    })
    await house.begin(() => SITE)
    expect(done).not.toContain('the receiver listens')
    free = true
    await clock.advance(60_000)
    expect(done.filter((each) => each === 'the receiver listens')).toHaveLength(1)
  })
})

describe('a town that ends', () => {
  test('tries nothing again while what would be opened is being closed', async () => {
    const house = phases()
    let tries = 0
    const receiver = {
      listen: {
        'the receiver': () => {
          tries += 1
          throw new Error('the port is in use')
        },
      },
    }
    closing.add('the receiver', () => clock.sleep(120_000))
    house.add(receiver)
    await house.begin(() => SITE)
    expect(tries).toBe(1)
    const closed = closing.close()
    await clock.advance(120_000)
    await closed
    expect(tries).toBe(1)
  })
})

/** Asked for something that the test does not expect, it throws. */
const unasked = <Needs extends object>(given: Partial<Record<keyof Needs, unknown>>): Needs => given as unknown as Needs

test('the outbox hears every entry from its opening on, so that those of the start wait for no later look', () => {
  let listening = false
  openOutbox(
    unasked<OutboxNeeds>({
      clock,
      closing,
      onError: (error: unknown) => done.push(String(error)),
      town: { site: () => SITE },
      ledger: {
        append: () => {},
        whenDurable: async () => {},
        page: async () => [],
        tail: () => {
          listening = true
          return () => {}
        },
      },
    }),
  )
  expect(listening).toBe(true)
})

test('a clock that steps before the record was read through is no entry: the folds would have it twice', async () => {
  const evidence = openEvidence(
    unasked<EvidenceNeeds>({
      clock,
      closing,
      dataFolder: join(tmpdir(), 'lamppost-none'),
      basePath: '',
      onError: (error: unknown) => done.push(String(error)),
      town: { site: () => SITE, helpPoint: () => undefined, placeOf: () => null },
      ledger: { append: () => done.push('an entry'), about: () => {}, inclusion: () => {} },
      clips: {},
      calls: { recordings: {} },
      incidents: { book: {} },
    }),
  )
  expect(Object.keys(evidence.folds)).toContain('exports')
  clock.setWall(Date.parse('2026-11-21T10:00:00Z'))
  await clock.advance(600_000)
  expect(done).toEqual([])
  await closing.close()
})

describe('the record', () => {
  let dataFolder: string
  beforeEach(() => {
    dataFolder = mkdtempSync(join(tmpdir(), 'lamppost-wing-'))
  })
  afterEach(() => rmSync(dataFolder, { recursive: true }))
  test('does not wait for its own entry of the start: on a full disk, making room comes after it', async () => {
    const site = { id: 'darlington', name: 'Darlington', timezone: 'Europe/London', checkpointsTo: [] }
    const ledger = await openLedgerWing(
      unasked<LedgerNeeds>({
        clock,
        logger,
        dataFolder,
        closing,
        news: { publish: () => {}, subscribe: () => () => {} },
        onError: (error: unknown) => done.push(String(error)),
        town: { site: () => site },
      }),
    )
    await ledger.replay({})
    // Not a promise: the next wing begins in the same turn.
    expect(ledger.begin()).toBeUndefined()
    expect(ledger.state().waiting).toBe(1)
    await closing.close()
    expect(done).toEqual([])
  })
})
