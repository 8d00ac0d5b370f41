/**
 * One camera and two servers that could move it. The camera writes down each command, when it came, and which process
 * sent it: by the socket it came from, as Linux knows its owner.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Script, preset, startScriptedCamera, status } from '../contracts/scripted-camera.ts'
import { type MemberTown, openMemberTown, until } from './member-town.ts'

type Command = { action: string; at: number; pid: number }
const other = (id: string): string => (id === 'A' ? 'B' : 'A')
let town: MemberTown
let camera: Awaited<ReturnType<typeof startScriptedCamera>>
const commands: Command[] = []

const ESTABLISHED = '01'
const hexOf = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`
/**
 * Of the socket at the other end of a connection on this machine. 0: nobody's any more. Both ports and the state count: a
 * connection to elsewhere that has ended a moment ago may have had the same port, and is nobody's.
 */
function pidOf({ remotePort = 0, localPort = 0 }: Socket, among: readonly number[]): number {
  const inode = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(
      ([, from = '', to = '', state]) =>
        from.endsWith(hexOf(remotePort)) && to.endsWith(hexOf(localPort)) && state === ESTABLISHED,
    )?.[9]
  const owns = (pid: number): boolean => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => {
        try {
          return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`
        } catch {
          return false
        }
      })
    } catch {
      return false
    }
  }
  return among.find(owns) ?? 0
}
const written: Script[string] = ({ action, request }) => {
  const pids = town.members.map(town.pids)
  commands.push({ action, at: performance.now(), pid: pidOf(request.socket, pids) })
  return ''
}
let looksAt: [number, number, number] = [0, 0, 0]
beforeAll(async () => {
  camera = await startScriptedCamera({
    GetPresets: () => preset('1', 'Help point', [0.5, -0.1, 0.2]),
    GetStatus: () => status(looksAt, 'IDLE'),
    GotoPreset(asked, base) {
      looksAt = [0.5, -0.1, 0.2]
      return written(asked, base)
    },
    ContinuousMove: written,
    Stop: written,
  })
  town = await openMemberTown({
    cameras: `cameras:
  - id: cam-1
    name: Camera one
    location: { lat: 54.52, lon: -1.556 }
    onvif: { url: "${camera.url}", username: admin, password: "secret" }
    presets: { hp-1: { token: "1", name: Help point } }`,
  })
})
afterAll(async () => {
  await town?.close()
  await camera?.close()
})
const moves = (from = 0): Command[] => commands.slice(from).filter(({ action }) => action === 'GotoPreset')
const sentBy = (id: string, among: readonly Command[]): Command[] => among.filter(({ pid }) => pid === town.pids(id))
/** After the first command of the next lead none comes from the one before. */
function mustHaveHandedOn(before: string, next: string, from: number): void {
  const since = commands.slice(from)
  const first = since.findIndex(({ pid }) => pid === town.pids(next))
  expect(first).toBeGreaterThanOrEqual(0)
  expect(sentBy(before, since.slice(first))).toEqual([])
}

test('a press at either server brings the camera, once, and only the one that leads moves it', async () => {
  const lead = await town.leader()
  await until(
    async () => (await town.ask<{ items: { health: { onvif: string } }[] }>(lead, '/api/v1/cameras')).body.items,
    (items) => items[0]?.health.onvif === 'up',
  )
  await town.press(other(lead), 'hp-1', 'first')
  await until(moves, (found) => found.length > 0)
  expect(sentBy(other(lead), commands)).toEqual([])
  expect(moves().every(({ pid }) => pid === town.pids(lead))).toBe(true)
})
test('a press while the machine of the lead dies brings the camera by the next one', async () => {
  const lead = await town.leader()
  await town.kill(lead)
  const from = commands.length
  await town.press(other(lead), 'hp-2', 'nobody leads')
  await town.press(other(lead), 'hp-1', 'again')
  await town.leader([other(lead)], lead)
  looksAt = [0, 0, 0]
  await until(
    () => moves(from),
    (found) => found.length > 0,
  )
  expect(moves(from).every(({ pid }) => pid === town.pids(other(lead)))).toBe(true)
  await town.start(lead)
})
test.each(['stopped', 'cut off'] as const)(
  'a lead that was %s sends no command after the first of the next one',
  async (how) => {
    const lead = await town.leader()
    const from = commands.length
    // Somebody steers by hand: a command every moment, which the one that is stopped would go on with.
    const steer = (id: string): Promise<unknown> =>
      town
        .ask(
          id,
          '/api/v1/cameras/cam-1/move',
          { method: 'POST', body: JSON.stringify({ pan: 0.2, timeoutMs: 500, takeOver: true }) },
          3000,
        )
        .catch(() => null)
    const steering = setInterval(() => town.members.forEach((id) => void steer(id)), 200)
    await steer(lead)
    if (how === 'stopped') town.signal(lead, 'SIGSTOP')
    else town.cut(lead)
    await town.leader([other(lead)], lead)
    const found = await until(
      () => commands.slice(from).filter(({ pid }) => pid === town.pids(other(lead))),
      (sent) => sent.length > 0,
    )
    expect(found.length).toBeGreaterThan(0)
    if (how === 'stopped') town.signal(lead, 'SIGCONT')
    else town.mend(lead)
    await until(
      async () => (await town.view(lead))?.lead,
      (now) => now === other(lead),
    )
    // What it still believed would have left by then.
    await until(
      () => sentBy(other(lead), commands.slice(from)).length,
      (count) => count > found.length + 3,
    )
    clearInterval(steering)
    mustHaveHandedOn(lead, other(lead), from)
  },
)
