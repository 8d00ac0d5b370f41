/**
 * A dry run against one VMS: reaches it, signs in, looks at each right and each camera, and, when it is asked for,
 * raises a DRILL alarm, keeps it, reads it back, ends it and takes it away again.
 */
import { randomBytes } from 'node:crypto'
import type { CameraMatch, ConnectorTrial, TrialStep } from '../glossary/connector.ts'
import type { ConnectorSite } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import type { Signal, VmsConnector } from './connector.ts'
import { markOf } from './connector-words.ts'

const CLEAN_WITHIN_MS = 20_000

export type TrialPort = {
  clock: Clock
  site: ConnectorSite
  vms: VmsConnector
  town: string
  /** What else may be done where no camera is matched. */
  hint: string
  match(signal: AbortSignal): Promise<CameraMatch[]>
  signal: AbortSignal
}

export async function tryConnector(port: TrialPort, withPress: boolean): Promise<ConnectorTrial> {
  const { clock, site, vms, signal } = port
  const steps: TrialStep[] = []
  const beganAt = clock.monotonic()
  const looked = await vms.look(signal)
  const lookedMs = Math.round(clock.monotonic() - beganAt)
  steps.push(...looked.steps.map((step, i) => ({ ...step, ms: i === 0 ? lookedMs : 0 })))
  if (!looked.versionKnown)
    steps.push({
      step: 'known version',
      ok: true,
      words: `warning: this connector was never tried with version ${looked.version}`,
      ms: 0,
    })
  let cameras: CameraMatch[] = []
  async function step(name: string, work: () => Promise<string>): Promise<void> {
    const at = clock.monotonic()
    const done = await work().then(
      (words) => ({ ok: true, words }),
      (error: unknown) => ({ ok: false, words: messageOf(error) }),
    )
    steps.push({ step: name, ...done, ms: Math.round(clock.monotonic() - at) })
  }
  if (steps.every(({ ok }) => ok)) {
    await step('cameras', async () => {
      cameras = await port.match(signal)
      const without = cameras.filter(({ theirs }) => theirs === null)
      const vanished = without.filter(({ camera }) => site.cameras.has(camera))
      if (vanished.length > 0) throw new Error(vanished.map(({ problem }) => problem).join(' '))
      const broken = cameras.filter(({ theirs, problem }) => theirs !== null && problem !== null)
      if (broken.length > 0) throw new Error(broken.map(({ camera, problem }) => `${camera}: ${problem}`).join(' '))
      if (cameras.length > 0 && without.length === cameras.length)
        throw new Error(`no camera of the town is matched${port.hint}`)
      return `${cameras.length - without.length} matched, ${without.length} not${
        without.length === 0 ? '' : `: ${without.map(({ camera }) => camera).join(', ')}`
      }`
    })
    if (withPress && cameras.some(({ theirs }) => theirs !== null)) await press(port, cameras, step)
    else if (withPress) steps.push({ step: 'DRILL alarm', ok: false, words: 'left out: no camera is matched', ms: 0 })
  }
  return {
    connector: site.id,
    product: vms.product,
    ok: steps.every(({ ok }) => ok),
    pressed: withPress,
    steps,
    cameras,
  }
}

async function press(
  { clock, vms, town, signal }: TrialPort,
  cameras: readonly CameraMatch[],
  step: (name: string, work: () => Promise<string>) => Promise<void>,
): Promise<void> {
  let camera: CameraMatch | undefined
  const incident = `drill-${randomBytes(8).toString('hex')}`
  let event: string | null = null
  const tell = async (verb: Signal['verb'], within = signal): Promise<string> => {
    const telling = await vms.tell(
      {
        verb,
        incident,
        mark: markOf(town, incident),
        title: 'DRILL Help point',
        text: 'a drill of the connection to this VMS',
        lines: ['a line of the drill'],
        pressedAt: clock.now(),
        camera: camera?.theirs ?? null,
        event,
        shared: false,
        over: [],
        late: false,
      },
      within,
    )
    if (telling.outcome !== 'told') throw new Error(telling.problem)
    if (verb === 'raise') event = telling.id
    return `${telling.id ?? 'told'} (${telling.how})${telling.finding ? `: ${telling.finding}` : ''}`
  }
  await step('DRILL alarm', async () => {
    for (const each of cameras)
      if (!camera && each.theirs !== null && each.problem === null && !(await vms.isInUse(each.theirs, signal)))
        camera = each
    if (!camera) throw new Error('there is no camera for it that nobody needs just now')
    return tell('raise')
  })
  // Without an event there is nothing to keep and nothing to take away.
  if (event === null) return
  if (vms.verbs.includes('protect')) await step('kept', () => tell('protect'))
  if (vms.verbs.includes('note')) await step('note', () => tell('note'))
  // However long the steps before took: what was begun is ended and taken away.
  const cleaning = AbortSignal.timeout(CLEAN_WITHIN_MS)
  if (vms.verbs.includes('ended')) await step('ended', () => tell('ended', cleaning))
  if (vms.verbs.includes('release')) await step('let go', () => tell('release', cleaning))
  await step('taken away', async () => {
    await vms.remove(event ?? '', { incident, mark: markOf(town, incident) }, cleaning)
    return 'nothing is left there that is kept'
  })
}
