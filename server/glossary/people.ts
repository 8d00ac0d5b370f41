/** Types only: who may do what. */
export const ROLES = ['operator', 'engineer', 'evidence', 'supervisor', 'press'] as const
export type Role = (typeof ROLES)[number]

export type Person = {
  name: string
  role: Role
  /** A press token speaks for these help points only; null speaks for all of the site. */
  helpPoints: string[] | null
}
