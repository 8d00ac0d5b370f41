/**
 * Strangers who take every connection starve no press. The whole server, as a process. A disk that is full:
 * `test/threats/disk-full.test.ts`.
 */
import { type Socket, connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createHandleShare } from '../../server/tools/process/handle-share.ts'
import { createStarvedServers } from './starved-server.ts'

const { folder, start, stopAll, tokenOf, press, forget } = createStarvedServers()
afterEach(() => stopAll())
afterAll(forget)

describe('strangers who take every connection', () => {
  test('a thousand of them keep none of a hundred presses out, with 256 handles', async () => {
    const data = join(folder, 'handles')
    const { url } = await start(data, 256)
    const token = tokenOf(data)
    const { hostname, port } = new URL(url)
    const strangers = new Set<Socket>()
    for (let i = 0; i < 1000; i += 1) {
      const socket = connect(Number(port), hostname)
      strangers.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => strangers.delete(socket))
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
    const answers: number[] = []
    for (let n = 0; n < 100; n += 1) answers.push(await press(url, token, n))
    expect(answers.filter((status) => status !== 202)).toEqual([])
    for (const socket of strangers) socket.destroy()
  })
})

describe('the share of handles', () => {
  class Fake {
    destroyed = false
    readonly remoteAddress: string
    readonly remotePort: number
    constructor(address: string, port: number) {
      this.remoteAddress = address
      this.remotePort = port
    }
    once(): this {
      return this
    }
    destroy(): void {
      this.destroyed = true
    }
  }
  function share(limit: number) {
    let now = 0
    let enter: (socket: never) => void = () => {}
    const made = createHandleShare({ now: () => now, limit, inUse: () => 10 + made.state().guests })
    made.watch({ on: (_: string, listener: never) => ((enter = listener), null as never) })
    return {
      share: made,
      later: (ms: number) => void (now += ms),
      come: (address: string, port: number): Fake => {
        const socket = new Fake(address, port)
        enter(socket as never)
        return socket
      },
    }
  }
  test('goes to who has proven something: strangers go first, of the address with the most of them the oldest', () => {
    const { share: handles, come, later } = share(60)
    const known = come('10.0.0.9', 1)
    handles.prove(known)
    const lone = come('10.0.0.8', 2)
    const many = Array.from({ length: 30 }, (_, i) => (later(300), come('10.0.0.7', 100 + i)))
    expect(known.destroyed).toBe(false)
    expect(lone.destroyed).toBe(false)
    expect(many.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(10)
    expect(many.at(-1)?.destroyed).toBe(false)
  })
  test('somebody known who is being answered stays, and a newcomer goes where nobody else can', () => {
    const { share: handles, come, later } = share(43)
    const busy = come('10.0.0.1', 1)
    handles.prove(busy)
    handles.serve(busy)
    later(1000)
    const second = come('10.0.0.2', 2)
    expect([busy.destroyed, second.destroyed]).toEqual([false, true])
  })
  test('a stranger is being answered for a second: whoever says half a request and waits goes for a newcomer', () => {
    const { share: handles, come, later } = share(43)
    const waiting = come('10.0.0.1', 1)
    handles.serve(waiting)
    later(1500)
    const second = come('10.0.0.2', 2)
    expect([waiting.destroyed, second.destroyed]).toEqual([true, false])
  })
  test('without a limit nobody goes', () => {
    const made = createHandleShare({ limit: null })
    expect(made.state().room).toBe(Number.POSITIVE_INFINITY)
  })
})
