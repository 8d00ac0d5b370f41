/** The imitated wall's own script: its clock and its matrix of stills. Lamppost is one element among its things. */
import { allowNotifications, callAttention } from '../page-parts/attention.ts'
import { place } from '../page-parts/enter.ts'

const STILL_EVERY_MS = 1500

const clock = document.querySelector('#clock')
setInterval(() => {
  if (clock) clock.textContent = new Date().toLocaleString('en-GB')
}, 500)

const wall = await place('lamppost-wall', 'operator')
wall.setAttribute('keys', 'page')
callAttention(wall)
// At the beginning of a shift: whether this screen can be heard at all.
document.querySelector('#sound')?.addEventListener('click', () => {
  allowNotifications()
  void (wall as HTMLElementTagNameMap['lamppost-wall']).testSound()
})
const token = wall.getAttribute('token')
const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
const get = async <T>(path: string): Promise<T> => (await fetch(path, { headers })).json() as Promise<T>

const site = await get<{ name: string }>('api/v1/site')
const name = document.querySelector('#sitename')
if (name) name.textContent = site.name
const { items } = await get<{ items: { id: string; name: string }[] }>('api/v1/cameras')
const images = items.map(({ id, name: label }) => {
  const cell = document.createElement('div')
  cell.className = 'cell'
  const caption = document.createElement('div')
  caption.textContent = `${id}  ${label}`
  const image = document.createElement('img')
  image.alt = label
  // A camera that is recorded on press only has no picture before one.
  image.hidden = true
  cell.append(caption, image)
  document.querySelector('#matrix')?.append(cell)
  return { id, image }
})

for (let turn = 0; ; turn += 1) {
  const next = images[turn % images.length]
  if (!next) break
  if (document.visibilityState === 'visible') {
    const answer = await fetch(`api/v1/cameras/${next.id}/snapshot.jpg`, { headers }).catch(() => null)
    if (answer?.ok) {
      const before = next.image.src
      next.image.src = URL.createObjectURL(await answer.blob())
      next.image.hidden = false
      if (before) URL.revokeObjectURL(before)
    }
  }
  // The first round fills the matrix; after that the stills are only kept fresh.
  await new Promise((resolve) => setTimeout(resolve, turn < images.length ? 50 : STILL_EVERY_MS))
}
