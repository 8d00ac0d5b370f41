/**
 * Puts each new checkpoint at the addresses of the site file: outside of what somebody with this machine could
 * rewrite.
 */
import { messageOf } from '../../tools/failure.ts'

const WITHIN_MS = 10_000

/**
 * A newer checkpoint says everything that an older one did: only the newest is sent again when an address does not
 * answer.
 */
export function createCheckpointPost({
  addresses,
  onError,
}: {
  addresses(): readonly string[]
  onError(error: unknown): void
}) {
  const stopped = new AbortController()
  const sending = new Map<string, { next: string | null }>()

  async function send(address: string, note: string): Promise<void> {
    const running = sending.get(address)
    if (running) return void (running.next = note)
    const state: { next: string | null } = { next: null }
    sending.set(address, state)
    for (let text: string | null = note; text !== null && !stopped.signal.aborted; text = state.next) {
      state.next = null
      await post(address, text)
    }
    sending.delete(address)
  }
  async function post(address: string, note: string): Promise<void> {
    try {
      const answer = await fetch(address, {
        method: 'POST',
        body: note,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        redirect: 'manual',
        signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(WITHIN_MS)]),
      })
      await answer.body?.cancel().catch(() => {})
      if (!answer.ok) throw new Error(`it answered ${answer.status}`)
    } catch (error) {
      if (!stopped.signal.aborted)
        onError(
          new Error(
            `The checkpoint could not be put at ${new URL(address).host}: ${messageOf(error)}. The next one will be.`,
          ),
        )
    }
  }

  return {
    newest: (note: string): void => addresses().forEach((address) => void send(address, note)),
    close: (): void => stopped.abort(),
  }
}
