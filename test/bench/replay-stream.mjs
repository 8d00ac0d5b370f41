/**
 * One recorded stream, sent by a plain RTSP server to whoever asks, in a process of its own. It loops in real time, in
 * several phases, as cameras do not send their keyframes all at the same moment; what is measured is who receives it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [source, phases, gopSeconds] = process.argv.slice(2)
const { beginsKeyframe, createRtspReader, rtspAnswer } = await import(
  join(root, 'dist', 'server', 'tools', 'onvif-server', 'rtsp-messages.js')
)

const CLOCK_HZ = 90_000
/** RTP within RTSP: a dollar sign, the channel, two bytes of length, then the packet. */
const [SEQUENCE, TIMESTAMP] = [6, 8]
const now = () => performance.timeOrigin + performance.now()
const listen = (server) => once(server.listen(0, '127.0.0.1'), 'listening').then(() => server.address().port)

const withResolvers = () => {
  let resolve
  const promise = new Promise((done) => (resolve = done))
  return { promise, resolve }
}

/** ffmpeg's packets of the whole recording, as fast as it can send them, by picture. */
async function recordedPackets() {
  const pictures = []
  let sdp = ''
  let last = null
  const { promise: ended, resolve: end } = withResolvers()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    const read = createRtspReader({
      onRequest: ({ method, headers, body }) => {
        if (method === 'ANNOUNCE') sdp = body
        socket.write(
          rtspAnswer('200 OK', headers.get('cseq') ?? '0', {
            Session: 'bench',
            ...(method === 'SETUP' ? { Transport: headers.get('transport') ?? '' } : {}),
          }),
        )
      },
      onPacket: ({ channel, bytes }) => {
        if (channel !== 0) return
        const time = bytes.readUInt32BE(TIMESTAMP)
        if (time !== last) pictures.push({ time, packets: [] })
        last = time
        pictures.at(-1).packets.push(Buffer.from(bytes))
      },
    })
    socket.on('data', read)
    socket.once('end', end)
  })
  const port = await listen(server)
  const publisher = spawn(
    'ffmpeg',
    [
      '-hide_banner',
      '-loglevel',
      'error',
      '-i',
      source,
      '-c',
      'copy',
      '-f',
      'rtsp',
      '-rtsp_transport',
      'tcp',
      `rtsp://127.0.0.1:${port}/publish`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [code] = await once(publisher, 'exit')
  // What it has sent may still be on its way here.
  await ended
  server.close()
  if (code !== 0 || pictures.length < 2) throw new Error(`the recording could not be read: ${source}`)
  return { sdp, pictures }
}

const { sdp, pictures } = await recordedPackets()
const frameTicks = Math.round(((pictures.at(-1).time - pictures[0].time) >>> 0) / (pictures.length - 1))
const frameMs = (frameTicks * 1000) / CLOCK_HZ
const packetCount = pictures.reduce((sum, { packets }) => sum + packets.length, 0)
const firstSequence = pictures[0].packets[0].readUInt16BE(SEQUENCE)
for (const picture of pictures) picture.key = beginsKeyframe(picture.packets[0])

/** The picture as the loop's `turn`-th round sends it: numbers and times go on. */
function inTurn(index, turn, sentBefore) {
  const { packets } = pictures[index]
  const bytes = Buffer.concat(packets)
  let at = 0
  for (const [i, packet] of packets.entries()) {
    bytes.writeUInt16BE((firstSequence + turn * packetCount + sentBefore + i) & 0xffff, at + SEQUENCE)
    bytes.writeUInt32BE((pictures[0].time + (turn * pictures.length + index) * frameTicks) >>> 0, at + TIMESTAMP)
    at += packet.length
  }
  return bytes
}
const sentBefore = []
pictures.reduce((sum, { packets }) => (sentBefore.push(sum), sum + packets.length), 0)

/** How late pictures were sent, milliseconds: what waits here for a core waits in every figure. */
let late = []
function startChannel(origin) {
  const readers = new Set()
  let next = Math.max(0, Math.ceil((now() - origin) / frameMs))
  const send = () => {
    for (; now() >= origin + next * frameMs; next += 1) {
      if (readers.size > 0) late.push(Math.round((now() - origin - next * frameMs) * 10) / 10)
      const index = next % pictures.length
      const bytes = inTurn(index, Math.floor(next / pictures.length), sentBefore[index])
      for (const reader of readers) {
        reader.started ||= pictures[index].key
        if (!reader.started) continue
        if (reader.socket.writableLength > 8_000_000) reader.socket.destroy()
        else reader.socket.write(bytes)
      }
    }
    setTimeout(send, Math.max(0, origin + next * frameMs - now()))
  }
  send()
  return { readers, origin }
}
const startedAt = now()
// Not on one grid of pictures either: cameras do not send them in the same instant.
const channels = Array.from({ length: Number(phases) }, (_, i) =>
  startChannel(startedAt + (i * (Number(gopSeconds) * 1000 + frameMs)) / Number(phases)),
)

const rtsp = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const reader = { socket, started: false }
  socket.on('close', () => channels.forEach(({ readers }) => readers.delete(reader)))
  const read = createRtspReader({
    onRequest: ({ method, url, headers }) => {
      const channel = channels[Number(/-(\d+)/.exec(url)?.[1] ?? 0)] ?? channels[0]
      const answer = (more = {}, text = '') =>
        socket.write(rtspAnswer('200 OK', headers.get('cseq') ?? '0', { Session: 'bench', ...more }, text))
      if (method === 'OPTIONS') return answer({ Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN' })
      if (method === 'DESCRIBE') return answer({ 'Content-Type': 'application/sdp', 'Content-Base': `${url}/` }, sdp)
      if (method === 'SETUP') return answer({ Transport: headers.get('transport') ?? '' })
      answer()
      if (method === 'PLAY') channel.readers.add(reader)
    },
    onPacket: () => {},
  })
  socket.on('data', (chunk) => {
    try {
      read(chunk)
    } catch {
      socket.destroy()
    }
  })
})
process.on('message', () => {
  process.send({ late })
  late = []
})
process.on('disconnect', () => process.exit(0))
// The wall clock of each phase's first picture, for whoever reads which picture of the recording is shown.
process.send({
  port: await listen(rtsp),
  loop: { origins: channels.map(({ origin }) => origin), pictures: pictures.length, frameMs },
})
