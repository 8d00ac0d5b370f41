/** The lead is handed on, and a member goes. */
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { endOf } from '../../members/engine/etcd-values.ts'
import { openHeldBook } from '../../members/held-book.ts'
import type { Joined } from '../../members/town-state.ts'
import { realClock as clock } from '../../tools/clock.ts'
import { lockFolder } from '../../tools/process/folder-lock.ts'
import { type Ground, mustBelong, print, sealOf } from './town-ground.ts'
import { standingOf } from './town-standing.ts'

export async function leave(ground: Ground): Promise<number> {
  const record = mustBelong(ground)
  const { etcd, keys, folder } = ground
  const unlock = lockFolder(join(folder, 'member'))
  try {
    const held = heldIn(folder)
    if (held > 0)
      throw new Error(
        `${held} presses are on this server's disk alone: start it once more with a majority, so that they are delivered`,
      )
    const seal = sealOf(record)
    const key = keys.joinedMember(record.member)
    const others = (await etcd.range(keys.joined, { end: endOf(keys.joined) })).found.filter((kv) => kv.key !== key)
    if (others.length === 0) throw new Error(`${record.member} is the only member: a town without members is nothing`)
    await etcd.put(key, seal.seal(key, { url: '', what: 'left', recorded: false } satisfies Joined))
    renameSync(join(folder, 'town.json'), join(folder, 'town.json.left'))
    print(`${record.member} has left the town ${record.town}. Its copy of the ledger stays in ${folder}.`)
    return 0
  } finally {
    unlock()
  }
}
function heldIn(folder: string): number {
  const file = join(folder, 'member', 'held.sqlite')
  if (!existsSync(file)) return 0
  const book = openHeldBook(file)
  try {
    return book.size()
  } finally {
    book.close()
  }
}

const MOVE_WITHIN_MS = 20_000
export async function moveLead(ground: Ground): Promise<number> {
  const record = mustBelong(ground)
  const { etcd, keys, options, members } = ground
  const seal = sealOf(record)
  const standing = await standingOf(ground, seal)
  const to =
    options.to ?? members.map(({ id }) => id).find((id) => id !== standing.lead?.member && standing.members.has(id))
  if (to === undefined) throw new Error('no other member is there that could lead')
  if (!standing.members.has(to)) throw new Error(`${to} is not there: it could not lead`)
  if (standing.lead?.member === to) {
    print(`${to} leads already.`)
    return 0
  }
  const lease = await etcd.grant(MOVE_WITHIN_MS / 1000)
  await etcd.put(keys.wanted, seal.seal(keys.wanted, to), lease)
  for (const until = clock.monotonic() + MOVE_WITHIN_MS; clock.monotonic() < until; await clock.sleep(100)) {
    const { lead } = await standingOf(ground, seal)
    if (lead?.member !== to) continue
    await etcd.revoke(lease)
    print(`${to} leads the town ${record.town}.`)
    return 0
  }
  throw new Error(
    `${to} does not lead after ${MOVE_WITHIN_MS / 1000} s: its log says why; the town goes on with who leads now`,
  )
}
