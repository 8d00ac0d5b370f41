import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'
import { createSessions } from '../../server/people/sign-in/sessions.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lamppost-people-'))))
afterEach(() => rmSync(folder, { recursive: true }))
const SAM = { name: 'Sam', role: 'operator', helpPoints: null } as const

describe('people', () => {
  test('a token is kept only as a hash, in a file nobody else may read', () => {
    const file = join(folder, 'people.json')
    const token = openPeopleFile(file).addToken(SAM)
    expect(readFileSync(file, 'utf8')).not.toContain(token)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
  test('a token added by another process is known at once', () => {
    const file = join(folder, 'people.json')
    const running = openPeopleFile(file)
    expect(running.byToken('x')).toBeNull()
    const token = openPeopleFile(file).addToken(SAM)
    expect(running.byToken(token)).toEqual(SAM)
  })
  test('the right password signs in, anything else does not', async () => {
    const people = openPeopleFile(join(folder, 'people.json'))
    await people.addUser('sam', 'correct horse £ battery', SAM)
    expect(await people.byPassword('sam', 'correct horse £ battery')).toEqual(SAM)
    expect(await people.byPassword('sam', 'correct horse battery')).toBeNull()
    expect(await people.byPassword('nobody', 'correct horse £ battery')).toBeNull()
  })
  test('a file that somebody is just editing puts nobody out, and is read when it is whole', () => {
    const file = join(folder, 'people.json')
    const running = openPeopleFile(file)
    const token = running.addToken(SAM)
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, whole.slice(0, 40))
    expect([running.byToken(token), running.byToken('x')]).toEqual([SAM, null])
    writeFileSync(file, whole.replace('Sam', 'Samira'))
    expect(running.byToken('y')).toBeNull()
    expect(running.byToken(token)?.name).toBe('Samira')
  })
  test('a session ends when nobody uses it, and at the latest after a day', async () => {
    const clock = createFakeClock()
    const sessions = createSessions(clock.now)
    const idle = sessions.open(SAM)
    await clock.advance(13 * 3_600_000)
    expect(sessions.who(idle)).toBeNull()
    const busy = sessions.open(SAM)
    for (let hour = 0; hour < 23; hour += 1) {
      await clock.advance(3_600_000)
      expect(sessions.who(busy)).toEqual(SAM)
    }
    await clock.advance(2 * 3_600_000)
    expect(sessions.who(busy)).toBeNull()
  })
  test('a closed session is closed', () => {
    const sessions = createSessions(() => 0)
    const id = sessions.open(SAM)
    sessions.close(id)
    expect(sessions.who(id)).toBeNull()
  })
})
