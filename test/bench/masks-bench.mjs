/**
 * Privacy masks, judged by pixels: pictures of a camera that turns from place to place, by our hand and by another
 * system's; how old its picture is beside that of a camera without masks; and what viewers of it cost.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'
import {
  CREDENTIALS,
  cameraPlan,
  cpuOf,
  sleep,
  startServer,
  startTown,
  summary,
  until,
  writeSite,
} from './bench-tools.mjs'

const FRAME = { width: 960, height: 540, rate: 15 }
/** Degrees. */
const WINDOW = { pan: [33, 38], tilt: [-14, -9] }
const PRESETS = [
  { token: '1', name: 'wide', pose: { pan: 30, tilt: -12, zoom: 1 } },
  { token: '2', name: 'near', pose: { pan: 34, tilt: -10, zoom: 3 } },
  { token: '3', name: 'left', pose: { pan: 50, tilt: -15, zoom: 2 } },
  { token: '4', name: 'edge', pose: { pan: 22, tilt: -8, zoom: 1.5 } },
  { token: '5', name: 'away', pose: { pan: -150, tilt: -10, zoom: 1 } },
]
const COVERED_SHARE = 0.98
const COUNTED_S = 20
const VIEWERS = 10

export async function benchMasks({ moves }) {
  const { maskedShare, picturesOf, placeIn } = await import('../contracts/masked-pictures.ts')
  const { readMark } = await import('../../server/simulator/picture/picture-mark.ts')
  const { boxesIn, readTracks } = await import('../../server/tools/media/fmp4-boxes.ts')
  const { readMoof } = await import('../../server/tools/media/fmp4-samples.ts')
  const { createOnvifClient } = await import('../../server/camera/onvif/onvif-client.ts')
  const { createOnvifPtz } = await import('../../server/camera/onvif/onvif-ptz.ts')
  const { realClock } = await import('../../server/tools/clock.ts')
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-masks-bench-'))
  const town = await startTown(folder, [
    cameraPlan('head', FRAME, { ptz: true, presets: PRESETS }),
    cameraPlan('bare', FRAME),
    cameraPlan('still', FRAME),
  ])
  const polygon = 'privacy: [{ name: Windows, polygon: [[0.3, 0.2], [0.6, 0.2], [0.6, 0.7]] }]'
  const range = (degrees, half) => `[${degrees.map((each) => each / half).join()}]`
  const box =
    `privacy: [{ name: Windows, box: { pan: ${range(WINDOW.pan, 180)}, tilt: ${range(WINDOW.tilt, 90)} } }]` +
    '\n    lens: { pan: 360, tilt: 180, wide: 60, tele: 7.5 }'
  const more = { head: box, still: polygon }
  const site = writeSite(
    join(folder, 'site.yaml'),
    ['head', 'bare', 'still'].map((id) => ({ id, port: town.ports[id].onvif, more: more[id] })),
  )
  const server = await startServer(folder, site)
  try {
    await until(
      () => server.cameras(),
      (cameras) => cameras.length === 3 && cameras.every(({ health }) => health.video === 'up'),
    )
    // It was seen at two places: until then what it says of them may be a constant, and it is covered.
    for (const { token } of PRESETS.slice(0, 2)) {
      await server.call('engineer', 'POST', `/cameras/head/presets/${token}/recall`)
      await sleep(3000)
    }
    return {
      'a move by us': await moved(Math.min(200, moves), (token) =>
        server.call('engineer', 'POST', `/cameras/head/presets/${token}/recall`),
      ),
      'a move by another system': await moved(Math.min(40, moves), await otherSystem()),
      ...(await ages()),
      ...(await costs()),
    }
  } finally {
    await server.close()
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }

  async function otherSystem() {
    const url = `http://127.0.0.1:${town.ports.head.onvif}/onvif/device_service`
    const client = createOnvifClient({ access: { url, ...CREDENTIALS, fingerprint: null }, clock: realClock })
    const ptz = createOnvifPtz({ client, path: '/onvif/ptz_service', profile: 'profile-1' })
    return (token) => ptz.gotoPreset(token, 5000)
  }

  /** A page's picture: what came, and when. */
  function watch(camera) {
    const socket = new WebSocket(`${server.url.replace(/^http/, 'ws')}/api/v1/live`)
    const films = []
    const again = () => socket.send(JSON.stringify({ watch: 'w', camera, form: 'copy' }))
    socket.on('open', () => {
      socket.send(JSON.stringify({ token: server.tokens.operator }))
      again()
    })
    let count = 0
    socket.on('message', (data, isBinary) => {
      if (!isBinary) {
        if (JSON.parse(String(data)).code) setTimeout(again, 300)
        return
      }
      const length = data.readUInt32BE(0)
      const header = JSON.parse(data.toString('utf8', 4, 4 + length))
      const piece = { at: Date.now(), bytes: Buffer.from(data.subarray(4 + length)) }
      count += 1
      if (header.begin === undefined) films.at(-1)?.pieces.push(piece)
      else films.push({ pieces: [piece], begun: piece.at })
    })
    return { films, count: () => count, close: () => socket.close() }
  }
  /** Each picture with the time at which its piece came. */
  function* picturesIn({ pieces }) {
    const init = pieces[0].bytes
    const tracks = readTracks(init)
    const samplesOf = (bytes) =>
      boxesIn(bytes)
        .filter(({ type }) => type === 'moof')
        .flatMap(({ start, end }) => readMoof(bytes.subarray(start, end), tracks))
        .reduce((sum, { samples }) => sum + samples.length, 0)
    const times = pieces.flatMap(({ at, bytes }) => Array.from({ length: samplesOf(bytes) }, () => at))
    const pictures = picturesOf(Buffer.concat(pieces.map(({ bytes }) => bytes)), 'mp4', FRAME)
    for (const [i, picture] of pictures.entries())
      yield { picture, at: times[i] ?? 0, mark: readMark(picture.at, picture.height) }
  }

  async function moved(rounds, move) {
    const live = watch('head')
    await until(live.count, (count) => count > 5)
    const shownAgain = []
    for (let round = 0; round < rounds; round += 1) {
      const begun = live.films.length
      const at = Date.now()
      await move(PRESETS[(round * 2 + (round % 3)) % PRESETS.length].token)
      // It is shown again, or was far from every mask, or stood there already.
      await until(() => live.films.length > begun || Date.now() - at > 5000, Boolean)
      if (live.films.length > begun) shownAgain.push(live.films.at(-1).begun - at)
      await sleep(1500)
    }
    live.close()
    let [pictures, inView, bare, marked] = [0, 0, 0, 0]
    for (const film of live.films)
      for (const { picture, mark } of picturesIn(film)) {
        pictures += 1
        if (mark) marked += 1
        const area = placeIn(picture, WINDOW)
        if (!area || area.right <= 0 || area.left >= FRAME.width || area.bottom <= 0 || area.top >= FRAME.height)
          continue
        inView += 1
        if (maskedShare(picture, area) < COVERED_SHARE) bare += 1
      }
    return {
      moves: rounds,
      pictures,
      marked,
      'with the place in view': inView,
      unmasked: bare,
      'shown again after': summary(shownAgain),
    }
  }

  async function ages() {
    const both = { bare: watch('bare'), still: watch('still') }
    await sleep(COUNTED_S * 1000)
    const found = Object.fromEntries(
      Object.entries(both).map(([id, { films, close }]) => {
        close()
        // The first second of a beginning is of before.
        const values = films.flatMap((film) =>
          [...picturesIn(film)].flatMap(({ at, mark }) => (mark && at > film.begun + 1000 ? [at - mark.time] : [])),
        )
        return [id, summary(values)]
      }),
    )
    return { 'age without masks': found.bare, 'age with masks': found.still }
  }

  async function costs() {
    const share = async () => {
      const before = cpuOf(server.pid)
      const at = performance.now()
      await sleep(COUNTED_S * 1000)
      return `${Math.round(((cpuOf(server.pid) - before) / (performance.now() - at)) * 100)} % of a core`
    }
    await sleep(12_000)
    const nobody = await share()
    const one = watch('still')
    await sleep(3000)
    const withOne = await share()
    const others = Array.from({ length: VIEWERS - 1 }, () => watch('still'))
    await sleep(3000)
    const withMany = await share()
    for (const { close } of [one, ...others]) close()
    return {
      'the server, nobody looks': nobody,
      'one looks at a masked camera': withOne,
      [`${VIEWERS} look at it`]: withMany,
    }
  }
}
