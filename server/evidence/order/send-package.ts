/** Sends a package, of any size and from any byte on, and counts what has arrived of it where somebody asks for that. */
import { type ReadStream, createReadStream } from 'node:fs'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Export, MadeExport } from '../../glossary/evidence.ts'
import { Failure } from '../../tools/failure.ts'
import { unacknowledged } from '../../tools/process/send-queue.ts'
import type { SendingAccount } from '../keep/disclosure-desk.ts'
import type { Range } from '../keep/sent-ranges.ts'

/**
 * The range of the package that a request asks for; null: the whole package. The hand-over counts by it, and the answer
 * is sent by it.
 */
export function rangeOf({ headers }: FastifyRequest, { bytes, sha256 }: NonNullable<Export['facts']>): Range | null {
  const range = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(headers.range ?? '')
  // Another package under the same name would make one file of two.
  if (!range || (headers['if-range'] !== undefined && headers['if-range'] !== `"${sha256}"`)) return null
  return { from: Number(range[1]), to: Math.min(bytes - 1, range[2] === undefined ? bytes - 1 : Number(range[2])) }
}

/**
 * Of any size, from any byte on; the entry of the ledger is durable before the first byte leaves.
 * @throws request/invalid for a range that is not there
 */
export async function sendPackage(
  request: FastifyRequest,
  reply: FastifyReply,
  {
    made,
    file,
    onSend,
    account = null,
  }: {
    made: MadeExport
    file: string
    onSend(from: number): Promise<void>
    /** Where it is counted which bytes have arrived. */
    account?: SendingAccount | null
  },
): Promise<FastifyReply> {
  const { bytes, sha256 } = made.facts
  const range = rangeOf(request, made.facts)
  const { from, to } = range ?? { from: 0, to: bytes - 1 }
  const whole = range === null
  if (!whole && from > to) {
    reply.header('content-range', `bytes */${bytes}`)
    throw new Failure('export/no-such-range', `The package has ${bytes} bytes; ${request.headers.range} is not in it.`)
  }
  try {
    await onSend(whole ? 0 : from)
  } catch (error) {
    await account?.over()
    throw error
  }
  reply
    .status(whole ? 200 : 206)
    .type('application/zip')
    .header('content-length', whole ? bytes : to - from + 1)
    .header('accept-ranges', 'bytes')
    .header('etag', `"${sha256}"`)
    .header('content-disposition', `attachment; filename="${made.id}.zip"`)
    .header('repr-digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`)
    .header('x-lamppost-sha256', sha256)
    .header('cache-control', 'no-store')
  if (!whole) reply.header('content-range', `bytes ${from}-${to}/${bytes}`)
  const stream = createReadStream(file, { start: from, end: to, highWaterMark: CHUNK_BYTES })
  return reply.send(account ? paced(stream, request.raw.socket, account) : stream)
}

const CHUNK_BYTES = 256 * 1024
/** What the other side has not acknowledged is kept small: what was sent is then nearly what has arrived. */
const MOST_UNACKNOWLEDGED = 256 * 1024
/** Looks at a connection begin close together, and grow apart while nothing moves. */
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [1, 250]
/** Whoever takes nothing for so long has gone, or will come again. */
const STALLED_MS = 60_000
/** A recipient that has died says so within this time: its machine throws away what it had not read. */
const DIES_WITHIN_MS = 1500

/** Waits until no more than so much is on the way. @throws when nothing moves any more */
async function untilTaken(socket: Socket, most: number, onQueued: (bytes: number) => void): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  let movedAt = performance.now()
  for (let wait = FIRST_LOOK_MS; !socket.destroyed; wait = Math.min(LAST_LOOK_MS, wait * 2)) {
    const queued = await unacknowledged(socket)
    onQueued(queued)
    if (queued <= most) return
    if (queued < least) {
      least = queued
      movedAt = performance.now()
      wait = FIRST_LOOK_MS
    } else if (performance.now() - movedAt > STALLED_MS) throw new Error('the recipient takes nothing any more')
    await sleep(wait)
  }
}

function paced(stream: ReadStream, socket: Socket, account: SendingAccount): Readable {
  let isOut = false
  async function* chunks(): AsyncGenerator<Buffer> {
    let handed = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield chunk
      handed += chunk.length
      await untilTaken(socket, MOST_UNACKNOWLEDGED, (queued) => account.handed(handed - queued))
    }
    await untilTaken(socket, 0, (queued) => account.handed(handed - queued))
    isOut = true
  }
  const out = Readable.from(chunks(), { objectMode: false })
  out.once('close', () => {
    stream.destroy()
    void (async () => {
      if (isOut && !socket.destroyed) await sleep(DIES_WITHIN_MS)
      await account.over(isOut && socket.errored === null)
    })()
  })
  return out
}
