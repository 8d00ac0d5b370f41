/** Wakes everybody who waits for whatever comes next. */
export type Bell = { ring(): void; /** Resolves with the next ring. */ next(): Promise<void> }

export function createBell(): Bell {
  let ring: () => void = () => {}
  const anew = (): Promise<void> => new Promise<void>((resolve) => (ring = resolve))
  let next = anew()
  return {
    ring() {
      ring()
      next = anew()
    },
    next: () => next,
  }
}
