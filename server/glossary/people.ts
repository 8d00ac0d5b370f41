/** Types only: who may do what. */
export const ROLES = ['operator', 'engineer', 'evidence', 'supervisor', 'press'] as const
export type Role = (typeof ROLES)[number]
/** Who handles incidents. */
/** Who reads what the town shows: everybody who signs in. */
export const READERS = ['operator', 'engineer', 'evidence', 'supervisor'] as const satisfies readonly Role[]
export const HANDLERS = ['operator', 'supervisor'] as const satisfies readonly Role[]

/** `screens`: how many walls they have open; `looking`: incidents that those show. */
export type Present = { name: string; role: Role; screens: number; looking: string[] }

/** How somebody looks at a camera. `still`: single pictures, newest or kept. `clip`: what an incident holds of it. */
export type Look = 'live' | 'still' | 'clip'
/** Why somebody looks at cameras that no incident holds; `camera` null: at any of them. */
export type ViewReason = { reason: string; camera: string | null; until: string }

export type Person = {
  name: string
  role: Role
  /** A press token speaks for these help points only; null speaks for all of the site. */
  helpPoints: string[] | null
  /**
   * Whose token or session made this short-lived one: its holder makes no others, opens no session and signs nothing.
   */
  through?: string
}
