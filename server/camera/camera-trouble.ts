/** What is wrong with a camera, in one sentence for the operator. Pure. The camera's own words are the engineer's. */

/** What a call to a camera ended with, as the client and the inventory name it (`extra.trouble` of a failure). */
export const TROUBLES = ['unreachable', 'password', 'certificate', 'web-page', 'missing-answer'] as const
export type Trouble = (typeof TROUBLES)[number]

const SENTENCE: Record<Trouble, string | null> = {
  unreachable: 'It does not answer.',
  password: 'It refused our user name and password.',
  certificate: 'It shows another certificate than the site file names.',
  'web-page': 'It answers with a web page instead of ONVIF: is the address right?',
  // What is missing stands in the words.
  'missing-answer': null,
}
export const troubleOf = (value: unknown): Trouble | null => TROUBLES.find((trouble) => trouble === value) ?? null
export const troubleSentence = (trouble: Trouble | null, words: string): string =>
  trouble === null ? words : (SENTENCE[trouble] ?? words)
