/**
 * A fake ZoneMinder, in memory: as version 1.36.33 of Debian 12 was seen to behave on 2026-11-29, for the requests that
 * the connector makes, plus lies by name. It passes the suite that the real one passes (`zoneminder-contract.ts`).
 */
import { type Server, createServer } from 'node:http'
import { type AddressInfo, type Socket, createServer as createTcpServer } from 'node:net'

type FakeEvent = {
  Id: number
  MonitorId: number
  Name: string
  Cause: string
  Notes: string
  StartDateTime: string
  EndDateTime: string | null
  Archived: number
  Length: string
}
export type Lies = {
  /** Says that it was saved, and does not. */ savesNothing?: boolean
  /** A trigger is taken, and no event comes of it. */ hearsNothing?: boolean
  /** Every answer of the API is this status. */ status?: number
  /** Answers with a page. */ html?: boolean
  /** Never answers. */ hangs?: boolean
  /** Redirects to this address. */ redirect?: string
  /** Bytes of an endless list. */ floods?: boolean
  /** Its tokens are refused from now on. */ tokensExpired?: boolean
  /** Names that its database cannot hold cost the event. */ latin1?: boolean
  /** The account may only look. */ mayOnlyLook?: boolean
  triggerDead?: boolean
  /** This one event cannot be read. */ brokenEvent?: number
}
export type FakeZoneMinder = Awaited<ReturnType<typeof startFakeZoneMinder>>

export const PASSWORD = 'a-password-of-the-vms'
const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')

export async function startFakeZoneMinder(monitors: { id: number; path: string; mode?: string }[]) {
  const lies: Lies = {}
  const events: FakeEvent[] = []
  const asked: string[] = []
  const lines: string[] = []
  const open = new Map<number, FakeEvent>()
  const sockets = new Set<Socket>()
  let tokens = 0
  const connected = new Map(monitors.map(({ id }) => [id, true]))

  const modeOf = (id: number): string => monitors.find((each) => each.id === id)?.mode ?? 'Nodect'
  function begin(monitor: number, cause: string, notes: string): FakeEvent {
    const event: FakeEvent = {
      Id: events.length + 1,
      MonitorId: monitor,
      Name: 'New Event',
      Cause: cause,
      Notes: notes,
      StartDateTime: stamp(Date.now() - 6000),
      EndDateTime: null,
      Archived: 0,
      Length: '7200.00',
    }
    events.push(event)
    open.set(monitor, event)
    return event
  }
  function end(monitor: number): FakeEvent | null {
    const event = open.get(monitor) ?? null
    if (event) event.EndDateTime = stamp(Date.now())
    open.delete(monitor)
    return event
  }
  for (const { id } of monitors) if (/^(Mocord|Record)$/.test(modeOf(id))) begin(id, 'Continuous', '')

  function onTrigger(line: string): void {
    lines.push(line)
    const [id = '', action = '', , cause = '', text = ''] = line.split('|')
    const monitor = Number(id)
    const known =
      monitors.some((each) => each.id === monitor) && /^(Nodect|Modect|Mocord|Record)$/.test(modeOf(monitor))
    if (!known || lies.hearsNothing || lies.triggerDead) return
    const say = (words: string): void => sockets.forEach((socket) => void socket.write(`${words}\n`))
    const notes = `${cause}: ${text}`
    if (action === 'on') {
      const running = open.get(monitor)
      if (running) {
        running.Notes = running.Cause === 'Continuous' && running.Notes === '' ? notes : `${running.Notes}, ${text}`
        return
      }
      // As it was tried: an apostrophe breaks its SQL.
      if (text.includes("'")) return say(`${monitor}|on|1795864924|0`)
      if (lies.latin1 && [...text].some((letter) => (letter.codePointAt(0) ?? 0) > 0xff))
        return say(`${monitor}|on|1795864924|0`)
      say(`${monitor}|on|1795864924|${begin(monitor, cause, notes).Id}`)
    } else if (action === 'off') {
      const ended = end(monitor)
      if (modeOf(monitor) === 'Mocord') begin(monitor, 'Continuous', '')
      if (ended) say(`${monitor}|off|1795864930|${ended.Id}`)
    }
  }
  const shown = (event: FakeEvent) => ({ Event: event })
  const matching = (filter: string): FakeEvent[] => {
    const notes = /^StartDateTime >=:(.+)\/Notes REGEXP:(.+)$/.exec(filter)
    if (notes)
      return events.filter(
        (event) => event.StartDateTime >= (notes[1] ?? '') && new RegExp(notes[2] ?? '').test(event.Notes),
      )
    const past = /^MonitorId:(\d+)\/StartDateTime <=:(.+)$/.exec(filter)
    if (!past) return []
    return events.filter((event) => event.MonitorId === Number(past[1]) && event.StartDateTime <= (past[2] ?? ''))
  }

  const api: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1')
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      const path = decodeURIComponent(url.pathname.replace(/^\/zm\/api\//, ''))
      asked.push(`${request.method} ${path}`)
      const answer = (status: number, body: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      }
      /** As it does: with the address, and the token in it. */
      const refuse = (status: number, name: string): void =>
        answer(status, { success: false, data: { name, message: name, url: request.url } })
      if (lies.hangs) return
      if (lies.redirect) return void response.writeHead(307, { location: lies.redirect }).end()
      if (lies.html) return void response.end('<html><body>ZoneMinder</body></html>')
      if (lies.floods) {
        const chunk = Buffer.alloc(1_000_000, 'x')
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once('drain', more)
        }
        return more()
      }
      if (lies.status) return refuse(lies.status, 'Internal error')
      if (path === 'host/login.json') {
        if (form.get('pass') !== PASSWORD) return refuse(401, 'Login denied for user')
        tokens += 1
        return answer(200, { access_token: `token-${tokens}`, access_token_expires: 7200 })
      }
      if (lies.tokensExpired && url.searchParams.get('token') !== `token-${tokens}`) return refuse(401, 'Expired token')
      if (!url.searchParams.get('token')?.startsWith('token-')) return refuse(401, 'No token')
      if (path === 'host/getVersion.json') return answer(200, { version: '1.36.33', apiversion: '2.0' })
      if (path === 'host/getTimeZone.json') return answer(200, { tz: 'UTC' })
      if (path === 'host/daemonCheck.json') return answer(200, { result: 1 })
      if (path === 'host/daemonCheck/zmtrigger.pl.json') return answer(200, { result: lies.triggerDead ? 0 : 1 })
      if (path === 'monitors.json')
        return answer(200, {
          monitors: monitors.map(({ id, path: at }) => ({
            Monitor: { Id: id, Name: `monitor ${id}`, Function: modeOf(id), Enabled: 1, Path: at, Host: null },
            Monitor_Status: {
              Status: connected.get(id) ? 'Connected' : 'Running',
              CaptureFPS: connected.get(id) ? '15.02' : '0.00',
            },
          })),
        })
      const list = /^events\/index\/(.+)\.json$/.exec(path)
      if (list) {
        const found = matching(list[1] ?? '').toReversed()
        return answer(200, { events: found.slice(0, Number(url.searchParams.get('limit') ?? 100)).map(shown) })
      }
      const one = /^events\/(\d+)\.json$/.exec(path)
      if (!one) return refuse(404, 'Not found')
      if (request.method === 'PUT' && lies.mayOnlyLook) return refuse(401, 'Insufficient privileges')
      if (lies.brokenEvent === Number(one[1])) return refuse(500, 'Internal error')
      const event = events.find((each) => each.Id === Number(one[1]))
      if (!event) return refuse(404, 'Invalid event')
      if (request.method === 'PUT') {
        if ([...form.values()].some((value) => /[\u{10000}-\u{10FFFF}]/u.test(value))) return refuse(500, 'Internal')
        if (!lies.savesNothing)
          for (const [key, value] of form) {
            const field = /^Event\[(\w+)\]$/.exec(key)?.[1]
            if (field === 'Archived') event.Archived = Number(value)
            if (field === 'Notes') event.Notes = value
            if (field === 'Name') event.Name = value
          }
        return answer(200, { message: 'Saved' })
      }
      return answer(200, { event: shown(event) })
    })
  })
  const trigger = createTcpServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
      const all = text.split('\n')
      text = all.pop() ?? ''
      all.forEach(onTrigger)
    })
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  const listening = (server: { listen(port: number, host: string, done: () => void): unknown }): Promise<void> =>
    new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve))
  await Promise.all([listening(api), listening(trigger)])
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port
  return {
    lies,
    events,
    asked,
    lines,
    url: `http://127.0.0.1:${portOf(api)}/zm`,
    triggerPort: portOf(trigger),
    /** Somebody there, or a cut stream, ends what runs. */
    end,
    delete: (id: number): void => {
      const at = events.findIndex((event) => event.Id === id)
      const [gone] = events.splice(at, 1)
      if (gone) open.delete(gone.MonitorId)
    },
    setConnected: (id: number, isConnected: boolean): void => void connected.set(id, isConnected),
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy()
      api.closeAllConnections()
      await Promise.all([
        new Promise((resolve) => api.close(resolve)),
        new Promise((resolve) => trigger.close(resolve)),
      ])
    },
  }
}
