/** Typed calls into a worker thread. Each side hands the other an object of functions; answers are promises. */
import { MessagePort, type ResourceLimits, Worker, parentPort, workerData } from 'node:worker_threads'
import type { FailureCode } from '../../glossary/failure.ts'
import { createBackoff } from '../pace/backoff.ts'
import type { Clock } from '../clock.ts'
import { Failure, messageOf } from '../failure.ts'
import { resetPriority } from './thread-priority.ts'

type Calls = Record<string, (...args: never[]) => unknown>
type Caller<C extends Calls> = { [K in keyof C]: (...args: Parameters<C[K]>) => Promise<Awaited<ReturnType<C[K]>>> }
type Ask = { ask: number; name: string; args: unknown[] }
type Answer = {
  answer: number
  value?: unknown
  failure?: { code: FailureCode | null; message: string; extra: Record<string, unknown> }
}
type Tell = { tell: unknown }

/** The worker side: answers calls by name. */
export function answerCalls<C extends Calls>(calls: C): void {
  resetPriority()
  parentPort?.on('message', async ({ ask, name, args }: Ask) => {
    const answer: Answer = { answer: ask }
    try {
      const call = calls[name] as ((...args: unknown[]) => unknown) | undefined
      if (!call) throw new Error(`no call named ${name}`)
      answer.value = await call(...args)
    } catch (error) {
      answer.failure =
        error instanceof Failure
          ? { code: error.code, message: error.message, extra: error.extra }
          : { code: null, message: messageOf(error), extra: {} }
    }
    const bytes = answer.value instanceof Uint8Array ? answer.value : null
    try {
      parentPort?.postMessage(
        answer,
        bytes && bytes.byteLength === bytes.buffer.byteLength ? [bytes.buffer as ArrayBuffer] : [],
      )
    } catch (error) {
      // What cannot be handed over must not end the thread.
      parentPort?.postMessage({
        answer: ask,
        failure: { code: null, message: messageOf(error), extra: {} },
      } satisfies Answer)
    }
  })
}

/** The worker side: says something nobody asked for. @param transfer memory that is the other side's from now on. */
export const publishToMain = (message: unknown, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage({ tell: message } satisfies Tell, [...transfer])
export const workerInput = <T>(): T => workerData as T

export type WorkerCalls<C extends Calls> = {
  calls: Caller<C>
  /** Resolves when the thread is gone; with its error if it died of one. */
  ended: Promise<Error | null>
  terminate(): Promise<void>
}

/** The main side: starts the thread and calls into it. Calls in flight when it dies are rejected. */
export function callWorker<C extends Calls>(
  file: string,
  input: unknown,
  onTell: (message: unknown) => void = () => {},
  resourceLimits: ResourceLimits = {},
): WorkerCalls<C> {
  const worker = new Worker(file, { workerData: input, resourceLimits })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let asked = 0
  let gone: Error | null = null
  worker.on('message', (message: Answer | Tell) => {
    if ('tell' in message) return onTell(message.tell)
    const waiter = waiting.get(message.answer)
    waiting.delete(message.answer)
    if (!message.failure) return waiter?.resolve(message.value)
    const { code, message: words, extra } = message.failure
    waiter?.reject(code ? new Failure(code, words, { extra }) : new Error(words))
  })
  const ended = new Promise<Error | null>((resolve) => {
    let cause: Error | null = null
    worker.on('error', (error) => (cause = error))
    worker.on('exit', () => {
      gone = cause ?? new Error('the thread has ended')
      for (const waiter of waiting.values()) waiter.reject(gone)
      waiting.clear()
      resolve(cause)
    })
  })
  const calls = new Proxy({} as Caller<C>, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          if (gone) return reject(gone)
          asked += 1
          waiting.set(asked, { resolve, reject })
          // A port is handed over as the last argument; it is the thread's from then on.
          const last: unknown = args.at(-1)
          const ports = last instanceof MessagePort ? [last] : []
          worker.postMessage({ ask: asked, name, args } satisfies Ask, ports)
        }),
  })
  return { calls, ended, terminate: async () => void (await worker.terminate()) }
}

const REVIVE_FIRST_MS = 200
const REVIVE_MOST_MS = 10_000
/** One that lived so long did not die of how it began. */
const LIVED_MS = 60_000

/**
 * A thread that is started again when it dies, with growing patience. `calls` may be kept: it always asks the thread
 * that lives now. Calls in flight when it dies are rejected; those that come before the next one is there wait for
 * it.
 */
export function keepWorker<C extends Calls>(
  file: string,
  {
    clock,
    input = () => ({}),
    onTell,
    onDeath,
    resourceLimits,
  }: {
    clock: Clock
    input?(): unknown
    onTell?(message: unknown): void
    onDeath(error: Error): void
    resourceLimits?: ResourceLimits
  },
): { calls: Caller<C>; terminate(): Promise<void> } {
  const stopped = new AbortController()
  const backoff = createBackoff(REVIVE_FIRST_MS, REVIVE_MOST_MS)
  /** One that cannot even begin (no thread is left) has died at once. */
  function start(): WorkerCalls<C> {
    try {
      return callWorker<C>(file, input(), onTell, resourceLimits)
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      const calls = new Proxy({} as Caller<C>, { get: () => () => Promise.reject(cause) })
      return { calls, ended: Promise.resolve(cause), terminate: async () => {} }
    }
  }
  let current: Promise<WorkerCalls<C>> = Promise.resolve(start())

  async function keep(): Promise<void> {
    while (!stopped.signal.aborted) {
      const startedAt = clock.monotonic()
      const error = await (await current).ended
      if (stopped.signal.aborted) return
      onDeath(
        new Error(
          `a thread ended and is started again (${file.split('/').at(-1)}): ${error ? messageOf(error) : 'it ended by itself'}`,
          { cause: error },
        ),
      )
      if (clock.monotonic() - startedAt > LIVED_MS) backoff.reset()
      current = clock.sleep(backoff.wait(), stopped.signal).then(start)
    }
  }
  const keeping = keep()
  const calls = new Proxy({} as Caller<C>, {
    get:
      (_, name: string) =>
      async (...args: unknown[]) =>
        ((await current).calls as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]?.(...args),
  })
  return {
    calls,
    async terminate() {
      stopped.abort()
      await (await current).terminate()
      await keeping
    },
  }
}
