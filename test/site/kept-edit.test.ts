import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createKeptEdit } from '../../server/site/edit/kept-edit.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-kept-'))
afterAll(() => rmSync(folder, { recursive: true }))
const edit = (n: number) => ({ before: `${n}`, after: `${n + 1}`, what: `edit ${n}`, actor: '', isRecorded: false })

describe('the newest edit', () => {
  test('is kept whole while the record takes the one before, and is not called recorded by that', async () => {
    const kept = createKeptEdit(join(folder, 'kept.json'))
    for (let n = 0; n < 50; n += 1)
      await Promise.all([kept.write(edit(n)), kept.write(edit(n + 1)), kept.recorded(edit(n))])
    expect(await kept.read()).toEqual(edit(50))
    await kept.recorded(edit(50))
    expect(await kept.read()).toEqual({ ...edit(50), isRecorded: true })
  })
  test('is none where nothing is edited, and none where the file is cut short', async () => {
    const nowhere = createKeptEdit(null)
    await nowhere.write(edit(1))
    expect(await nowhere.read()).toBe(null)
  })
})
