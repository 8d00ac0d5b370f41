/** What the page of people asks for, as requests of the API. */
import type { Account, Factor, FactorOffer, Role, SessionView, TokenView, WhoIsHere } from '../api-shapes.ts'
import type { WallCalls } from './wall-requests.ts'

export type NewAccount = { user: string; name: string; roles: Role[]; password: string }
export type NewFactor =
  { kind: 'totp'; name: string; offer: string; code: string } | { kind: 'passkey'; name: string; passkey: object }
export type AccountChange = { name?: string; roles?: Role[]; password?: string }

export function createPeopleRequests({ call, get }: Pick<WallCalls, 'call' | 'get'>) {
  const pathOf = (user: string, what = ''): string => `/api/v1/users/${encodeURIComponent(user)}${what}`
  const itemsOf = async <T>(path: string): Promise<T[]> => (await get<{ items: T[] }>(path)).items
  return {
    whoIsHere: (): Promise<WhoIsHere> => get('/api/v1/session'),
    passkeyOptions: (): Promise<object> => get('/api/v1/session/passkey'),
    signOut: async (): Promise<void> => void (await call('DELETE', '/api/v1/session')),
    accounts: (): Promise<Account[]> => itemsOf('/api/v1/users'),
    addAccount: async (account: NewAccount): Promise<Account> =>
      (await call('POST', '/api/v1/users', account)).json() as Promise<Account>,
    changeAccount: async (user: string, change: AccountChange): Promise<Account> =>
      (await call('PATCH', pathOf(user), change)).json() as Promise<Account>,
    removeAccount: async (user: string): Promise<true> => (await call('DELETE', pathOf(user)), true),
    sessionsOf: (user: string): Promise<SessionView[]> => itemsOf(pathOf(user, '/sessions')),
    /** @param id of one; null: all of them */
    endSession: async (user: string, id: string | null): Promise<void> =>
      void (await call('DELETE', pathOf(user, id === null ? '/sessions' : `/sessions/${encodeURIComponent(id)}`))),
    factorsOf: (user: string): Promise<Factor[]> => itemsOf(pathOf(user, '/factors')),
    offerFactor: async (user: string, kind: Factor['kind']): Promise<FactorOffer> =>
      (await call('POST', pathOf(user, '/factors/offers'), { kind })).json() as Promise<FactorOffer>,
    addFactor: async (user: string, made: NewFactor): Promise<Factor> =>
      (await call('POST', pathOf(user, '/factors'), made)).json() as Promise<Factor>,
    /** @param id of one of one's own; null: all of somebody's who has lost them */
    removeFactor: async (user: string, id: string | null): Promise<true> => (
      await call('DELETE', pathOf(user, id === null ? '/factors' : `/factors/${encodeURIComponent(id)}`)),
      true
    ),
    tokens: (): Promise<TokenView[]> => itemsOf('/api/v1/tokens'),
    removeToken: async (id: string): Promise<void> =>
      void (await call('DELETE', `/api/v1/tokens/${encodeURIComponent(id)}`)),
  }
}
