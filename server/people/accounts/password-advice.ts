/**
 * Which passwords are taken, after NIST SP 800-63B: by length and by how soon a list of common ones, rows of keys,
 * repeats, and what is known about the person would find them. No wish for digits or signs: they make passwords worse.
 */
import type { ZxcvbnFactory } from '@zxcvbn-ts/core'

export const SHORTEST = 12
const LONGEST = 1000
/** What is judged of a long one: more makes it no weaker, and each takes time in which no press is taken. */
const JUDGED = 40
/** Of 4: at least a hundred million guesses. */
const LEAST_SCORE = 3
/** What an attacker of this town would try first. */
const OF_THE_TRADE = [
  'lamppost',
  'cctv',
  'control',
  'council',
  'police',
  'operator',
  'supervisor',
  'engineer',
  'camera',
]

let judge: Promise<ZxcvbnFactory> | null = null
/** Its lists are megabytes: they are read when the first password is set. */
async function loadJudge(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory: Factory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ])
  return new Factory({ dictionary, graphs: adjacencyGraphs })
}

/**
 * What is wrong with a new password, as a sentence for who typed it; null: it is taken.
 * @param about names that it must not be made of: the person's, the user name, the town's
 */
export async function adviceOn(password: string, about: readonly string[]): Promise<string | null> {
  const typed = password.normalize('NFKC')
  if ([...typed].length < SHORTEST)
    return `A password needs at least ${SHORTEST} characters; four words that do not belong together are easy to remember.`
  if (typed.length > LONGEST) return `A password has at most ${LONGEST} characters.`
  const words = [...about, ...OF_THE_TRADE].flatMap((each) => each.toLowerCase().split(/[^\p{L}\p{N}]+/u))
  const known = words.filter((word) => word.length > 2)
  // What is left without what everybody knows: names, years, and what stands between them.
  const rest = known
    .reduce((text, word) => text.replaceAll(word, ''), typed.toLowerCase())
    .replaceAll(/(?:19|20)\d\d/g, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
  judge ??= loadJudge()
  const { score } = (await judge).check([...typed].slice(0, JUDGED).join(''), known)
  if (score >= LEAST_SCORE && [...rest].length >= 4) return null
  return (
    'This password would be found among the first that somebody tries: it is common, repeats itself, follows the keys, ' +
    'or is made of names. Take four words that do not belong together.'
  )
}
