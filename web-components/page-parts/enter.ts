/** How a standalone page gets in: the simulated town hands out a token; a real town asks for a name and password. */
import { speak } from './page-language.ts'

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
