import { describe, expect, test } from 'vitest'
import { type EditWork, type EditedFile, createSiteEditor, versionOf } from '../../server/site/edit/site-editor.ts'
import type { KeptEdit } from '../../server/site/edit/kept-edit.ts'
import { foreignReferences } from '../../server/site/edit/references-rule.ts'
import { editPreset, editVmsCamera } from '../../server/site/edit/site-edit.ts'
import type { Following } from '../../server/site/site-file.ts'
import { deleteThing, putThing } from '../../server/site/edit/site-things.ts'
import { textDiff } from '../../server/site/edit/text-diff.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'
import { createFakeLedger } from '../fakes/fake-ledger.ts'

const TEXT = 'contacts:\n  - { id: police, name: Police, phone: "101" }\n'

function editorOf() {
  const clock = createFakeClock()
  const ledger = createFakeLedger(clock.now)
  let text = TEXT
  const edits: KeptEdit[] = []
  let problem: string | null = null
  let follows: Promise<Following> = Promise.resolve({ isFollowing: true, why: null })
  const file: EditedFile = {
    read: async () => ({ text, isWritable: true }),
    kept: async (now) => edits.findLast(({ after }) => after === now) ?? null,
    unrecorded: async () => edits.filter(({ isRecorded }) => !isRecorded),
    recorded: async ({ after }) => {
      for (const edit of edits) if (edit.after === after) edit.isRecorded = true
    },
    async replace(change, about) {
      const [before, after] = [text, await change(text)]
      if (after !== before) edits.push({ before, after, ...about })
      text = after
      return { before, after, followed: follows }
    },
    problem: () => problem,
  }
  const said: string[] = []
  let isFull = false
  const append: typeof ledger.append = (entries) => {
    if (isFull) throw new Error('no room on the disk')
    return ledger.append(entries)
  }
  const work: EditWork = {
    preset: async (...given) => editPreset(...given),
    vmsCamera: async (...given) => editVmsCamera(...given),
    foreign: async (...given) => foreignReferences(...given),
    check: async () => [],
    put: async (...given: Parameters<typeof putThing>) => putThing(...given),
    remove: async (...given: Parameters<typeof deleteThing>) => deleteThing(...given),
    diff: async (...given: Parameters<typeof textDiff>) => textDiff(...given),
  }
  return {
    clock,
    ledger,
    editor: createSiteEditor({
      clock,
      logger: { error: (words) => void said.push(words) },
      file,
      append,
      atWork: (act) => act(work),
      secretsFolders: ['/data/secrets'],
    }),
    said,
    disk: (now: 'full' | 'free') => void (isFull = now === 'full'),
    text: () => text,
    byHand: (now: string) => void (text = now),
    neverFollows: () => void (follows = new Promise(() => {})),
    isWrong: (words: string) => {
      problem = words
      follows = Promise.resolve({ isFollowing: false, why: words })
    },
  }
}

describe('the engineer’s editor', () => {
  test('replaces the file, and the record has who and what', async () => {
    const { editor, ledger, text } = editorOf()
    const { version } = await editor.read()
    const after = TEXT.replace('Police', 'Constabulary')
    const edit = await editor.replace(after, [version], 'engineer:Eve')
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
    await expect(editor.replace('x', [version], 'engineer:Eve')).rejects.toMatchObject({
      code: 'site/changed',
      extra: { text: 'contacts: []\n', version: versionOf('contacts: []\n'), yours: version },
    })
    await expect(editor.put('contacts', 'a', {}, [version], 'engineer:Eve')).rejects.toMatchObject({
      code: 'site/changed',
    })
    await expect(editor.remove('contacts', 'a', false, [version], '')).rejects.toMatchObject({ code: 'site/changed' })
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
    expect(ledger.entries.map(({ body }) => (body as { what: string }).what)).toEqual([
      'contacts/taxi',
      'undo: contacts/taxi',
      'undo: undo: contacts/taxi',
    ])
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
  test('is at work before the disk has no room for the entry: the edit stands, and its entry is made up for', async () => {
    const { editor, ledger, disk, said, text } = editorOf()
    disk('full')
    const edit = await editor.put('contacts', 'taxi', { name: 'Taxi', phone: '1' }, null, 'engineer:Eve')
    expect(edit).toMatchObject({ following: true, why: expect.stringContaining('no entry of it yet') })
    expect([text().includes('taxi'), ledger.entries.length, said.length]).toEqual([true, 0, 1])
    await editor.remove('contacts', 'police', false, null, 'engineer:Adam')
    disk('free')
    await editor.makeUp()
    expect(ledger.entries).toMatchObject([
      { actor: 'engineer:Eve', body: { what: 'contacts/taxi' } },
      { actor: 'engineer:Adam', body: { what: 'contacts/police' } },
    ])
    await editor.makeUp()
    expect(ledger.entries).toHaveLength(2)
  })
  test('hashes what will be read back: no mark of the order of bytes, no half of a letter', async () => {
    const { editor, text } = editorOf()
    const edit = await editor.replace(`\uFEFF${TEXT}# \uD800\n`, null, '')
    expect(text()).toBe(`${TEXT}# \uFFFD\n`)
    expect((await editor.read()).version).toBe(edit.version)
  })
  test('says what there is to take back', async () => {
    const { editor } = editorOf()
    expect(await editor.read()).toMatchObject({ undo: false, undoes: null })
    await editor.remove('contacts', 'police', false, null, '')
    expect(await editor.read()).toMatchObject({ undo: true, undoes: 'contacts/police' })
  })
  test('takes no secret into the file that a page may not bring in', async () => {
    const { editor, text } = editorOf()
    const camera = { name: 'C', onvif: { url: 'http://${HOME}', username: 'u', password: 'file:/etc/shadow' } }
    await expect(editor.put('cameras', 'c', camera, null, '')).rejects.toMatchObject({
      code: 'site/invalid',
      extra: { problems: [{ key: 'url' }, { key: 'password' }] },
    })
    expect(text()).toBe(TEXT)
  })
})
