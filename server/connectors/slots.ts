/** At most so many pieces of work at one time; the others wait in their order. */
export function createSlots(most: number) {
  let busy = 0
  const queue: (() => void)[] = []
  return {
    async run<Result>(work: () => Promise<Result>): Promise<Result> {
      if (busy >= most) await new Promise<void>((resolve) => queue.push(resolve))
      else busy += 1
      try {
        return await work()
      } finally {
        // The place goes to the next in line, or is free.
        const next = queue.shift()
        if (next) next()
        else busy -= 1
      }
    },
  }
}
