/**
 * A note that writes itself down while it is typed: each version replaces the one before, and the record keeps them all. What could
 * not be saved is tried again, and outlives a reload of the page. Not here: how it looks (incident-notes).
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'

export type DraftState = 'empty' | 'typing' | 'saving' | 'saved' | 'failed'
export type DraftPort = { incident(): string; save(incident: string, text: string, replaces: number | null): Promise<number | null>; /** Survives a reload; not the end of the browser. */ store: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null }
type Kept = { text: string; entry: number | null; saved: string }

const IDLE_MS = 1200
/** Also while somebody types without a pause. */
const LONGEST_MS = 8000
const AGAIN_MS = 3000
const nameOf = (incident: string): string => `lamppost note ${incident}`
const NOTHING: Kept = { text: '', entry: null, saved: '' }

/** One incident's note: it saves itself to its end, also when another incident is shown meanwhile. */
type Open = { of: string; kept: Kept; saving: Promise<void> | null }

export class NoteDraft implements ReactiveController {
  #host: ReactiveControllerHost
  #port: DraftPort
  #open: Open = { of: '', kept: NOTHING, saving: null }
  #state: DraftState = 'empty'
  #savedAt = 0
  #unsavedSince = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(host: ReactiveControllerHost, port: DraftPort) {
    this.#host = host
    this.#port = port
    host.addController(this)
  }
  hostUpdate(): void {
    const incident = this.#port.incident()
    if (incident === this.#open.of) return
    void this.flush()
    this.#open = { of: incident, kept: this.#stored(incident), saving: null }
    const { text, saved } = this.#open.kept
    this.#state = text.trim() === '' ? 'empty' : text.trim() === saved ? 'saved' : 'typing'
    if (this.#state === 'typing') this.#after(IDLE_MS)
  }
  hostDisconnected(): void {
    // Nothing that was typed is lost with its tile.
    void this.flush()
  }
  get text(): string {
    return this.#open.kept.text
  }
  get state(): DraftState {
    return this.#state
  }
  /** Milliseconds since 1970, by this browser. */
  get savedAt(): number {
    return this.#savedAt
  }
  /** The entry of the note that is being written: it is not listed among the finished ones. */
  get entry(): number | null {
    return this.#open.kept.entry
  }

  typed(text: string): void {
    const { kept } = this.#open
    if (text === kept.text) return
    if (kept.text.trim() === kept.saved) this.#unsavedSince = performance.now()
    this.#keep(this.#open, { ...kept, text })
    this.#set(text.trim() === '' && kept.entry === null ? 'empty' : 'typing')
    this.#after(Math.min(IDLE_MS, Math.max(0, this.#unsavedSince + LONGEST_MS - performance.now())))
  }
  /** This one is finished; the next begins empty. It is saved first. */
  async finish(): Promise<void> {
    const open = this.#open
    await this.flush()
    if (this.#state === 'failed' || open !== this.#open) return
    this.#keep(open, NOTHING)
    this.#set('empty')
  }
  /** Saves what is not saved yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    const open = this.#open
    await open.saving
    open.saving ??= this.#save(open).finally(() => (open.saving = null))
    await open.saving
  }

  async #save(open: Open): Promise<void> {
    const { text, entry, saved } = open.kept
    const now = text.trim()
    // An emptied note stays as it was: a record has no eraser.
    if (open.of === '' || now === '' || now === saved) return
    this.#set('saving', open)
    try {
      const written = await this.#port.save(open.of, now, entry)
      if (open === this.#open) this.#savedAt = Date.now()
      this.#keep(open, { text: open.kept.text, entry: written ?? entry, saved: now })
      const more = open.kept.text.trim() !== now
      this.#set(more ? 'typing' : 'saved', open)
      if (more && open === this.#open) this.#after(IDLE_MS)
    } catch {
      this.#set('failed', open)
      if (open === this.#open) this.#after(AGAIN_MS)
    }
  }
  #after(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), ms)
  }
  #set(state: DraftState, open = this.#open): void {
    if (open !== this.#open) return
    this.#state = state
    this.#host.requestUpdate()
  }
  #keep(open: Open, kept: Kept): void {
    open.kept = kept
    try {
      if (kept === NOTHING) this.#port.store?.removeItem(nameOf(open.of))
      else this.#port.store?.setItem(nameOf(open.of), JSON.stringify(kept))
    } catch {
      // A store that is full or forbidden: the server has it soon.
    }
  }
  #stored(incident: string): Kept {
    try {
      return (JSON.parse(this.#port.store?.getItem(nameOf(incident)) ?? 'null') as Kept | null) ?? NOTHING
    } catch {
      // Not ours, or cut short.
      return NOTHING
    }
  }
}
