/**
 * Single keys for everything an operator does: which there are, which the person has chosen, and which a key press
 * means.
 */

import type { BrowserStore } from '../browser/browser-store.ts'

export const ACTIONS = [
  'take',
  'note',
  'replay',
  'view1',
  'view2',
  'view3',
  'view4',
  'view5',
  'view6',
  'view7',
  'view8',
  'view9',
  'swap',
  'full',
  'camera',
  'steer',
  'preset',
  'presets',
  'snapshot',
  'contact1',
  'contact2',
  'contact3',
  'step',
  'hold',
  'handOver',
  'close',
  'next',
  'previous',
  'help',
] as const
export type Action = (typeof ACTIONS)[number]
/** `on: false`: no single keys at all (WCAG 2.1.4). `leave`: leaves a note, as Escape does; null: Escape only. */
export type Keymap = { on: boolean; keys: Record<Action, string>; leave: string | null }
/** What a page may change. */
export type KeyChanges = Partial<Record<Action | 'leave', string>>

export const DEFAULT_KEYS: Keymap = {
  on: true,
  keys: {
    take: 't',
    note: 'n',
    replay: 'r',
    view1: '1',
    view2: '2',
    view3: '3',
    view4: '4',
    view5: '5',
    view6: '6',
    view7: '7',
    view8: '8',
    view9: '9',
    swap: 'v',
    full: 'f',
    camera: 'a',
    steer: 's',
    preset: 'b',
    presets: 'd',
    snapshot: 'p',
    contact1: 'q',
    contact2: 'w',
    contact3: 'e',
    step: 'x',
    hold: 'h',
    handOver: 'o',
    close: 'c',
    next: ']',
    previous: '[',
    help: '?',
  },
  leave: null,
}

/** What a page or a person has changed; anything that is no key of ours is left out. */
export function keymapFrom(changes: KeyChanges, on = true): Keymap {
  const keys = { ...DEFAULT_KEYS.keys }
  for (const action of ACTIONS) {
    const wanted = changes[action]
    if (typeof wanted === 'string' && [...wanted].length === 1 && wanted.trim() !== '')
      keys[action] = wanted.toLowerCase()
  }
  return { on, keys: apart(keys), leave: changes.leave !== undefined && canLeave(changes.leave) ? changes.leave : null }
}
/** A key that writes nothing and does nothing else in a text, by its name in KeyboardEvent.key. */
export const canLeave = (key: string): boolean => /^(?:F(?:[1-9]|1\d|2[0-4])|Insert|Pause|ScrollLock)$/.test(key)
const SPARE = 'abcdefghijklmnopqrstuvwxyz0123456789'
/**
 * One key means one thing: what was chosen stays, whose key it was gets another one, which stands beside it on the
 * screen.
 */
function apart(keys: Keymap['keys']): Keymap['keys'] {
  const chosen = (action: Action): number => Number(keys[action] !== DEFAULT_KEYS.keys[action])
  const taken = new Set<string>()
  const found = { ...keys }
  for (const action of [...ACTIONS].sort((a, b) => chosen(b) - chosen(a))) {
    if (taken.has(found[action]))
      found[action] = [...SPARE].find((key) => !taken.has(key) && !Object.values(keys).includes(key)) ?? found[action]
    taken.add(found[action])
  }
  return found
}

/** The other action that has this key. */
export const takenBy = ({ keys }: Keymap, key: string, action: Action): Action | null =>
  ACTIONS.find((each) => each !== action && keys[each] === key.toLowerCase()) ?? null

const FIELDS = 'input:not([type=radio],[type=checkbox],[type=range],[type=button],[type=submit]), textarea, select'
/** Somebody types there, or may: what a page's own element does with a key behind its closed door nobody knows. */
function isTyping(target: EventTarget | undefined, wall: EventTarget): boolean {
  if (document.designMode === 'on') return true
  if (!(target instanceof Element)) return false
  return (
    target.matches(FIELDS) ||
    (target instanceof HTMLElement && target.isContentEditable) ||
    (target !== wall && target.localName.includes('-') && !target.shadowRoot)
  )
}
const isModal = (place: EventTarget): boolean =>
  place instanceof HTMLDialogElement || (place instanceof Element && place.getAttribute('aria-modal') === 'true')

/**
 * What this key press asks for; null: it is not ours. Off while somebody types, in a dialog, and with any further key
 * held.
 */
export function actionOf(event: KeyboardEvent, { on, keys }: Keymap, wall: EventTarget): Action | null {
  // AltGr is Ctrl and Alt to a browser; on some keyboards a sign such as [ needs it.
  const held = (event.ctrlKey || event.altKey) && !event.getModifierState('AltGraph')
  if (!on || event.defaultPrevented || held || event.metaKey || event.isComposing || event.repeat) return null
  const path = event.composedPath()
  if (isTyping(path[0], wall) || path.some(isModal)) return null
  const key = event.key.toLowerCase()
  return ACTIONS.find((action) => keys[action] === key) ?? null
}

/** Shift and a digit, by the place of the key: what it writes differs from keyboard to keyboard. Null: it is not that. */
export function cardOf(event: KeyboardEvent, { on }: Keymap, wall: EventTarget): number | null {
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1]
  if (!on || digit === undefined || !event.shiftKey || event.defaultPrevented) return null
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return null
  const path = event.composedPath()
  return isTyping(path[0], wall) || path.some(isModal) ? null : Number(digit)
}

const STORED = 'lamppost keys'
/** Null: nobody has changed them. By browser, not by person: a control room's desks are shared. */
export function loadKeymap(store: Pick<BrowserStore, 'getItem'>): Keymap | null {
  try {
    const stored = JSON.parse(store.getItem(STORED) ?? 'null') as Partial<Keymap> | null
    return stored
      ? keymapFrom({ ...stored.keys, ...(stored.leave ? { leave: stored.leave } : {}) }, stored.on ?? true)
      : null
  } catch {
    return null
  }
}
export const saveKeymap = (store: Pick<BrowserStore, 'setItem'>, keymap: Keymap): void =>
  store.setItem(STORED, JSON.stringify(keymap))
