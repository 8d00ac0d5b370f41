/** An incident desk with a fake clock, ledger and cameras, for tests. */
import type { CameraId, Framing, PresetToken } from '../../server/glossary/camera.ts'
import type { IncidentId } from '../../server/glossary/incident.ts'
import type { HelpPointId, Press, PressId, PressKind } from '../../server/glossary/press.ts'
import { createIncidentBook } from '../../server/incident/incident-book.ts'
import { createIncidentDesk } from '../../server/incident/incident-desk.ts'
import type { Chosen } from '../../server/incident/incident-framings.ts'
import { isoTime } from '../../server/tools/clock.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

type Judge = (judgement: Pick<Framing, 'proofs' | 'reason' | 'state'> & { checking?: true }) => void
export const chosen = (camera: string, preset: string | null = 'p'): Chosen => ({
  camera: camera as CameraId,
  preset: preset as PresetToken | null,
  way: preset === null ? 'fixed' : 'preset',
})

export function room(secondary: Chosen[] = [chosen('cam-b'), chosen('cam-fixed', null)]) {
  const clock = createFakeClock()
  const book = createIncidentBook({
    about: async (id) => ledger.entries.filter(({ subject }) => subject === id),
    openedBefore: async () => [],
  })
  const ledger: ReturnType<typeof createFakeLedger> = createFakeLedger(clock.now, (entry) => book.apply(entry))
  const released: string[] = []
  let surprise = false
  let told: ReadonlyMap<CameraId, IncidentId | null> = new Map()
  const sendBackAfterIncident: string[] = []
  const moves: { camera: string; judge: Judge; signal: AbortSignal }[] = []
  const holders = new Map<CameraId, IncidentId>()
  const held: { camera: string; from: string; to: string | null }[] = []
  let choice: {
    primary: Chosen | null
    secondary: Chosen[]
    passedOver?: { camera: CameraId; reason: string }[]
    wanted?: { camera: CameraId; heldBy: IncidentId }
  } = { primary: chosen('cam-a'), secondary }
  const desk = createIncidentDesk({
    clock,
    book,
    append: ledger.append,
    cameras: {
      sendBackAfterIncident: (camera) => sendBackAfterIncident.push(camera),
      choose: (_, __, others) => {
        told = others
        return { passedOver: [], wanted: null, ...choice }
      },
      hold: (camera, incident) => {
        if (!holders.has(camera)) holders.set(camera, incident)
        return () => holders.get(camera) === incident && holders.delete(camera)
      },
      heldBy: (camera) => holders.get(camera) ?? null,
      frame: ({ camera }, _helpPoint, signal, judge) => {
        if (surprise) throw new Error('no such head')
        moves.push({ camera, judge, signal })
        return Promise.resolve()
      },
    },
    clips: {
      preRollMs: () => 60_000,
      hold: (_, clip) => held.push(clip),
      release: (incident, camera) => released.push(`${incident} ${camera}`),
    },
    helpPointName: (id) => `the ${id}`,
    instructions: () => ['Speak to the caller', 'Check pre-roll'],
  })
  let presses = 0
  const press = (helpPoint: string, kind: PressKind = 'press', change: Partial<Press> = {}) => {
    presses += 1
    const now = isoTime(clock.now())
    const made: Press = {
      id: `prs-${presses}` as PressId,
      key: `k${presses}`,
      helpPoint: helpPoint as HelpPointId,
      kind,
      pressedAt: now,
      receivedAt: now,
      source: 'http',
      ...change,
    }
    return desk.pressed(made)
  }
  return {
    clock,
    ledger,
    book,
    desk,
    sendBackAfterIncident,
    moves,
    holders,
    held,
    released,
    press,
    told: () => Object.fromEntries(told),
    surpriseAll: () => (surprise = true),
    choose: (next: typeof choice) => (choice = next),
  }
}
