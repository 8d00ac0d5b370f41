/**
 * All live pictures of a page over one WebSocket, opened before the first press so that a picture costs no connection.
 * Reconnects by itself; where it cannot open, players use the HTTP routes. It also tells the server's clock exactly.
 */
import { turnAt } from './connection-turns.ts'
import type { PictureForm } from './api-shapes.ts'
import { type SharedPicture, createSharedPicture } from './shared-pictures.ts'

export type CarriedBegin = {
  run: number
  codec: string
  partTarget: number
  number: number
  start: number
  duration: number
  before: { number: number; start: number; duration: number }[]
  init: Uint8Array<ArrayBuffer>
  bytes: Uint8Array<ArrayBuffer>
}
export type CarriedPart = {
  number: number
  start: number
  duration: number
  independent: boolean
  bytes: Uint8Array<ArrayBuffer>
}
export type CarriedListener = {
  begin(begin: CarriedBegin): void
  part(part: CarriedPart): void
  /**
   * No picture now, or no connection: `begin` follows when there is one again. With a code it is over: it is asked
   * for again, or never.
   */
  gone(words: string, code: string | null): void
}
export type PictureCarrier = ReturnType<typeof createPictureCarrier>

const PING_MS = 2000
const SILENCE_MS = 6000
const RETRY_MS = [250, 500, 1000, 2000, 5000]
/** A connection that lasted so long was a good one. */
const LASTED_MS = 3000

/**
 * @param address of now, ws:// or wss://.
 * @param token gives the bearer token of now; '' uses the session cookie.
 * @param onClock hears the server's time and how far it may be off, milliseconds.
 */
export function createPictureCarrier({
  address,
  token,
  onClock,
  onChange,
}: {
  address(): string
  token(): string
  onClock(serverNow: number, doubt: number): void
  onChange(): void
}) {
  /** By the name that the server knows it by; one for each camera and form. */
  const watches = new Map<string, { camera: string; form: PictureForm; picture: SharedPicture }>()
  let socket: WebSocket | null = null
  let open = false
  let wanted = false
  let tries = 0
  let names = 0
  let heard = 0
  /** When the ping that waits for an answer was sent. */
  let asked = 0
  let pinging: ReturnType<typeof setInterval> | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  /** By the wall: several of a page share this connection. */
  const looking = new Map<object, string[]>()
  let told = ''
  const lookingNow = (): string[] => [...new Set([...looking.values()].flat())].sort()

  const send = (message: object): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }
  const ask = (watch: string, camera: string, form: PictureForm): void => send({ watch, camera, form })

  let openedAt = 0
  let inTurn: AbortController | null = null
  function connect(): void {
    clearTimeout(retry)
    if (!wanted || socket || inTurn) return
    const mine = new AbortController()
    inTurn = mine
    void turnAt(address(), mine.signal).then(() => {
      if (inTurn !== mine) return
      inTurn = null
      if (!mine.signal.aborted) begin()
    })
  }
  function begin(): void {
    if (!wanted || socket) return
    const mine = new WebSocket(address())
    socket = mine
    mine.binaryType = 'arraybuffer'
    heard = performance.now()
    asked = heard
    // In a hidden window this comes once a minute: what counts is how long a question has gone without an answer.
    pinging = setInterval(() => {
      const now = performance.now()
      if (heard < asked && now - asked > SILENCE_MS) lose(mine)
      else if (!open && now - heard > SILENCE_MS) lose(mine)
      else if (open && heard >= asked) ping()
    }, PING_MS)
    mine.addEventListener('open', () => token() && send({ token: token() }))
    mine.addEventListener('message', ({ data }) => socket === mine && onMessage(data as string | ArrayBuffer))
    mine.addEventListener('close', () => lose(mine))
    mine.addEventListener('error', () => lose(mine))
  }
  function lose(mine: WebSocket): void {
    if (socket !== mine) return
    clearInterval(pinging)
    socket = null
    mine.close()
    const was = open
    open = false
    // One that is let in and thrown out again is no good connection.
    if (was && performance.now() - openedAt > LASTED_MS) tries = 0
    if (wanted) {
      retry = setTimeout(connect, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)])
      tries += 1
    }
    if (!was) return
    for (const { picture } of [...watches.values()]) picture.gone('The connection for live pictures was lost.', null)
    onChange()
  }
  function ping(): void {
    asked = performance.now()
    send({ ping: Date.now() })
  }

  function onMessage(data: string | ArrayBuffer): void {
    heard = performance.now()
    if (typeof data === 'string')
      return onText(
        JSON.parse(data) as {
          welcome?: boolean
          pong?: number
          now?: number
          gone?: string
          words?: string
          code?: string
        },
      )
    const view = new DataView(data)
    const length = view.getUint32(0)
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as {
      begin?: string
      part?: string
      init: number
    }
    const bytes = new Uint8Array(data, 4 + length)
    if (header.begin !== undefined)
      watches.get(header.begin)?.picture.begin({
        ...(header as unknown as CarriedBegin),
        init: bytes.subarray(0, header.init),
        bytes: bytes.subarray(header.init),
      })
    else if (header.part !== undefined)
      watches.get(header.part)?.picture.part({ ...(header as unknown as CarriedPart), bytes })
  }
  function onText({
    welcome,
    pong,
    now = 0,
    gone,
    words = '',
    code,
  }: {
    welcome?: boolean
    pong?: number
    now?: number
    gone?: string
    words?: string
    code?: string
  }): void {
    if (gone !== undefined) {
      const over = watches.get(gone)
      // With a code nothing follows: whoever wants it asks anew.
      if (code !== undefined) watches.delete(gone)
      over?.picture.gone(words, code ?? null)
    }
    if (pong !== undefined) {
      const trip = Date.now() - pong
      if (trip >= 0 && trip < PING_MS) onClock(now + trip / 2, trip / 2 + 1)
    }
    if (!welcome) return
    // A renewed token is welcomed once more: everything goes on as it was.
    const known = open
    open = true
    openedAt = performance.now()
    ping()
    if (known) return
    told = lookingNow().join(' ')
    send({ looking: lookingNow() })
    for (const [watch, { camera, form }] of watches) ask(watch, camera, form)
    onChange()
  }

  return {
    /** True while pictures can come this way. */
    isOpen: (): boolean => open,
    start(): void {
      wanted = true
      connect()
    },
    stop(): void {
      wanted = false
      inTurn?.abort()
      inTurn = null
      clearTimeout(retry)
      if (socket) lose(socket)
    },
    /** The token has changed. */
    signInAgain(): void {
      if (token()) send({ token: token() })
    },
    /** What this screen shows large, for the others in the room. */
    looking(wall: object, incidents: string[]): void {
      if (incidents.length > 0) looking.set(wall, incidents)
      else looking.delete(wall)
      const now = lookingNow()
      if (!open || now.join(' ') === told) return
      told = now.join(' ')
      send({ looking: now })
    },
    /** Returns the undo. However many watch the same camera in the same form, it comes once. */
    watch(camera: string, form: PictureForm, listener: CarriedListener): () => void {
      const known = [...watches].find(([, each]) => each.camera === camera && each.form === form)
      if (!known) names += 1
      const [name, { picture }] = known ?? [String(names), { picture: createSharedPicture() }]
      if (!known) {
        watches.set(name, { camera, form, picture })
        if (open) ask(name, camera, form)
      }
      picture.join(listener)
      return () => {
        if (picture.leave(listener) || watches.get(name)?.picture !== picture) return
        watches.delete(name)
        if (open) send({ leave: name })
      }
    },
  }
}
