/** How the members and the engine stand, as the engine has it: for people, and for scripts. */
import { join } from 'node:path'
import { endOf } from '../../members/engine/etcd-values.ts'
import { nameAfter } from '../../members/engine/keys.ts'
import type { Seal } from '../../members/engine/seal.ts'
import { createLink } from '../../members/link.ts'
import { SITE } from '../../members/shared-files.ts'
import { readTownRecord } from '../../members/town-record.ts'
import type { Head, Joined, MemberHealth } from '../../members/town-state.ts'
import { realClock as clock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { type Ground, mustBelong, print, sealOf } from './town-ground.ts'

type Standing = {
  terms: number
  lead: { member: string; url: string; since: string; term: number } | null
  head: Head | null
  members: Map<string, MemberHealth>
  joined: Map<string, Joined>
  inbox: number
}
export async function standingOf({ etcd, keys }: Ground, seal: Seal): Promise<Standing> {
  const standing: Standing = { terms: 0, lead: null, head: null, members: new Map(), joined: new Map(), inbox: 0 }
  for (const folder of [keys.terms, keys.lead, keys.head, keys.members, keys.joined, keys.inbox])
    for (const kv of (await etcd.range(folder, folder.endsWith('/') ? { end: endOf(folder) } : {})).found) {
      if (folder === keys.inbox) {
        standing.inbox += 1
        continue
      }
      const value: unknown = seal.open(kv.key, kv.value)
      if (folder === keys.lead)
        standing.lead = {
          ...(value as NonNullable<Standing['lead']>),
          term: standing.terms + Number(kv.createRevision),
        }
      if (folder === keys.terms) standing.terms = value as number
      if (folder === keys.head) standing.head = value as Head
      if (folder === keys.members) standing.members.set(nameAfter(folder, kv.key), value as MemberHealth)
      if (folder === keys.joined) standing.joined.set(nameAfter(folder, kv.key), value as Joined)
    }
  return standing
}

export async function status(ground: Ground): Promise<number> {
  const { town } = mustBelong(ground)
  const standing = await standingOf(ground, sealOf(mustBelong(ground)))
  const { lead, head, joined, inbox } = standing
  const members = [...joined].map(([id, { url }]) => rowOf(standing, id, url))
  if (ground.options.json) {
    const facts = {
      town,
      lead: lead?.member ?? null,
      term: lead?.term ?? null,
      entries: head?.seq ?? null,
      inbox,
      members,
    }
    print(JSON.stringify(facts, null, 2))
    return 0
  }
  print(
    lead
      ? `${lead.member} leads the town ${town} since ${lead.since} (term ${lead.term})`
      : `nobody leads the town ${town} now`,
  )
  const waiting = inbox === 0 ? 'no press waits' : `${inbox} ${inbox === 1 ? 'batch' : 'batches'} of presses wait`
  print(`${head?.seq ?? 0} entries are agreed; ${waiting} for a number`)
  for (const member of members) print(`  ${lineOf(member)}`)
  return 0
}
type Row = ReturnType<typeof rowOf>
function rowOf({ members, lead, head }: Standing, id: string, url: string) {
  const health = members.get(id)
  return {
    ...{ id, url, leads: lead?.member === id, reachable: health !== undefined },
    behind: health && head ? Math.max(0, head.seq - health.applied) : null,
    ...{ held: health?.held ?? null, version: health?.version ?? null, since: health?.since ?? null },
  }
}
function lineOf({ id, url, reachable, behind, held, version, since }: Row): string {
  if (!reachable) return `${id}  ${url}  IS NOT THERE`
  const entries = behind === 0 ? 'has every entry' : `${behind} ${behind === 1 ? 'entry' : 'entries'} behind`
  const presses = held === 0 ? 'no press on its disk alone' : `${held} PRESSES ON ITS DISK ALONE`
  return `${id}  ${url}  there since ${since}, ${entries}, ${presses}, version ${version}`
}

export async function check(ground: Ground): Promise<number> {
  let wrong = 0
  const say: Say = (ok, words) => {
    if (!ok) wrong += 1
    print(`${ok ? 'good ' : 'WRONG'}  ${words}`)
  }
  await checkEngine(ground, say)
  await checkMembers(ground, say)
  await checkTown(ground, say)
  print(wrong === 0 ? 'Everything is as it should be.' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`)
  return wrong === 0 ? 0 : 1
}
type Say = (ok: boolean, words: string) => void
const MEGABYTE = 1e6

async function checkEngine({ etcd, onMembers }: Ground, say: Say): Promise<void> {
  const { endpoints } = onMembers.agreement
  let answer = 0
  for (const endpoint of endpoints)
    try {
      const { version, bytes, leads, hasMajority } = await etcd.look(endpoint)
      answer += 1
      const facts = `etcd ${version}, ${(bytes / MEGABYTE).toFixed(1)} MB${leads ? ', leads the engine' : ''}`
      say(hasMajority, `engine ${endpoint}: ${facts}${hasMajority ? '' : ': it hears no majority of the others'}`)
    } catch (error) {
      say(false, `engine ${endpoint}: ${messageOf(error)}. Is etcd running there, and the port open from here?`)
    }
  const enough = endpoints.length >= 3 && endpoints.length % 2 === 1
  say(
    enough,
    enough
      ? `${answer} of ${endpoints.length} voters answer`
      : `${endpoints.length} voters: three are needed, so that one may be away`,
  )
}
async function checkMembers({ members, onMembers }: Ground, say: Say): Promise<void> {
  const link = createLink({ townKey: null, member: '', clock, ca: onMembers.agreement.ca })
  for (const { id, url } of members)
    try {
      const { status: code } = await link.ask(url, 'GET', '/healthz', null, 3000)
      say(code === 200, `member ${id} ${url}: ${code === 200 ? 'answers' : `answers ${code}`}`)
    } catch (error) {
      const remedy = 'Does lamppost run there, with this address and its port open from here?'
      say(false, `member ${id} ${url}: ${messageOf(error)}. ${remedy}`)
    }
  link.close()
}
async function checkTown(ground: Ground, say: Say): Promise<void> {
  const { etcd, folder, siteText, keys } = ground
  const record = readTownRecord(folder)
  if (!record) return print(`       ${folder} is no member's folder: what the engine has cannot be looked at from here`)
  try {
    const seal = sealOf(record)
    const { lead } = await standingOf(ground, seal)
    say(lead !== null, lead ? `${lead.member} leads` : 'nobody leads')
    const [kv] = (await etcd.range(keys.file(SITE))).found
    const isSame = kv !== undefined && seal.open<string>(kv.key, kv.value) === siteText
    say(
      isSame,
      isSame
        ? 'the site file is the one that the town goes by'
        : 'the site file here is another than the town goes by: change it on the member that leads',
    )
  } catch (error) {
    say(false, `the town's key in ${join(folder, 'town.json')}: ${messageOf(error)}`)
  }
}
