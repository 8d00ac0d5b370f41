/**
 * Many who read the record from its beginning, over HTTP and over the socket, hold no press up and none is cut off.
 * The whole server, as a process.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { openLedger } from '../../server/ledger/ledger.ts'
import { realClock } from '../../server/tools/clock.ts'
import { until } from './test-town.ts'

const MAIN = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-past-'))
const data = join(folder, 'data')
const site = join(folder, 'town.yaml')
/** `npm run bench -- --only readers` asks for fifty on twenty thousand, and for the figures (LAMPPOST_TABLE). */
const ENTRIES = Number(process.env.LAMPPOST_ENTRIES ?? 6000)
const READERS = Number(process.env.LAMPPOST_READERS ?? 20)
const PRESSES = Number(process.env.LAMPPOST_PRESSES ?? 20)
/** As many as none of them is pressed so often that its presses are counted together, which takes longer. */
const HELP_POINTS = 60
const megabytesOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
/** Presses one after the other; tells how long each took that was taken. */
const PRESSER = `
const [url, token, name, count] = process.argv.slice(1)
const took = []
for (let n = 0; n < Number(count); n += 1) {
  const begun = performance.now()
  const answer = await fetch(url + '/api/v1/presses', {
    method: 'POST',
    headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
    body: JSON.stringify({ helpPoint: 'hp-' + (n % 60), id: name + n }),
  })
  await answer.arrayBuffer()
  if (answer.status === 202) took.push(performance.now() - begun)
}
console.log(JSON.stringify(took))
`
const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0
let server: ChildProcess | null = null
afterAll(async () => {
  const gone = new Promise((resolve) => server?.once('exit', resolve) ?? resolve(null))
  server?.kill('SIGTERM')
  await gone
  rmSync(folder, { recursive: true, force: true })
})

describe('readers of the past', () => {
  test('from the beginning: all get every number, none is cut, and presses are taken meanwhile', async () => {
    writeFileSync(
      site,
      `site: { id: past, name: Past, timezone: Europe/London }\n` +
        `helpPoints:\n${Array.from(
          { length: HELP_POINTS },
          (_, i) => `  - { id: hp-${i}, name: Here ${i}, location: { lat: 54.5, lon: -1.5 } }\n`,
        ).join('')}cameras: []\n`,
    )
    spawnSync('mkdir', ['-p', data])
    const ledger = await openLedger({
      file: join(data, 'ledger.sqlite'),
      knownSeq: 0,
      clock: realClock,
      onError: () => {},
      onCheckpoint: () => {},
      onRecorded: () => {},
    })
    for (let i = 0; i < ENTRIES / 500; i += 1)
      await ledger.append(
        Array.from({ length: 500 }, () => ({
          kind: 'evidence.searched' as const,
          actor: 'test:load',
          subject: 'evidence',
          body: { reason: 'x'.repeat(600) } as never,
        })),
      ).durable
    await ledger.close()
    const token = spawnSync(process.execPath, [MAIN, 'token', '--role', 'press', '--name', 'load', '--data', data], {
      encoding: 'utf8',
    }).stdout.trim()
    const reader = spawnSync(
      process.execPath,
      [MAIN, 'token', '--role', 'supervisor', '--name', 'Sam', '--data', data],
      { encoding: 'utf8' },
    ).stdout.trim()
    server = spawn(
      process.execPath,
      [MAIN, 'start', '--site', site, '--data', data, '--port', '0', '--rtmp-port', '0'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let said = ''
    server.stdout?.on('data', (chunk) => (said += String(chunk)))
    server.stderr?.on('data', (chunk) => (said += String(chunk)))
    const url =
      /is running: (http:\S+?)\/ /.exec(
        await until(
          () => said,
          (text) => text.includes('is running: ') || server?.exitCode !== null,
        ),
      )?.[1] ?? ''
    // In a process of its own: this one is busy with what the readers hear.
    const pressing = (name: string) => {
      const presser = spawn(
        process.execPath,
        ['--input-type=module', '-e', PRESSER, url, token, name, String(PRESSES)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let told = ''
      presser.stdout.on('data', (chunk) => (told += String(chunk)))
      return new Promise<number[]>((resolve) => presser.once('close', () => resolve(JSON.parse(told) as number[])))
    }
    const alone = await pressing('alone')
    const before = megabytesOf(server.pid ?? 0)
    const readers = Array.from({ length: READERS }, (_, i) => {
      const heard = { last: 0, gaps: 0, closed: false }
      const take = (text: string): void => {
        for (const [, id] of text.matchAll(/^id: (\d+)$/gm)) {
          if (Number(id) !== heard.last + 1) heard.gaps += 1
          heard.last = Number(id)
        }
      }
      if (i % 2 === 0) {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/events`)
        socket.on('open', () => socket.send(JSON.stringify({ token: reader, after: 0 })))
        socket.on('message', (bytes: Buffer) => take(bytes.toString('utf8')))
        socket.on('close', () => (heard.closed = true))
        return { heard, end: () => socket.terminate() }
      }
      const stop = new AbortController()
      const read = async (): Promise<void> => {
        const answer = await fetch(`${url}/api/v1/events`, {
          headers: { authorization: `Bearer ${reader}`, 'last-event-id': '0' },
          signal: stop.signal,
        })
        let rest = ''
        for await (const chunk of answer.body ?? []) {
          const lines = (rest + Buffer.from(chunk as Uint8Array).toString('utf8')).split('\n')
          rest = lines.pop() ?? ''
          take(lines.filter((line) => line.startsWith('id: ')).join('\n'))
        }
        heard.closed = true
      }
      void read().catch(() => (heard.closed = true))
      return { heard, end: () => stop.abort() }
    })
    let most = before
    const looking = setInterval(() => (most = Math.max(most, megabytesOf(server?.pid ?? 0))), 200)
    const beside = await pressing('beside')
    expect([alone.length, beside.length]).toEqual([PRESSES, PRESSES])
    await until(
      () => readers.filter(({ heard }) => heard.last >= ENTRIES).length,
      (count) => count === readers.length,
      60_000,
    )
    expect(readers.map(({ heard: { gaps, closed } }) => [gaps, closed])).toEqual(readers.map(() => [0, false]))
    clearInterval(looking)
    if (process.env.LAMPPOST_TABLE)
      writeFileSync(
        process.env.LAMPPOST_TABLE,
        JSON.stringify(
          {
            entries: ENTRIES,
            readers: READERS,
            'press ack alone': { p50: quantile(alone, 0.5), p95: quantile(alone, 0.95) },
            'press ack beside them': {
              presses: beside.length,
              p50: quantile(beside, 0.5),
              p95: quantile(beside, 0.95),
              most: Math.max(...beside),
            },
            'p95 beside to alone': quantile(beside, 0.95) / quantile(alone, 0.95),
            'MB before': before,
            'MB more at most': most - before,
            cut: readers.filter(({ heard }) => heard.closed).length,
          },
          null,
          2,
        ),
      )
    for (const { end } of readers) end()
  })
})
