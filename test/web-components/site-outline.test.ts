import { describe, expect, test } from 'vitest'
import { outlineOf, spanOfLine } from '../../web-components/lamppost-site-file/site-outline.ts'

const TEXT = `# a: comment
site: { id: town }
cameras:
  - id: cam-1
    name: "id: not one"
  - { id: "cam-2", name: Two }
  -   id: cam-3
contacts: []
`
describe('where things stand in a site file', () => {
  test('top-level keys, and what has an id below them', () => {
    expect(outlineOf(TEXT)).toEqual([
      { line: 2, name: 'site', isThing: false },
      { line: 3, name: 'cameras', isThing: false },
      { line: 4, name: 'cam-1', isThing: true },
      { line: 6, name: 'cam-2', isThing: true },
      { line: 7, name: 'cam-3', isThing: true },
      { line: 8, name: 'contacts', isThing: false },
    ])
  })
  test('a line begins after those before it; one beyond the end is empty', () => {
    const at = (line: number): string => {
      const { from, to } = spanOfLine(TEXT, line)
      return TEXT.slice(from, to)
    }
    expect([at(1), at(2), at(9), at(40)]).toEqual(['# a: comment', 'site: { id: town }', '', ''])
  })
})
