/** What a browser remembers: some pages forbid even the question, and then it remembers nothing. */
export function browserStore(which: 'localStorage' | 'sessionStorage'): Storage | null {
  try {
    return globalThis[which]
  } catch {
    return null
  }
}
