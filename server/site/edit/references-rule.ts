/**
 * Which secrets a page may bring into the site file. Who may edit the town must not thereby read what else the server can
 * read: its environment, its keys, the files of other services. Pure.
 */
import { LineCounter, type Scalar, isPair, isScalar, parseDocument, visit } from 'yaml'
import { normalize } from 'node:path'

/** Values that go to a device as a secret, and are shown to nobody. All others may be read back, an address for one. */
const SECRETS = new Set(['password', 'secret', 'key', 'streamKey', 'token'])
type Found = { section: string; field: string; reference: string; at: number }

function referencesOf(text: string): { found: Found[]; lineAt(at: number): number } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false })
  const found: Found[] = []
  visit(document, {
    Scalar(key, scalar: Scalar, path) {
      if (key === 'key' || typeof scalar.value !== 'string') return
      const names = path.filter(isPair).map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''))
      const about = { section: names[0] ?? '', field: names.at(-1) ?? '', at: scalar.range?.[0] ?? 0 }
      const { value } = scalar
      if (value.startsWith('file:')) found.push({ ...about, reference: value })
      else for (const [reference] of value.matchAll(/\$\{\w+\}/g)) found.push({ ...about, reference })
    },
  })
  return { found, lineAt: (at) => lines.linePos(at).line }
}
const isIn = (folder: string, path: string): boolean => normalize(path) === path && path.startsWith(`${folder}/`)

/**
 * A reference that the file has already may stay and be used again in its section. A new one may be a variable that no other
 * section uses, or a file of the folders for that; and it must be a secret's own value.
 * @returns what a page may not bring in, with its line
 */
export function foreignReferences(
  before: string,
  after: string,
  folders: readonly string[],
): { line: number; key: string; problem: string }[] {
  const known = referencesOf(before).found
  const { found, lineAt } = referencesOf(after)
  const isSecret = ({ field }: Found): boolean => SECRETS.has(field)
  const mayBeNew = (one: Found): boolean => {
    if (!isSecret(one)) return false
    if (!one.reference.startsWith('file:'))
      return known.every(({ section, reference }) => reference !== one.reference || section === one.section)
    return folders.some((folder) => isIn(folder, one.reference.slice('file:'.length)))
  }
  const isKnown = (one: Found): boolean =>
    known.some(
      (each) => each.reference === one.reference && each.section === one.section && isSecret(each) === isSecret(one),
    )
  return found
    .filter((one) => !isKnown(one) && !mayBeNew(one))
    .map((one) => ({
      line: lineAt(one.at),
      key: one.field,
      problem: `a page may not bring ${one.reference} in here: write it into the file on the server, or lay the secret into ${folders[0]}`,
    }))
}
