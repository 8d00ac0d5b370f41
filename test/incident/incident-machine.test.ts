import { describe, expect, test } from 'vitest'
import type { CameraId, Framing, PresetToken } from '../../server/glossary/camera.ts'
import type { Incident, IncidentId } from '../../server/glossary/incident.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import type { HelpPointId, Press, PressId } from '../../server/glossary/press.ts'
import { foldIncident } from '../../server/incident/incident-machine.ts'

const ID = 'inc-1' as IncidentId
const AT = '2026-11-20T22:30:00.000Z'
const press = (key: string): Press => ({
  id: `prs-${key}` as PressId,
  key,
  helpPoint: 'blackwellgate' as HelpPointId,
  kind: 'press',
  pressedAt: AT,
  receivedAt: AT,
  source: 'http',
})
const framing = (state: Framing['state']): Framing => ({
  camera: 'cam-12' as CameraId,
  preset: '3' as PresetToken,
  way: 'preset',
  role: 'primary',
  state,
  proofs: [],
  askedAt: AT,
  settledAt: null,
  reason: null,
})
const entry = (seq: number, draft: Pick<Draft, 'kind' | 'body'>): Recorded =>
  ({ actor: 'operator:Sam', subject: ID, seq, at: AT, ...draft }) as Recorded
const opened = entry(1, {
  kind: 'incident.opened',
  body: { incident: ID, helpPoint: 'blackwellgate' as HelpPointId, kind: 'press' },
})
const fold = (...entries: Recorded[]): Incident | null => entries.reduce<Incident | null>(foldIncident, null)

describe('an incident is the fold of its entries', () => {
  test('it opens without an owner', () => {
    expect(fold(opened)).toMatchObject({ id: ID, state: 'open', owner: null, presses: [], clips: [] })
  })
  test('repeat presses are all kept, in order', () => {
    const incident = fold(
      opened,
      entry(2, { kind: 'press.received', body: { press: press('a'), incident: ID } }),
      entry(3, { kind: 'press.received', body: { press: press('b'), incident: ID } }),
    )
    expect(incident?.presses.map(({ key }) => key)).toEqual(['a', 'b'])
  })
  test('acknowledgement names the owner, closure the reason', () => {
    const incident = fold(
      opened,
      entry(2, { kind: 'incident.acknowledged', body: { incident: ID, owner: 'Sam' } }),
      entry(3, { kind: 'incident.closed', body: { incident: ID, reason: 'Helped by staff' } }),
    )
    expect(incident).toMatchObject({ state: 'closed', owner: 'Sam', closedAt: AT, closureReason: 'Helped by staff' })
  })
  test('a camera has one framing, the newest', () => {
    const incident = fold(
      opened,
      entry(2, { kind: 'framing.changed', body: { incident: ID, framing: framing('asked') } }),
      entry(3, { kind: 'framing.changed', body: { incident: ID, framing: framing('framed') } }),
    )
    expect(incident?.framings.map(({ state }) => state)).toEqual(['framed'])
  })
  test('a clip gets its end, and goes when it is released', () => {
    const held = entry(2, {
      kind: 'clip.held',
      body: { incident: ID, camera: 'cam-12' as CameraId, from: AT, to: null },
    })
    const ended = entry(3, {
      kind: 'clip.held',
      body: { incident: ID, camera: 'cam-12' as CameraId, from: AT, to: AT },
    })
    const released = entry(4, { kind: 'clip.released', body: { incident: ID, camera: 'cam-12' as CameraId } })
    expect(fold(opened, held, ended)?.clips).toEqual([{ camera: 'cam-12', from: AT, to: AT }])
    expect(fold(opened, held, ended, released)?.clips).toEqual([])
  })
  test('everything that happened is in its log, with who did it', () => {
    const incident = fold(opened, entry(2, { kind: 'incident.noted', body: { incident: ID, text: 'Caller is safe' } }))
    expect(incident?.log).toEqual([
      expect.objectContaining({ seq: 1, kind: 'incident.opened' }),
      expect.objectContaining({
        seq: 2,
        kind: 'incident.noted',
        actor: 'operator:Sam',
        body: { incident: ID, text: 'Caller is safe' },
      }),
    ])
  })
  test('an entry about an incident that was never opened changes nothing', () => {
    expect(fold(entry(2, { kind: 'incident.noted', body: { incident: ID, text: 'lost' } }))).toBeNull()
  })
})
