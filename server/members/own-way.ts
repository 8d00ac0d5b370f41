/** How this server reaches the engine where that is another way than the site file says: a tunnel, its own box first. */
import type { TownOnMembers } from '../glossary/member.ts'

/** `LAMPPOST_ENGINE`: addresses with commas between them. @throws in words when one is none */
export function withOwnWay(town: TownOnMembers, environment: NodeJS.ProcessEnv = {}): TownOnMembers {
  const own = environment['LAMPPOST_ENGINE']
  if (own === undefined || own.trim() === '') return town
  const endpoints = own.split(',').map((each) => each.trim())
  const wrong = endpoints.find((each) => !URL.canParse(each) || !/^https?:\/\/[^/]+:\d+$/.test(each))
  if (wrong !== undefined)
    throw new Error(`LAMPPOST_ENGINE has ${wrong}, which is no address: write https://127.0.0.1:2379,…`)
  return { ...town, agreement: { ...town.agreement, endpoints } }
}
