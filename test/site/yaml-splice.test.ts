/** Files as people write them, with a comment at every place where one may stand. */
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { editPreset, editVmsCamera } from '../../server/site/edit/site-edit.ts'
import { type Thing, deleteThing, putThing } from '../../server/site/edit/site-things.ts'
import { isPlain, sameValue } from '../../server/site/edit/values.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { HelpPointId } from '../../server/glossary/press.ts'
import { readSite } from '../../server/site/site-check.ts'

const FILES: Record<string, string> = {
  'with the ends of lines of Windows, and none at the end': `cameras: # c1
  # c2
  - id: a # c3
    name: A # c4
    # c5


  # c6
  - id: b
    name: |  # c7
      two
      lines
    # c8
# c9
contacts:
  - id: x
    name: X`.replaceAll('\n', '\r\n'),
  'whose lists are not indented': `# c0
cameras:
# c1
- id: a
  name: "A" # c2
  # c3

- id: b # c4
  name: 'B'
  onvif:
    # c5
    url: x # c6
# c7
contacts: # c8
- id: x
  name: X # c9`,
  'that is nearly JSON': `{ "cameras": [ # c1
  {"id": "a", "name": "A"}, # c2
  {"id": "b", "name": "B", "onvif": {"url": "x"}} # c3
 ],
 "contacts": [{"id":"x","name":"X"}]
}
`,
  'whose anchors are used, and named again': `cameras:
  - &cam
    id: a
    name: A # c1
    onvif: &o # c2
      url: u # c3
      # c4
      password: p
  - id: b # c5
    name: B
    onvif: *o # c6
  - id: c
    name: C
    onvif: &o
      url: v
  - id: d # c7
    name: D
    onvif: *o
contacts: []
`,
  'with a directive, steps of four and folded texts': `%YAML 1.2
---
# c0
cameras:
    -   id: a   # c1
        name:   A
        presets:
            # c2
            bar: {token: "1",   name: Bar}   # c3

            station:   # c4
                token: "2"
    -
        id: b # c5
        name: >-
            folded
            text
    # c6

# c7
contacts:
...
`,
  'with nothing behind names, and tags': `cameras:
  - id: a
    name: A
    onvif:
    stream: ~ # c1
  - id: b
    name: !!str 5
    onvif: !!map { url: x } # c2
contacts: # c3

safePlaces:
  - name: N
  - name: N # c4
`,
}
type Item = Record<string, unknown>
type Town = Record<string, Item[] | undefined>
const read = (text: string): Town => parse(text) as Town
const commentsOf = (text: string): string[] => [...text.matchAll(/# c\d/g)].map(([comment]) => comment)
/** Mulberry32: the same seed, the same edits. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const mapOf = (value: unknown): Item => (isPlain(value) ? value : {})
const CHANGES: ((body: Item, name: string) => void)[] = [
  (body, name) => void (body['name'] = name),
  (body) => void (body['onvif'] = { url: 'w' }),
  (body) => void delete body['onvif'],
  (body) => void (body['onvif'] = { ...mapOf(body['onvif']), username: 'u' }),
  (body) => void (body['presets'] = { ...mapOf(body['presets']), bar: { token: '9' }, z: { token: '8', name: 'Z' } }),
  (body) => void (body['sources'] = [{ http: {} }]),
  (body) => void (body['instructions'] = ['a', 'b'.repeat(100), 'c']),
  (body) => void delete body['name'],
]
/** The lines of that item, with the comments that stand at it: from the end of the one before to the next one. */
function linesOf(text: string, id: string): string {
  const lines = text.split('\n')
  const from = lines.findIndex((line) => new RegExp(`\\bid"?: ?"?${id}\\b`).test(line))
  const next = lines.findIndex(
    (line, i) => i > from && (/^ *-(?: *$|  *(?:id|&|\{))/.test(line) || /^\S/.test(line) || /"id"/.test(line)),
  )
  const above = lines.slice(0, from).findLastIndex((line) => /\b(?:id|name|url|token)"?:/.test(line))
  return lines.slice(above + 1, next === -1 ? undefined : next).join('\n')
}

describe.each(Object.entries(FILES))('a site file %s', (_, file) => {
  test.each(['cameras', 'contacts', 'safe-places'] as const)('says the same when what it says is put: %s', (kind) => {
    for (const { id, ...body } of read(file)[kind] ?? [])
      if (typeof id === 'string') expect(putThing(file, kind, id, body)).toEqual({ text: file, isNew: false })
  })
  test('has the values that were put and no others changed, and each comment of other things, after 600 edits', () => {
    for (let seed = 0; seed < 150; seed += 1) {
      const next = random(seed)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T
      let text = file
      for (let step = 0; step < 4; step += 1) {
        const kind: Thing = pick(['cameras', 'cameras', 'contacts'])
        const id = pick(['a', 'b', 'c', 'd', 'x', 'new'])
        const town = read(text)
        const items = (town[kind] ??= [])
        const at = items.findIndex((each) => each['id'] === id)
        const before = text
        if (at >= 0 && next() < 0.3) {
          text = deleteThing(text, kind, id, true)
          items.splice(at, 1)
        } else {
          const { id: _id, ...body } = structuredClone(items[at] ?? {})
          pick(CHANGES)(body, pick(['Z', 'a: b', 'two\nlines', 'yes']))
          text = putThing(text, kind, id, body).text
          if (at >= 0) items[at] = { id, ...body }
          else items.push({ id, ...body })
        }
        const now = read(text)
        now[kind] ??= []
        expect(sameValue(now, town), `seed ${seed}, step ${step}: ${kind}/${id}\n${before}\n${text}`).toBe(true)
        const own = at >= 0 && kind !== 'contacts' ? commentsOf(linesOf(before, id)) : commentsOf(before).slice(-2)
        const lost = commentsOf(before).filter((comment) => !commentsOf(text).includes(comment))
        expect(
          lost.filter((comment) => !own.includes(comment)),
          `seed ${seed}, step ${step}: ${kind}/${id}\n${before}\n${text}`,
        ).toEqual([])
        expect(/\r\n/.test(file) && /[^\r]\n/.test(text)).toBe(false)
      }
    }
  })
})

describe('an anchor', () => {
  const town = (part: string): string => `cameras:\n  - id: a\n    onvif: &o { url: u }\n${part}`
  test('that many borrow goes to the first of them, and the others still borrow it', () => {
    const text = town('  - { id: b, onvif: *o } # mine\n  - { id: c, onvif: *o }\n')
    expect(deleteThing(text, 'cameras', 'a', false)).toBe(
      'cameras:\n  - { id: b, onvif: &o { url: u } } # mine\n  - { id: c, onvif: *o }\n',
    )
  })
  test('stays where it is when who borrows it is changed', () => {
    const text = town('  - { id: b, onvif: *o }\n  - { id: c, onvif: *o }\n')
    expect(putThing(text, 'cameras', 'b', { onvif: { url: 'v' } }).text).toBe(
      town('  - { id: b, onvif: { url: v } }\n  - { id: c, onvif: *o }\n'),
    )
  })
  test('of a list of sources that two help points share is changed once, for both', () => {
    const text =
      'helpPoints:\n  - { id: a, sources: &s [{ http: {} }, { onvifInput: { camera: c } }] }\n' +
      '  - { id: b, sources: *s }\ncameras:\n  - id: c\n  - id: d\n'
    const now = read(deleteThing(text, 'cameras', 'c', true))
    expect(now['helpPoints']).toEqual([
      { id: 'a', sources: [{ http: {} }] },
      { id: 'b', sources: [{ http: {} }] },
    ])
    expect(deleteThing(text, 'cameras', 'c', true)).toContain('sources: *s')
  })
  test('may be borrowed by each of 250 cameras', () => {
    const text = town(Array.from({ length: 250 }, (_, i) => `  - { id: c${i}, onvif: *o }\n`).join(''))
    const now = putThing(text, 'cameras', 'a', { onvif: { url: 'w' } }).text
    expect(read(now.replaceAll('&o ', '').replaceAll('*o', '1'))['cameras']).toHaveLength(251)
    expect(now.match(/\*o/g)).toHaveLength(249)
  })
  test('that multiplies the file, or names nothing, is said', () => {
    const bomb = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? 'x0: &a0 [1]' : `x${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join()}]`,
    ).join('\n')
    expect(() => putThing(`${bomb}\n`, 'cameras', 'a', {})).toThrow(/alias/i)
    expect(() => putThing('cameras: [*nobody]\n', 'cameras', 'a', {})).toThrow(/alias/i)
    expect(() => putThing('contacts: &c []\ncameras: *c\n', 'cameras', 'a', {})).toThrow(/write the list out first/)
    expect(readSite(`${bomb}\n`, (value) => ({ value })).problems[0]?.problem).toMatch(/alias/i)
  })
})

describe('safe places', () => {
  test('of the same name, or of a name without a letter, each have an id of their own', () => {
    const text = 'safePlaces:\n  - name: Hub\n  - { id: hub-2, name: Hub }\n  - name: Hub # third\n  - name: "？"\n'
    const now = putThing(text, 'safe-places', 'hub-3', { name: 'Hub', open: [] }).text
    expect(now).toBe(text.replace('  - name: Hub # third\n', '  - name: Hub # third\n    id: hub-3\n    open: []\n'))
    expect(deleteThing(text, 'safe-places', 'safe-place', false)).toBe(text.replace('  - name: "？"\n', ''))
    expect(deleteThing(text, 'safe-places', 'hub', false)).toBe(text.replace('  - name: Hub\n', ''))
  })
})

describe('presets and cameras of a VMS', () => {
  const TOWN =
    'cameras:\n  - id: a # c\n    presets: &p { bar: { token: "1", name: Bar, mask: [[0, 0]] } } # d\n' +
    '  - { id: b, presets: *p }\nconnectors:\n  - id: zm # e\n'
  const preset = (camera: string, change: Parameters<typeof editPreset>[2]) =>
    editPreset(TOWN, camera as CameraId, change)
  const to = (helpPoint: string, token: string) => ({
    helpPoint: helpPoint as HelpPointId,
    token: token as PresetToken,
    name: 'New',
  })
  test('of a camera that borrows another’s presets are its own from then on', () => {
    const now = read(preset('b', to('bar', '7')))
    expect(now['cameras']?.map(({ presets }) => presets)).toEqual([
      { bar: { token: '1', name: 'Bar', mask: [[0, 0]] } },
      { bar: { token: '7', name: 'New', mask: [[0, 0]] } },
    ])
  })
  test('are forgotten with the name that has nothing then', () => {
    const now = preset('a', { forget: '1' as PresetToken })
    expect(read(now)['cameras']?.[0]).toEqual({ id: 'a' })
    expect(read(now)['cameras']?.[1]).toEqual({
      id: 'b',
      presets: { bar: { token: '1', name: 'Bar', mask: [[0, 0]] } },
    })
  })
  test('are said, and left to the address again', () => {
    const said = editVmsCamera(TOWN, 'zm', 'a' as CameraId, '12')
    expect(said).toBe(TOWN.replace('# e\n', '# e\n    cameras: { a: "12" }\n'))
    expect(editVmsCamera(said, 'zm', 'a' as CameraId, null)).toBe(TOWN)
  })
})

describe('in brackets', () => {
  test.each([
    ['contacts: [{ id: x }, # police\n  { id: y }]\n', 'x', 'contacts: [ # police\n  { id: y }]\n'],
    ['contacts: [\r\n  { id: x } # c\r\n  , { id: y }\r\n]\r\n', 'x', 'contacts: [\r\n  { id: y }\r\n]\r\n'],
    ['contacts: [{ id: x }, # c\n  { id: y } # d\n  ]\n', 'y', 'contacts: [{ id: x } # c\n   # d\n  ]\n'],
  ])('%j without %s', (before, id, after) => expect(deleteThing(before, 'contacts', id, false)).toBe(after))
  test('a name without a value stays one', () => {
    const text = 'cameras: [{ id: a, name: x, stream }]\n'
    expect(putThing(text, 'cameras', 'a', { name: 'y', stream: null }).text).toBe(text.replace('x', 'y'))
  })
})
test('what is nested in itself, or too deep, is refused in words', () => {
  expect(() => putThing('x: &a [*a]\ncameras: []\n', 'cameras', 'a', { n: 2 })).toThrow(/deep|alias/)
  let deep: Item = {}
  for (let i = 0; i < 5000; i += 1) deep = { deep }
  expect(() => putThing('cameras: []\n', 'cameras', 'a', deep)).toThrow(/too deep/)
})
