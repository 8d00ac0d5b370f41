/** Who looks at which camera, and why. */
import { describe, expect, test } from 'vitest'
import type { CameraId } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Entry } from '../../server/glossary/ledger.ts'
import { createViewing } from '../../server/people/viewing.ts'

const ASHA = { name: 'Asha', role: 'operator', helpPoints: null } as const
const BEN = { name: 'Ben', role: 'engineer', helpPoints: null } as const
const [BAR, ROW] = ['cam-bar', 'cam-row'] as CameraId[] as [CameraId, CameraId]
const MINUTE = 60_000

function room({ wanted = false } = {}) {
  const written: unknown[] = []
  let [now, incident, broken, flush] = [1_000_000, null as IncidentId | null, false, (): void => {}]
  let held: Promise<void> | null = null
  const durable = async (): Promise<Entry[]> => {
    await held
    if (broken) throw new Error('the disk is full')
    return []
  }
  const viewing = createViewing({
    clock: { now: () => now, monotonic: () => now, sleep: async () => {} },
    append: (drafts: readonly Draft[]) => {
      written.push(...drafts.map(({ actor, body }) => ({ actor, ...body })))
      return { recorded: drafts.map((draft) => ({ ...draft, seq: written.length, at: '' })), durable: durable() }
    },
    whenDurable: async () => void (await durable()),
    incidentOf: () => incident,
    reasonWanted: () => wanted,
  })
  return {
    ...viewing,
    written,
    later: (ms: number) => void (now += ms),
    holds: (id: string | null) => void (incident = id as IncidentId | null),
    breaks: (is: boolean) => void (broken = is),
    slow: () => void (held = new Promise((resolve) => (flush = resolve))),
    flush: () => flush(),
  }
}

describe('a look at a camera', () => {
  test('that goes on is one entry; taken up again after five minutes, it is another', async () => {
    const { admit, written, later } = room()
    for (let i = 0; i < 20; i += 1) {
      await admit(ASHA, BAR, 'live')
      later(MINUTE)
    }
    expect(written).toEqual([
      { actor: 'operator:Asha', camera: BAR, what: 'live', by: 'Asha', forIncident: null, reason: null },
    ])
    later(5 * MINUTE)
    await admit(ASHA, BAR, 'live')
    expect(written).toHaveLength(2)
  })
  test('is its own entry for each person, each camera, each incident, and for a still picture', async () => {
    const { admit, written, holds } = room()
    await admit(ASHA, BAR, 'live')
    await admit(BEN, BAR, 'live')
    await admit(ASHA, ROW, 'live')
    await admit(ASHA, BAR, 'still')
    holds('inc-1')
    await admit(ASHA, BAR, 'live')
    await admit(ASHA, BAR, 'live')
    holds('inc-2')
    await admit(ASHA, BAR, 'live')
    expect(written.map((each) => (each as { forIncident: string | null }).forIncident)).toEqual([
      null,
      null,
      null,
      null,
      'inc-1',
      'inc-2',
    ])
  })
  test('without an incident waits until it is written down, and is none when that fails; for an incident nobody waits', async () => {
    const { admit, written, holds, breaks, slow, flush } = room()
    slow()
    let in_ = false
    const waiting = admit(ASHA, BAR, 'live').then(() => (in_ = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(in_).toBe(false)
    holds('inc-1')
    await admit(BEN, BAR, 'live')
    flush()
    await waiting
    holds(null)
    breaks(true)
    // However often it is asked for while the disk is full: one entry waits, and not one for each.
    for (let i = 0; i < 5; i += 1)
      await expect(admit(ASHA, ROW, 'live')).rejects.toMatchObject({
        code: 'ledger/unavailable',
        message: expect.stringContaining('cannot be written down'),
      })
    holds('inc-1')
    await admit(ASHA, ROW, 'still')
    holds(null)
    breaks(false)
    await admit(ASHA, ROW, 'live')
    expect(written).toHaveLength(4)
  })
  test('that lasts for hours is written again each hour, live, still and played', async () => {
    const { admit, played, written, later } = room()
    for (let i = 0; i < 60 * 3; i += 1) {
      await admit(ASHA, BAR, 'live')
      await admit(ASHA, BAR, 'still')
      played(ASHA, BAR, 'inc-1' as IncidentId)
      later(MINUTE)
    }
    expect(written).toHaveLength(9)
    // Pages that go round hundreds of cameras come by less often than every five minutes: for stills that is one look
    // all the same.
    for (let i = 0; i < 5; i += 1) {
      later(10 * MINUTE)
      await admit(BEN, ROW, 'still')
    }
    expect(written).toHaveLength(10)
  })
  test('at two incidents’ clips of one camera by turns is one entry for each', () => {
    const { played, written } = room()
    for (let i = 0; i < 6; i += 1) played(ASHA, BAR, `inc-${i % 2}` as IncidentId)
    expect(written).toHaveLength(2)
  })
  test(
    'where a reason is wanted is refused without one, and without an entry; ' +
      'a reason is its giver’s, for that camera, for an hour',
    async () => {
      const { admit, give, written, later, holds } = room({ wanted: true })
      const refused = { code: 'view/no-reason' }
      await expect(admit(ASHA, BAR, 'live')).rejects.toMatchObject(refused)
      expect(written).toEqual([])
      expect(give(ASHA, 'Roadworks', BAR)).toEqual({
        reason: 'Roadworks',
        camera: BAR,
        until: new Date(1_000_000 + 60 * MINUTE).toISOString(),
      })
      await admit(ASHA, BAR, 'live')
      await expect(admit(ASHA, ROW, 'live')).rejects.toMatchObject(refused)
      await expect(admit(BEN, BAR, 'live')).rejects.toMatchObject(refused)
      give(BEN, 'Lenses', null)
      await admit(BEN, BAR, 'live')
      await admit(BEN, ROW, 'still')
      later(60 * MINUTE)
      await expect(admit(ASHA, BAR, 'live')).rejects.toMatchObject(refused)
      holds('inc-1')
      await admit(ASHA, BAR, 'live')
      expect(written.map((each) => (each as { reason: string | null }).reason)).toEqual([
        'Roadworks',
        'Lenses',
        'Lenses',
        null,
      ])
    },
  )
})
