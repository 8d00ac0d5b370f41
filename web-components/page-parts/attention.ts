/**
 * What says that somebody waits while this page is behind others, or nobody looks at the screen: its title, its icon, the
 * system's own notification where a person has allowed it, and a screen that stays on.
 */
import type { WaitingNews } from '../lamppost-incident/incident-events.ts'
import { spoken } from './page-language.ts'

/** A red disc with how many wait. */
const iconOf = (count: number): string =>
  `data:image/svg+xml,${encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#c9162b"/>' +
      '<text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="20" fill="#fff">' +
      `${count > 9 ? '9+' : count}</text></svg>`,
  )}`

/** Asked of somebody who has just touched the page: a browser lets nobody ask otherwise. */
export function allowNotifications(): void {
  if ('Notification' in globalThis && Notification.permission === 'default')
    void Notification.requestPermission().catch(() => {})
}

/** While the page is looked at, and again whenever it is looked at again: the system takes it away when it is hidden. */
function keepScreenOn(): void {
  // Only over TLS, or on this machine.
  const { wakeLock } = navigator as { wakeLock?: WakeLock }
  const hold = (): void => {
    if (document.visibilityState === 'visible') wakeLock?.request('screen').catch(() => {})
  }
  document.addEventListener('visibilitychange', hold)
  hold()
}

export function callAttention(wall: HTMLElement): void {
  const title = document.title
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  const quiet = icon?.href ?? ''
  const told = new Map<string, Notification>()

  function notify({ incident, name }: WaitingNews['waiting'][number]): void {
    if (told.has(incident) || document.visibilityState === 'visible') return
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
    const body = spoken('somebodyWaits', 'Help point pressed. Nobody has accepted it yet.')
    const notification = new Notification(name, { body, tag: incident, requireInteraction: true })
    notification.addEventListener('click', () => window.focus())
    told.set(incident, notification)
  }
  wall.addEventListener('lamppost-waiting-changed', ({ detail: { waiting } }) => {
    const [first] = waiting
    document.title = first ? `(${waiting.length}) ${first.name}${waiting.length > 1 ? ' …' : ''} · ${title}` : title
    if (icon) icon.href = first ? iconOf(waiting.length) : quiet
    for (const each of waiting) notify(each)
    for (const [incident, notification] of told)
      if (waiting.every((each) => each.incident !== incident)) {
        notification.close()
        told.delete(incident)
      }
  })
  keepScreenOn()
}
