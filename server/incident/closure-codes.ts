/** What a closing reason in words means, as a code. Entries of versions before had the words alone. Pure. */
import type { ClosureCode } from '../glossary/incident.ts'

/** The words that the tile has offered, English and Welsh; they are looked up as somebody may have typed them. */
const WORDS: readonly (readonly [ClosureCode, readonly string[]])[] = [
  ['helped', ['helped by staff', 'helpwyd gan staff']],
  ['police', ['police attended', 'daeth yr heddlu']],
  ['hub', ['went to the safe hub', "aeth i'r hwb diogel"]],
  ['mistake', ['pressed by mistake', 'pwyswyd ar ddamwain']],
  ['nobody', ['nobody there', 'neb yno']],
  ['drill', ['drill complete', "ymarfer wedi'i gwblhau"]],
]

/** @returns `other` where the words are a person's own */
export function codeOfWords(reason: string): ClosureCode {
  const said = reason.trim().toLowerCase().replaceAll('’', "'").replaceAll(/\s+/g, ' ')
  // Lamppost closes a drill with its result.
  if (/^drill (?:passed|failed):/.test(said)) return 'drill'
  return WORDS.find(([, words]) => words.includes(said))?.[0] ?? 'other'
}
