/** `lamppost town …`: a town on several machines is founded, joined, looked at and handed on by whoever runs its servers. */
import { join, resolve } from 'node:path'
import { EngineAway, createEtcd } from '../../members/engine/etcd.ts'
import { keysOf } from '../../members/engine/keys.ts'
import { withOwnWay } from '../../members/own-way.ts'
import { loadSite } from '../../site/site-file.ts'
import { createResolver } from '../../site/site-references.ts'
import { packageRoot } from '../../tools/package-root.ts'
import { found, joinTown, refound } from './found-and-join.ts'
import { leave, moveLead } from './hand-on.ts'
import type { Ground, TownOptions } from './town-ground.ts'
import { check, status } from './town-standing.ts'

const VERBS = { found, join: joinTown, leave, 'move-lead': moveLead, refound, status, check } as const

export async function townCommand([verb = '']: readonly string[], options: TownOptions): Promise<number> {
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb as keyof typeof VERBS] : null
  if (!run)
    throw new Error(
      `the town knows these commands: ${Object.keys(VERBS)
        .map((each) => `lamppost town ${each}`)
        .join(', ')}`,
    )
  if (options.site === undefined)
    throw new Error('--site FILE is missing: the town’s site file names its servers and the engine')
  const siteFile = resolve(options.site)
  const { site, text } = await loadSite(siteFile, createResolver(process.env))
  const onMembers = site.onMembers && withOwnWay(site.onMembers, process.env)
  if (!onMembers)
    throw new Error(
      `${options.site} has no town: members and agreement. Without them a town has one server, and needs no command`,
    )
  const ground: Ground = {
    ...{ town: site.id, members: onMembers.members, onMembers, siteFile, siteText: text, options },
    folder: resolve(options.data ?? join(packageRoot, 'data')),
    etcd: createEtcd(onMembers.agreement, { waitMs: 2000 }),
    keys: keysOf(site.id),
    member: options.member ?? process.env['LAMPPOST_MEMBER'],
  }
  try {
    return await run(ground)
  } catch (error) {
    if (error instanceof EngineAway)
      throw new Error(
        `the engine does not answer with a majority (${error.message}). lamppost town check --site ${options.site} says what is wrong`,
        { cause: error },
      )
    throw error
  } finally {
    ground.etcd.close()
  }
}
