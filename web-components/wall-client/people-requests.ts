/** What the page of people asks for, as requests of the API. */
import type { Account, Role, SessionView, TokenView, WhoIsHere } from './api-shapes.ts'
import type { WallCalls } from './wall-requests.ts'

export type NewAccount = { user: string; name: string; roles: Role[]; password: string }
export type AccountChange = { name?: string; roles?: Role[]; password?: string }

export function createPeopleRequests({ call, get }: Pick<WallCalls, 'call' | 'get'>) {
  const pathOf = (user: string, what = ''): string => `/api/v1/users/${encodeURIComponent(user)}${what}`
  const itemsOf = async <T>(path: string): Promise<T[]> => (await get<{ items: T[] }>(path)).items
  return {
    whoIsHere: (): Promise<WhoIsHere> => get('/api/v1/session'),
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
    tokens: (): Promise<TokenView[]> => itemsOf('/api/v1/tokens'),
    removeToken: async (id: string): Promise<void> =>
      void (await call('DELETE', `/api/v1/tokens/${encodeURIComponent(id)}`)),
  }
}
