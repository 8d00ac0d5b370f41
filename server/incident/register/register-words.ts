/** Words that somebody looks for, as the full-text index of the register takes them. Pure. */

/** More of them find no more. */
const MOST = 8
const LETTERS = /[\p{L}\p{N}]+/gu

/**
 * One query of SQLite's FTS5 for each word: it begins so, whatever its accents. What is no letter or digit parts words, so
 * that nothing which somebody types is an operator there.
 * @returns empty where there is no word in it
 */
export const wordsOf = (text: string): string[] =>
  [...text.matchAll(LETTERS)].slice(0, MOST).map(([word]) => `"${word}"*`)
