/**
 * A note that writes itself down while it is typed: each version replaces the one before, and the record keeps them
 * all. What could not be saved is tried again, and outlives a reload of the page. Not here: how it looks
 * (incident-notes).
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { BrowserStore } from '../browser/browser-store.ts'

export type DraftState = 'empty' | 'typing' | 'saving' | 'saved' | 'failed'
export type DraftPort = {
  incident(): string
  /** Who writes: a desk is shared, and nobody's words are another's. */
  person(): string
  /** @returns the entry's number */
  save(incident: string, text: string, replaces: number | null): Promise<number | null>
  /** Another try with the same will not help; null when it may. In the person's words. */
  refusal(error: unknown): string | null
  /** Survives a reload; not the end of the browser. */
  store: BrowserStore
}
type Kept = { text: string; entry: number | null; saved: string }
/** One note: it saves itself to its end, also when the next one or another incident's is shown meanwhile. */
type Open = {
  of: string
  by: string
  kept: Kept
  finished: boolean
  unsavedSince: number
  saving: Promise<void> | null
  state: DraftState
  refused: string | null
  timer: ReturnType<typeof setTimeout> | undefined
}

const IDLE_MS = 1200
/** Also while somebody types without a pause. */
const LONGEST_MS = 8000
const AGAIN_MS = 3000
const NOTHING: Kept = { text: '', entry: null, saved: '' }

export class NoteDraft implements ReactiveController {
  #host: ReactiveControllerHost
  #port: DraftPort
  #open: Open
  /** Finished, and not yet saved. */
  #behind = new Set<Open>()
  #savedAt = 0

  constructor(host: ReactiveControllerHost, port: DraftPort) {
    this.#host = host
    this.#port = port
    this.#open = opened('', '')
    host.addController(this)
  }
  hostUpdate(): void {
    const [of, by] = [this.#port.incident(), this.#port.person()]
    if (of === this.#open.of && by === this.#open.by) return
    void this.flush()
    this.#open = opened(of, by, this.#stored(of, by))
    // Finished before a reload, and not saved then.
    for (const kept of this.#storedBehind(of, by)) {
      const behind = { ...opened(of, by, kept), finished: true }
      if ([...this.#behind].some((each) => each.of === of && each.by === by && each.kept.text === kept.text)) continue
      this.#behind.add(behind)
      void this.#saveAll(behind)
    }
    if (this.#open.state === 'typing') this.#after(this.#open, IDLE_MS)
  }
  hostDisconnected(): void {
    // Nothing that was typed is lost with its tile.
    void this.flush()
  }
  get text(): string {
    return this.#open.kept.text
  }
  get state(): DraftState {
    return [...this.#behind].some(({ of, state }) => of === this.#open.of && state === 'failed')
      ? 'failed'
      : this.#open.state
  }
  /** Why it will not be saved; null while it may. */
  get refused(): string | null {
    return this.#open.refused
  }
  /** Milliseconds since 1970, by this browser. */
  get savedAt(): number {
    return this.#savedAt
  }
  /** The entry of the note that is being written: it is not listed among the finished ones. */
  get entry(): number | null {
    return this.#open.kept.entry
  }
  /** Something here is not on the record yet. */
  get unsaved(): boolean {
    return (
      this.#open.state === 'typing' ||
      this.#open.state === 'saving' ||
      (this.#open.state === 'failed' && this.#open.refused === null)
    )
  }

  typed(text: string): void {
    const open = this.#open
    const { kept } = open
    if (text === kept.text) return
    const was = kept.text.trim() === kept.saved
    this.#keep(open, { ...kept, text })
    open.refused = null
    // An emptied note stays as it was: a record has no eraser.
    if (text.trim() === kept.saved || text.trim() === '') {
      clearTimeout(open.timer)
      return this.#set(open, kept.entry === null ? 'empty' : 'saved')
    }
    if (was) open.unsavedSince = performance.now()
    // What failed is tried again at its own time, not with each letter.
    if (open.state === 'failed') return
    this.#set(open, 'typing')
    this.#after(open, Math.min(IDLE_MS, Math.max(0, open.unsavedSince + LONGEST_MS - performance.now())))
  }
  /** This one is finished; what is typed from now on is the next. */
  async finish(): Promise<void> {
    const open = this.#open
    if (open.kept.text.trim() === '') return
    open.finished = true
    this.#behind.add(open)
    this.#open = opened(open.of, open.by)
    this.#keep(this.#open, NOTHING)
    this.#keepBehind(open)
    this.#host.requestUpdate()
    await this.#saveAll(open)
  }
  /** Saves what is not saved yet. */
  flush(): Promise<void> {
    return this.#saveAll(this.#open)
  }

  async #saveAll(open: Open): Promise<void> {
    clearTimeout(open.timer)
    await open.saving
    open.saving ??= this.#save(open).finally(() => (open.saving = null))
    await open.saving
    if (!open.finished || open.kept.text.trim() !== open.kept.saved) return
    this.#behind.delete(open)
    this.#keepBehind(open)
    this.#host.requestUpdate()
  }
  async #save(open: Open): Promise<void> {
    const { text, entry, saved } = open.kept
    const now = text.trim()
    if (open.of === '' || now === '' || now === saved || open.refused !== null) return
    this.#set(open, 'saving')
    open.unsavedSince = performance.now()
    try {
      const written = await this.#port.save(open.of, now, entry)
      if (open === this.#open) this.#savedAt = Date.now()
      this.#keep(open, { text: open.kept.text, entry: written ?? entry, saved: now })
      const more = open.kept.text.trim() !== now
      this.#set(open, more ? 'typing' : 'saved')
      if (more) this.#after(open, IDLE_MS)
    } catch (error) {
      open.refused = this.#port.refusal(error)
      // An entry that is not this person's to replace: then it is a note of its own.
      if (open.refused !== null && entry !== null) {
        open.refused = null
        this.#keep(open, { ...open.kept, entry: null, saved: '' })
      }
      this.#set(open, 'failed')
      if (open.refused === null) this.#after(open, AGAIN_MS)
    }
  }
  #after(open: Open, ms: number): void {
    clearTimeout(open.timer)
    open.timer = setTimeout(() => void this.#saveAll(open), ms)
  }
  #set(open: Open, state: DraftState): void {
    open.state = state
    this.#host.requestUpdate()
  }
  #keep(open: Open, kept: Kept): void {
    open.kept = kept
    if (open.finished) return this.#keepBehind(open)
    if (kept === NOTHING) this.#port.store.removeItem(nameOf(open.of, open.by))
    else this.#port.store.setItem(nameOf(open.of, open.by), JSON.stringify(kept))
  }
  /** All that are finished and not saved: the next one must not push them out. */
  #keepBehind({ of, by }: Open): void {
    const behind = [...this.#behind]
      .filter((each) => each.of === of && each.by === by && each.refused === null)
      .map(({ kept }) => kept)
    if (behind.length === 0) this.#port.store.removeItem(behindOf(of, by))
    else this.#port.store.setItem(behindOf(of, by), JSON.stringify(behind))
  }
  #storedBehind(of: string, by: string): Kept[] {
    try {
      const stored = JSON.parse(this.#port.store.getItem(behindOf(of, by)) ?? '[]') as unknown
      return Array.isArray(stored) ? (stored as Kept[]).filter(({ text }) => typeof text === 'string') : []
    } catch {
      return []
    }
  }
  #stored(of: string, by: string): Kept {
    try {
      return (JSON.parse(this.#port.store.getItem(nameOf(of, by)) ?? 'null') as Kept | null) ?? NOTHING
    } catch {
      // Not ours, or cut short.
      return NOTHING
    }
  }
}

const nameOf = (incident: string, person: string): string => `lamppost note ${person} ${incident}`
const behindOf = (of: string, by: string): string => `lamppost notes behind ${by} ${of}`
const opened = (of: string, by: string, kept: Kept = NOTHING): Open => ({
  of,
  by,
  kept,
  finished: false,
  unsavedSince: 0,
  saving: null,
  state: kept.text.trim() === '' ? 'empty' : kept.text.trim() === kept.saved ? 'saved' : 'typing',
  refused: null,
  timer: undefined,
})
