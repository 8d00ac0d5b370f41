/**
 * Help points that know one codec alone, in packets of their own length: each is heard and hears, by the share of energy
 * at the tones, not by the word "connected". baresip with each codec; the room is an operator of the test's own.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { type VoiceTown, openOperator, openVoiceTown, shareAt } from './voice-town.ts'

/** Of all energy: what a codec for speech leaves of a tone is not as clean as A-law. */
const CLEAR = 0.9
let town: VoiceTown
beforeAll(async () => {
  town = await openVoiceTown()
  await town.startServer()
})
afterAll(() => town?.end())

test.each([
  ['Opus', { codec: 'opus/48000/2', rate: 48_000 }],
  ['G.722 in the clear', { codec: 'G722/16000/1', rate: 16_000 }],
  ['G.711 µ-law', { codec: 'PCMU/8000/1', rate: 8000 }],
  ['G.711 A-law in packets of 10 ms', { codec: 'PCMA/8000/1', rate: 8000, packetMs: 10 }],
  ['G.711 A-law in packets of 60 ms', { codec: 'PCMA/8000/1', rate: 8000, packetMs: 60 }],
  ['G.711 µ-law in packets of 30 ms', { codec: 'PCMU/8000/1', rate: 8000, packetMs: 30 }],
])('%s is heard and hears', async (name, line) => {
  const helpPoint = town.helpPoint({ line, hz: 660 })
  const call = await town.call('ringing')
  await town.ask('Ben', 'POST', `/calls/${call.id}/taking`, {})
  const operator = await openOperator(town, 'Ben', call.id)
  await town.call('connected')
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await town.ask('Ben', 'POST', `/calls/${call.id}/ending`)
  operator.close()
  await helpPoint.hangUp()
  const { bytes } = await until(
    () => town.ask('Eve', 'GET', `/calls/${call.id}/recording.wav`),
    ({ status }) => status === 200,
  )
  const file = join(town.folder, `${name.replaceAll(/\W/g, '')}.wav`)
  writeFileSync(file, bytes)
  const [heard, hears] = [shareAt(file, 0, 660), shareAt(helpPoint.heard(), null, 880)]
  expect(heard.share, 'the help point, in the room').toBeGreaterThan(CLEAR)
  expect(heard.seconds).toBeGreaterThan(2)
  expect(hears.share, 'the room, at the help point').toBeGreaterThan(CLEAR)
  expect(hears.seconds).toBeGreaterThan(1.5)
  await town.ask('Ben', 'POST', `/incidents/${call.incident}/closure`, { reason: 'tested' })
})
