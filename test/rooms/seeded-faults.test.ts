/** The list of seeded faults still fits the code; that each is noticed shows `node test/rooms/seeded-faults.mjs`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

type Fault = { room: string; file: string; find: string; put: string; test: string; says: string }
const root = fileURLToPath(new URL('../..', import.meta.url))
const faults = JSON.parse(readFileSync(new URL('seeded-faults.json', import.meta.url), 'utf8')) as Fault[]

test('at least forty faults, two for a room', () => {
  expect(faults.length).toBeGreaterThanOrEqual(40)
  for (const { room } of faults) expect(faults.filter((other) => other.room === room).length, room).toBeGreaterThan(1)
})

test.each(faults)('$room: $says', ({ file, find, put, test: named }) => {
  expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2)
  expect(put).not.toBe(find)
  expect(existsSync(join(root, named))).toBe(true)
})
