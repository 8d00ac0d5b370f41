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
const NOTHING: Kept = { text: '', entry: null, saved: '' }

export class NoteDraft implements ReactiveController {
  #host: ReactiveControllerHost
  #port: DraftPort
  #of = ''
  #kept: Kept = NOTHING
  #state: DraftState = 'empty'
  #savedAt = 0
  #unsavedSince = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving: Promise<void> | null = null

  constructor(host: ReactiveControllerHost, port: DraftPort) {
    this.#host = host
    this.#port = port
    host.addController(this)
  }
  hostUpdate(): void {
    const incident = this.#port.incident()
    if (incident === this.#of) return
    void this.flush()
    this.#of = incident
    this.#restore()
  }
  hostDisconnected(): void {
    // Nothing that was typed is lost with its tile.
    void this.flush()
  }
  get text(): string {
    return this.#kept.text
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
    return this.#kept.entry
  }

  typed(text: string): void {
    if (text === this.#kept.text) return
    if (this.#kept.text === this.#kept.saved) this.#unsavedSince = performance.now()
    this.#keep({ ...this.#kept, text })
    this.#set(text.trim() === '' && this.#kept.entry === null ? 'empty' : 'typing')
    this.#after(Math.min(IDLE_MS, Math.max(0, this.#unsavedSince + LONGEST_MS - performance.now())))
  }
  /** This one is finished; the next begins empty. It is saved first. */
  async finish(): Promise<void> {
    await this.flush()
    if (this.#state === 'failed') return
    this.#keep(NOTHING)
    this.#set('empty')
  }
  /** Saves what is not saved yet. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#saving
    this.#saving ??= this.#save().finally(() => (this.#saving = null))
    await this.#saving
  }

  async #save(): Promise<void> {
    const [of, kept] = [this.#of, this.#kept]
    const text = kept.text.trim()
    // An emptied note stays as it was: a record has no eraser.
    if (of === '' || text === '' || text === kept.saved) return
    this.#set('saving')
    try {
      const entry = await this.#port.save(of, text, kept.entry)
      if (this.#of !== of) return
      this.#savedAt = Date.now()
      this.#keep({ text: this.#kept.text, entry: entry ?? kept.entry, saved: text })
      this.#set(this.#kept.text.trim() === text ? 'saved' : 'typing')
      if (this.#state === 'typing') this.#after(IDLE_MS)
    } catch {
      if (this.#of !== of) return
      this.#set('failed')
      this.#after(AGAIN_MS)
    }
  }
  #after(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), ms)
  }
  #set(state: DraftState): void {
    this.#state = state
    this.#host.requestUpdate()
  }
  get #name(): string {
    return `lamppost note ${this.#of}`
  }
  #keep(kept: Kept): void {
    this.#kept = kept
    try {
      if (kept === NOTHING) this.#port.store?.removeItem(this.#name)
      else this.#port.store?.setItem(this.#name, JSON.stringify(kept))
    } catch {
      // A store that is full or forbidden: the server has it soon.
    }
  }
  #restore(): void {
    this.#kept = NOTHING
    this.#state = 'empty'
    try {
      const kept = JSON.parse(this.#port.store?.getItem(this.#name) ?? 'null') as Kept | null
      if (!kept) return
      this.#kept = kept
      this.#state = kept.text.trim() === kept.saved ? 'saved' : 'typing'
      if (this.#state === 'typing') this.#after(IDLE_MS)
    } catch {
      // Not ours, or cut short.
    }
  }
}
