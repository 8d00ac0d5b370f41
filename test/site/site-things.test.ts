import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { idOfName } from '../../server/site/safe-place-ids.ts'
import { deleteThing, putThing } from '../../server/site/edit/site-things.ts'
import { sameLines } from '../../server/site/edit/line-diff.ts'
import { textDiff } from '../../server/site/edit/text-diff.ts'

const FILE = `# The town. Written by hand.
site: { id: town, name: Town, timezone: Europe/London } # one line

helpPoints:
  # The first one.
  - id: bar
    name: Number One Bar # outside
    location: { lat: 54.5, lon: -1.5 }
    sources: [{ http: {} }, { onvifInput: { camera: cam-2 } }]
  - { id: station, name: "Station", location: { lat: 54.6, lon: -1.6 } }

cameras:
  - id: cam-1
    # It is slow.
    name: First
    onvif: &access { url: "http://10.0.0.1/onvif", username: lamppost, password: "\${CAM}" }
    presets: { bar: { token: "3", name: Bar, mask: [[0, 0]] } }

  - id: cam-2
    name: Second
    onvif: *access
    buffer: &ring { preRoll: 60s }
  - id: cam-3
    name: 'Third'
    buffer: *ring

safePlaces:
  - { name: Number Forty, address: 40 Skinnergate, location: { lat: 1, lon: 2 }, open: [] }
connectors:
  - id: vms
    cameras: { cam-2: abc } # theirs
`
type Town = Record<string, { id: string }[]>
const read = (text: string): Town => parse(text) as Town
const thing = (text: string, list: string, id: string) => read(text)[list]?.find((each) => each.id === id)
const comments = (text: string): string[] => [...text.matchAll(/#.*$/gm)].map(([comment]) => comment.trim())
const put = (kind: Parameters<typeof putThing>[1], id: string, value: object, text = FILE) =>
  putThing(text, kind, id, value as Record<string, unknown>)
const bodyOf = (list: string, id: string): Record<string, unknown> => {
  const { id: _, ...rest } = thing(FILE, list, id) as Record<string, unknown>
  return rest
}

describe('one thing of a site file is put', () => {
  test('what says the same changes not one letter', () => {
    for (const [kind, list, id] of [
      ['cameras', 'cameras', 'cam-1'],
      ['cameras', 'cameras', 'cam-2'],
      ['help-points', 'helpPoints', 'station'],
    ] as const)
      expect(put(kind, id, bodyOf(list, id))).toEqual({ text: FILE, isNew: false })
  })
  test('a changed value changes its own line, and nothing else', () => {
    const { text, isNew } = put('help-points', 'bar', { ...bodyOf('helpPoints', 'bar'), name: 'Number Two Bar' })
    expect(isNew).toBe(false)
    expect(
      textDiff(FILE, text)
        .split('\n')
        .slice(1)
        .filter((line) => /^[+-]/.test(line)),
    ).toEqual(['-    name: Number One Bar # outside', '+    name: Number Two Bar # outside'])
  })
  test('a new one stands at the end of its list, written as the others are', () => {
    const made = put('cameras', 'cam-9', { name: 'Ninth', rtmp: { streamKey: '${KEY}' } })
    expect(made.isNew).toBe(true)
    expect(thing(made.text, 'cameras', 'cam-9')).toEqual({ id: 'cam-9', name: 'Ninth', rtmp: { streamKey: '${KEY}' } })
    expect(comments(made.text)).toEqual(comments(FILE))
    const first = put('contacts', 'police', { name: 'Police', phone: '101' })
    expect(read(first.text).contacts).toEqual([{ id: 'police', name: 'Police', phone: '101' }])
    expect(read(put('contacts', 'a', { name: 'A', phone: '1' }, `${FILE}contacts: []\n`).text).contacts).toHaveLength(1)
    expect(read(put('contacts', 'a', { name: 'A', phone: '1' }, `${FILE}contacts:\n`).text).contacts).toHaveLength(1)
  })
  test('one that lends an anchor may change: who borrowed it keeps what it was', () => {
    const changed = { ...bodyOf('cameras', 'cam-1'), onvif: { url: 'http://10.0.0.9/onvif', username: 'new' } }
    const { text } = put('cameras', 'cam-1', changed)
    expect(thing(text, 'cameras', 'cam-1')).toEqual({ id: 'cam-1', ...changed })
    expect(thing(text, 'cameras', 'cam-2')).toEqual(thing(FILE, 'cameras', 'cam-2'))
    expect(text).toContain('&access')
    expect(comments(text)).toEqual(comments(FILE))
  })
  test('one that borrows an anchor may change without changing who lends it', () => {
    const { text } = put('cameras', 'cam-2', { ...bodyOf('cameras', 'cam-2'), onvif: { url: 'http://10.0.0.2/x' } })
    expect(thing(text, 'cameras', 'cam-1')).toEqual(thing(FILE, 'cameras', 'cam-1'))
    expect(thing(text, 'cameras', 'cam-3')).toEqual(thing(FILE, 'cameras', 'cam-3'))
  })
  test('a safe place without an id is found by its name, and has the id from then on', () => {
    const { text, isNew } = put('safe-places', 'number-forty', { ...bodyOf2(), address: '41 Skinnergate' })
    expect(isNew).toBe(false)
    expect(read(text).safePlaces).toMatchObject([{ id: 'number-forty', address: '41 Skinnergate' }])
    expect(idOfName('Tŷ Gwyn, St Cuthbert’s hall!')).toBe('ty-gwyn-st-cuthberts-hall')
  })
  test('a text that must be a text stays one', () => {
    const { text } = put('contacts', 'police', { name: 'yes', phone: '101', urgent: 'null' })
    expect(read(text).contacts).toEqual([{ id: 'police', name: 'yes', phone: '101', urgent: 'null' }])
  })
  test('lines of Windows, four blanks and lists that are not indented stay so', () => {
    const windows = FILE.replaceAll('\n', '\r\n')
    expect(put('cameras', 'cam-3', { name: '3' }, windows).text).not.toMatch(/[^\r]\n/)
    const flat = 'cameras:\n- id: a\n  name: A\n- id: b\n  name: B # two\n'
    expect(put('cameras', 'a', { name: 'AA' }, flat).text).toBe(
      'cameras:\n- id: a\n  name: AA\n- id: b\n  name: B # two\n',
    )
  })
  test('a file that is no YAML, and a list that is none, are said', () => {
    expect(() => put('cameras', 'a', {}, 'a: [')).toThrow(/cannot be read/)
    expect(() => put('cameras', 'a', {}, 'cameras: { a: 1 }')).toThrow(/no list/)
  })
})
const bodyOf2 = () => (read(FILE).safePlaces?.[0] ?? {}) as object

describe('one thing of a site file is deleted', () => {
  test('with its own comments, and no others', () => {
    const text = deleteThing(FILE, 'cameras', 'cam-3', false)
    expect(thing(text, 'cameras', 'cam-3')).toBe(undefined)
    expect(comments(text)).toEqual(comments(FILE))
  })
  test('while others name it, each place is said by its line', () => {
    const refused = (kind: Parameters<typeof deleteThing>[1], id: string) => {
      try {
        deleteThing(FILE, kind, id, false)
      } catch (error) {
        return (error as { extra: { problems: { line: number; key: string }[] } }).extra.problems
      }
      return []
    }
    const lineOf = (part: string): number => FILE.split('\n').findIndex((line) => line.includes(part)) + 1
    expect(refused('cameras', 'cam-2')).toMatchObject([
      { line: lineOf('cam-2: abc'), key: 'connectors.0.cameras.cam-2' },
      { line: lineOf('onvifInput'), key: 'helpPoints.0.sources.1.onvifInput.camera' },
    ])
    expect(refused('help-points', 'bar')).toMatchObject([
      { line: lineOf('presets: { bar'), key: 'cameras.0.presets.bar' },
    ])
  })
  test('its references go with it when that is asked for', () => {
    const text = deleteThing(FILE, 'cameras', 'cam-2', true)
    expect(thing(text, 'helpPoints', 'bar')).toMatchObject({ sources: [{ http: {} }] })
    expect(read(text).connectors).toEqual([{ id: 'vms' }])
    expect(thing(text, 'cameras', 'cam-3')).toEqual(thing(FILE, 'cameras', 'cam-3'))
    expect(read(deleteThing(FILE, 'help-points', 'bar', true)).cameras?.[0]).not.toHaveProperty('presets')
  })
  test('one that lends an anchor leaves it to who borrowed it', () => {
    const text = deleteThing(FILE, 'cameras', 'cam-1', false)
    expect(thing(text, 'cameras', 'cam-2')).toEqual(thing(FILE, 'cameras', 'cam-2'))
  })
  test('one that is not there is said', () => {
    expect(() => deleteThing(FILE, 'cameras', 'cam-8', false)).toThrow(/no cameras with the id "cam-8"/)
    expect(() => deleteThing(FILE, 'contacts', 'police', true)).toThrow(/no contacts/)
  })
})

describe('many edits one after the other', () => {
  /** Mulberry32: the same seed, the same edits. */
  const random = (seed: number) => () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  test.each(Array.from({ length: 60 }, (_, i) => i))(
    'seed %i: the file says what was put, and all else as before',
    (seed) => {
      const next = random(seed)
      const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T
      const value = (depth = 0): unknown =>
        pick<() => unknown>([
          () => pick(['', 'plain', 'no', '1e3', '# not a comment', 'a: b', "it's", '*x', '&y', 'two\nlines', 'ŵ £ 👋']),
          () => Math.round(next() * 1000) / 10,
          () => next() > 0.5,
          () => (depth > 2 ? 1 : Array.from({ length: Math.floor(next() * 4) }, () => value(depth + 1))),
          () =>
            depth > 2
              ? 1
              : Object.fromEntries(pick([['a'], ['b', 'c'], ['name', 'id']]).map((key) => [key, value(depth + 1)])),
        ])()
      let text = FILE
      let expected = structuredClone(read(FILE)) as Record<string, Record<string, unknown>[]>
      for (let step = 0; step < 12; step += 1) {
        const [kind, list] = pick([
          ['cameras', 'cameras'],
          ['help-points', 'helpPoints'],
          ['contacts', 'contacts'],
        ] as const)
        const id = pick(['cam-1', 'cam-2', 'cam-3', 'bar', 'station', 'new-1', 'new-2'])
        const items = (expected[list] ??= [])
        const at = items.findIndex((each) => each.id === id)
        if (at >= 0 && next() < 0.25) {
          // What names it elsewhere is another matter: it stays named here, and the item alone goes.
          try {
            text = deleteThing(text, kind, id, false)
            items.splice(at, 1)
          } catch {
            continue
          }
        } else {
          const before = at >= 0 ? items[at] : {}
          const { id: _, ...kept } = before as Record<string, unknown>
          const body: Record<string, unknown> = next() < 0.7 ? { ...kept } : {}
          for (let i = 0; i < 3; i += 1) body[pick(['name', 'onvif', 'buffer', 'sources', 'presets', 'x'])] = value()
          text = putThing(text, kind, id, body).text
          if (at >= 0) items[at] = { id, ...body }
          else items.push({ id, ...body })
        }
        const now = read(text) as unknown as Record<string, unknown>
        expect(now).toEqual(expected)
        expected = now as typeof expected
      }
      // The comments of what was never an item's own are all there.
      for (const comment of ['# The town. Written by hand.', '# one line', '# theirs']) expect(text).toContain(comment)
    },
  )
})

describe('which lines are which', () => {
  const same = (old: string, now: string) => sameLines([...old], [...now])
  test.each([
    ['abc', 'abc', [0, 1, 2]],
    ['', 'abc', [null, null, null]],
    ['abc', '', []],
    ['abcdef', 'abXcef', [0, 1, null, 2, 4, 5]],
    ['abcabba', 'cbabac', null],
    ['aXbYc', 'abc', [0, 2, 4]],
  ])('%j and %j', (old, now, pairs) => {
    const found = same(old, now)
    if (pairs) expect(found).toEqual(pairs)
    // Each pair is of equal lines, and in order.
    const those = found.flatMap((line, i) => (line === null ? [] : [{ line, i }]))
    for (const { line, i } of those) expect(old[line]).toBe(now[i])
    expect(those.map(({ line }) => line)).toEqual(those.map(({ line }) => line).toSorted((a, b) => a - b))
  })
  test('of texts that have nothing in common, none, and soon', () => {
    const text = (word: string): string[] => Array.from({ length: 5000 }, (_, i) => `${word} ${i}`)
    expect(sameLines(text('a'), text('b')).every((line) => line === null)).toBe(true)
  })
})
