/**
 * How far a press comes on its way to a moving picture, and when: durable, camera asked, answered, settled, picture.
 * Follows what happens and moves nothing. Not here: when drills are due (drill-schedule), what is overdue
 * (proof-book).
 */
import type { CameraId, Framing } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Draft, Recorded } from '../glossary/ledger.ts'
import type { Press } from '../glossary/press.ts'
import { type ChainResult, STAGES, type Stage, type StageTimes } from '../glossary/proof.ts'
import type { Clock } from '../tools/clock.ts'

export type ChainPort = {
  whenDurable(seq: number): Promise<void>
  /** Tells each new piece of the camera's live picture, from now on. Returns the undo. */
  watchPicture(camera: CameraId, onPicture: () => void): () => void
  write(draft: Draft): void
  /** A stage was reached, for the metrics. */
  onStage(stage: Stage, kind: Press['kind'], ms: number, of: { press: Press['id']; incident: IncidentId }): void
}

const PATIENCE_MS = 30_000
const AGAIN_MS = 500
/** One picture may have been on its way; the second one shows that they move. */
const MOVING = 2
const MISSING: Record<Stage, string> = {
  durable: 'The press did not reach the disk.',
  asked: 'No camera was sent.',
  accepted: 'No camera took the order.',
  settled: 'No camera came to rest.',
  picture: 'No moving picture came.',
}
const SETTLED = new Set<Framing['state']>(['framed', 'unproven'])

type Chain = {
  press: Press
  incident: IncidentId
  since: number
  stages: StageTimes
  framing: Framing | null
  pictures: number
  stopWatching: (() => void) | null
  over: AbortController
}

export function createChainWatch({
  clock,
  port,
  onError,
}: {
  clock: Clock
  port: ChainPort
  onError(error: unknown): void
}) {
  const chains = new Map<IncidentId, Chain>()
  const fresh = new Set<IncidentId>()

  function reach(chain: Chain, stage: Stage): void {
    if (stage in chain.stages) return
    const ms = Math.round(clock.monotonic() - chain.since)
    chain.stages[stage] = ms
    port.onStage(stage, chain.press.kind, ms, { press: chain.press.id, incident: chain.incident })
    if (STAGES.every((each) => each in chain.stages)) finish(chain)
  }

  /** @param early why it ends before its time; null when that has come. */
  function finish(chain: Chain, early: string | null = null): void {
    if (chain.over.signal.aborted) return
    chain.over.abort()
    chain.stopWatching?.()
    chains.delete(chain.incident)
    const { press, incident, stages, framing } = chain
    const missing = STAGES.find((stage) => !(stage in stages))
    const result: ChainResult = {
      incident,
      helpPoint: press.helpPoint,
      kind: press.kind,
      at: press.receivedAt,
      stages,
      camera: framing?.camera ?? null,
      framing: framing?.state ?? null,
      proofs: framing?.proofs ?? [],
      problem: missing ? [early ?? MISSING[missing], framing?.reason].filter(Boolean).join(' ') : null,
    }
    port.write(
      press.kind === 'drill'
        ? {
            kind: 'drill.finished',
            actor: 'lamppost',
            subject: incident,
            body: { ...result, passed: result.problem === null, by: press.source },
          }
        : { kind: 'chain.finished', actor: 'lamppost', subject: incident, body: result },
    )
  }

  /** The ledger writes it again when the disk refused. */
  async function durable(chain: Chain, seq: number): Promise<void> {
    while (!chain.over.signal.aborted) {
      try {
        await port.whenDurable(seq)
        return reach(chain, 'durable')
      } catch (error) {
        onError(error)
        await clock.sleep(AGAIN_MS, chain.over.signal)
      }
    }
  }

  function begin(press: Press, incident: IncidentId, seq: number): void {
    const chain: Chain = {
      press,
      incident,
      since: clock.monotonic(),
      stages: {},
      framing: null,
      pictures: 0,
      stopWatching: null,
      over: new AbortController(),
    }
    chains.set(incident, chain)
    void durable(chain, seq)
    void clock.sleep(PATIENCE_MS, chain.over.signal).then(() => finish(chain))
  }

  function framed(chain: Chain, framing: Framing): void {
    // The camera that counts is the first that has not failed; when it fails, the next one has to come to rest, too.
    if (framing.state === 'failed') {
      if (chain.framing?.camera !== framing.camera) return
      chain.framing = framing
      chain.stopWatching?.()
      chain.stopWatching = null
      delete chain.stages.accepted
      delete chain.stages.settled
      return
    }
    if (
      chain.framing &&
      chain.framing.camera !== framing.camera &&
      chain.framing.state !== 'failed' &&
      framing.role !== 'primary'
    )
      return
    chain.framing = framing
    reach(chain, 'asked')
    if (framing.way === 'fixed' || framing.way === 'as-is' || framing.proofs.includes('accepted'))
      reach(chain, 'accepted')
    if (!SETTLED.has(framing.state)) return
    // A head may arrive without ever having said yes; one that arrived has taken the move.
    if (framing.state === 'framed') reach(chain, 'accepted')
    reach(chain, 'settled')
    if (chain.stopWatching || chain.over.signal.aborted) return
    chain.pictures = 0
    chain.stopWatching = port.watchPicture(framing.camera, () => {
      chain.pictures += 1
      if (chain.pictures >= MOVING) reach(chain, 'picture')
    })
  }

  return {
    /** What is happening now; not what is read again at a start. */
    heard(entry: Recorded): void {
      if (entry.kind === 'incident.opened') fresh.add(entry.body.incident)
      else if (entry.kind === 'press.received') {
        const { press, incident } = entry.body
        const known = chains.get(incident)
        // A person who joins a drill has a chain of their own from here.
        const joinsDrill = known?.press.kind === 'drill' && press.kind === 'press'
        if (joinsDrill) finish(known, 'A person pressed during the drill.')
        // A late press moves nothing: there is nothing to prove.
        if ((fresh.delete(incident) || joinsDrill) && !press.late) begin(press, incident, entry.seq)
      } else if (entry.kind === 'framing.changed') {
        const chain = chains.get(entry.body.incident)
        if (chain) framed(chain, entry.body.framing)
      } else if (entry.kind === 'incident.closed') {
        const chain = chains.get(entry.body.incident)
        if (chain) finish(chain, 'The incident was closed before.')
      }
    },
    close(): void {
      for (const chain of chains.values()) {
        chain.over.abort()
        chain.stopWatching?.()
      }
      chains.clear()
    },
  }
}
