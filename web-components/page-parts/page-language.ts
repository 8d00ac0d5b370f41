/** A standalone page's own few words, in the language of `?lang=` or the one that was chosen here before; elements follow the page. */
const STORED = 'lamppost language'
const WELSH: Record<string, string> = { title: 'Mewngofnodi i Lamppost', name: 'Enw', password: 'Cyfrinair', enter: 'Mewngofnodi', sound: 'Profi’r sain', wall: 'Wal', presets: 'Camerâu a rhagosodiadau', helpPoints: 'Mannau cymorth', evidence: 'Tystiolaeth', shift: 'Sifft' }

const isWelsh = (code: string): boolean => /^cy(-|$)/i.test(code)
function stored(): string | null {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}
/** @param kept remembers the choice for the next pages of this browser; a frame's is the page's around it. */
export function speak(kept: boolean): void {
  const asked = new URLSearchParams(location.search).get('lang')
  if (kept && asked !== null)
    try {
      localStorage.setItem(STORED, asked)
    } catch {
      // A page may forbid it: then the address says it each time.
    }
  const code = asked ?? (kept ? stored() : null) ?? 'en'
  document.documentElement.lang = code
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a.language')) {
    link.textContent = isWelsh(code) ? 'English' : 'Cymraeg'
    link.lang = isWelsh(code) ? 'en' : 'cy'
    link.href = `?lang=${link.lang}`
  }
  if (isWelsh(code)) for (const element of document.querySelectorAll<HTMLElement>('[data-word]')) element.textContent = WELSH[element.dataset.word ?? ''] ?? element.textContent
}
