/**
 * `lamppost edge`: the edge's engines in a process of their own, so that a call reaches the desk while the house is
 * being started anew, frozen, or gone. It follows the site file by itself. As the house's child it ends with the house;
 * as a service of its own it does not.
 */
import { chmodSync, rmSync, statSync } from 'node:fs'
import { type Server, type Socket, createServer } from 'node:net'
import { join } from 'node:path'
import type { SipIdentity, VoiceSite } from '../../glossary/call.ts'
import { createBackoff } from '../../tools/pace/backoff.ts'
import { realClock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { fileProblem, firstFileProblem, peerProblem } from './edge-files.ts'
import type { EdgeSite } from './edge-config.ts'
import { type Edge, startEdge } from './edge-run.ts'
import { type FromEdge, type FromHouse, edgeSocketPath, openEdgeSocket, readLines, say } from './edge-socket.ts'

/** So long the house may be silent before its calls are ended. */
const HOUSE_SILENT_MS = 3000
const LOOK_EVERY_MS = 500
const REGISTRATIONS_EVERY_MS = 5000

export type EdgeWish = { voice: VoiceSite; identities: readonly SipIdentity[] }
export type EdgeProcess = {
  /** What the site file says now. */
  follow(wish: EdgeWish): Promise<void>
  close(): Promise<void>
}

const CHANGED = 'the site file'
const CERTIFICATES_EVERY_MS = 5000
/** The files of the TLS listener, and what of them changes when one is renewed. */
function certificatesOf({ voice }: EdgeWish): { files: string; state: string } {
  const listeners = voice.edge.listen.flatMap(({ certificate, key, clients }) => [certificate, key, clients])
  const files = [...listeners, voice.trunk?.ca ?? undefined, voice.pbx?.ca ?? undefined].filter(
    (file) => file !== undefined,
  )
  const seen = files.map((file) => {
    const { mtimeMs = 0, size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {}
    return [mtimeMs, size]
  })
  return { files: JSON.stringify(files), state: JSON.stringify(seen) }
}
const GOODBYE_MS = 1500
/** The address of a trunk or a PBX: the engines need no user and no password. */
const peerOf = (peer: EdgeSite['trunk']): EdgeSite['trunk'] =>
  peer && { host: peer.host, port: peer.port, transport: peer.transport, ca: peer.ca }
/** What the engines are started with; all else is told to them as they run, or is none of theirs. */
const engineWish = ({ voice }: EdgeWish): unknown => [
  voice.edge,
  voice.desk,
  voice.noAnswerMs,
  peerOf(voice.trunk),
  peerOf(voice.pbx),
]

/** A promise of a word, and what gives it. */
function untilCalled(): { promise: Promise<string>; resolve(word: string): void } {
  let resolve: (word: string) => void = () => {}
  const promise = new Promise<string>((done) => (resolve = done))
  return { promise, resolve: (word) => resolve(word) }
}

/** @throws when another edge answers for this folder, or an engine does not start */
export async function runEdge({
  dataFolder,
  first,
  onWords,
}: {
  dataFolder: string
  first: EdgeWish
  onWords(words: string): void
}): Promise<EdgeProcess> {
  const path = edgeSocketPath(dataFolder)
  const other = await openEdgeSocket(path)
  other?.destroy()
  if (other) throw new Error(`an edge answers at ${path} already; stop it first`)
  rmSync(path, { force: true })
  let wish = first
  let edge: Edge | null = null
  let listen: Edge['listen'] | null = null
  let house: Socket | null = null
  let heardAt = performance.now()
  let ended = true
  let changed = untilCalled()
  const stopped = new AbortController()
  const tell = (message: FromEdge): void => void (house && say(house, message))

  /** A TLS listener, or the trunk, was left out, because its files cannot be used. */
  let without = false
  /** One wrong file must not cost the calls that come otherwise. @throws when nothing is left */
  function usable(all: Edge['listen']): Edge['listen'] {
    const good = all.filter((each) => fileProblem(each) === null)
    without = good.length < all.length
    if (!without) return all
    const problem = firstFileProblem(all) ?? ''
    if (good.length === 0) throw new Error(`calls over TLS cannot come: ${problem}`)
    onWords(`calls over TLS cannot come: ${problem}; the other listeners are open`)
    return good
  }
  /** A trunk or a PBX whose authority cannot be read costs the calls by it, and no other. */
  function usablePeer(what: string, peer: EdgeSite['trunk']): EdgeSite['trunk'] {
    const problem = peerProblem(peer)
    if (problem === null) return peer
    without = true
    onWords(`${what} cannot be called: ${problem}`)
    return null
  }
  const start = async (): Promise<Edge> => {
    const { edge: set, desk, noAnswerMs } = wish.voice
    const usableListen = usable(listen ?? set.listen)
    const trunk = usablePeer('telephones outside', peerOf(wish.voice.trunk))
    const pbx = usablePeer('the PBX', peerOf(wish.voice.pbx))
    const started = await startEdge(
      // A port that the system gave stays: help points know it.
      {
        listen: usableListen,
        mediaPorts: set.mediaPorts,
        trusted: set.trusted,
        desk,
        noAnswerMs,
        trunk,
        pbx,
      },
      {
        folder: join(dataFolder, 'edge'),
        identities: wish.identities,
        onRefused: (refused) => tell({ refused }),
        onError: (words) => onWords(words),
      },
    )
    // The site file may have named others meanwhile.
    if (!without && JSON.stringify(wish.voice.edge.listen) === JSON.stringify(set.listen)) listen = started.listen
    tell({ door: started.door, listen: started.listen })
    return started
  }
  /** Whoever is in a call gets a goodbye before the engines go. */
  async function stop(old: Edge | null): Promise<void> {
    if (!old) return
    await Promise.race([old.endCalls().catch(() => 0), realClock.sleep(GOODBYE_MS)])
    await old.close()
  }
  /** The one place that starts and stops engines: when they die, and when the site file says something else. */
  async function keep(): Promise<void> {
    const backoff = createBackoff(500, 10_000)
    while (!stopped.signal.aborted) {
      const mine: Edge | null = edge
      const why = await Promise.race([mine ? mine.died : 'the edge', changed.promise])
      if (stopped.signal.aborted) return
      changed = untilCalled()
      if (why !== CHANGED) onWords(`${why} has ended; the edge is started again`)
      tell({ door: null, ...(why === CHANGED ? {} : { problem: `${why} has ended and is started again` }) })
      edge = null
      await stop(mine)
      while (!stopped.signal.aborted && edge === null) {
        try {
          edge = await start()
          await edge.tell(wish.identities)
          backoff.reset()
        } catch (error) {
          onWords(messageOf(error))
          await realClock.sleep(backoff.wait(), stopped.signal)
        }
      }
    }
  }

  edge = await start()
  const keeping = keep()
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    readLines<FromHouse>(socket, ({ endCalls }) => {
      // Whoever only looks whether somebody answers is no house.
      if (house !== socket) {
        house?.destroy()
        // Another house than before: nobody in it hears what that one was in.
        if (!ended) edge?.endCalls().catch((error: unknown) => onWords(messageOf(error)))
      }
      house = socket
      heardAt = performance.now()
      ended = false
      if (endCalls) edge?.endCalls().catch((error: unknown) => onWords(messageOf(error)))
    })
    socket.on('close', () => {
      if (house === socket) house = null
    })
    say(socket, { door: edge?.door ?? null, ...(listen ? { listen } : {}) })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  // Whoever may open it may take calls.
  chmodSync(path, 0o600)

  const keeper = setInterval(() => {
    if (ended || performance.now() - heardAt < HOUSE_SILENT_MS) return
    ended = true
    edge
      ?.endCalls()
      .then((calls) => calls > 0 && onWords(`the house is silent: ${calls} calls were ended at their help points`))
      .catch((error: unknown) => onWords(messageOf(error)))
  }, LOOK_EVERY_MS)
  /** Certificates are renewed while calls are up: nothing is started anew for them. */
  let loaded = certificatesOf(wish)
  let refused: EdgeWish | null = null
  const certificates = setInterval(() => {
    if (refused && firstFileProblem(refused.voice.edge.listen) === null)
      return void running.follow(refused).catch((error: unknown) => onWords(messageOf(error)))
    const now = certificatesOf(wish)
    // The engines of another listener have read its files as they started.
    if (now.files !== loaded.files) loaded = now
    if (now.state === loaded.state || !edge) return
    loaded = now
    const problem =
      firstFileProblem(wish.voice.edge.listen) ?? peerProblem(wish.voice.trunk) ?? peerProblem(wish.voice.pbx)
    // Half of a pair may be there: the old one is used until the other half comes, which is looked at anew.
    if (problem !== null) return onWords(`the new certificates of calls cannot be used: ${problem}`)
    // The listener that could not be opened.
    if (without) return changed.resolve(CHANGED)
    edge.reloadCertificates().then(
      () => onWords('the certificates of calls were renewed'),
      (error: unknown) => onWords(`the new certificates of calls were not taken: ${messageOf(error)}`),
    )
  }, CERTIFICATES_EVERY_MS)
  const registrations = setInterval(() => {
    edge
      ?.registered()
      // Each time: it is a sign of life of those who are there.
      .then((users) => tell({ registered: users }))
      .catch(() => {})
  }, REGISTRATIONS_EVERY_MS)

  const running: EdgeProcess = {
    async follow(next) {
      const before = wish
      const asked = next.voice.edge.listen
      const problem = firstFileProblem(asked)
      // Engines that run are worth more than a wish that cannot be met; it is looked at anew with each look at the
      // certificates.
      const isNew = JSON.stringify(before.voice.edge.listen) !== JSON.stringify(asked)
      refused = edge !== null && !without && isNew && problem !== null ? next : null
      if (refused) {
        onWords(`calls go on as before: ${problem}`)
        wish = { ...before, identities: next.identities }
        return edge?.tell(next.identities)
      }
      wish = next
      if (JSON.stringify(engineWish(before)) === JSON.stringify(engineWish(next))) return edge?.tell(next.identities)
      if (JSON.stringify(before.voice.edge.listen) !== JSON.stringify(next.voice.edge.listen)) listen = null
      changed.resolve(CHANGED)
      return undefined
    },
    async close() {
      stopped.abort()
      clearInterval(keeper)
      clearInterval(registrations)
      clearInterval(certificates)
      changed.resolve(CHANGED)
      house?.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      rmSync(path, { force: true })
      await keeping
      await stop(edge)
    },
  }
  return running
}
