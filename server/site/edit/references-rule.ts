/**
 * Which secrets a page may bring into the site file. Who may edit the town must not thereby read what else the server can
 * read: its environment, its keys, the files of other services. Pure.
 */
import { normalize } from 'node:path'
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { SiteProblem } from '../site-check.ts'
import { fewest } from '../site-yaml.ts'

/** Values that go to a device as a secret, and are shown to nobody. All others may be read back, an address for one. */
export const SECRET_NAMES: ReadonlySet<string> = new Set(['password', 'secret', 'key', 'streamKey', 'token'])
/** More than any town has; a file whose aliases make more of it is no town's. */
const MOST_VALUES = 200_000
type Found = { section: string; field: string; reference: string; at: number }

/** Where each reference stands: what an alias borrows stands where the alias does. */
function referencesOf(text: string): { found: Found[]; lineAt(at: number): number } {
  const lines = new LineCounter()
  const found: Found[] = []
  const anchors = new Map<string, unknown>()
  let left = MOST_VALUES
  function walk(node: unknown, section: string, field: string, from: number | null): void {
    left -= 1
    if (left < 0) return
    if (isAlias(node)) {
      walk(anchors.get(node.source), section, field, from ?? node.range?.[0] ?? 0)
      return
    }
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return
    if (from === null && node.anchor) anchors.set(node.anchor, node)
    if (isSeq(node)) for (const item of node.items) walk(item, section, field, from)
    else if (isMap(node))
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : ''
        // What a map is merged from stands in it.
        walk(value, section || name, name === '<<' ? field : name, from)
      }
    else if (typeof node.value === 'string') {
      const at = from ?? node.range?.[0] ?? 0
      const all = node.value.startsWith('file:') ? [node.value] : (node.value.match(/\$\{\w+\}/g) ?? [])
      for (const reference of new Set(all)) found.push({ section, field, at, reference })
    }
  }
  walk(parseDocument(text, { lineCounter: lines, uniqueKeys: false }).contents, '', '', null)
  return { found, lineAt: (at) => lines.linePos(at).line }
}
const isIn = (folder: string, path: string): boolean => normalize(path) === path && path.startsWith(`${folder}/`)

/**
 * A reference that the file has already may stay and be used again in its section. A new one may be a variable or a file of
 * the folders for that, which no other section uses; and it must be a secret's own value.
 * @returns what a page may not bring in, with its line
 */
export function foreignReferences(before: string, after: string, folders: readonly string[]): SiteProblem[] {
  const known = referencesOf(before).found
  const { found, lineAt } = referencesOf(after)
  const isSecret = ({ field }: Found): boolean => SECRET_NAMES.has(field)
  const placeOf = (one: Found): string => JSON.stringify([one.section, isSecret(one), one.reference])
  const places = new Set(known.map(placeOf))
  const sections = new Map<string, Set<string>>()
  for (const { reference, section } of known)
    sections.set(reference, (sections.get(reference) ?? new Set()).add(section))
  const mayBeNew = (one: Found): boolean => {
    if (!isSecret(one) || [...(sections.get(one.reference) ?? [])].some((section) => section !== one.section))
      return false
    if (!one.reference.startsWith('file:')) return true
    return folders.some((folder) => isIn(folder, one.reference.slice('file:'.length)))
  }
  return fewest(
    found
      .filter((one) => !places.has(placeOf(one)) && !mayBeNew(one))
      .map((one) => ({
        line: lineAt(one.at),
        key: one.field,
        problem: `a page may not bring ${one.reference} in: write it by hand on the server, or lay the secret into ${folders[0]}`,
      })),
  )
}
