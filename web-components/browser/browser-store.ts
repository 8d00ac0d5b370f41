/**
 * What a browser remembers for us. It never throws: some pages forbid even the question, and then nothing is
 * remembered.
 */
export type BrowserStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export function browserStore(which: 'localStorage' | 'sessionStorage'): BrowserStore {
  /** Asked each time: a page may forbid it later, and a full store takes nothing. */
  function tried<Answer>(act: (store: Storage) => Answer, otherwise: Answer): Answer {
    try {
      return act(globalThis[which])
    } catch {
      return otherwise
    }
  }
  return {
    getItem: (name) => tried((store) => store.getItem(name), null),
    setItem: (name, text) => tried((store) => store.setItem(name, text), undefined),
    removeItem: (name) => tried((store) => store.removeItem(name), undefined),
  }
}
