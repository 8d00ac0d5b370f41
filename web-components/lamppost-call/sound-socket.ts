/** The WebSocket that carries the operator's voice: one for each call that is talked in. */

export type SoundSocket = {
  send(frame: Uint8Array<ArrayBuffer>): void
  /** Whether what is sent is heard: push to talk. */
  setOpen(open: boolean): void
  close(): void
}
export type SoundSocketEvents = {
  /** The server takes our sound from now on. */
  onTalking(): void
  onFrame(frame: ArrayBuffer): void
  /** It does not, or not any more; in the server's words where it said something. */
  onOver(words: string | null): void
}
/** A link this far behind is better without what waits: a voice that comes late is worse than a hole. */
const MOST_UNSENT_BYTES = 4000

/** @param address ws:// or wss://; @param token '' where the session cookie signs in */
export function openSoundSocket(
  address: string,
  token: string,
  call: string,
  { onTalking, onFrame, onOver }: SoundSocketEvents,
): SoundSocket {
  const socket = new WebSocket(address)
  socket.binaryType = 'arraybuffer'
  let over = false
  let isOpen = true
  function end(words: string | null): void {
    if (over) return
    over = true
    socket.close()
    onOver(words)
  }
  socket.addEventListener('open', () => {
    if (token !== '') socket.send(JSON.stringify({ token }))
    if (!isOpen) socket.send(JSON.stringify({ open: false }))
    socket.send(JSON.stringify({ talk: call }))
  })
  socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (over) return
    if (typeof data !== 'string') return onFrame(data)
    const said = JSON.parse(data) as { talking?: string; over?: string; refused?: number; words?: string }
    if (said.talking) onTalking()
    else if (said.over || said.refused) end(said.words ?? null)
  })
  socket.addEventListener('close', () => end(null))
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount <= MOST_UNSENT_BYTES) socket.send(frame)
    },
    setOpen(open) {
      isOpen = open
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ open }))
    },
    close() {
      over = true
      socket.close()
    },
  }
}
