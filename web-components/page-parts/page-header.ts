/** The header's own part: the town, who is signed in, and the way out; links to pages that this person cannot use are not shown. */
import { spoken } from './page-language.ts'

type Who = { name: string; roles: readonly string[]; withheld?: readonly string[] }

/**
 * @param token of a simulated town, which lends one to each page; '' for who has signed in
 * @param form stands there while nobody has
 */
export async function fillHeader(token: string): Promise<void> {
  const header = document.querySelector('body > header')
  if (!header) return
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  const get = async <T>(path: string): Promise<T | null> => {
    const answer = await fetch(path, { headers }).catch(() => null)
    return answer?.ok ? ((await answer.json()) as T) : null
  }
  const [site, who] = await Promise.all([
    get<{ name: string; training: boolean }>('api/v1/site'),
    get<Who>('api/v1/session'),
  ])
  const put = (className: string, text: string): void => {
    const place = header.querySelector(`.${className}`)
    if (place) place.textContent = text
  }
  put('town', site?.name ?? '')
  if (site?.training) sayTraining(header)
  put('who', who?.name ?? '')
  // A lent token is nobody's session, and opens every page.
  if (token !== '' || !who) return
  for (const link of header.querySelectorAll<HTMLAnchorElement>('a[data-roles]'))
    link.hidden = !(link.dataset.roles ?? '').split(' ').some((role) => who.roles.includes(role))
  const out = header.querySelector<HTMLButtonElement>('button.out')
  if (!out) return
  out.textContent = spoken('signOut', 'Sign out')
  out.hidden = false
  out.addEventListener('click', () => {
    void fetch('api/v1/session', { method: 'DELETE' }).finally(() => location.reload())
  })
}

/** Over every page of a town for practice. */
function sayTraining(header: Element): void {
  header.querySelector('.training')?.remove()
  const line = document.createElement('p')
  line.className = 'training'
  line.textContent = spoken('training', 'Training: simulated cameras. Nothing here is real, and nobody is called.')
  header.prepend(line)
}
