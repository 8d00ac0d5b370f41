/** Types only: who may do what. */
export const ROLES = ['operator', 'engineer', 'evidence', 'supervisor', 'press'] as const
export type Role = (typeof ROLES)[number]
/** Who reads what the town shows: everybody who signs in. */
export const READERS = ['operator', 'engineer', 'evidence', 'supervisor'] as const satisfies readonly Role[]
/** Who handles incidents. */
export const HANDLERS = ['operator', 'supervisor'] as const satisfies readonly Role[]

/**
 * What a narrowed token is for, whatever else its role may do. `wall-view`: a wall that only shows. `wall`: a wall that
 * handles incidents, too. `metrics`: figures of the server. `press`: presses and signs of life.
 */
export const SCOPES = ['wall-view', 'wall', 'metrics', 'press'] as const
export type Scope = (typeof SCOPES)[number]
/** For config of routes and streams: a wall needs it; the second list, only a wall that also handles incidents. */
export const ANY_WALL = ['wall-view', 'wall'] as const satisfies readonly Scope[]
export const HANDLING_WALL = ['wall'] as const satisfies readonly Scope[]

/** `screens`: how many walls they have open; `looking`: incidents that those show. */
export type Present = { name: string; role: Role; screens: number; looking: string[] }

/** How somebody looks at a camera. `still`: single pictures, newest or kept. `clip`: what an incident holds of it. */
export type Look = 'live' | 'still' | 'clip'
/** Why somebody looks at cameras that no incident holds; `camera` null: at any of them. */
export type ViewReason = { reason: string; camera: string | null; until: string }

export type Person = {
  name: string
  /** The one that acts: of somebody with several roles the first that the request needs. */
  role: Role
  /** Of somebody with more than one, in the order that a supervisor gave them; else left out. */
  roles?: readonly Role[]
  /** A press token speaks for these help points only; null speaks for all of the site. */
  helpPoints: string[] | null
  /** The name that they sign in with; tokens have none. */
  user?: string
  /** A narrowed token or session; left out: everything that the role may. */
  scope?: Scope
  /** Roles that they have only once a second factor is proven. */
  withheld?: readonly Role[]
  /**
   * Whose token or session made this short-lived one: its holder makes no others, opens no session and signs nothing.
   */
  through?: string
}

/** An account as supervisors see it. `scheme`: how its password is kept. */
export type Account = {
  user: string
  name: string
  roles: Role[]
  since: string | null
  scheme: 'argon2id' | 'scrypt'
  sessions: number
  /** How many second factors there are. */
  factors: number
}
/** A second factor of an account. `totp`: codes of an authenticator app. */
export type Factor = { id: string; kind: 'totp' | 'passkey'; name: string; since: string }
/** A session as its person and supervisors see it. `id` opens nothing. */
export type SessionView = {
  id: string
  since: string
  used: string
  until: string
  from: string
  browser: string
  /** It is the session that this list was asked for with. */
  current: boolean
}
/** A token as supervisors see it; the token itself is never shown again. */
export type TokenView = {
  id: string
  name: string
  role: Role
  scope: Scope | null
  helpPoints: string[] | null
  made: string | null
  /** Null: it does not end by itself. */
  until: string | null
  /** When it was last used since the server started. */
  used: string | null
  /** Whose session or token made it, for a wall. */
  through: string | null
  /** It ends soon after the first use of this one, which takes its place. */
  replacedBy: string | null
}
