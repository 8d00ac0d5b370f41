/** The server dies in the middle of an export, by SIGKILL; the next start goes on with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeHasher } from '../../server/evidence/verify/node-hasher.ts'
import { verifyPackage } from '../../server/evidence/verify/package-verification.ts'
import { seeded } from '../../server/simulator/picture/street-drawing.ts'
import { builtEntry } from '../../server/tools/package-root.ts'
import { type EvidenceRoom, WHY, openEvidenceRoom } from './evidence-room.ts'
import { until } from './test-town.ts'

const ROUNDS = 4
let room: EvidenceRoom
let running: ChildProcess | null = null
beforeAll(async () => {
  room = await openEvidenceRoom({ seconds: 30 })
  await room.stop()
})
afterAll(async () => {
  running?.kill('SIGKILL')
  await room.start()
  await room.close()
})

async function start(): Promise<string> {
  const server = spawn(
    process.execPath,
    [builtEntry('main.js'), 'start', '--site', room.siteFile, '--data', room.dataFolder, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  running = server
  let said = ''
  server.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until(
    () => said,
    (text) => /running: (\S+)\//.test(text),
    30_000,
  )
  return /running: (\S+)\//.exec(said)?.[1] ?? ''
}
async function die(): Promise<void> {
  const gone = running && once(running, 'exit')
  running?.kill('SIGKILL')
  await gone
}
async function ask(url: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${room.token('evidence')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { bytes: Buffer.from(await answer.arrayBuffer()) }
}

test(`an export survives ${ROUNDS} deaths at any moment, whole and proven, and each is only once in the list`, async () => {
  const random = seeded(2026)
  const ordered: string[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const url = await start()
    const { id } = JSON.parse((await ask(url, 'POST', '/exports', { ...WHY, ...room.range() })).bytes.toString()) as {
      id: string
    }
    ordered.push(id)
    await new Promise((resolve) => setTimeout(resolve, random() * 900))
    await die()
  }
  const url = await start()
  const list = async (): Promise<{ id: string; state: string; sha256: string; problem: string | null }[]> =>
    JSON.parse((await ask(url, 'GET', '/exports')).bytes.toString()).items
  const done = await until(list, (items) => items.every(({ state }) => state === 'ready' || state === 'failed'), 60_000)
  expect(done.map(({ state, problem }) => [state, problem])).toEqual(ordered.map(() => ['ready', null]))
  expect(done.map(({ id }) => id).toReversed()).toEqual(ordered)
  const root = (await ask(url, 'GET', '/evidence-root.pem')).bytes.toString()
  for (const { id, sha256 } of done) {
    const zip = (await ask(url, 'GET', `/exports/${id}/package.zip`)).bytes
    expect(createHash('sha256').update(zip).digest('hex')).toBe(sha256)
    const { proven, findings } = await verifyPackage(
      { size: zip.length, read: async (at, length) => zip.subarray(at, Math.min(zip.length, at + length)) },
      { root, now: Date.now(), hasher: nodeHasher, crc32 },
    )
    expect({ proven, findings }).toEqual({ proven: true, findings: [] })
    expect(existsSync(join(room.dataFolder, 'exports', id, 'package.zip.part'))).toBe(false)
  }
  expect(readFileSync(join(room.dataFolder, 'lamppost.log'), 'utf8')).not.toContain('canary password')
  await die()
})
