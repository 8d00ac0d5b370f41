/** Entries of an incident's log as sentences, in both languages. Pure. */
import type { EntryBodies, EntryKind } from '../../server/glossary/ledger.ts'
import type { LogLine } from '../../server/glossary/incident.ts'
import { lendingText as welshLending } from '../words/cy-lending.ts'
import { type Words, en as wallWords } from '../words/en.ts'

type Names = { camera(id: string): string; contact(id: string): string; time(iso: string): string }
/** What a kind says; null: nothing that a reader misses. */
type Sentences = { [Kind in EntryKind]?: (body: EntryBodies[Kind], names: Names, who: string) => string | null }

const english: Sentences = {
  'press.received': ({ press }) => `The help point was pressed${press.late ? '; the press came late' : ''}`,
  'press.coalesced': ({ count }) => `Pressed ${count} times more, faster than anybody can press`,
  'incident.acknowledged': ({ owner, from }) => (from ? `${owner} took it over from ${from}` : `${owner} took it`),
  'incident.offered': ({ from, to }) => `${from} offered it to ${to ?? 'anybody in the room'}`,
  'incident.offer-withdrawn': ({ by }) => `${by} kept it`,
  'incident.put-on-hold': ({ by, reason }) => `${by} put it on hold: ${reason}`,
  'incident.taken-up': ({ by }) => `${by} went on with it`,
  'incident.escalated': ({ waitedMs, to }) =>
    `Nobody had taken it after ${Math.round(waitedMs / 1000)} s${to.length > 0 ? `: ${to.join(', ')} told` : ''}`,
  'incident.reopened': ({ owner, reason }) => `${owner} opened it again: ${reason}`,
  'incident.noted': ({ text }, _, who) => `${who}: ${text}`,
  'incident.contacted': ({ contact, outcome }, { contact: name }) => `${name(contact)}: ${outcome}`,
  'incident.step-ticked': ({ text }) => `Done: ${text}`,
  'incident.closed': ({ reason }, _, who) => `Closed by ${who}: ${reason}`,
  'framing.changed': ({ framing: { camera, state, reason } }, { camera: name }) =>
    state === 'framed'
      ? `${name(camera)} shows the place, proved`
      : state === 'unproven'
        ? `${name(camera)} came; it is not proved that it shows the place${reason ? `: ${reason}` : ''}`
        : state === 'failed'
          ? `${name(camera)} did not come${reason ? `: ${reason}` : ''}`
          : null,
  'camera.moved': ({ camera, by }, { camera: name }) => `${by ?? 'Somebody'} steered ${name(camera)} by hand`,
  'call.ringing': ({ direction, by = 'The room', contact, camera }, { contact: person, camera: place }) =>
    contact !== undefined
      ? `${by} called ${person(contact)}`
      : camera !== undefined
        ? `${by} asked for the loudspeaker of ${place(camera)}`
        : direction === 'out'
          ? `${by} called the help point`
          : 'The help point called the room',
  'call.taken': ({ by }) => `${by} accepted the call`,
  'call.connected': ({ by, contact, camera }, { contact: person, camera: place }) =>
    camera === undefined
      ? `${by} and ${contact === undefined ? 'the caller' : person(contact)} heard each other`
      : `${by} spoke through the loudspeaker of ${place(camera)}`,
  'call.held': ({ by, on }) => (on ? `${by} put the caller on hold` : `${by} went on with the caller`),
  'call.party-joined': ({ contact }, { contact: name }) => `${name(contact)} joined the call`,
  'call.party-left': ({ contact }, { contact: name }) => `${name(contact)} left the call`,
  'call.said': ({ phrase, language }) => `The caller was played “${phrase}” (${language})`,
  'call.one-way': ({ side }) =>
    side === null
      ? 'Sound went both ways again'
      : side === 'in'
        ? 'No sound came from the help point'
        : 'The caller may not have heard the room',
  'call.lost': ({ owner }) => `The line of ${owner} was lost`,
  'call.ended': ({ seconds }) => `The call ended after ${seconds} s`,
  'clip.held': ({ camera, from, to }, { camera: name, time }) =>
    to === null ? `The recording of ${name(camera)} is kept from ${time(from)}` : null,
  'snapshot.taken': ({ camera, at, by }, { camera: name, time }) =>
    `${by} kept the picture of ${name(camera)} of ${time(at)}`,
  'responder.lent': ({ name, by, until }, { time }) => `${by} lent it to ${name} by a link, until ${time(until)}`,
  'responder.revoked': ({ name, by }) => `${by} ended the link of ${name}`,
  'responder.opened': ({ name }) => `${name} opened the link`,
  'responder.viewed': ({ name, camera }, { camera: called }) => `${name} looked at ${called(camera)}`,
  'responder.answered': ({ name, answer, words }) =>
    `${name}: ${wallWords.lending.answers[answer]}${words === '' ? '' : `: ${words}`}`,
  'connector.told': ({ verb, id }) => (verb === 'raise' ? `The VMS raised its alarm${id ? ` ${id}` : ''}` : null),
}
const welsh: Sentences = {
  'press.received': ({ press }) => `Pwyswyd y man cymorth${press.late ? '; daeth y pwysiad yn hwyr' : ''}`,
  'press.coalesced': ({ count }) => `Pwyswyd ${count} o weithiau eto, yn gynt nag y gall neb bwyso`,
  'incident.acknowledged': ({ owner, from }) =>
    from ? `Cymerodd ${owner} ef oddi wrth ${from}` : `Cymerodd ${owner} ef`,
  'incident.offered': ({ from, to }) => `Cynigiodd ${from} ef i ${to ?? 'bwy bynnag a ddaw'}`,
  'incident.offer-withdrawn': ({ by }) => `Cadwodd ${by} ef`,
  'incident.put-on-hold': ({ by, reason }) => `Gohiriwyd gan ${by}: ${reason}`,
  'incident.taken-up': ({ by }) => `Aeth ${by} ymlaen ag ef`,
  'incident.escalated': ({ waitedMs, to }) =>
    `Nid oedd neb wedi’i gymryd ar ôl ${Math.round(waitedMs / 1000)} eiliad${to.length > 0 ? `: hysbyswyd ${to.join(', ')}` : ''}`,
  'incident.reopened': ({ owner, reason }) => `Ailagorwyd gan ${owner}: ${reason}`,
  'incident.noted': ({ text }, _, who) => `${who}: ${text}`,
  'incident.contacted': ({ contact, outcome }, { contact: name }) => `${name(contact)}: ${outcome}`,
  'incident.step-ticked': ({ text }) => `Gwnaed: ${text}`,
  'incident.closed': ({ reason }, _, who) => `Caewyd gan ${who}: ${reason}`,
  'framing.changed': ({ framing: { camera, state, reason } }, { camera: name }) =>
    state === 'framed'
      ? `Mae ${name(camera)} yn dangos y lle, wedi’i brofi`
      : state === 'unproven'
        ? `Daeth ${name(camera)}; ni phrofwyd ei fod yn dangos y lle${reason ? `: ${reason}` : ''}`
        : state === 'failed'
          ? `Ni ddaeth ${name(camera)}${reason ? `: ${reason}` : ''}`
          : null,
  'camera.moved': ({ camera, by }, { camera: name }) => `Llywiodd ${by ?? 'rhywun'} ${name(camera)} â llaw`,
  'call.ringing': ({ direction, by = 'yr ystafell', contact, camera }, { contact: person, camera: place }) =>
    contact !== undefined
      ? `Galwodd ${by} ${person(contact)}`
      : camera !== undefined
        ? `Gofynnodd ${by} am uchelseinydd ${place(camera)}`
        : direction === 'out'
          ? `Galwodd ${by} y man cymorth`
          : 'Galwodd y man cymorth yr ystafell',
  'call.taken': ({ by }) => `Derbyniodd ${by} yr alwad`,
  'call.connected': ({ by, contact, camera }, { contact: person, camera: place }) =>
    camera === undefined
      ? `Clywodd ${by} a ${contact === undefined ? '’r galwr' : person(contact)} ei gilydd`.replace('a ’r', 'a’r')
      : `Siaradodd ${by} drwy uchelseinydd ${place(camera)}`,
  'call.held': ({ by, on }) => (on ? `Rhoddodd ${by} y galwr i aros` : `Aeth ${by} ymlaen â’r galwr`),
  'call.party-joined': ({ contact }, { contact: name }) => `Ymunodd ${name(contact)} â’r alwad`,
  'call.party-left': ({ contact }, { contact: name }) => `Gadawodd ${name(contact)} yr alwad`,
  'call.said': ({ phrase, language }) => `Chwaraewyd “${phrase}” (${language}) i’r galwr`,
  'call.one-way': ({ side }) =>
    side === null
      ? 'Aeth sain y ddwy ffordd eto'
      : side === 'in'
        ? 'Ni ddaeth sain o’r man cymorth'
        : 'Efallai na chlywodd y galwr yr ystafell',
  'call.lost': ({ owner }) => `Collwyd llinell ${owner}`,
  'call.ended': ({ seconds }) => `Daeth yr alwad i ben ar ôl ${seconds} eiliad`,
  'clip.held': ({ camera, from, to }, { camera: name, time }) =>
    to === null ? `Cedwir recordiad ${name(camera)} o ${time(from)}` : null,
  'snapshot.taken': ({ camera, at, by }, { camera: name, time }) => `Cadwodd ${by} lun ${name(camera)} o ${time(at)}`,
  'responder.lent': ({ name, by, until }, { time }) =>
    `Rhoddodd ${by} ef ar fenthyg i ${name} drwy ddolen, tan ${time(until)}`,
  'responder.revoked': ({ name, by }) => `Daeth ${by} â dolen ${name} i ben`,
  'responder.opened': ({ name }) => `Agorodd ${name} y ddolen`,
  'responder.viewed': ({ name, camera }, { camera: called }) => `Edrychodd ${name} ar ${called(camera)}`,
  'responder.answered': ({ name, answer, words }) =>
    `${name}: ${welshLending.lending.answers[answer]}${words === '' ? '' : `: ${words}`}`,
  'connector.told': ({ verb, id }) => (verb === 'raise' ? `Cododd y VMS ei larwm${id ? ` ${id}` : ''}` : null),
}

/** Who did it, by name. */
export const whoOf = (actor: string): string => actor.slice(actor.indexOf(':') + 1)

/** Null: a technical entry, or one that this person may not read. */
export function sentenceOf({ kind, body, actor }: LogLine, names: Names, words: Words): string | null {
  const sentences = (words === wallWords ? english : welsh) as Record<
    string,
    ((body: unknown, names: Names, who: string) => string | null) | undefined
  >
  const says = Object.hasOwn(sentences, kind) ? sentences[kind] : undefined
  if (!says || actor === '') return null
  try {
    return says(body, names, whoOf(actor))
  } catch {
    // An entry of another version.
    return null
  }
}
