import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
      await Promise.all([kept.add(edit(n)), kept.add(edit(n + 1)), kept.recorded(edit(n)), kept.recorded(edit(n))])
    expect(await kept.newest()).toEqual(edit(50))
    await kept.recorded(edit(50))
    expect(await kept.newest()).toEqual({ ...edit(50), isRecorded: true })
  })
  test('is none where nothing is edited, and none where the file is cut short', async () => {
    const nowhere = createKeptEdit(null)
    await nowhere.add(edit(1))
    expect(await nowhere.newest()).toBe(null)
  })
  test('without an entry stays known through all that come after it, until the record has it', async () => {
    const kept = createKeptEdit(join(folder, 'unrecorded.json'))
    for (const n of [1, 2, 3]) await kept.add(edit(n))
    await kept.recorded(edit(2))
    await kept.add({ ...edit(4), isRecorded: true })
    expect((await kept.unrecorded()).map(({ what }) => what)).toEqual(['edit 1', 'edit 3'])
    expect((await kept.newest())?.what).toBe('edit 4')
  })
  test('that did not come to be leaves the one before it as the newest', async () => {
    const kept = createKeptEdit(join(folder, 'removed.json'))
    await kept.add({ ...edit(1), isRecorded: true })
    await kept.add(edit(2))
    await kept.remove(edit(2))
    expect((await kept.newest())?.what).toBe('edit 1')
  })
  test('of the version before, without a list around it, is read', async () => {
    const file = join(folder, 'before.json')
    writeFileSync(file, JSON.stringify({ before: 'a', after: 'b' }))
    expect(await createKeptEdit(file).newest()).toEqual({
      before: 'a',
      after: 'b',
      what: '',
      actor: '',
      isRecorded: true,
    })
  })
})
