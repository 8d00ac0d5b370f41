/** The house's side of the edge: the one that runs apart where there is one, else a child that ends with the house. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { EdgeListen } from '../../glossary/call.ts'
import { createBackoff } from '../../tools/pace/backoff.ts'
import type { Clock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { builtEntry } from '../../tools/package-root.ts'
import { type FromEdge, edgeSocketPath, openEdgeSocket, readLines, say } from './edge-socket.ts'

export type EdgeState = {
  /** Null while there is no edge. */
  door: { port: number; secret: string } | null
  listen: readonly EdgeListen[]
  /** It goes on when this server stops: it is a service of its own. */
  apart: boolean
}
export type EdgeLink = {
  state(): EdgeState
  /** Nobody here hears the calls that go on any more: their help points get a goodbye. */
  endCalls(): void
  close(): Promise<void>
}

const PING_EVERY_MS = 500
/** How long an edge that is a service of its own may be away before ours takes its place. */
const BACK_WITHIN_MS = 20_000
const CHILD_READY_MS = 20_000
const CHILD_ENDS_WITHIN_MS = 6000

export function openEdgeLink({
  dataFolder,
  siteFile,
  environment,
  clock,
  onDoor,
  onRefused,
  onRegistered,
  onWords,
}: {
  dataFolder: string
  siteFile: string
  environment: Readonly<Record<string, string | undefined>>
  clock: Clock
  onDoor(door: EdgeState['door']): void
  onRefused(refused: { from: string; why: string }): void
  onRegistered(users: readonly string[]): void
  onWords(words: string): void
}): EdgeLink {
  const stopped = new AbortController()
  const path = edgeSocketPath(dataFolder)
  let child: { process: ChildProcess; ended: Promise<void> } | null = null
  let state: EdgeState = { door: null, listen: [], apart: false }
  let socket: Socket | null = null
  let wasApart = false

  function startChild(): void {
    const started = spawn(
      process.execPath,
      [builtEntry('main.js'), 'edge', '--site', siteFile, '--data', dataFolder, '--child'],
      {
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...process.env, ...environment },
        // Ctrl-C in a terminal is the house's to understand.
        detached: true,
      },
    )
    started.stdin?.on('error', () => {})
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (line.trim() !== '') onWords(line)
    })
    const ended = new Promise<void>((resolve) => {
      started.once('exit', () => resolve())
      started.once('error', () => resolve())
    }).then(() => {
      if (child?.process === started) child = null
    })
    child = { process: started, ended }
  }
  const isAlive = (): boolean => child !== null
  /** An edge that answers: the one that is there, or our own. */
  async function reach(): Promise<Socket> {
    const there = await openEdgeSocket(path)
    if (there) return there
    // A service manager starts its edge again. An edge that we started meanwhile would hold the socket, and keep it out.
    const backBy = wasApart ? clock.monotonic() + BACK_WITHIN_MS : 0
    while (clock.monotonic() < backBy && !stopped.signal.aborted) {
      await clock.sleep(200, stopped.signal)
      const back = await openEdgeSocket(path)
      if (back) return back
    }
    wasApart = false
    if (!child) startChild()
    const end = clock.monotonic() + CHILD_READY_MS
    while (isAlive() && clock.monotonic() < end && !stopped.signal.aborted) {
      await clock.sleep(100, stopped.signal)
      const answered = await openEdgeSocket(path)
      if (answered) return answered
    }
    throw new Error(child ? `the edge is not ready after ${CHILD_READY_MS / 1000} s` : 'the edge did not start')
  }
  function heard(message: FromEdge): void {
    if (message.listen) state = { ...state, listen: message.listen }
    if (message.problem) onWords(message.problem)
    if (message.refused) onRefused(message.refused)
    if (message.registered) onRegistered(message.registered)
    if (message.door !== undefined) {
      state = { ...state, door: message.door, apart: child === null }
      wasApart = state.apart
      onDoor(message.door)
    }
  }
  /** Until the connection ends. */
  async function hold(mine: Socket): Promise<void> {
    socket = mine
    mine.on('error', () => mine.destroy())
    readLines<FromEdge>(mine, heard)
    say(mine, { ping: clock.now() })
    const ping = setInterval(() => say(mine, { ping: clock.now() }), PING_EVERY_MS)
    await new Promise<void>((resolve) => mine.once('close', () => resolve()))
    clearInterval(ping)
    socket = null
    state = { ...state, door: null, apart: false }
    if (!stopped.signal.aborted) onDoor(null)
  }
  async function follow(): Promise<void> {
    const backoff = createBackoff(500, 10_000)
    while (!stopped.signal.aborted) {
      try {
        const mine = await reach()
        if (stopped.signal.aborted) return void mine.destroy()
        backoff.reset()
        await hold(mine)
      } catch (error) {
        if (!stopped.signal.aborted) onWords(messageOf(error))
      }
      await clock.sleep(backoff.wait(), stopped.signal)
    }
  }
  const following = follow()
  return {
    state: () => state,
    endCalls: () => void (socket && say(socket, { ping: clock.now(), endCalls: true })),
    async close() {
      stopped.abort()
      socket?.destroy()
      const mine = child
      mine?.process.stdin?.end()
      if (mine) {
        const late = setTimeout(() => mine.process.kill('SIGKILL'), CHILD_ENDS_WITHIN_MS)
        await mine.ended
        clearTimeout(late)
      }
      await following
    },
  }
}
