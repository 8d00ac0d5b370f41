/** Many who read the record from its beginning, over HTTP and over the socket, hold no press up and none is cut off. The whole server, as a process. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
const ENTRIES = 6000
let server: ChildProcess | null = null
afterAll(async () => {
  const gone = new Promise((resolve) => server?.once('exit', resolve) ?? resolve(null))
  server?.kill('SIGTERM')
  await gone
  rmSync(folder, { recursive: true, force: true })
})

describe('readers of the past', () => {
  test('from the beginning: all get every number, none is cut, and presses are taken meanwhile', async () => {
    writeFileSync(site, 'site: { id: past, name: Past, timezone: Europe/London }\nhelpPoints:\n  - { id: hp, name: Here, location: { lat: 54.5, lon: -1.5 } }\ncameras: []\n')
    spawnSync('mkdir', ['-p', data])
    const ledger = await openLedger({ file: join(data, 'ledger.sqlite'), knownSeq: 0, clock: realClock, onError: () => {}, onCheckpoint: () => {}, onRecorded: () => {} })
    for (let i = 0; i < ENTRIES / 500; i += 1) await ledger.append(Array.from({ length: 500 }, () => ({ kind: 'evidence.searched' as const, actor: 'test:load', subject: 'evidence', body: { reason: 'x'.repeat(600) } as never }))).durable
    await ledger.close()
    const token = spawnSync(process.execPath, [MAIN, 'token', '--role', 'press', '--name', 'load', '--data', data], { encoding: 'utf8' }).stdout.trim()
    const reader = spawnSync(process.execPath, [MAIN, 'token', '--role', 'supervisor', '--name', 'Sam', '--data', data], { encoding: 'utf8' }).stdout.trim()
    server = spawn(process.execPath, [MAIN, 'start', '--site', site, '--data', data, '--port', '0', '--rtmp-port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    server.stdout?.on('data', (chunk) => (said += String(chunk)))
    server.stderr?.on('data', (chunk) => (said += String(chunk)))
    const url = /is running: (http:\S+?)\/ /.exec(await until(() => said, (text) => text.includes('is running: ') || server?.exitCode !== null))?.[1] ?? ''
    const readers = Array.from({ length: 20 }, (_, i) => {
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
        const answer = await fetch(`${url}/api/v1/events`, { headers: { authorization: `Bearer ${reader}`, 'last-event-id': '0' }, signal: stop.signal })
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
    const statuses: number[] = []
    for (let n = 0; n < 20; n += 1) {
      const answer = await fetch(`${url}/api/v1/presses`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ helpPoint: 'hp', id: `n${n}` }) })
      statuses.push(answer.status)
    }
    expect(statuses).toEqual(Array(20).fill(202))
    await until(() => readers.filter(({ heard }) => heard.last >= ENTRIES).length, (count) => count === readers.length, 60_000)
    expect(readers.map(({ heard: { gaps, closed } }) => [gaps, closed])).toEqual(readers.map(() => [0, false]))
    for (const { end } of readers) end()
  })
})
