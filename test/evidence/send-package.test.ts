/** A package over real connections that break off: what has left by the kernel’s word, and how it is gone on with. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDisclosureBook } from '../../server/evidence/keep/disclosure-book.ts'
import { createDisclosureDesk } from '../../server/evidence/keep/disclosure-desk.ts'
import { rangeOf, sendPackage } from '../../server/evidence/order/send-package.ts'
import type { MadeExport } from '../../server/glossary/evidence.ts'
import type { Draft, Recorded } from '../../server/glossary/ledger.ts'
import { isoTime, realClock } from '../../server/tools/clock.ts'
import { Failure } from '../../server/tools/failure.ts'
import { until } from '../contracts/test-town.ts'

const BYTES = 40_000_000
const folder = mkdtempSync(join(tmpdir(), 'lamppost-send-'))
const file = join(folder, 'package.zip')
const content = randomBytes(BYTES)
const made = { id: 'DBC-1', incident: null, facts: { bytes: BYTES, sha256: 'aa'.repeat(32) } } as unknown as MadeExport
const book = createDisclosureBook()
const entries: Recorded[] = []
const desk = createDisclosureDesk({
  clock: realClock,
  book,
  append: (drafts: readonly Draft[]) => {
    const recorded = drafts.map((draft) => ({ ...draft, seq: entries.length + 1, at: isoTime(realClock.now()) }))
    entries.push(...recorded)
    recorded.forEach(book.apply)
    return { recorded, durable: Promise.resolve(recorded.map((entry) => ({ ...entry, hash: '' }))) }
  },
  made: () => made,
  onError: (error) => {
    throw error
  },
})
let app: FastifyInstance
let url: string

beforeAll(async () => {
  writeFileSync(file, content)
  app = Fastify()
  app.setErrorHandler((error, _, reply) => reply.code(error instanceof Failure ? 410 : 500).send({}))
  app.get<{ Params: { secret: string } }>('/:secret', async (request, reply) => {
    const { account } = await desk.open(request.params.secret, {
      what: 'package',
      rangeOf: (of) => rangeOf(request, of.facts),
      address: request.ip,
      stop: () => reply.raw.destroy(),
    })
    return sendPackage(request, reply, { made, file, account, onSend: async () => {} })
  })
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

const open = (secret: string, range?: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(`${url}/${secret}`, { agent: false, headers: range === undefined ? {} : { range } }, resolve).on(
      'error',
      reject,
    )
  })
/** Reads at least so many bytes, or all; then the connection is gone, as when a cable is pulled. */
async function read(secret: string, from: number, most = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const answer = await open(secret, from === 0 ? undefined : `bytes=${from}-`)
  expect(answer.statusCode).toBe(from === 0 ? 200 : 206)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= most) break
  }
  answer.destroy()
  return Buffer.concat(chunks)
}
const refusedFor = async (secret: string, range?: string): Promise<number> => {
  const answer = await open(secret, range)
  answer.destroy()
  return answer.statusCode ?? 0
}
const sentOf = () => entries.filter(({ kind }) => kind === 'disclosure.sent')
const order = { recipient: 'DS 77', purpose: 'court', days: 7 }

test('a download that breaks off three times is whole in the end, and was one', async () => {
  const { id, secret } = await desk.make('DBC-1', { ...order, most: 1 }, 'evidence:Olive')
  const parts: Buffer[] = []
  let from = 0
  for (const most of [3_000_000, 12_000_000, 9_000_000, Number.POSITIVE_INFINITY]) {
    const before = sentOf().length
    const part = await read(secret, from, most)
    parts.push(part)
    from += part.length
    await until(
      async () => sentOf().length,
      (count) => count > before,
    )
  }
  expect(Buffer.concat(parts).equals(content)).toBe(true)
  expect(book.get(id)).toMatchObject({ used: 1, refused: 0 })
  for (const range of [undefined, 'bytes=0-', 'bytes=0-99', `bytes=${BYTES - 1}-`, 'bytes=20000000-20000001'])
    expect(await refusedFor(secret, range)).toBe(410)
  expect(book.get(id)).toMatchObject({ used: 1, refused: 5 })
})
test('a recipient whose line is dead goes on by another, before the first is known to be dead', async () => {
  const { secret } = await desk.make('DBC-1', { ...order, most: 1 }, 'evidence:Olive')
  const dead = await open(secret)
  const first: Buffer = await new Promise((resolve) => dead.once('data', resolve))
  dead.pause()
  dead.on('error', () => {})
  const rest = await read(secret, first.length)
  expect(Buffer.concat([first, rest]).equals(content)).toBe(true)
  await until(
    async () => dead.destroyed || dead.readableAborted || dead.socket.destroyed || (dead.resume(), false),
    Boolean,
  )
})
test('what was read before it broke off is not read again', async () => {
  const { secret } = await desk.make('DBC-1', { ...order, most: 1 }, 'evidence:Olive')
  const before = sentOf().length
  await read(secret, 0, 30_000_000)
  await until(
    async () => sentOf().length,
    (count) => count > before,
  )
  for (const range of [undefined, 'bytes=0-', 'bytes=0-9999', 'bytes=20000000-'])
    expect(await refusedFor(secret, range)).toBe(410)
})
