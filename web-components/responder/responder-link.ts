/**
 * One link, as its page uses it: sends the token from behind the # of the address, keeps the session in this tab only,
 * and follows the incident until the link ends.
 */
export type Lent = {
  town: string
  timezone: string
  training: boolean
  recipient: string
  until: string
  number: string | null
  drill: boolean
  calledAt: string
  place: { name: string; address: string; lat: number | null; lon: number | null }
  cameras: { id: string; name: string; location: { lat: number; lon: number } | null; sure: boolean | null }[]
  notes: { at: string; text: string }[]
  answer: { answer: Answer; words: string; at: string } | null
  safePlaces: {
    name: string
    address: string
    lat: number
    lon: number
    open: { from: string; to: string | null }[]
  }[]
  map: {
    properties: { name?: string }
    geometry:
      { type: 'LineString'; coordinates: [number, number][] } | { type: 'Polygon'; coordinates: [number, number][][] }
  }[]
  now: string
}
export type Answer = 'on-my-way' | 'arrived' | 'needs-more'
export type Over = 'revoked' | 'time' | 'closed' | 'unknown' | 'not-whole'
/** `skew`: the server's clock minus that of this page, which nobody sets; milliseconds. */
export type LinkState = { lent: Lent | null; over: Over | null; lost: boolean; skew: number }

const RETRY_MS = [300, 700, 1500, 3000]
/** The server says something every six seconds. */
const SILENCE_MS = 15_000

export type ResponderLink = ReturnType<typeof openLink>
/** @param base the address of the link, without what stands behind # */
export function openLink(base: string, token: string, onChange: (state: LinkState) => void) {
  let state: LinkState = { lent: null, over: token === '' ? 'not-whole' : null, lost: false, skew: 0 }
  let session = ''
  let entering: Promise<boolean> | null = null
  const ended = new AbortController()

  function set(change: Partial<LinkState>): void {
    state = { ...state, ...change }
    if (state.over !== null) {
      state = { ...state, lent: null }
      ended.abort()
    }
    onChange(state)
  }
  /** What an answer says of the link. @returns whether it has ended */
  async function isOver(answer: Response): Promise<boolean> {
    if (answer.status !== 410 && answer.status !== 404) return false
    const { code, end } = (await answer.json().catch(() => ({}))) as { code?: string; end?: Over }
    if (code !== 'responder/over' && code !== 'responder/unknown') return false
    set({ over: end ?? 'unknown' })
    return true
  }
  async function enter(): Promise<boolean> {
    const answer = await fetch(`${base}/session`, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    if (await isOver(answer)) return false
    if (answer.status === 401) {
      set({ over: 'not-whole' })
      return false
    }
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
    session = ((await answer.json()) as { session: string }).session
    return true
  }
  /** As often as it is asked at once: one session. */
  const entered = (): Promise<boolean> => (entering ??= enter().finally(() => (entering = null)))

  /** @returns null when the link has ended. @throws when the server is not reached, or refuses */
  async function ask(path: string, init: RequestInit = {}): Promise<Response | null> {
    if (session === '' && !(await entered())) return null
    const signal = AbortSignal.any([ended.signal, ...(init.signal ? [init.signal] : [])])
    const go = (): Promise<Response> =>
      fetch(`${base}/${path}`, {
        ...init,
        signal,
        credentials: 'omit',
        cache: 'no-store',
        headers: { ...init.headers, authorization: `Bearer ${session}` },
      })
    let answer = await go()
    // The server began anew, or the link was opened in many tabs.
    if (answer.status === 401 && (await entered())) answer = await go()
    return (await isOver(answer)) ? null : answer
  }
  async function load(): Promise<void> {
    const answer = await ask('incident')
    if (!answer) return
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
    const lent = (await answer.json()) as Lent
    set({ lent, lost: false, skew: Date.parse(lent.now) - performance.now() })
  }
  /** @param onHeard the server is there */
  async function follow(onHeard: () => void): Promise<void> {
    const quiet = new AbortController()
    let silence = setTimeout(() => quiet.abort(), SILENCE_MS)
    try {
      const answer = await ask('events', { signal: quiet.signal })
      const reader = answer?.body?.pipeThrough(new TextDecoderStream()).getReader()
      if (!reader) return
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        onHeard()
        clearTimeout(silence)
        silence = setTimeout(() => quiet.abort(), SILENCE_MS)
        if (/^event: /m.test(value)) await load()
      }
    } finally {
      clearTimeout(silence)
    }
  }
  async function run(): Promise<void> {
    for (let tries = 0; state.over === null; tries += 1) {
      try {
        await follow(() => (tries = 0))
        if (state.over === null) await load()
      } catch {
        if (state.over === null) set({ lost: true })
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]))
    }
  }
  // Once whoever opened it has it.
  queueMicrotask(() => onChange(state))
  void run()
  return {
    now: (): number => performance.now() + state.skew,
    /** Its time is over by the clock of the server: what is shown ends here, whether the server is reached or not. */
    timeIsOver: (): void => set({ over: 'time' }),
    bearer: (): string => session,
    pictureAt: (camera: string, file: string): string => `${base}/cameras/${encodeURIComponent(camera)}/${file}`,
    async still(camera: string): Promise<Blob | null> {
      const answer = await ask(`cameras/${encodeURIComponent(camera)}/snapshot.jpg`)
      return answer?.ok ? answer.blob() : null
    },
    /** @throws when it did not arrive */
    async answer(answer: Answer, words: string): Promise<void> {
      const said = await ask('answers', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ answer, words }),
      })
      if (said && !said.ok) throw new Error(`the server answered ${said.status}`)
    },
    /** A picture was refused: the link may have ended. */
    check: (): void => void load().catch(() => {}),
  }
}
