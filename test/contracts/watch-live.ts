/** A page’s live picture over the WebSocket, as films that ffmpeg reads: one for each beginning. */
import WebSocket from 'ws'

export function watchLive(url: string, token: string, camera: string, form: 'copy' | 'h264') {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/v1/live`)
  const films: Buffer[][] = []
  const words: string[] = []
  let pictures = 0
  socket.on('open', () => {
    socket.send(JSON.stringify({ token }))
    socket.send(JSON.stringify({ watch: 'w', camera, form }))
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!isBinary) {
      const message = JSON.parse(String(data)) as { gone?: string; words?: string; refused?: number; code?: string }
      if (message.words !== undefined) words.push(message.words)
      // Refused for now: as a page does, it asks again.
      if (message.gone !== undefined && message.code !== undefined)
        setTimeout(() => socket.readyState === socket.OPEN && again(), 300)
      return
    }
    const length = data.readUInt32BE(0)
    const header = JSON.parse(data.toString('utf8', 4, 4 + length)) as { begin?: string }
    const bytes = Buffer.from(data.subarray(4 + length))
    if (header.begin === undefined) films.at(-1)?.push(bytes)
    else films.push([bytes])
    pictures += 1
  })
  const again = (): void => {
    socket.send(JSON.stringify({ leave: 'w' }))
    socket.send(JSON.stringify({ watch: 'w', camera, form }))
  }
  return {
    /** Beginnings and parts. */
    pictures: (): number => pictures,
    films: (): Buffer[] => films.map((film) => Buffer.concat(film)),
    words: (): string[] => words,
    close: (): void => socket.close(),
  }
}
