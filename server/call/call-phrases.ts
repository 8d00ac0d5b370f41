/**
 * What is played to a caller: announcements, and phrases that an operator has said by one key, in several languages. A
 * site may have its own. Not here: when one is played (call-desk), and how (call-line).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SpokenFile, VoiceSite } from '../glossary/call.ts'
import { messageOf } from '../tools/failure.ts'
import { soundOf } from '../tools/media/a-law-wav.ts'
import { packageRoot } from '../tools/package-root.ts'

/** Of each: the sound, A-law. Announcements by their name; what an operator has said: `say ID LANGUAGE`. */
export type Phrases = Record<string, Uint8Array>
/** `name`: what the site file calls it; null: it is one of Lamppost's own. */
export type OfferedPhrase = { id: string; name: string | null; languages: string[] }
type Said = Pick<VoiceSite, 'announcement' | 'phrases'>

/** Synthetic speech, to be read by somebody whose first language it is: see the README. */
const OWN = ['help-coming', 'raise-hand', 'still-here']
const OWN_LANGUAGES = ['en', 'cy', 'pl', 'ro']
/** Announcements are heard in both languages of the street. */
const ANNOUNCED_IN = ['en', 'cy']
/** Longer than this nobody listens, and an operator waits for its end. */
const MOST_SECONDS = 60
const SAMPLES_A_SECOND = 8000

export const sayName = (id: string, language: string): `say ${string}` => `say ${id} ${language}`
export const isSaid = (phrase: string): phrase is `say ${string}` => phrase.startsWith('say ')

const own = (name: string, language: string): Uint8Array =>
  soundOf(readFileSync(join(packageRoot, 'server', 'call', 'phrases', `${name}.${language}.wav`)))
const announced = (name: string): Uint8Array => Buffer.concat(ANNOUNCED_IN.map((language) => own(name, language)))

function theirs({ file }: SpokenFile): Uint8Array {
  try {
    const sound = soundOf(readFileSync(file))
    if (sound.length > MOST_SECONDS * SAMPLES_A_SECOND) throw new Error(`it is longer than ${MOST_SECONDS} s`)
    return sound
  } catch (error) {
    throw new Error(`${file} cannot be played: ${messageOf(error)}`, { cause: error })
  }
}

/** A file that cannot be played leaves the one of Lamppost in its place, or its phrase out. */
export function phrasesOf(site: Said | null): { phrases: Phrases; problems: string[] } {
  const problems: string[] = []
  const phrases: Phrases = {
    waiting: announced('waiting'),
    'waiting-unrecorded': announced('waiting-unrecorded'),
    hold: announced('hold'),
    notice: announced('notice'),
  }
  for (const id of OWN) for (const language of OWN_LANGUAGES) phrases[sayName(id, language)] = own(id, language)
  function attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      problems.push(messageOf(error))
    }
  }
  const announcement = site?.announcement ?? []
  if (announcement.length > 0)
    attempt(() => {
      const sound = Buffer.concat(announcement.map(theirs))
      Object.assign(phrases, { waiting: sound, 'waiting-unrecorded': sound })
    })
  for (const { id, say } of site?.phrases ?? [])
    for (const each of say) {
      const name = sayName(id, each.language)
      // Never other words than the site's under its name.
      delete phrases[name]
      attempt(() => void (phrases[name] = theirs(each)))
    }
  return { phrases, problems }
}

/**
 * Which phrases an operator may have said, in the languages that can be played. The site's own come first; one of
 * Lamppost's id takes its place.
 */
export function offeredPhrases(site: Said | null, loaded: Phrases): OfferedPhrase[] {
  if (site === null) return []
  const ours = OWN.filter((id) => !site.phrases.some((each) => each.id === id))
  const all = [
    ...site.phrases.map(({ id, name, say }) => ({ id, name, languages: say.map(({ language }) => language) })),
    ...ours.map((id) => ({ id, name: null, languages: [...OWN_LANGUAGES] })),
  ]
  return all.flatMap(({ id, name, languages }) => {
    const playable = languages.filter((language) => Object.hasOwn(loaded, sayName(id, language)))
    return playable.length === 0 ? [] : [{ id, name, languages: playable }]
  })
}
