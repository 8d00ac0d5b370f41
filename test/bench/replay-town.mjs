/**
 * Many cameras for little money: ONVIF devices of the simulator, whose picture is one recorded stream
 * (replay-stream).
 */
import { fork } from 'node:child_process'
import { Server } from 'node:net'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forkAside } from './aside.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = (path) => import(join(root, 'dist', 'server', path))
const [folder, source, count, username, password, gopSeconds, place] = process.argv.slice(2)
const { startOnvifDevice } = await built('simulator/onvif/onvif-device.js')
const { createCameraEvents } = await built('simulator/onvif/camera-events.js')
const { createMotors } = await built('simulator/motors.js')
const { createPresetStore } = await built('simulator/preset-store.js')

const PHASES = 25
// Without a source nobody watches: only the devices are wanted.
const begin = place === 'aside' ? forkAside : fork
const stream = source
  ? begin(join(root, 'test', 'bench', 'replay-stream.mjs'), [source, String(PHASES), gopSeconds])
  : null
const { port, loop } = stream
  ? await new Promise((resolve) => stream.once('message', resolve))
  : { port: 9, loop: null }

// The clock of a press's way must not wait for a core itself. Only root may be more than ordinary.
try {
  setPriority(-10)
} catch {}
let connections = 0
let onWire = 0
const emit = Server.prototype.emit
Server.prototype.emit = function count(event, ...rest) {
  if (event === 'connection') connections += 1
  // When the request's head is at the camera, before anything of its body is read.
  if (event === 'request' && rest[0].headers.soapaction?.includes('GotoPreset'))
    onWire = performance.timeOrigin + performance.now()
  return emit.call(this, event, ...rest)
}

const moves = []
const devices = []
for (let i = 0; i < Number(count); i += 1) {
  const motors = createMotors({ pan: 0, tilt: 0, zoom: 1 }, () => performance.now())
  const head = {
    motors,
    presets: createPresetStore({
      file: join(folder, `presets-${i}.json`),
      factory: [{ token: '1', name: 'Here', pose: { pan: 40, tilt: -10, zoom: 2 } }],
      home: { pan: 0, tilt: 0, zoom: 1 },
    }),
    deviceNow: Date.now,
    onPreset: () => {},
    tour: { on: false },
  }
  devices.push(
    await startOnvifDevice({
      port: 0,
      name: `cam-${i}`,
      serial: `cam-${i}`,
      credentials: { username, password },
      head,
      events: createCameraEvents({ now: Date.now }),
      streamUri: () => `rtsp://127.0.0.1:${port}/stream-${i % PHASES}`,
      deviceNow: Date.now,
      onOperation: (operation) => operation === 'GotoPreset' && moves.push({ camera: i, at: onWire }),
    }),
  )
}
process.on('message', (wish) => {
  if (wish === 'counts') return process.send({ moves, connections })
  stream.once('message', (said) => process.send(said))
  stream.send('late')
})
process.on('disconnect', () => {
  if (!stream) process.exit(0)
  stream.once('exit', () => process.exit(0))
  stream.disconnect()
})
process.send({ ports: devices.map((device) => device.port), rtsp: port, loop })
