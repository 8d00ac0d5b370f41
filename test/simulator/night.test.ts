import { describe, expect, test } from 'vitest'
import { NIGHTS, type NightStep, planNight, startNight } from '../../server/simulator/night.ts'
import { readDemoSite } from '../../server/site/site-file.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const SITE = readDemoSite(
  'site.yaml',
  `site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - { id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }
  - { id: station, name: Station, location: { lat: 54.6, lon: -1.5 } }
cameras:
  - { id: cam-1, name: First, onvif: { url: "http://10.0.0.1/", username: u, password: "\${CAM}" } }
  - id: cam-2
    name: Second
    onvif: { url: "http://10.0.0.2/", username: u, password: "\${CAM}" }
    presets: { bar: { token: "1", name: Bar } }
`,
)

describe('a night to practise', () => {
  test.each(NIGHTS)('%s is the same each time, in the order of its times', (night) => {
    const steps = planNight(night, SITE)
    expect(planNight(night, SITE)).toEqual(steps)
    expect(steps.map(({ afterMs }) => afterMs)).toEqual(steps.map(({ afterMs }) => afterMs).toSorted((a, b) => a - b))
    for (const step of steps) if ('press' in step) expect(['bar', 'station']).toContain(step.press)
  })
  test('has five presses, a minute or more apart', () => {
    const steps = planNight('five-presses', SITE)
    expect(steps.map((step) => 'press' in step && step.press)).toEqual(['bar', 'station', 'bar', 'station', 'bar'])
    steps.forEach(({ afterMs }, i) => expect(afterMs - (steps[i - 1]?.afterMs ?? 0)).toBeGreaterThanOrEqual(60_000))
  })
  test('has a flood of sixty presses in half a minute', () => {
    const steps = planNight('flood', SITE)
    expect([steps.length, (steps.at(-1)?.afterMs ?? 0) - (steps[0]?.afterMs ?? 0)]).toEqual([60, 29_500])
  })
  test('takes the camera away that the press would have moved, and gives it back', () => {
    const steps = planNight('dead-camera', SITE)
    expect(steps.at(0)).toMatchObject({ unplug: 'cam-2' })
    expect(steps.at(-1)).toMatchObject({ plugIn: 'cam-2' })
    expect(steps.slice(1, -1).every((step) => 'press' in step && step.press === 'bar')).toBe(true)
    expect(planNight('dead-camera', { ...SITE, cameras: [] }).every((step) => 'press' in step)).toBe(true)
  })
  test('happens at its times, goes on after a press that was refused, and ends when it is closed', async () => {
    const clock = createFakeClock()
    const seen: string[] = []
    const steps: NightStep[] = [
      { afterMs: 1000, press: 'gone' },
      { afterMs: 2000, unplug: 'cam-1' },
      { afterMs: 3000, plugIn: 'cam-1' },
      { afterMs: 9000, press: 'late' },
    ]
    const night = startNight({
      steps,
      clock,
      press: async (helpPoint) => {
        seen.push(helpPoint)
        throw new Error('there is no such help point')
      },
      plug: (camera, isIn) => void seen.push(`${camera} ${isIn}`),
      onError: (words) => void seen.push(words),
    })
    for (let i = 0; i < 5; i += 1) await clock.advance(1000)
    expect(seen).toEqual(['gone', 'there is no such help point', 'cam-1 false', 'cam-1 true'])
    await night.close()
    await clock.advance(10_000)
    expect(seen).toHaveLength(4)
  })
})
