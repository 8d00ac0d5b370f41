/** Acquire in order, release in reverse. One failing release does not keep the others from theirs. */
export function createClosingStack(onError: (what: string, error: unknown) => void) {
  const stack: { what: string; close: () => unknown }[] = []
  let closing: Promise<void> | null = null
  const closeAll = async (): Promise<void> => {
    for (let item = stack.pop(); item; item = stack.pop()) {
      try {
        await item.close()
      } catch (error) {
        onError(item.what, error)
      }
    }
  }
  return {
    add(what: string, close: () => unknown): void {
      stack.push({ what, close })
    },
    close: (): Promise<void> => (closing ??= closeAll()),
  }
}
