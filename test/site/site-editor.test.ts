import { describe, expect, test } from 'vitest'
import { type EditedFile, createSiteEditor, versionOf } from '../../server/site/edit/site-editor.ts'
import { deleteThing, putThing } from '../../server/site/edit/site-things.ts'
import { textDiff } from '../../server/site/edit/text-diff.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

const TEXT = 'contacts:\n  - { id: police, name: Police, phone: "101" }\n'

function editorOf() {
  const clock = createFakeClock()
  const ledger = createFakeLedger(clock.now)
  let text = TEXT
  let kept: { before: string; after: string } | null = null
  let problem: string | null = null
  let follows: Promise<void> = Promise.resolve()
  const file: EditedFile = {
    read: async () => ({ text, isWritable: true }),
    kept: async (now) => (kept?.after === now ? kept.before : null),
    async replace(change) {
      const [before, after] = [text, await change(text)]
      if (after !== before) [kept, text] = [{ before, after }, after]
      return { before, after, followed: follows }
    },
    problem: () => problem,
  }
  const work = {
    put: async (...given: Parameters<typeof putThing>) => putThing(...given),
    remove: async (...given: Parameters<typeof deleteThing>) => deleteThing(...given),
    diff: async (...given: Parameters<typeof textDiff>) => textDiff(...given),
  }
  return {
    clock,
    ledger,
    editor: createSiteEditor({ clock, file, append: ledger.append, atWork: (act) => act(work) }),
    text: () => text,
    byHand: (now: string) => void (text = now),
    neverFollows: () => void (follows = new Promise(() => {})),
    isWrong: (words: string) => void (problem = words),
  }
}

describe('the engineer’s editor', () => {
  test('replaces the file, and the record has who and what', async () => {
    const { editor, ledger, text } = editorOf()
    const { version } = await editor.read()
    const after = TEXT.replace('Police', 'Constabulary')
    const edit = await editor.replace(after, version, 'engineer:Eve')
    expect(edit).toEqual({ version: versionOf(after), following: true, why: null })
    expect(text()).toBe(after)
    expect(ledger.entries).toMatchObject([
      {
        kind: 'site.edited',
        actor: 'engineer:Eve',
        body: { what: 'the whole file', before: version, after: edit.version, diff: expect.stringContaining('+  - {') },
      },
    ])
  })
  test('refuses who has seen an older one, with the text and version of now; nothing is written', async () => {
    const { editor, ledger, byHand } = editorOf()
    const { version } = await editor.read()
    byHand('contacts: []\n')
    await expect(editor.replace('x', version, 'engineer:Eve')).rejects.toMatchObject({
      code: 'site/changed',
      extra: { text: 'contacts: []\n', version: versionOf('contacts: []\n'), yours: version },
    })
    await expect(editor.put('contacts', 'a', {}, version, 'engineer:Eve')).rejects.toMatchObject({
      code: 'site/changed',
    })
    await expect(editor.remove('contacts', 'a', false, version, '')).rejects.toMatchObject({ code: 'site/changed' })
    expect(ledger.entries).toEqual([])
  })
  test('puts and deletes one thing, whatever the version, when none is said', async () => {
    const { editor, ledger, text } = editorOf()
    expect(await editor.put('contacts', 'taxi', { name: 'Taxi', phone: '1' }, null, '')).toMatchObject({ isNew: true })
    expect(await editor.put('contacts', 'taxi', { name: 'Taxi', phone: '2' }, null, '')).toMatchObject({ isNew: false })
    await editor.remove('contacts', 'police', false, null, '')
    expect(text()).toBe('contacts:\n  - { id: taxi, name: Taxi, phone: "2" }\n')
    expect(ledger.entries.map(({ body }) => (body as { what: string }).what)).toEqual([
      'contacts/taxi',
      'contacts/taxi',
      'contacts/police',
    ])
  })
  test('what changes nothing is no entry', async () => {
    const { editor, ledger } = editorOf()
    await editor.put('contacts', 'police', { name: 'Police', phone: '101' }, null, '')
    await editor.replace(TEXT, null, '')
    expect(ledger.entries).toEqual([])
  })
  test('takes the newest edit back, and that back again', async () => {
    const { editor, ledger, text } = editorOf()
    await expect(editor.undo(null, '')).rejects.toMatchObject({ code: 'site/nothing-to-undo' })
    await editor.put('contacts', 'taxi', { name: 'Taxi', phone: '1' }, null, '')
    const edited = text()
    expect((await editor.read()).undo).toBe(true)
    await editor.undo(null, 'engineer:Eve')
    expect(text()).toBe(TEXT)
    await editor.undo(null, 'engineer:Eve')
    expect(text()).toBe(edited)
    expect(ledger.entries.map(({ body }) => (body as { what: string }).what)).toEqual(['contacts/taxi', 'undo', 'undo'])
  })
  test('takes nothing back that somebody has changed by hand since', async () => {
    const { editor, byHand } = editorOf()
    await editor.put('contacts', 'taxi', { name: 'Taxi', phone: '1' }, null, '')
    byHand('contacts: []\n')
    expect((await editor.read()).undo).toBe(false)
    await expect(editor.undo(null, '')).rejects.toMatchObject({ code: 'site/nothing-to-undo' })
  })
  test('answers after five seconds when the town does not follow, and says so', async () => {
    const { editor, clock, neverFollows } = editorOf()
    neverFollows()
    const editing = editor.put('contacts', 'taxi', { name: 'Taxi', phone: '1' }, null, '')
    for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(5000)
    expect(await editing).toMatchObject({ following: false, why: expect.stringContaining('not taken it over yet') })
  })
  test('says why the town does not follow the file', async () => {
    const { editor, isWrong } = editorOf()
    isWrong('the map cannot be drawn')
    expect(await editor.put('contacts', 'taxi', { name: 'Taxi', phone: '1' }, null, '')).toMatchObject({
      following: false,
      why: 'the map cannot be drawn',
    })
    expect(await editor.read()).toMatchObject({ problem: 'the map cannot be drawn' })
  })
})
