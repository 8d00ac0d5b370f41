/** Names of a town's keys in the engine, and what lies under each. Values are sealed (seal.ts). Pure. */

const DIGITS = 14
const padded = (number: number): string => String(number).padStart(DIGITS, '0')

/** @param town the site's id */
export function keysOf(town: string) {
  const prefix = `/lamppost/${town}/`
  return {
    town,
    prefix,
    /** On a lease: who leads. Its create revision is the term. */ lead: `${prefix}lead`,
    /** The last number and hash that were agreed. */ head: `${prefix}head`,
    /** The newest term of before this engine: what its revisions are added to. */ terms: `${prefix}terms`,
    /** Rows, filed under the last number of each batch. */ entries: `${prefix}e/`,
    entriesUpTo: (seq: number): string => `${prefix}e/${padded(seq)}`,
    /** Presses that are agreed and have no number yet. */ inbox: `${prefix}inbox/`,
    inboxOf: (start: string, number: number): string => `${prefix}inbox/${start}-${padded(number)}`,
    /** On a lease: a member that lives, and how it is. */ members: `${prefix}members/`,
    member: (id: string): string => `${prefix}members/${id}`,
    /** How far each member's ledger is, living or not. */ applied: `${prefix}applied/`,
    appliedBy: (id: string): string => `${prefix}applied/${id}`,
    /** Who belongs to the town, living or not. */ joined: `${prefix}joined/`,
    joinedMember: (id: string): string => `${prefix}joined/${id}`,
    /** Whom somebody wants to lead (`lamppost town move-lead`); on a lease. */ wanted: `${prefix}wanted`,
    /** Small files that all members have. */ files: `${prefix}files/`,
    file: (name: string): string => `${prefix}files/${name}`,
  }
}
export type TownKeys = ReturnType<typeof keysOf>
/** What is after the folder in a name. */
export const nameAfter = (folder: string, key: string): string => key.slice(folder.length)
