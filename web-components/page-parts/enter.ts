/** How a standalone page gets in: the simulated town hands out a token; a real town asks for a name and password. */
import { speak, spoken } from './page-language.ts'

const answerOf = async (response: Response): Promise<{ token?: string; detail?: string } | null> =>
  response.json().catch(() => null)

/** Resolves with a bearer token, or with '' when a session cookie does it. */
export async function enter(
  role: 'operator' | 'engineer' | 'evidence' | 'supervisor' | 'press',
  form: HTMLFormElement | null,
): Promise<string> {
  const demo = await fetch(`demo/token?role=${role}`)
  if (demo.ok) return (await answerOf(demo))?.token ?? ''
  if (!form || (await fetch('api/v1/session')).ok) return ''
  form.hidden = false
  await offerDirectory(form)
  const message = form.querySelector('output')
  return new Promise((resolve) => {
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      const { user, password } = Object.fromEntries(new FormData(form)) as Record<string, string>
      const answer = await fetch('api/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user, password }),
      })
      if (answer.ok) {
        form.hidden = true
        return resolve('')
      }
      if (message) message.textContent = (await answerOf(answer))?.detail ?? 'The server did not answer.'
    })
  })
}

/** Where the council's directory signs people in, that comes first; accounts made here are for when it does not answer. */
async function offerDirectory(form: HTMLFormElement): Promise<void> {
  const ways = (await fetch('api/v1/session/ways')
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => null)) as { directory: { name: string; problem: string | null } | null } | null
  if (!ways?.directory || form.querySelector('.directory')) return
  const { name, problem } = ways.directory
  const link = document.createElement('a')
  link.className = 'directory'
  link.textContent = name
  // The page's own name below the prefix; what stands behind it is the page's business.
  const own = location.pathname.split('/').at(-1) ?? ''
  link.href = `api/v1/session/directory?after=${encodeURIComponent(`/${own}`)}`
  const note = document.createElement('p')
  note.className = 'quiet'
  note.textContent =
    problem === null ? '' : spoken('directoryAway', `${name} does not answer: use an account made here.`)
  form.prepend(link, note)
}

/** Gives the element its token and puts it on the page. */
export async function place(
  tag: string,
  role: 'operator' | 'engineer' | 'evidence' | 'supervisor',
): Promise<HTMLElement> {
  speak(true)
  const token = await enter(role, document.querySelector<HTMLFormElement>('form.sign-in'))
  const element = document.createElement(tag)
  if (token) element.setAttribute('token', token)
  document.querySelector(`[data-place="${tag}"]`)?.replaceWith(element)
  return element
}
