/**
 * A council's directory: the real `oidc-provider` on loopback, with people of a test in it. Its sign-in page is the
 * test's own: a name is typed, and that is who it is.
 */
import { type Server, createServer } from 'node:http'
import { Provider } from 'oidc-provider'

/** `amr`: what they proved themselves with there (RFC 8176). */
export type DirectoryPerson = { name: string; groups: string[]; amr?: string[] }
export const CLIENT = { id: 'lamppost', secret: 'a secret of the directory and of Lamppost' }

export async function startDirectory(
  people: Readonly<Record<string, DirectoryPerson>>,
  { redirects, logout }: { redirects: string[]; logout: string },
) {
  const pass = (
    request: Parameters<ReturnType<Provider['callback']>>[0],
    response: Parameters<ReturnType<Provider['callback']>>[1],
  ) => callback?.(request, response)
  let callback: ReturnType<Provider['callback']> | null = null
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer)
    const [, interaction, uid] = url.pathname.split('/')
    if (interaction !== 'interaction') return void pass(request, response)
    const user = url.searchParams.get('user')
    if (user !== null) return void finish(request, response, user)
    response.setHeader('content-type', 'text/html')
    response.end(
      `<h1>The council's own page</h1><form action="/interaction/${uid}"><input name="user"><button>Sign in</button></form>`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as { port: number }
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: redirects,
        grant_types: ['authorization_code'],
        response_types: ['code'],
        backchannel_logout_uri: logout,
        backchannel_logout_session_required: true,
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub', 'amr'], profile: ['name', 'groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['of a test'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, name: people[sub]?.name, groups: people[sub]?.groups }),
    }),
    // What a person agrees to, the council has agreed to.
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc
      const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
    // Its own guard asks no address of this machine.
    fetch: (url, { body = null, headers = {} } = {}) => fetch(url, { method: 'POST', body, headers }),
    renderError: (context, out) => void (context.body = JSON.stringify(out)),
  })
  callback = provider.callback()
  async function finish(
    ...[request, response, user]: [Parameters<typeof pass>[0], Parameters<typeof pass>[1], string]
  ) {
    await provider.interactionFinished(request, response, {
      login: { accountId: user, ...(people[user]?.amr ? { amr: people[user].amr } : {}) },
    })
  }
  return {
    issuer,
    provider,
    /** It is away: whoever asks is refused. */
    async close(): Promise<void> {
      // Nobody comes any more before those who are here go: one between the two would keep it open.
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
