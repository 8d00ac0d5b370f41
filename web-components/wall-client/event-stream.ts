/**
 * Server-sent events over fetch: unlike EventSource it can carry a bearer token, and it notices silence. Where
 * HTTP/1.1 is short of connections, event-socket carries the same blocks.
 */

export type ServerEvent = { id: string | null; event: string; data: string }
export type Listening = {
  /** After so long without a sign of life it is over. */ silenceMs: number
  signal: AbortSignal
  onEvent(event: ServerEvent): void
}

/** Reads one stream until it ends, falls silent for `silenceMs`, or the signal fires. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  { silenceMs, signal, onEvent }: Listening,
): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const give = (): void => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', give, { once: true })
  let pending = ''
  let timer = setTimeout(give, silenceMs)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(give, silenceMs)
      pending += decoder.decode(value, { stream: true })
      const blocks = pending.split('\n\n')
      pending = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = parseBlock(block)
        if (event) onEvent(event)
      }
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', give)
  }
}

/** One block, without the empty line at its end. Null: a comment, a sign of life. */
export function parseBlock(block: string): ServerEvent | null {
  let id: string | null = null
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    const field = at === -1 ? line : line.slice(0, at)
    const value = line.slice(at + 1).replace(/^ /, '')
    if (field === 'id') id = value
    else if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  return data.length > 0 ? { id, event, data: data.join('\n') } : null
}
