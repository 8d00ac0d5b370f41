/** Words that somebody looks for, as the full-text index of the register takes them. Pure. */

/** More of them find no more. */
const MOST = 8
const LETTERS = /[\p{L}\p{N}\p{M}]+/gu

/** The form in which words are kept and looked for: an accent is part of its letter, however it was typed. */
export const asKept = (text: string): string => text.normalize('NFC')

/**
 * One query of SQLite's FTS5 for each word: it begins so, whatever its accents; a single letter or digit is a whole word. What
 * is neither parts words, so that nothing which somebody types is an operator there.
 * @returns empty where there is no word in it
 */
export function wordsOf(text: string): string[] {
  const words = [...asKept(text).toLowerCase().matchAll(LETTERS)].map(([word]) => word)
  return [...new Set(words)].slice(0, MOST).map((word) => ([...word].length === 1 ? `"${word}"` : `"${word}"*`))
}
