/** One publisher, many listeners; a listener that throws does not harm the others. */
export type Topic<Message> = {
  publish(message: Message): void
  /** Returns the undo. */
  subscribe(listener: (message: Message) => void): () => void
}

export function createTopic<Message>(onError: (error: unknown) => void): Topic<Message> {
  const listeners = new Set<(message: Message) => void>()
  return {
    publish(message) {
      for (const listener of [...listeners]) {
        try {
          listener(message)
        } catch (error) {
          onError(error)
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
