/** Many cameras for little money: ONVIF devices of the simulator, whose picture is one recorded stream (replay-stream). */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = (path) => import(join(root, 'dist', 'server', 'simulator', path))
const [folder, source, count, username, password] = process.argv.slice(2)
const { startOnvifDevice } = await built('onvif-device.js')
const { createEventService } = await built('onvif-event-service.js')
const { createMotors } = await built('motors.js')
const { createPresetStore } = await built('preset-store.js')

const PHASES = 10
const stream = fork(join(root, 'test', 'bench', 'replay-stream.mjs'), [source, String(PHASES), '2'])
const { port } = await new Promise((resolve) => stream.once('message', resolve))

const moves = []
const devices = []
for (let i = 0; i < Number(count); i += 1) {
  const motors = createMotors({ pan: 0, tilt: 0, zoom: 1 }, () => performance.now())
  const head = { motors, presets: createPresetStore({ file: join(folder, `presets-${i}.json`), factory: [{ token: '1', name: 'Here', pose: { pan: 40, tilt: -10, zoom: 2 } }], home: { pan: 0, tilt: 0, zoom: 1 } }), deviceNow: Date.now, onPreset: () => {}, tour: { on: false } }
  devices.push(
    await startOnvifDevice({ port: 0, name: `cam-${i}`, serial: `cam-${i}`, credentials: { username, password }, head, events: createEventService({ now: Date.now }), streamUri: () => `rtsp://127.0.0.1:${port}/stream-${i % PHASES}`, deviceNow: Date.now, onOperation: (operation) => operation === 'GotoPreset' && moves.push({ camera: i, at: performance.timeOrigin + performance.now() }) }),
  )
}
process.on('message', () => process.send({ moves }))
process.on('disconnect', () => {
  stream.once('exit', () => process.exit(0))
  stream.disconnect()
})
process.send({ ports: devices.map((device) => device.port), rtsp: port })
