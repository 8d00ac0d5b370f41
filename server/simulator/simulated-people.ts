/** What people do in a simulated town: a help point telephones, and buttons are pressed in a night for practice. */
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { startDemoVoice } from './demo-voice.ts'
import { type Night, planNight, startNight } from './night.ts'

type Voice = Parameters<typeof startDemoVoice>[0]
/** A press of a button as any other: it has its receipt, its record and its incident. */
type Pressed = { helpPoint: string; key: null; pressedAt: null; kind: 'press'; source: 'http'; by: string }
type SimulatedPeopleNeeds = {
  talks: boolean
  night: Night | null
  clock: Clock
  site(): Site
  presses: { accept(press: Pressed): Promise<unknown> }
  plug(camera: string, isIn: boolean): void
} & Omit<Voice, 'site'>

export function startSimulatedPeople({ talks, night, clock, presses, plug, ...voice }: SimulatedPeopleNeeds) {
  const { site, onError } = voice
  const press = (helpPoint: string): Promise<unknown> =>
    presses.accept({ helpPoint, key: null, pressedAt: null, kind: 'press', source: 'http', by: 'the night' })
  const people = [
    ...(talks ? [startDemoVoice(voice)] : []),
    ...(night === null ? [] : [startNight({ steps: planNight(night, site()), clock, press, plug, onError })]),
  ]
  return { close: async (): Promise<void> => void (await Promise.all(people.map((each) => each.close()))) }
}
