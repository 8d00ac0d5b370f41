/** The chain of custody: the ledger's entries about a recording and an export, in plain words. Pure. */
import type { CustodyLine } from '../../glossary/evidence.ts'
import type { Entry } from '../../glossary/ledger.ts'
import { otherEnd } from '../other-end.ts'

/**
 * Null: the entry is about something else. Notes and what the room did about the incident are its own, and no part of what a
 * recipient is told.
 */
function whatOf(entry: Entry): string | null {
  switch (entry.kind) {
    case 'press.received':
      return `the help point ${entry.body.press.helpPoint} was pressed (${entry.body.press.kind}, by ${entry.body.press.source})`
    case 'incident.opened':
      return `an incident was opened (${entry.body.kind})`
    case 'incident.acknowledged':
      return `${entry.body.owner} took it`
    case 'incident.closed':
      return 'the incident was closed'
    case 'incident.reopened':
      return `${entry.body.owner} opened it again`
    case 'framing.changed': {
      const { camera, preset, state, proofs } = entry.body.framing
      return `${camera} ${preset === null ? '' : `to preset ${preset}: `}${state}${
        proofs.length > 0 ? ` (proofs: ${proofs.join(', ')})` : ''
      }`
    }
    case 'camera.moved':
      return `${entry.body.by ?? 'somebody'} steered ${entry.body.camera} by hand`
    case 'clip.held':
      return `the recording of ${entry.body.camera} is kept from ${entry.body.from}${entry.body.to === null ? '' : ` to ${entry.body.to}`}`
    case 'clip.released':
      return `the recording of ${entry.body.camera} is not kept any more`
    case 'clip.locked':
      return `locked by ${entry.body.by}: ${entry.body.reason}${entry.body.until === null ? '' : ` (until ${entry.body.until})`}`
    case 'clip.unlock-asked':
      return `${entry.body.by} asked for it to be unlocked: ${entry.body.reason}`
    case 'clip.unlocked':
      return `unlocked by ${entry.body.by}: ${entry.body.reason}${entry.body.asked ? ` (asked for by ${entry.body.asked.by})` : ''}`
    case 'clip.downloaded':
      return `${entry.body.camera} from ${entry.body.from} to ${entry.body.to} was downloaded (SHA-256 ${entry.body.sha256})`
    case 'call.ringing':
      return entry.body.direction === 'out'
        ? `${entry.body.by ?? 'the control room'} called ${otherEnd(entry.body)} (call ${entry.body.call})`
        : `${otherEnd(entry.body)} called the control room (call ${entry.body.call})`
    case 'call.taken':
      return `${entry.body.by} took the call ${entry.body.call}`
    case 'call.ended':
      return `the call ${entry.body.call} ended after ${entry.body.seconds} s: ${entry.body.end}`
    case 'call.recorded': {
      const { from, to, sha256 } = entry.body.recording ?? entry.body
      return `the call ${entry.body.call} is recorded from ${from} to ${to} (SHA-256 ${sha256})`
    }
    case 'call.listened':
      return `the recording of the call ${entry.body.call} was fetched (SHA-256 ${entry.body.sha256})`
    case 'call.recording-deleted':
      return `the recording of the call ${entry.body.call} was deleted: ${entry.body.why}`
    case 'export.requested':
      return `an export was asked for by ${entry.body.requestedBy.name}: ${entry.body.reason}`
    case 'export.sealed':
      return `${entry.body.segments} segments were cut and agree with their hashes (contents ${entry.body.contents})`
    case 'export.changed':
      return `the export is ${entry.body.state}${entry.body.problem === null ? '' : `: ${entry.body.problem}`}${
        entry.body.facts ? ` (SHA-256 ${entry.body.facts.sha256})` : ''
      }`
    case 'export.downloaded':
      return (
        `the ${entry.body.what} was ` +
        `downloaded${entry.body.through === null ? '' : ` through ${entry.body.through}`}${
          entry.body.from > 0 ? ` from byte ${entry.body.from}` : ''
        }`
      )
    case 'export.deleted':
      return `the package was deleted: ${entry.body.reason}`
    case 'disclosure.made':
      return `handed over to ${entry.body.recipient} until ${entry.body.until}`
    case 'disclosure.revoked':
      return `the hand-over was revoked: ${entry.body.reason}`
    default:
      return null
  }
}

export const custodyOf = (entries: readonly Entry[]): CustodyLine[] =>
  [...entries]
    .sort((a, b) => a.seq - b.seq)
    .flatMap((entry) => {
      const what = whatOf(entry)
      return what === null
        ? []
        : [
            {
              seq: entry.seq,
              at: entry.at,
              kind: entry.kind,
              actor: entry.actor,
              subject: entry.subject,
              what,
              hash: entry.hash,
            },
          ]
    })
