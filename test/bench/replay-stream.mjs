/**
 * One recorded stream, sent by a plain RTSP server to whoever asks, in a process of its own. It loops in real time, in
 * several phases, as cameras do not send their keyframes all at the same moment; what is measured is who receives it.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// In a real town these are other machines: they take only what the server leaves.
setPriority(10)
const root = fileURLToPath(new URL('../..', import.meta.url))
const [source, phases, gopSeconds] = process.argv.slice(2)
const { beginsKeyframe, createRtspReader, rtspAnswer } = await import(join(root, 'dist', 'server', 'simulator', 'rtsp-messages.js'))

const channels = Array.from({ length: Number(phases) }, () => ({ sdp: null, readers: new Set(), batch: [] }))
/** All that came since the last turn, in one write per client. */
function flush(channel) {
  const bytes = channel.batch.length === 1 ? channel.batch[0] : Buffer.concat(channel.batch)
  const key = channel.batch.some((packet) => packet[1] === 0 && beginsKeyframe(packet))
  channel.batch = []
  for (const reader of channel.readers) {
    reader.started ||= key
    if (!reader.started) continue
    if (reader.socket.writableLength > 8_000_000) reader.socket.destroy()
    else reader.socket.write(bytes)
  }
}
const rtsp = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const reader = { socket, started: false }
  socket.on('close', () => channels.forEach(({ readers }) => readers.delete(reader)))
  let publisher = null
  const read = createRtspReader({
    onRequest: ({ method, url, headers, body }) => {
      const channel = channels[Number(/-(\d+)/.exec(url)?.[1] ?? 0)] ?? channels[0]
      const answer = (more = {}, text = '') => socket.write(rtspAnswer('200 OK', headers.get('cseq') ?? '0', { Session: 'bench', ...more }, text))
      if (method === 'ANNOUNCE') {
        publisher = channel
        channel.sdp = body
      }
      if (method === 'OPTIONS') return answer({ Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN' })
      if (method === 'DESCRIBE') return answer({ 'Content-Type': 'application/sdp', 'Content-Base': `${url}/` }, channel.sdp)
      if (method === 'SETUP') return answer({ Transport: headers.get('transport') ?? '' })
      answer()
      if (method === 'PLAY') channel.readers.add(reader)
    },
    onPacket: ({ bytes }) => {
      if (!publisher) return
      if (publisher.batch.length === 0) setImmediate(flush, publisher)
      publisher.batch.push(Buffer.from(bytes))
    },
  })
  socket.on('data', (chunk) => {
    try {
      read(chunk)
    } catch {
      socket.destroy()
    }
  })
})
await new Promise((resolve) => rtsp.listen(0, '127.0.0.1', resolve))
const { port } = rtsp.address()
const publishers = []
for (let i = 0; i < channels.length; i += 1) {
  publishers.push(spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', source, '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://127.0.0.1:${port}/publish-${i}`], { stdio: 'ignore' }))
  await new Promise((resolve) => setTimeout(resolve, (Number(gopSeconds) * 1000) / channels.length))
}
await new Promise((resolve) => {
  const look = setInterval(() => channels.every(({ sdp }) => sdp) && (clearInterval(look), resolve()), 50)
})

process.on('disconnect', () => {
  for (const publisher of publishers) publisher.kill('SIGKILL')
  process.exit(0)
})
process.send({ port })
