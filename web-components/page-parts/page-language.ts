/**
 * A standalone page's own few words, in the language of `?lang=` or the one that was chosen here before; elements
 * follow the page.
 */
import { browserStore } from '../browser/browser-store.ts'

const STORED = 'lamppost language'
const WELSH: Record<string, string> = {
  title: 'Mewngofnodi i Lamppost',
  name: 'Enw',
  password: 'Cyfrinair',
  enter: 'Mewngofnodi',
  sound: 'Profi’r sain',
  wall: 'Wal',
  signOut: 'Allgofnodi',
  somebodyWaits: 'Pwyswyd man cymorth. Nid oes neb wedi’i dderbyn eto.',
  training: 'Hyfforddiant: camerâu efelychiedig. Nid oes dim yma’n real, ac ni elwir neb.',
  siteFile: 'Ffeil y safle',
  incidents: 'Digwyddiadau',
  figures: 'Ffigurau',
  presets: 'Camerâu a rhagosodiadau',
  helpPoints: 'Mannau cymorth',
  connectors: 'Systemau fideo',
  evidence: 'Tystiolaeth',
  shift: 'Sifft',
  people: 'Pobl',
  usePasskey: 'Mewngofnodi â chyfrin-allwedd',
  second: 'Nawr eich ail ffactor.',
  code: 'Cod eich ap dilysu',
  passkeyElsewhere: 'Mae gan y cyfrif hwn gyfrin-allwedd ar gyfer cyfeiriad arall Lamppost. Agorwch ef yno.',
  passkeyFailed: 'Ni allai’r porwr hwn ddefnyddio cyfrin-allwedd yma. Defnyddiwch eich enw a’ch cyfrinair.',
  again: 'Dechrau eto',
  directoryAway: 'Nid yw cyfeiriadur y cyngor yn ateb: defnyddiwch gyfrif a wnaed yma.',
  nothingHere: 'Does dim byd yn y cyfeiriad hwn.',
  pagesAbove: 'Mae tudalennau Lamppost wedi’u henwi uchod.',
}

const isWelsh = (code: string): boolean => /^cy(-|$)/i.test(code)
/** A word that a script puts on the page. */
export const spoken = (word: string, english: string): string =>
  isWelsh(document.documentElement.lang) ? (WELSH[word] ?? english) : english
/** @param kept remembers the choice for the next pages of this browser; a frame's is the page's around it. */
export function speak(kept: boolean): void {
  const asked = new URLSearchParams(location.search).get('lang')
  const store = browserStore('localStorage')
  if (kept && asked !== null) store.setItem(STORED, asked)
  const code = asked ?? (kept ? store.getItem(STORED) : null) ?? 'en'
  document.documentElement.lang = code
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a.language')) {
    link.textContent = isWelsh(code) ? 'English' : 'Cymraeg'
    link.lang = isWelsh(code) ? 'en' : 'cy'
    link.href = `?lang=${link.lang}`
  }
  if (isWelsh(code))
    for (const element of document.querySelectorAll<HTMLElement>('[data-word]'))
      element.textContent = WELSH[element.dataset.word ?? ''] ?? element.textContent
}
