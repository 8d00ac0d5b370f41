/** A town on several machines begins, gets a further member, or begins again from a copy. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AgreedRow } from '../../glossary/member.ts'
import { checkpointKey } from '../../ledger/checkpoints/checkpoint-files.ts'
import { verifyLedger } from '../../ledger/ledger-proof.ts'
import { openLedgerRows } from '../../ledger/ledger-sqlite.ts'
import { endOf } from '../../members/engine/etcd-values.ts'
import { nameAfter } from '../../members/engine/keys.ts'
import { type Seal, createSeal } from '../../members/engine/seal.ts'
import { askToJoin } from '../../members/joining.ts'
import { createLink } from '../../members/link.ts'
import type { JoinAnswer } from '../../members/member-routes.ts'
import { SITE } from '../../members/shared-files.ts'
import { newTownKey, writeTownRecord } from '../../members/town-record.ts'
import type { Head, Joined } from '../../members/town-state.ts'
import { isoTime, realClock as clock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { lockFolder } from '../../tools/process/folder-lock.ts'
import { replaceFile } from '../../tools/process/replace-file.ts'
import { type Ground, ledgerHead, mustBeMember, mustBelong, mustBelongToNone, print, sealOf } from './town-ground.ts'

const LEDGER_KEY = 'ledger-key.pem'

/** The newest that this copy of the ledger has; 0: it was never led by a member. */
function newestTerm(folder: string): number {
  const rows = openLedgerRows(join(folder, 'ledger.sqlite'), { readOnly: true })
  try {
    return rows.newestTerm()
  } finally {
    rows.close()
  }
}
export async function found(ground: Ground): Promise<number> {
  const { id, url } = mustBeMember(ground)
  mustBelongToNone(ground)
  const { etcd, keys, folder, town, options } = ground
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(folder)
  try {
    if ((await etcd.range(keys.head)).found.length > 0)
      throw new Error(
        `the engine has the town ${town} already: lamppost town join --site ${options.site} --data DIR --member ${id}`,
      )
    const record = { town, member: id, key: newTownKey(), since: isoTime(clock.now()) }
    const head = ledgerHead(folder)
    mustBeOneChain(folder)
    // First here: an engine whose key nobody has would be of no use to anybody.
    writeTownRecord(folder, record)
    if (!(await putTown(ground, sealOf(record), head, { url, what: 'founded' }))) {
      rmSync(join(folder, 'town.json'))
      throw new Error(`somebody else has just founded the town ${town} in this engine`)
    }
    print(`The town ${town} is founded with the member ${id}, after ${head.seq} entries.`)
    print(`Now: lamppost start --member ${id} --site ${options.site} --data ${options.data ?? folder}`)
    const others = ground.members.filter((each) => each.id !== id)
    for (const each of others)
      print(
        `Then on the server of ${each.id}: lamppost town join --member ${each.id} --site ${options.site} --data DIR`,
      )
    print(`Back up ${join(folder, 'town.json')}: without its key nobody can read what the engine has.`)
    return 0
  } finally {
    unlock()
  }
}
/** @throws when a break was found in this ledger before: a new member could not have it from its beginning */
function mustBeOneChain(folder: string): void {
  const rows = openLedgerRows(join(folder, 'ledger.sqlite'), { readOnly: true })
  try {
    const { number } = rows.chain()
    if (number > 1)
      throw new Error(
        `${folder} has ${number} chains, because a break was found in its ledger: other servers could not check it from its ` +
          'beginning. Found the town with an empty folder, and keep this one beside it',
      )
  } finally {
    rows.close()
  }
}
/** @returns false: it was there already */
async function putTown(
  { etcd, keys, siteText, folder, member = '' }: Ground,
  seal: Seal,
  { seq, hash }: { seq: number; hash: string },
  { url, what }: { url: string; what: Joined['what'] },
): Promise<boolean> {
  const [joined, site, key] = [keys.joinedMember(member), keys.file(SITE), keys.file(LEDGER_KEY)]
  // Whoever leads first signs with it; there is one for all.
  checkpointKey(join(folder, LEDGER_KEY))
  const answer = await etcd.txn(
    [{ key: keys.head, created: '0' }],
    [
      { put: keys.head, value: seal.seal(keys.head, { seq, hash, term: 0 }) },
      { put: keys.terms, value: seal.seal(keys.terms, newestTerm(folder)) },
      { put: joined, value: seal.seal(joined, { url, what, recorded: false } satisfies Joined) },
      { put: site, value: seal.seal(site, siteText) },
      { put: key, value: seal.seal(key, readFileSync(join(folder, LEDGER_KEY), 'utf8')) },
    ],
  )
  return answer.succeeded
}

export async function joinTown(ground: Ground): Promise<number> {
  const { id, url } = mustBeMember(ground)
  mustBelongToNone(ground)
  const { etcd, keys, folder, town, members, onMembers, options } = ground
  if ((await etcd.range(keys.head)).found.length === 0)
    throw new Error(
      `the engine has no town ${town} yet: lamppost town found --site ${options.site} --data DIR --member ${id}`,
    )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(folder)
  try {
    const file = join(folder, 'ledger.sqlite')
    if (existsSync(file) && ledgerHead(folder).seq > 0)
      throw new Error(`${folder} has a ledger of its own: a member begins with an empty folder, and gets the town’s`)
    const asking = askToJoin(id, onMembers.agreement.password, isoTime(clock.now()))
    const { answer, by } = await askMembers(ground, id, asking.request)
    const record = { town, member: id, key: asking.keyIn(answer), since: isoTime(clock.now()) }
    const townKey = Buffer.from(record.key, 'base64')
    const link = createLink({ townKey, member: id, clock, ca: onMembers.agreement.ca })
    try {
      const copied = await copyLedger(file, createSeal(townKey), ground, async (after) => {
        const { status: code, body } = await link.ask(by, 'GET', `/api/v1/town/rows?after=${after}`, null, 30_000)
        if (code !== 200) throw new Error(`${by} gives no entries: ${JSON.stringify(body)}`)
        return (body as { rows: AgreedRow[] }).rows
      })
      print(`${copied} entries were copied from ${by}, and each hash was made again here.`)
    } finally {
      link.close()
    }
    const seal = createSeal(townKey)
    await copyFiles(ground, seal)
    const key = keys.joinedMember(id)
    await etcd.put(key, seal.seal(key, { url, what: 'joined', recorded: false } satisfies Joined))
    writeTownRecord(folder, record)
    print(
      `${id} belongs to the town ${town}. Now: lamppost start --member ${id} --site ${options.site} --data ${options.data ?? folder}`,
    )
    const others = members.filter((each) => each.id !== id).map((each) => each.id)
    print(`It follows ${others.join(' and ')}, and leads when nobody else does.`)
    return 0
  } finally {
    unlock()
  }
}
/** People, keys and the site file as the town has them: from its first moment this member knows who may press. */
async function copyFiles({ etcd, keys, folder, siteFile, siteText }: Ground, seal: Seal): Promise<void> {
  for (const kv of (await etcd.range(keys.files, { end: endOf(keys.files) })).found) {
    const name = nameAfter(keys.files, kv.key)
    const text = seal.open<string>(kv.key, kv.value)
    if (name !== SITE) {
      mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 })
      replaceFile(join(folder, name), text)
    } else if (text !== siteText) {
      replaceFile(`${siteFile}.before-town`, siteText)
      replaceFile(siteFile, text)
      print(`${siteFile} was another than the town's, which stands there now; yours is ${siteFile}.before-town`)
    }
  }
}
/** @throws in the words of the member that refuses, or when none answers */
async function askMembers(
  { members, onMembers }: Ground,
  id: string,
  request: object,
): Promise<{ answer: JoinAnswer; by: string }> {
  const link = createLink({ townKey: null, member: id, clock, ca: onMembers.agreement.ca })
  const why: string[] = []
  try {
    for (const { id: other, url } of members) {
      if (other === id) continue
      try {
        const { status: code, body } = await link.ask(url, 'POST', '/api/v1/town/members', request, 5000)
        if (code === 200) return { answer: body as JoinAnswer, by: url }
        why.push(`${other}: ${(body as { detail?: string }).detail ?? `it answers ${code}`}`)
      } catch (error) {
        why.push(`${other} (${url}): ${messageOf(error)}`)
      }
    }
  } finally {
    link.close()
  }
  throw new Error(`no member lets ${id} join. One of them must run:\n  ${why.join('\n  ')}`)
}
/** Up to what is agreed now. @returns how many. @throws when a hash is another, or entries are missing */
async function copyLedger(
  file: string,
  seal: Seal,
  { etcd, keys }: Ground,
  rowsAfter: (seq: number) => Promise<AgreedRow[]>,
): Promise<number> {
  const [kv] = (await etcd.range(keys.head)).found
  if (!kv) throw new Error('the engine has no town any more')
  const head = seal.open<Head>(kv.key, kv.value)
  const rows = openLedgerRows(file)
  try {
    for (let { seq } = rows.head(); seq < head.seq; { seq } = rows.head()) {
      const page = await rowsAfter(seq)
      const last = page.at(-1)
      // What was agreed a moment ago is on its way into that member's ledger; the server itself fetches the rest.
      if (!last) break
      const hashes = rows.append(page)
      if (hashes.at(-1) !== last.hash)
        throw new Error(
          `entry ${last.seq} has another hash here than there: the ledger of that member does not verify. Ask it: lamppost ledger verify`,
        )
    }
    return rows.head().seq
  } finally {
    rows.close()
  }
}

export async function refound(ground: Ground): Promise<number> {
  const record = mustBelong(ground)
  const { etcd, keys, folder, options } = ground
  const { url } = mustBeMember({ ...ground, member: record.member })
  const unlock = lockFolder(join(folder, 'member'))
  try {
    if ((await etcd.range(keys.head)).found.length > 0)
      throw new Error('the engine has the town: nothing is lost. Start the members')
    const file = join(folder, 'ledger.sqlite')
    const verdict = verifyLedger(file)
    if (!verdict.ok) throw new Error(`this copy does not verify (${verdict.problem}): take another member's`)
    const head = ledgerHead(folder)
    await putTown({ ...ground, member: record.member }, sealOf(record), head, { url, what: 'refounded' })
    print(`The town ${record.town} begins again from this copy: ${head.seq} entries, head ${head.hash}.`)
    print(
      `Entries that only other copies have are not in it. Now: lamppost start --member ${record.member} --site ${options.site}`,
    )
    print('Every other member joins anew, with an empty folder.')
    return 0
  } finally {
    unlock()
  }
}
