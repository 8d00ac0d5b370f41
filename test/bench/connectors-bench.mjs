/**
 * A press and a bare line to zmtrigger, in turns, until a real ZoneMinder says that an event has begun: both are heard on
 * the same connection. Then 250 cameras matched with 250, and what a dry run takes.
 */
import { connect } from 'node:net'
import { summary } from './bench-tools.mjs'

export async function benchConnectors({ rounds }) {
  const { whyNot } = await import('../engines/zoneminder-vms.ts')
  const reason = whyNot()
  const figures = { '250 cameras matched with 250': await matching() }
  if (reason !== null) return { ...figures, 'a real ZoneMinder': `left out: ${reason}` }
  const { openVmsTown } = await import('../engines/vms-town.ts')
  const town = await openVmsTown()
  try {
    return { ...figures, ...(await pressAndPrintf(town, Math.min(40, rounds))), ...(await dryRun(town)) }
  } finally {
    await town.end()
  }
}

async function pressAndPrintf(town, rounds) {
  const socket = connect(town.vms.trigger, '127.0.0.1')
  const waiting = []
  let text = ''
  socket.setEncoding('utf8').on('data', (more) => {
    const lines = (text + more).split('\n')
    text = lines.pop()
    for (const line of lines) {
      const [monitor, state] = line.split('|')
      if (monitor === town.monitors.nodect) waiting.shift()?.(state)
    }
  })
  const said = () => new Promise((resolve) => waiting.push(resolve))
  const [pressed, bare] = [[], []]
  // The first alarm after ZoneMinder has started is slow, whoever sends it.
  const first = performance.now()
  const begins = said()
  socket.write(`${town.monitors.nodect}|on|100|bench|first|BENCH\n`)
  await begins
  const firstMs = Math.round(performance.now() - first)
  const ends = said()
  socket.write(`${town.monitors.nodect}|off|0|bench|first\n`)
  await ends
  for (let i = 0; i < rounds; i += 1) {
    const at = performance.now()
    const on = said()
    const id = await town.press()
    await on
    pressed.push(performance.now() - at)
    await town.raised(id)
    const off = said()
    await town.close(id)
    await off
    const from = performance.now()
    const begun = said()
    socket.write(`${town.monitors.nodect}|on|100|bench|bare ${i}|BENCH\n`)
    await begun
    bare.push(performance.now() - from)
    const over = said()
    socket.write(`${town.monitors.nodect}|off|0|bench|bare\n`)
    await over
  }
  socket.destroy()
  const [ours, theirs] = [summary(pressed), summary(bare)]
  return {
    'press to the event in ZoneMinder': ours,
    'a bare line to its trigger port': theirs,
    'the first line after its start': firstMs,
    'ratio of p95': Math.round((ours.p95 / theirs.p95) * 100) / 100,
  }
}

async function dryRun(town) {
  const at = performance.now()
  await town.ask('engineer', '/connectors/recorder/test', { press: false })
  return { 'a dry run without an alarm, two monitors': Math.round(performance.now() - at) }
}

async function matching() {
  const { matchCameras } = await import('../../server/connectors/camera-matching.ts')
  const host = (i) => `10.0.${Math.floor(i / 200)}.${i % 200}`
  const ours = Array.from({ length: 250 }, (_, i) => ({
    id: `cam-${i}`,
    name: `Camera ${i}`,
    onvif: { url: `http://${host(i)}/onvif/device_service` },
    stream: null,
  }))
  const theirs = Array.from({ length: 250 }, (_, i) => ({
    id: String(i),
    name: `Monitor ${i}`,
    host: host(i),
    stream: `${host(i)}:554/stream`,
    problem: null,
  }))
  const times = []
  for (let i = 0; i < 50; i += 1) {
    const at = performance.now()
    if (matchCameras(ours, theirs, new Map()).some((match) => match.theirs === null)) throw new Error('not matched')
    times.push(performance.now() - at)
  }
  return summary(times)
}
