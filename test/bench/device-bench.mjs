/**
 * The ONVIF device: a press until twenty clients that ask have heard it, a press until a reader sees another picture
 * (decoded by ffmpeg), and what a reader more costs the server. Server and clients of events share one process.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { root, sleep, summary, until } from './bench-tools.mjs'

const SUBSCRIBERS = 20
const READERS = 100
const COUNTED_S = 15
const PULL =
  '<tev:PullMessages><tev:Timeout>PT60S</tev:Timeout><tev:MessageLimit>100</tev:MessageLimit></tev:PullMessages>'

export async function benchDevice({ rounds }) {
  const { ACCESS, isBoard, openDeviceTown, watchStream } = await import('../door/device-town.ts')
  const { askDevice, messagesIn, textOf } = await import('../fakes/device-client.ts')
  const town = await openDeviceTown()
  const address = await town.address()
  await town.ready()
  const letGo = () =>
    until(
      () => town.state(),
      (state) => state.active.length === 0,
    )
  try {
    return {
      [`press to ${SUBSCRIBERS} clients that ask`]: await events(),
      'press to another picture at a reader': await pictures(),
      'a reader more': await reader(),
    }
  } finally {
    await town.end()
  }

  async function events() {
    const points = []
    for (let i = 0; i < SUBSCRIBERS; i += 1) {
      const url = `http://${address}/onvif/event_service`
      const { text } = await askDevice(url, '<tev:CreatePullPointSubscription/>', { access: ACCESS })
      points.push(textOf(text, 'Address'))
    }
    const pull = async (point) => messagesIn((await askDevice(point, PULL, { access: ACCESS })).text)
    await Promise.all(points.map(pull))
    const [heard, acknowledged] = [[], []]
    let wrong = 0
    for (let i = 0; i < Math.min(500, rounds); i += 1) {
      let at = 0
      const hearing = points.map(async (point) => {
        const told = await pull(point)
        heard.push(performance.now() - at)
        if (told.filter((line) => line.includes('DigitalInput') && line.endsWith('true')).length !== 1) wrong += 1
      })
      await sleep(20)
      at = performance.now()
      const id = await town.press(['bar', 'park', 'station'][i % 3])
      acknowledged.push(performance.now() - at)
      await Promise.all(hearing)
      const after = points.map(async (point) => (await pull(point)).length)
      await town.close(id)
      await Promise.all(after)
      await letGo()
    }
    return { 'the press on disk': summary(acknowledged), heard: summary(heard), 'not heard once': wrong }
  }

  async function pictures() {
    const watcher = watchStream(address, 'press-now')
    const took = []
    const shows = (board) =>
      until(
        () => watcher.frames.length > 0 && isBoard(watcher.frames.at(-1).pixels) === board,
        (is) => is,
      )
    for (let i = 0; i < Math.min(30, rounds); i += 1) {
      await shows(true)
      const at = performance.now()
      const id = await town.press('bar')
      await shows(false)
      took.push(watcher.frames.find((frame) => frame.at > at && !isBoard(frame.pixels)).at - at)
      await town.close(id)
      await letGo()
    }
    await watcher.end()
    return summary(took)
  }

  /** Readers are in a process of their own; what the server spends with and without them is compared. */
  async function reader() {
    const id = await town.press('bar')
    const read = async (count) => {
      const args = [address, '/stream/press-now', String(count), ACCESS.username, ACCESS.password]
      const drain = fork(join(root, 'test', 'bench', 'rtsp-drain.mjs'), args)
      await new Promise((resolve) => drain.once('message', resolve))
      await sleep(2000)
      const bytes = async () => {
        drain.send({})
        return (await new Promise((resolve) => drain.once('message', resolve))).bytes
      }
      const [before, from] = [await bytes(), process.cpuUsage()]
      await sleep(COUNTED_S * 1000)
      const spent = process.cpuUsage(from)
      const kbits = ((await bytes()) - before) / count / COUNTED_S / 125
      drain.disconnect()
      await sleep(500)
      return { share: (spent.user + spent.system) / 1e6 / COUNTED_S, kbits }
    }
    const [one, many] = [await read(1), await read(1 + READERS)]
    await town.close(id)
    const each = ((many.share - one.share) / READERS) * 100
    return {
      'percent of a core': Math.round(each * 1000) / 1000,
      'at kbit/s': Math.round(many.kbits),
      'percent at 2 Mbit/s': Math.round(((each * 2000) / many.kbits) * 1000) / 1000,
    }
  }
}
