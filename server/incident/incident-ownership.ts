/** Who has an incident: taking it, handing it over, taking it over, putting it on hold. */
import type { Incident, IncidentId } from '../glossary/incident.ts'
import type { Draft } from '../glossary/ledger.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'

export type OwnershipPort = {
  clock: Clock
  /** @throws incident/unknown */
  load(id: string): Promise<Incident>
  /** Of one that was loaded; not to be awaited between this and what is written. @throws incident/closed */
  unfinished(id: string): Incident
  write(id: IncidentId, draft: Draft): Promise<Incident>
}

/** @throws incident/not-yours with the owner's name */
export function mustBeOwner(incident: Incident, by: string): Incident {
  if (incident.owner !== by)
    throw new Failure(
      'incident/not-yours',
      incident.owner === null
        ? 'Nobody has taken this incident yet: take it first.'
        : `${incident.owner} has this incident, not you: take it over first.`,
      { extra: { owner: incident.owner } },
    )
  return incident
}

export function createIncidentOwnership({ clock, load, unfinished, write }: OwnershipPort) {
  /** @throws incident/not-yours with the owner's name */
  const mine = (id: string, by: string): Incident => mustBeOwner(unfinished(id), by)

  /**
   * What takes an incident that was loaded, to be written at once; null where it is this person's already.
   * @throws incident/taken with the owner's name, incident/closed
   */
  function taking(id: string, owner: string, actor: string, from: string | null): Draft | null {
    const incident = unfinished(id)
    const offered =
      incident.handover !== null &&
      incident.handover.from !== owner &&
      (incident.handover.to === null || incident.handover.to === owner)
    const takenOver = from !== null && from === incident.owner && from !== owner
    const calls = incident.recalledAt !== null
    // Twice by the same hand is once.
    if (incident.state === 'acknowledged' && incident.owner === owner && !calls) return null
    if (incident.state === 'acknowledged' && !offered && !takenOver && !calls)
      throw new Failure('incident/taken', `${incident.owner} has already taken this incident.`, {
        extra: { owner: incident.owner },
      })
    return {
      kind: 'incident.acknowledged',
      actor,
      subject: incident.id,
      body: {
        incident: incident.id,
        owner,
        ...(incident.owner === null || incident.owner === owner ? {} : { from: incident.owner }),
      },
    }
  }

  return {
    /**
     * First come, first served. One that is offered goes to whom it is offered; one that somebody has goes to who
     * says from whom it is taken over, so that nobody takes it from a person they did not mean. One that calls again
     * goes to whoever answers.
     * @throws incident/taken with the owner's name, incident/closed
     */
    async acknowledge(id: string, owner: string, actor: string, from: string | null = null): Promise<Incident> {
      const incident = await load(id)
      const draft = taking(id, owner, actor, from)
      return draft ? write(incident.id, draft) : unfinished(id)
    },
    taking,
    /**
     * It stays its owner's until somebody takes it.
     * @param to null: whoever comes.
     * @throws incident/not-yours, incident/closed
     */
    async offer(id: string, by: string, to: string | null, actor: string): Promise<Incident> {
      await load(id)
      const incident = mine(id, by)
      if (to === by) throw new Failure('request/invalid', 'An incident is handed to somebody else.')
      return write(incident.id, {
        kind: 'incident.offered',
        actor,
        subject: incident.id,
        body: { incident: incident.id, from: by, to },
      })
    },
    /** @throws incident/not-yours, incident/closed */
    async withdrawOffer(id: string, by: string, actor: string): Promise<Incident> {
      await load(id)
      const incident = mine(id, by)
      if (!incident.handover) return incident
      return write(incident.id, {
        kind: 'incident.offer-withdrawn',
        actor,
        subject: incident.id,
        body: { incident: incident.id, by },
      })
    },
    /**
     * Nothing to do now; it comes back by itself when its time is over, or when somebody presses again.
     * @throws incident/not-yours, incident/closed
     */
    async putOnHold(
      id: string,
      by: string,
      { reason, minutes }: { reason: string; minutes: number | null },
      actor: string,
    ): Promise<Incident> {
      await load(id)
      const incident = mine(id, by)
      const until = minutes === null ? null : isoTime(clock.now() + minutes * 60_000)
      return write(incident.id, {
        kind: 'incident.put-on-hold',
        actor,
        subject: incident.id,
        body: { incident: incident.id, by, reason, until },
      })
    },
    /** Anybody may: somebody who waits must not wait for one colleague. @throws incident/closed */
    async takeUp(id: string, by: string, actor: string): Promise<Incident> {
      await load(id)
      const incident = unfinished(id)
      if (!incident.onHold) return incident
      return write(incident.id, {
        kind: 'incident.taken-up',
        actor,
        subject: incident.id,
        body: { incident: incident.id, by },
      })
    },
  }
}
