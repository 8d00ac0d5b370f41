/**
 * The wall alone, for a frame or a VMS's web tile: `/embed?lang=cy&theme=light&muted&from-step=1&incident=…`. A token comes from
 * the page around (`postMessage({ lamppost: 'token', token, expiresAt? })`, asked for by `{ lamppost: 'token-wanted'
 * }`), or in the address's fragment (`#token=…`), which no server ever sees; else a person signs in.
 */
import { browserStore } from '../browser/browser-store.ts'
import { allowNotifications, callAttention } from '../page-parts/attention.ts'
import { enter } from '../page-parts/enter.ts'
import { speak } from '../page-parts/page-language.ts'

type Fresh = { token: string; expiresAt?: string }
const ASK_AGAIN_MS = 1000
const WITHIN_MS = 10_000
const PASSED_ON = ['lang', 'theme', 'muted', 'from-step', 'watch-sound', 'incident'] as const

speak(false)
const framed = window.parent !== window
if (!framed)
  document.body.classList.add('alone', new URLSearchParams(location.search).get('theme') === 'light' ? 'light' : 'dark')

/** Only who frames us may answer, and who may frame us is the site file's to say (frame-ancestors). */
function askParent(): Promise<Fresh> {
  return new Promise((resolve, reject) => {
    const ask = (): void => window.parent.postMessage({ lamppost: 'token-wanted' }, '*')
    const asking = setInterval(ask, ASK_AGAIN_MS)
    const end = (): void => {
      clearInterval(asking)
      clearTimeout(late)
      removeEventListener('message', hear)
    }
    const hear = ({ source, data }: MessageEvent<{ lamppost?: string } & Fresh>): void => {
      if (source !== window.parent || data?.lamppost !== 'token' || typeof data.token !== 'string') return
      end()
      resolve({ token: data.token, ...(data.expiresAt === undefined ? {} : { expiresAt: data.expiresAt }) })
    }
    const late = setTimeout(() => {
      end()
      reject(new Error('the page around gave no token'))
    }, WITHIN_MS)
    addEventListener('message', hear)
    ask()
  })
}

const query = new URLSearchParams(location.search)
const inAddress = new URLSearchParams(location.hash.slice(1)).get('token')
// It must not stay where a person copies the address from.
if (inAddress) history.replaceState(null, '', location.pathname + location.search)

const wall = document.createElement('lamppost-wall')
wall.setAttribute('keys', 'page')
// A switch that says false is off; one that is on by itself must be told so.
for (const name of PASSED_ON)
  if (query.has(name) && (query.get(name) !== 'false' || name === 'watch-sound'))
    wall.setAttribute(name, query.get(name) ?? '')
// Browsers let a page sound only after somebody has touched it: who signs in hears whether a press will be heard.
const sound = document.querySelector<HTMLButtonElement>('form.sign-in .sound')
if (sound) {
  sound.hidden = wall.hasAttribute('muted')
  sound.addEventListener('click', () => {
    allowNotifications()
    void wall.testSound()
  })
}
/**
 * A web tile of its own that crashed or was reloaded in the night must come back without anybody: its window's
 * session store keeps the token, where every page of this origin in this window may read it. In a frame the page
 * around is asked instead.
 */
const TOKEN = 'lamppost tile token'
const REFUSED_FOR_GOOD_MS = 60_000
const store = framed ? null : browserStore('sessionStorage')
const remembered = inAddress ?? (query.has('sign-in') ? null : (store?.getItem(TOKEN) ?? null))
if (remembered) {
  wall.token = remembered
  store?.setItem(TOKEN, remembered)
  let refused: ReturnType<typeof setTimeout> | undefined
  // A token that goes on being refused has ended: then a person signs in.
  wall.addEventListener('lamppost-link-changed', ({ detail }) => {
    clearTimeout(refused)
    if (detail.refusal !== null && store)
      refused = setTimeout(() => (store.removeItem(TOKEN), location.reload()), REFUSED_FOR_GOOD_MS)
  })
} else if (framed && !query.has('sign-in')) wall.renewToken = askParent
else wall.token = await enter('operator', document.querySelector<HTMLFormElement>('form.sign-in'))
callAttention(wall)
document.body.append(wall)
