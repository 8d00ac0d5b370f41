/**
 * The whole server, killed under load again and again: no receipt that was given is lost, and nothing is written
 * twice.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { verifyLedger } from '../../server/ledger/ledger-proof.ts'
import { until } from '../contracts/test-town.ts'

const MAIN = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lamppost-deaths-'))
const data = join(folder, 'data')
const site = join(folder, 'town.yaml')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  site,
  [
    'site: { id: deaths, name: Deaths, timezone: Europe/London }',
    'helpPoints:',
    ...Array.from(
      { length: 20 },
      (_, i) => `  - { id: hp-${i}, name: Help point ${i}, location: { lat: 54.5, lon: -1.5 } }`,
    ),
    'cameras: []',
    '',
  ].join('\n'),
)

async function start(): Promise<{ server: ChildProcess; url: string }> {
  const server = spawn(
    process.execPath,
    [MAIN, 'start', '--site', site, '--data', data, '--port', '0', '--rtmp-port', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  server.stdout.on('data', (chunk) => (said += String(chunk)))
  server.stderr.on('data', (chunk) => (said += String(chunk)))
  await until(
    () => said,
    (text) => text.includes('is running: ') || server.exitCode !== null,
    20_000,
  )
  const url = /is running: (http:\S+?)\/ /.exec(said)?.[1]
  if (!url) throw new Error(said)
  return { server, url }
}

describe('kill -9 under load', () => {
  test('loses no acknowledged press, writes none twice, and leaves the chain whole', async () => {
    const token = spawnSync(process.execPath, [MAIN, 'token', '--role', 'press', '--name', 'load', '--data', data], {
      encoding: 'utf8',
    }).stdout.trim()
    const receipts = new Map<string, string>()
    for (let round = 0; round < 6; round += 1) {
      const { server, url } = await start()
      const life = { over: false }
      const load = Array.from({ length: 8 }, async (_, c) => {
        for (let n = 0; !life.over; n += 1) {
          const [helpPoint, id] = [`hp-${(c * 7 + n) % 20}`, `r${round}-c${c}-n${n}`]
          const answer = await fetch(`${url}/api/v1/presses`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ helpPoint, id }),
          }).catch(() => null)
          const receipt =
            answer?.status === 202 ? ((await answer.json().catch(() => null)) as { press: string } | null) : null
          if (receipt) receipts.set(`${helpPoint} ${id}`, receipt.press)
        }
      })
      const enough = receipts.size + 12
      await new Promise((resolve) => setTimeout(resolve, 150 + round * 90))
      await until(
        () => receipts.size,
        (count) => count > enough,
      )
      const gone = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGKILL')
      await gone
      life.over = true
      await Promise.all(load)
    }
    const file = join(data, 'ledger.sqlite')
    expect(verifyLedger(file)).toMatchObject({ ok: true, problem: null })
    const db = new DatabaseSync(file, { readOnly: true })
    const all = db
      .prepare("SELECT kind, body FROM entries WHERE kind IN ('press.received', 'press.coalesced')")
      .all() as { kind: string; body: string }[]
    db.close()
    const received = all
      .filter(({ kind }) => kind === 'press.received')
      .map(({ body }) => (JSON.parse(body) as { press: { id: string; key: string; helpPoint: string } }).press)
    const counted = new Set(
      all
        .filter(({ kind }) => kind === 'press.coalesced')
        .map(({ body }) => (JSON.parse(body) as { press: string }).press),
    )
    expect(receipts.size).toBeGreaterThan(100)
    expect(
      [...receipts].filter(
        ([name, press]) =>
          !counted.has(press) &&
          !received.some(({ id, key, helpPoint }) => id === press && name === `${helpPoint} ${key}`),
      ),
    ).toEqual([])
    expect(new Set(received.map(({ key, helpPoint }) => `${helpPoint} ${key}`)).size).toBe(received.length)
  })
})
