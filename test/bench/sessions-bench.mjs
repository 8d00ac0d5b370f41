/** A town's warm ONVIF sessions: what they cost, and how long a press takes to the wire of its camera. No video. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CREDENTIALS, ownCpu, root, rssOf, sleep, startReplay, startServer, summary, until } from './bench-tools.mjs'
import { presser } from './presser.mjs'

const round = (value) => Math.round(value * 100) / 100

/** A town where each camera has a help point of its own, and nothing is recorded until somebody presses. */
function townFile(file, ports) {
  const lines = ['site: { id: bench, name: Bench, timezone: Europe/London }', 'helpPoints:']
  const place = (i) => `{ lat: ${(54.5 + i * 0.01).toFixed(4)}, lon: -1.5 }`
  for (const i of ports.keys()) lines.push(`  - { id: hp-${i}, name: Help point ${i}, location: ${place(i)} }`)
  lines.push('cameras:')
  for (const [i, port] of ports.entries())
    lines.push(
      `  - { id: cam-${i}, name: Camera ${i}, location: ${place(i)}, onvif: { url: ` +
        `"http://127.0.0.1:${port}/onvif/device_service", username: ${CREDENTIALS.username}, password: ` +
        `"${CREDENTIALS.password}" }, presets: { hp-${i}: { token: "1", name: Here } }, after: stay, buffer: on-press }`,
    )
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

async function choosing(count) {
  const { chooseCameras } = await import(join(root, 'dist', 'server', 'camera', 'camera-choice.js'))
  const here = { id: 'here', location: { lat: 54.5, lon: -1.5 } }
  const cameras = Array.from({ length: count }, (_, i) => ({
    id: `cam-${i}`,
    name: `cam-${i}`,
    location: { lat: 54.5 + (i % 100) * 0.001, lon: -1.5 + Math.floor(i / 100) * 0.001 },
    ptz: true,
    onvif: 'up',
    heldBy: null,
    presets: new Map(
      i % 500 === 0 ? [['here', { token: '1', name: 'here' }]] : [['other', { token: '1', name: 'other' }]],
    ),
    knownTokens: new Set(['1']),
    canAim: () => false,
    handMovedMs: null,
    blind: null,
  }))
  const times = []
  for (let i = 0; i < 300; i += 1) {
    const before = performance.now()
    chooseCameras(here, cameras, 'inc')
    if (i >= 100) times.push(performance.now() - before)
  }
  return summary(times)
}

export async function benchSessions({ cameras, presses }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-sessions-'))
  mkdirSync(join(folder, 'town'), { recursive: true })
  const town = await startReplay(join(folder, 'town'), '', cameras)
  const { ports } = town
  const figures = {}
  const few = await startServer(join(folder, 'one'), townFile(join(folder, 'one.yaml'), ports.slice(0, 1)))
  await until(few.cameras, (items) => items.every(({ health }) => health.onvif === 'up'))
  await sleep(8000)
  const base = { rss: rssOf(few.pid), cpu: ownCpu(few.pid) }
  await sleep(15_000)
  const idle = (ownCpu(few.pid) - base.cpu) / 150
  await few.close()
  const server = await startServer(join(folder, 'all'), townFile(join(folder, 'all.yaml'), ports))
  try {
    await until(server.cameras, (items) => items.every(({ health }) => health.onvif === 'up'), 120_000)
    await sleep(15_000)
    const before = ownCpu(server.pid)
    await sleep(30_000)
    const busy = (ownCpu(server.pid) - before) / 300
    figures[`${cameras} warm sessions and their health: % of a core (with one camera)`] =
      `${round(busy)} (${round(idle)})`
    figures[`${cameras} warm sessions and their health: MB of memory (with one camera)`] =
      `${Math.round(rssOf(server.pid))} (${Math.round(base.rss)})`
    const press = presser(server.url, server.tokens.press)
    const warm = (await town.counts()).connections
    const waits = []
    let requests = 0
    for (let i = 0; i < presses * 4; i += 1) {
      const camera = i % cameras
      const seen = (await town.counts()).moves.length
      const { at, incident } = await press(`hp-${camera}`)
      await sleep(60)
      // A slow one counts, too.
      const moves = (await until(town.counts, (found) => found.moves.length > seen, 5000)).moves.slice(seen)
      requests += moves.length
      waits.push(moves[0].at - at)
      await server.call('operator', 'POST', `/incidents/${incident}/closure`, { reason: 'bench' })
    }
    figures['press -> GotoPreset at the camera (bench process to camera process)'] = summary(waits)
    figures['GotoPreset requests per press'] = round(requests / waits.length)
    figures['new TCP connections to cameras during those presses'] = (await town.counts()).connections - warm
  } finally {
    await server.close()
    await town.close()
    rmSync(folder, { recursive: true, force: true })
  }
  figures['choosing among 10,000 cameras'] = await choosing(10_000)
  return figures
}
