/**
 * Many cameras for little money: ONVIF devices of the simulator, and one recorded stream, sent by a plain RTSP server to
 * whoever asks. The stream loops in real time; what is measured is who receives it, not who draws it.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = (path) => import(join(root, 'dist', 'server', 'simulator', path))
const [folder, source, count, username, password] = process.argv.slice(2)
const { beginsKeyframe, createRtspReader, rtspAnswer } = await built('rtsp-messages.js')
const { startOnvifDevice } = await built('onvif-device.js')
const { createEventService } = await built('onvif-event-service.js')
const { createMotors } = await built('motors.js')
const { createPresetStore } = await built('preset-store.js')

let sdp = null
const readers = new Set()
let batch = []
/** All that came since the last turn, in one write per client. */
function flush() {
  const bytes = batch.length === 1 ? batch[0] : Buffer.concat(batch)
  const key = batch.some((packet) => packet[1] === 0 && beginsKeyframe(packet))
  batch = []
  for (const reader of readers) {
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
  socket.on('close', () => readers.delete(reader))
  let publisher = false
  const read = createRtspReader({
    onRequest: ({ method, headers, body }) => {
      const answer = (more = {}, text = '') => socket.write(rtspAnswer('200 OK', headers.get('cseq') ?? '0', { Session: 'bench', ...more }, text))
      if (method === 'ANNOUNCE') {
        publisher = true
        sdp = body
      }
      if (method === 'OPTIONS') return answer({ Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN' })
      if (method === 'DESCRIBE') return answer({ 'Content-Type': 'application/sdp' }, sdp)
      if (method === 'SETUP') return answer({ Transport: headers.get('transport') ?? '' })
      answer()
      if (method === 'PLAY') readers.add(reader)
    },
    onPacket: ({ bytes }) => {
      if (!publisher) return
      if (batch.length === 0) setImmediate(flush)
      batch.push(Buffer.from(bytes))
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
const ffmpeg = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', source, '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://127.0.0.1:${port}/publish`], { stdio: 'ignore' })
await new Promise((resolve) => {
  const look = setInterval(() => sdp && (clearInterval(look), resolve()), 50)
})

const moves = []
const devices = []
for (let i = 0; i < Number(count); i += 1) {
  const motors = createMotors({ pan: 0, tilt: 0, zoom: 1 }, () => performance.now())
  const head = { motors, presets: createPresetStore({ file: join(folder, `presets-${i}.json`), factory: [{ token: '1', name: 'Here', pose: { pan: 40, tilt: -10, zoom: 2 } }], home: { pan: 0, tilt: 0, zoom: 1 } }), deviceNow: Date.now, onPreset: () => {} }
  devices.push(
    await startOnvifDevice({ port: 0, name: `cam-${i}`, serial: `cam-${i}`, credentials: { username, password }, head, events: createEventService({ now: Date.now }), streamUri: () => `rtsp://127.0.0.1:${port}/stream`, deviceNow: Date.now, onOperation: (operation) => operation === 'GotoPreset' && moves.push({ camera: i, at: performance.timeOrigin + performance.now() }) }),
  )
}
process.on('message', (ask) => process.send(ask === 'moves' ? { moves } : { readers: readers.size }))
process.on('disconnect', () => {
  ffmpeg.kill('SIGKILL')
  process.exit(0)
})
process.send({ ports: devices.map((device) => device.port), rtsp: port, publisher: ffmpeg.pid })
