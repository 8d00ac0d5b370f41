/**
 * How a standalone page gets in: the simulated town hands out a token; a real town asks for a name and password, and
 * then for a code where the account has a second factor; or for a passkey.
 */
import { passkeysWork, usePasskey } from '../browser/passkeys.ts'
import type { Problem } from '../wall-client/api-shapes.ts'
import { fillHeader } from './page-header.ts'
import { speak, spoken } from './page-language.ts'
import { type Step, isPasskeyElsewhere, stepIn } from './second-step.ts'

type SignedIn = { roles: readonly string[]; withheld: readonly string[] }
/** `say`: what is wrong, beside the form. */
type Way = { send(given: object): Promise<void>; say(words: string): void }
const NO_ANSWER = 'The server did not answer.'
type Ways = { directory: { name: string; problem: string | null } | null; passkeys: boolean }

const answerOf = async (response: Response): Promise<(Partial<Problem> & { token?: string }) | null> =>
  response.json().catch(() => null)

/** Resolves with a bearer token, or with '' when a session cookie does it. */
export async function enter(
  role: 'operator' | 'engineer' | 'evidence' | 'supervisor' | 'press',
  form: HTMLFormElement | null,
): Promise<string> {
  const demo = await fetch(`demo/token?role=${role}`)
  if (demo.ok) return (await answerOf(demo))?.token ?? ''
  if (!form) return ''
  const here = await fetch('api/v1/session')
  const session = here.ok ? ((await here.json()) as SignedIn) : await signIn(form)
  if (session.roles.length === 0 && session.withheld.length > 0 && !location.pathname.endsWith('/people'))
    await goWhereItIsSetUp()
  return ''
}

/** Who may do nothing without a second factor sets one up first: this page would only refuse. */
const goWhereItIsSetUp = (): Promise<never> => {
  location.assign('people')
  return new Promise(() => {})
}

/** As the page's main part, until somebody is in. Returns what puts it away. */
function openForm(form: HTMLFormElement): () => void {
  const main = document.createElement('main')
  form.replaceWith(main)
  main.append(form)
  form.hidden = false
  return () => {
    form.hidden = true
    main.replaceWith(form)
  }
}

async function signIn(form: HTMLFormElement): Promise<SignedIn> {
  const close = openForm(form)
  const message = form.querySelector('output')
  const say = (words: string): void => void (message && (message.textContent = words))
  return new Promise((resolve) => {
    let step: Step | null = null
    let isSending = false
    const send = async (given: object): Promise<void> => {
      // Pressed twice is once.
      if (isSending) return
      isSending = true
      say('')
      const answer = await fetch('api/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(given),
      }).catch(() => null)
      isSending = false
      if (answer?.ok) {
        close()
        return resolve((await answer.json()) as SignedIn)
      }
      const problem = answer && (await answerOf(answer))
      const asked = problem && stepIn(problem as Problem)
      if (asked) {
        step = asked
        askSecondStep(form, asked, { send, say })
      } else say(problem?.detail ?? NO_ANSWER)
    }
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const { user, password, code } = Object.fromEntries(new FormData(form)) as Record<string, string>
      void send(step ? { ticket: step.ticket, code } : { user, password })
    })
    void offerWays(form, { send, say })
  })
}

function buttonFor(words: string, act: () => void, className: string): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = className
  button.textContent = words
  button.addEventListener('click', act)
  return button
}

/** The name and password stand back; a code, or a passkey, is asked for in their place. */
function askSecondStep(form: HTMLFormElement, step: Step, way: Way): void {
  const submit = form.querySelector<HTMLButtonElement>('button[data-word=enter]')
  for (const element of form.querySelectorAll<HTMLElement>('label, a.directory, p.quiet, button.passkey'))
    element.hidden = true
  for (const input of form.querySelectorAll('input')) input.disabled = true
  const { passkey } = step
  const withCode = step.ways.includes('totp')
  if (submit) submit.hidden = !withCode
  const why = document.createElement('p')
  why.className = 'second'
  why.textContent = isPasskeyElsewhere(step)
    ? spoken('passkeyElsewhere', 'This account has a passkey for another address of Lamppost. Open it there.')
    : spoken('second', 'Now your second factor.')
  const parts: HTMLElement[] = [why]
  if (withCode) {
    const label = document.createElement('label')
    const input = document.createElement('input')
    Object.assign(input, { name: 'code', required: true, autocomplete: 'one-time-code', inputMode: 'numeric' })
    label.append(spoken('code', 'Code of your authenticator app'), input)
    parts.push(label)
    queueMicrotask(() => input.focus())
  }
  submit?.before(...parts)
  if (passkey && passkeysWork()) submit?.after(buttonFor(passkeyWords(), () => void withPasskey(way), 'passkey'))
  form.append(buttonFor(spoken('again', 'Start again'), () => location.reload(), 'again'))
}
const passkeyWords = (): string => spoken('usePasskey', 'Sign in with a passkey')
async function withPasskey({ send, say }: Way): Promise<void> {
  try {
    // What it is asked for does not last: it is fetched when it is wanted.
    const answer = await fetch('api/v1/session/passkey')
    if (!answer.ok) return say((await answerOf(answer))?.detail ?? NO_ANSWER)
    const used = await usePasskey((await answer.json()) as object)
    if (used) await send({ passkey: used })
  } catch {
    say(spoken('passkeyFailed', 'This browser could not use a passkey here. Use your name and password.'))
  }
}

/**
 * Where the council's directory signs people in, that comes first; accounts made here are for when it does not answer.
 * A passkey is offered where somebody has one.
 */
async function offerWays(form: HTMLFormElement, way: Way): Promise<void> {
  const ways = (await fetch('api/v1/session/ways')
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => null)) as Ways | null
  if (ways?.directory && !form.querySelector('.directory')) offerDirectory(form, ways.directory)
  if (!ways?.passkeys || !passkeysWork()) return
  form
    .querySelector('button[data-word=enter]')
    ?.after(buttonFor(passkeyWords(), () => void withPasskey(way), 'passkey'))
}

function offerDirectory(form: HTMLFormElement, { name, problem }: NonNullable<Ways['directory']>): void {
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
  void fillHeader(token)
  const element = document.createElement(tag)
  if (token) element.setAttribute('token', token)
  document.querySelector(`[data-place="${tag}"]`)?.replaceWith(element)
  return element
}
