/** Reads a site file's text as YAML, or says what is wrong with it and in which line. Pure. */
import { type Document, LineCounter, isScalar, parseDocument, visit } from 'yaml'
import { messageOf } from '../tools/failure.ts'
import type { SiteProblem } from './site-check.ts'

/** The same anchor may be used by each camera of a large town. A file that multiplies itself is refused far before. */
export const MOST_ALIASES = 20_000
/** Nobody reads more of them at once. */
const MOST_PROBLEMS = 100
export const fewest = (problems: readonly SiteProblem[]): SiteProblem[] =>
  problems.length <= MOST_PROBLEMS
    ? [...problems]
    : [
        ...problems.slice(0, MOST_PROBLEMS),
        { line: 1, key: '', problem: `more than ${MOST_PROBLEMS} problems: these are the first` },
      ]
/** Enough are known: looking for the line of one more would bring nothing. */
export const areEnough = (problems: readonly SiteProblem[]): boolean => problems.length > MOST_PROBLEMS

/** Keys that stand twice in their map. The parser's own search for them takes a square of their number. */
function keysTwice(document: Document): { at: number; key: string }[] {
  const found: { at: number; key: string }[] = []
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) found.push({ at: key.range?.[0] ?? 0, key: String(key.value) })
        seen.add(key.value)
      }
    },
  })
  return found
}

export type SiteYaml = { document: Document.Parsed; lines: LineCounter; value: unknown; problems: null }
/** @returns `problems`: at least one, of a text that is no YAML that a town could be of */
export function readYaml(text: string): SiteYaml | { problems: [SiteProblem, ...SiteProblem[]] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false })
  const problemAt = (at: number, problem: string): SiteProblem => ({ line: lines.linePos(at).line, key: '', problem })
  const [first, ...others] = [
    ...document.errors.map(({ pos, message }) => problemAt(pos[0], message.split('\n')[0] ?? 'not YAML')),
    ...keysTwice(document).map(({ at, key }) =>
      problemAt(at, `the key "${key}" stands there twice; keys must be unique`),
    ),
  ]
  if (first) return { problems: [first, ...others] }
  try {
    return { document, lines, value: document.toJS({ maxAliasCount: MOST_ALIASES }), problems: null }
  } catch (error) {
    return { problems: [{ line: 1, key: '', problem: messageOf(error) }] }
  }
}
