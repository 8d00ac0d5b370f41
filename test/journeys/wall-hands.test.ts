/** Without a mouse: every task by keys, and nothing while somebody types. And the operator's hand on a camera. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createOnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import { createOnvifPtz } from '../../server/camera/onvif/onvif-ptz.ts'
import { realClock } from '../../server/tools/clock.ts'
import { CREDENTIALS, until } from '../contracts/test-town.ts'
import { large, openRoom, output, type Room, seats, type Wall } from './wall-room.ts'

let room: Room
beforeAll(async () => void (room = await openRoom()))
afterAll(() => room?.end())
const { screen, clear } = seats(() => room)
afterEach(clear)
const incidentOf = (id: string) => room.call('Asha', 'GET', `/incidents/${id}`)
const logged = async (id: string, kind: string): Promise<unknown[]> =>
  ((await incidentOf(id)).log as { kind: string; body: unknown }[])
    .filter((line) => line.kind === kind)
    .map(({ body }) => body)

describe('keys', () => {
  test('do a whole incident: take, step, call, outcome, note, hold, go on, close with a reason', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).locator('h2').waitFor()
    const { keyboard } = asha
    await keyboard.press('t')
    await large(asha).locator('.owner').waitFor()
    await keyboard.press('x')
    await large(asha).locator('.step.done').waitFor()
    await keyboard.press('q')
    await large(asha).locator('.outcomes').waitFor()
    await keyboard.press('n')
    await keyboard.type('Walked off north')
    await keyboard.press('Enter')
    await large(asha).locator('.note', { hasText: 'Walked off north' }).waitFor()
    // Out of the field, as a person goes: the next Tab stop.
    await keyboard.press('Tab')
    await keyboard.press('h')
    await large(asha).locator('dialog').waitFor()
    await keyboard.press('Space')
    await keyboard.press('Enter')
    await large(asha).locator('.held').waitFor()
    await keyboard.press('h')
    await large(asha).locator('.held').waitFor({ state: 'detached' })
    await keyboard.press('c')
    await large(asha).locator('dialog').waitFor()
    await keyboard.press('2')
    await asha.locator('lamppost-incident').waitFor({ state: 'detached' })
    expect(await incidentOf(id)).toMatchObject({
      state: 'closed',
      closureReason: 'Police attended',
      closureCode: 'police',
    })
    expect(await logged(id, 'incident.contacted')).toMatchObject([{ contact: 'police', outcome: 'called' }])
  })
  test('a digit after the question is a reason; in one’s own words it is a digit', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).locator('h2').waitFor()
    const { keyboard } = asha
    await keyboard.press('c')
    await large(asha).locator('dialog').waitFor()
    // The last: one's own words.
    await keyboard.press('8')
    await large(asha).locator('input[name=other]:focus').waitFor()
    await keyboard.type('2 friends took her home')
    await keyboard.press('Enter')
    await asha.locator('lamppost-incident').waitFor({ state: 'detached' })
    expect(await incidentOf(id)).toMatchObject({ closureReason: '2 friends took her home', closureCode: 'other' })
  })
  test('misuse that was found here lately is said quietly, and changes nothing else', async () => {
    const first = await room.press()
    await room.call('Asha', 'POST', `/incidents/${first}/closure`, { reason: 'They ran away', code: 'malicious' })
    const asha = await screen('Asha')
    await room.press()
    await large(asha)
      .locator('.misuse', { hasText: /^1 malicious press here, at \d\d:\d\d$/ })
      .waitFor()
    expect(await asha.locator('lamppost-wall').evaluate((wall) => (wall as { sounding?: string }).sounding)).toBe(
      'press',
    )
  })
  test('bring a further view, show the seconds before the press, and go from one incident to the next', async () => {
    const asha = await screen('Asha')
    await room.press('point-1')
    const { keyboard } = asha
    await until(
      () => large(asha).locator('.further .view').count(),
      (count) => count === 2,
    )
    const nameOf = async (place: string): Promise<string> =>
      ((await large(asha).locator(place).first().textContent()) ?? '').replace(/^\W*\d\s*/, '').trim()
    const before = await nameOf('.known strong')
    const first = await nameOf('.view .name')
    // The digit of a camera is its own, whichever is large.
    await keyboard.press('2')
    await until(
      () => nameOf('.known strong'),
      (name) => name === first && name !== before,
    )
    await keyboard.press('1')
    await until(
      () => nameOf('.known strong'),
      (name) => name === before,
    )
    await keyboard.press('r')
    await large(asha).locator('lamppost-player.clip').waitFor()
    // Live stays, as the inset, then as the large one.
    const wide = (what: string): Promise<number> =>
      large(asha)
        .locator(what)
        .evaluate((element) => element.clientWidth)
    expect(await wide('lamppost-player.clip')).toBeGreaterThan(await wide('figure.main'))
    expect(await wide('figure.main')).toBeGreaterThanOrEqual(320)
    await keyboard.press('v')
    await until(
      async () => (await wide('figure.main')) - (await wide('lamppost-player.clip')),
      (difference) => difference > 0,
    )
    await keyboard.press('r')
    await large(asha).locator('lamppost-player.clip').waitFor({ state: 'detached' })
    await room.press('point-2')
    await until(
      () => asha.locator('lamppost-incident').count(),
      (count) => count === 2,
    )
    const name = await large(asha).locator('h2').textContent()
    await keyboard.press(']')
    await until(
      () => large(asha).locator('h2').textContent(),
      (now) => now !== name,
    )
    await keyboard.press('[')
    await until(
      () => large(asha).locator('h2').textContent(),
      (now) => now === name,
    )
  })
  test('closing is never one of them alone', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).locator('h2').waitFor()
    await asha.keyboard.press('c')
    await large(asha).locator('dialog').waitFor()
    await asha.keyboard.press('Enter')
    await asha.waitForTimeout(400)
    expect(await incidentOf(id)).toMatchObject({ state: 'open' })
  })
  test('are changed by the person, told when one is taken already, kept after a reload, and turned off', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).locator('h2').waitFor()
    await asha.keyboard.press('?')
    const help = asha.locator('lamppost-wall dialog .keys')
    await help.getByRole('button', { name: 'Accept, or take over' }).click()
    await asha.keyboard.press('n')
    await help.locator('.problem', { hasText: 'That key is taken by: Write a note' }).waitFor()
    await asha.keyboard.press('g')
    await help.getByRole('button', { name: 'Accept, or take over' }).locator('kbd', { hasText: 'g' }).waitFor()
    await asha.keyboard.press('Escape')
    await asha.goto(`${room.house.url}/embed#token=${room.token('Asha')}`)
    await asha.reload()
    await large(asha).locator('button.take kbd', { hasText: 'g' }).waitFor()
    await asha.keyboard.press('t')
    await asha.waitForTimeout(400)
    expect(await incidentOf(id)).toMatchObject({ state: 'open' })
    await asha.keyboard.press('?')
    await help.locator('input[type=checkbox]').check()
    await asha.keyboard.press('Escape')
    await asha.keyboard.press('g')
    await asha.waitForTimeout(400)
    expect(await incidentOf(id)).toMatchObject({ state: 'open' })
    expect(await large(asha).locator('button.take kbd').count()).toBe(0)
  })
  test('leave a note: Escape, and the key that was chosen for it; what is typed after is no text of the note', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).locator('h2').waitFor()
    await asha.keyboard.press('?')
    const help = asha.locator('lamppost-wall dialog .keys')
    await help.getByRole('button', { name: 'Leave a note' }).click()
    await asha.keyboard.press('l')
    await help.locator('.problem', { hasText: 'A note is left by F1 to F24' }).waitFor()
    await asha.keyboard.press('F9')
    await help.getByRole('button', { name: 'Leave a note' }).locator('kbd', { hasText: 'F9' }).waitFor()
    await asha.keyboard.press('Escape')
    const note = large(asha).locator('textarea[name=note]')
    for (const leave of ['Escape', 'F9']) {
      await note.click()
      await asha.keyboard.type(`left by ${leave}.`)
      await asha.keyboard.press(leave)
      await asha.keyboard.type('xyz')
      expect(await note.inputValue()).toMatch(new RegExp(`left by ${leave}\\.$`))
    }
    expect(JSON.stringify(await incidentOf(id))).not.toContain('xyz')
  })
  test('of the page around stay the page’s: an element that is not told otherwise hears only keys inside it', async () => {
    const asha = await screen('Asha')
    await asha.evaluate(() => document.querySelector('lamppost-wall')?.setAttribute('keys', 'inside'))
    const id = await room.press()
    await large(asha).locator('h2').waitFor()
    await asha.keyboard.press('t')
    await asha.waitForTimeout(400)
    expect(await incidentOf(id)).toMatchObject({ state: 'open' })
    await large(asha).locator('button.take').focus()
    await asha.keyboard.press('t')
    await large(asha).locator('.owner').waitFor()
  })
})

test('Shift and a digit make that card large; while it is asked why, digits are reasons wherever the keyboard is', async () => {
  const asha = await screen('Asha')
  const first = await room.press('point-1')
  await large(asha).locator('h2').waitFor()
  await room.press('point-2')
  await asha.locator('.counts', { hasText: '2 open · 2 not accepted · longest 0:' }).waitFor()
  const name = await large(asha).locator('h2').textContent()
  await asha.locator('lamppost-incident.small .card-key', { hasText: '⇧1' }).waitFor()
  await asha.keyboard.press('Shift+Digit1')
  await until(
    () => large(asha).locator('h2').textContent(),
    (shown) => shown !== name,
  )
  await asha.keyboard.press('Shift+Digit1')
  await until(
    () => large(asha).locator('h2').textContent(),
    (shown) => shown === name,
  )
  await asha.keyboard.press('c')
  await large(asha).locator('dialog[open]').waitFor()
  // Beside the pictures, over none of them.
  const over = await large(asha).evaluate((tile) => {
    const box = (place: string) => tile.shadowRoot?.querySelector(place)?.getBoundingClientRect()
    return (box('dialog')?.left ?? 0) - (box('.pictures')?.right ?? 0)
  })
  expect(over).toBeGreaterThan(0)
  await large(asha)
    .locator('article')
    .evaluate((article) => (article as HTMLElement).focus())
  await asha.keyboard.press('Escape')
  await large(asha).locator('dialog[open]').waitFor({ state: 'detached' })
  await asha.keyboard.press('c')
  await large(asha).locator('dialog[open]').waitFor()
  await large(asha)
    .locator('article')
    .evaluate((article) => (article as HTMLElement).focus())
  await asha.keyboard.press('1')
  await until(
    async () => (await room.call('Asha', 'GET', `/incidents/${first}`)) as { state: string; closureCode: string },
    ({ state, closureCode }) => state === 'closed' && closureCode === 'helped',
  )
})
test('a question asked again before the browser has said that the last one is closed stays', async () => {
  const asha = await screen('Asha')
  await room.press('point-1')
  await large(asha).locator('h2').waitFor()
  // Within one turn of the page: its close event comes after both keys.
  const stays = await asha.locator('lamppost-wall').evaluate(async (wall) => {
    type Updating = Element & { updateComplete: Promise<unknown> }
    const tile = wall.shadowRoot?.querySelector<Updating>('lamppost-incident.large')
    const key = (of: Updating | null | undefined, name: string): Promise<unknown> | undefined => {
      of?.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, composed: true }))
      return of?.updateComplete
    }
    const isOpen = (of: Element | null | undefined): boolean => of?.shadowRoot?.querySelector('dialog')?.open ?? false
    const later = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 100))
    const found: boolean[] = []
    for (const name of ['c', 'Escape', 'c']) await key(tile, name)
    await later()
    found.push(isOpen(tile))
    await key(tile, 'Escape')
    await later()
    const help = wall as Element as Updating & { keyHelp: unknown }
    await key(help, '?')
    help.keyHelp = null
    await help.updateComplete
    await key(help, '?')
    await later()
    found.push(isOpen(help))
    return found
  })
  expect(stays).toEqual([true, true])
})
test('a part of its name brings any camera of the town', async () => {
  const asha = await screen('Asha')
  const id = await room.press('point-1')
  await large(asha).locator('h2').waitFor()
  const { framings } = (await room.call('Asha', 'GET', `/incidents/${id}`)) as { framings: { camera: string }[] }
  const { items } = (await room.call('Asha', 'GET', '/cameras')) as { items: { id: string; name: string }[] }
  const other = items.find((camera) => !framings.some((each) => each.camera === camera.id)) ?? items[0]
  await asha.keyboard.press('a')
  await asha.keyboard.type('no such')
  await large(asha).locator('.picker', { hasText: 'No camera with that name' }).waitFor()
  await large(asha)
    .locator('.picker input')
    .fill(other?.name.slice(0, 6) ?? '')
  await asha.keyboard.press('Enter')
  await until(
    async () => (await room.call('Asha', 'GET', `/incidents/${id}`)) as { log: { kind: string; actor: string }[] },
    ({ log }) => log.some(({ kind, actor }) => kind === 'framing.changed' && actor === 'operator:Asha'),
  )
})

test('a key keeps the picture with the incident: its moment is said, and the record and the incidents page have it', async () => {
  const asha = await screen('Asha')
  const id = await room.press('point-1')
  await large(asha).locator('h2').waitFor()
  await large(asha).locator('figure.main lamppost-player[shows=live]').waitFor()
  await asha.keyboard.press('p')
  await large(asha)
    .locator('.snapped', { hasText: /^Picture of \d\d:\d\d:\d\d kept$/ })
    .waitFor()
  const { items } = await room.call('Ben', 'GET', `/incidents/${id}/snapshots`)
  expect(items).toMatchObject([{ incident: id, by: 'Asha', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }])
  const answer = await fetch(`${room.house.url}/api/v1/incidents/${id}/snapshots/${items[0].id}.jpg`, {
    headers: { authorization: `Bearer ${room.token('Ben')}` },
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect([answer.headers.get('content-type'), createHash('sha256').update(bytes).digest('hex')]).toEqual([
    'image/jpeg',
    items[0].sha256,
  ])
  expect(await logged(id, 'snapshot.taken')).toMatchObject([{ by: 'Asha', camera: items[0].camera }])
  await asha.screenshot({ path: join(output, 'snapshot.png') })
})
test('all presets of the large camera are a key away, and each turns it there', async () => {
  const asha = await screen('Asha')
  const id = await room.press('point-1')
  await large(asha).locator('h2').waitFor()
  const { framings } = await incidentOf(id)
  const { camera } = framings.find((framing: { preset: string | null }) => framing.preset !== null)
  const key = framings.findIndex((framing: { camera: string }) => framing.camera === camera) + 1
  await asha.keyboard.press(String(key))
  await asha.keyboard.press('d')
  const preset = large(asha).locator('.presets li button').first()
  await preset.waitFor()
  await asha.screenshot({ path: join(output, 'presets.png') })
  await preset.click()
  await until(
    () => incidentOf(id),
    ({ log }) =>
      log.some(
        ({ kind, actor }: { kind: string; actor: string }) => kind === 'framing.changed' && actor === 'operator:Asha',
      ),
  )
  await asha.keyboard.press('d')
  await preset.waitFor({ state: 'detached' })
})
test('a camera is chosen on the map: large where the incident has it, brought into it where not', async () => {
  const asha = await screen('Asha')
  const id = await room.press('point-2')
  await large(asha).locator('h2').waitFor()
  const { framings } = await incidentOf(id)
  const has = framings.map((framing: { camera: string }) => framing.camera)
  const { items } = await room.call('Asha', 'GET', '/cameras')
  const marks = large(asha).locator('lamppost-town path.pick')
  await until(
    () => marks.count(),
    (count) => count === items.length,
  )
  const markOf = (name: string) => marks.filter({ has: asha.locator(`title`, { hasText: name }) })
  const nameOf = (camera: string): string => items.find((each: { id: string }) => each.id === camera).name
  await markOf(nameOf(has.at(-1))).click({ force: true })
  await large(asha)
    .locator('.known strong', { hasText: nameOf(has.at(-1)) })
    .waitFor()
  const other = items.find((each: { id: string; ptz: boolean }) => !has.includes(each.id) && each.ptz)
  // It may lie outside of what the map shows of this place.
  await markOf(other.name).dispatchEvent('click')
  await until(
    () => incidentOf(id),
    (incident) => incident.framings.some((framing: { camera: string }) => framing.camera === other.id),
  )
  // It has no preset for this place: it is shown as it looks, stays where it is, and can be steered.
  const brought = (await incidentOf(id)).framings.find((framing: { camera: string }) => framing.camera === other.id)
  expect(brought).toMatchObject({ way: 'as-is', state: 'unproven', preset: null })
  expect(brought.reason).toMatch(/^Brought as it looks now/)
})

describe('a hand on the camera', () => {
  /** A press leaves a camera alone that somebody has just steered: which one is large is not always the same. */
  let camera = 'head'
  const pan = async (): Promise<number> => {
    const client = createOnvifClient({
      access: { url: room.town.camera(camera).url, fingerprint: null, ...CREDENTIALS },
      clock: realClock,
    })
    await client.measureClock(30_000)
    const { position } = await createOnvifPtz({ client, path: '/onvif/ptz_service', profile: 'profile-1' }).getStatus(
      30_000,
    )
    client.close()
    return (position?.pan ?? 0) * 180
  }
  const standing = async (): Promise<number> => {
    let before = Number.NaN
    return until(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        const [last, now] = [before, await pan()]
        before = now
        return last === now ? now : Number.NaN
      },
      (now) => !Number.isNaN(now),
    )
  }
  const framed = async (page: Wall): Promise<void> => {
    await until(
      () => large(page).locator('.known .proof').getAttribute('data-state'),
      (state) => state === 'framed',
      20_000,
    )
    const name = await large(page).locator('.known strong').textContent()
    camera = name?.endsWith('Post House Wynd') ? 'second' : 'head'
  }
  async function steering(who: string): Promise<Wall> {
    const page = await screen(who)
    await large(page).locator('button.steer').click()
    await large(page).locator('lamppost-steer .pad').waitFor()
    return page
  }

  test('turns it while a key is held, stands still when it is let go, and nothing is proven any more until it is sent back', async () => {
    const id = await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    await asha.keyboard.press('s')
    await large(asha).locator('.pad:focus').waitFor()
    await asha.keyboard.down('ArrowRight')
    await until(pan, (now) => Math.abs(now - at) > 8)
    await asha.keyboard.up('ArrowRight')
    await standing()
    await large(asha).locator('.known .proof.unproven').waitFor()
    await large(asha).locator('.reason', { hasText: 'Asha has steered it by hand.' }).waitFor()
    await asha.keyboard.press('b')
    await framed(asha)
    expect(Math.abs((await standing()) - at)).toBeLessThan(0.5)
    expect(await logged(id, 'camera.moved')).toMatchObject([{ camera, by: 'Asha' }])
  })
  test('stops by itself when the page goes while a key is held', async () => {
    await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    await asha.keyboard.press('s')
    await large(asha).locator('.pad:focus').waitFor()
    await asha.keyboard.down('ArrowLeft')
    await until(pan, (now) => Math.abs(now - at) > 4)
    await asha.context().close()
    const stopped = await standing()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(await pan()).toBe(stopped)
  })
  test('stops when the window loses the keyboard', async () => {
    await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    await asha.keyboard.press('s')
    await large(asha).locator('.pad:focus').waitFor()
    await asha.keyboard.down('ArrowRight')
    await until(pan, (now) => Math.abs(now - at) > 4)
    await asha.evaluate(() => dispatchEvent(new Event('blur')))
    await standing()
  })
  test('drags the picture itself, and turns the wheel on it for its lens', async () => {
    await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    await large(asha).locator('button.steer').click()
    const box = await large(asha).locator('.grab').boundingBox()
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 3]
    await asha.mouse.move(x, y)
    await asha.mouse.down()
    await asha.mouse.move(x + 90, y, { steps: 3 })
    await until(pan, (now) => Math.abs(now - at) > 4)
    await asha.mouse.up()
    await standing()
    const zoom = (): number => room.town.camera(camera).pose().zoom
    const before = zoom()
    for (let i = 0; i < 3; i += 1) await asha.mouse.wheel(0, -120)
    await until(zoom, (now) => now !== before)
  })
  test('a click on the picture brings that place into its middle; one that trembles is a click, one that drags is none', async () => {
    await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    await large(asha).locator('button.steer').click()
    const grab = large(asha).locator('.grab')
    const box = await grab.boundingBox()
    const [left, top, width, height] = [box?.x ?? 0, box?.y ?? 0, box?.width ?? 0, box?.height ?? 0]
    const { zoom, tilt } = room.town.camera(camera).pose()
    await asha.mouse.move(left + width * 0.75, top + height * 0.35)
    await asha.mouse.down()
    await asha.mouse.move(left + width * 0.75 + 2, top + height * 0.35 + 1)
    await asha.mouse.up()
    await until(pan, (now) => Math.abs(now - at) > 1)
    // A small camera's picture is 640 pixels wide, 16 of which are a degree without zoom: half of its half.
    const quarter = 640 / 16 / zoom / 4
    const there = await standing()
    expect(Math.abs(there - at - quarter)).toBeLessThan(0.3)
    expect(room.town.camera(camera).pose().tilt).toBeGreaterThan(tilt)
    expect(await large(asha).locator('lamppost-steer .problem').count()).toBe(0)
    // In the record, by whom.
    const { items } = await room.call('Asha', 'GET', '/incidents?state=open')
    expect(await logged(items[0].id, 'camera.moved')).toMatchObject([
      { by: 'Asha', centred: { x: expect.any(Number) } },
    ])
  })
  test('a wheel and a hand enlarge the picture in the page, and the camera stays as it is', async () => {
    await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    const player = large(asha).locator('figure.main lamppost-player')
    const box = await player.boundingBox()
    await asha.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 100)
    for (let i = 0; i < 5; i += 1) await asha.mouse.wheel(0, -120)
    await player.locator('.whole').waitFor()
    const lies = (): Promise<string> =>
      player.evaluate((element) => element.shadowRoot?.querySelector('video')?.style.transform ?? '')
    const enlarged = await lies()
    expect(enlarged).toContain('scale(')
    await asha.mouse.down()
    await asha.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 160, { steps: 3 })
    await asha.mouse.up()
    expect(await lies()).not.toBe(enlarged)
    await player.locator('.whole').click()
    expect(await lies()).toBe('')
    expect(await pan()).toBe(at)
    // A hand on the camera sees all that the camera sees.
    await asha.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 100)
    for (let i = 0; i < 3; i += 1) await asha.mouse.wheel(0, -120)
    await player.locator('.whole').waitFor()
    await large(asha).locator('button.steer').click()
    await until(lies, (now) => now === '')
  })
  test('drags the pad with a mouse: further is faster', async () => {
    await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    await large(asha).locator('button.steer').click()
    const box = await large(asha).locator('.pad').boundingBox()
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2]
    await asha.mouse.move(x, y)
    await asha.mouse.down()
    await asha.mouse.move(x - 70, y, { steps: 3 })
    await until(pan, (now) => Math.abs(now - at) > 8)
    await asha.screenshot({ path: join(output, 'wall-steering.png') })
    await asha.mouse.up()
    await standing()
  })
  test('is a game controller, too', async () => {
    await room.press()
    const asha = await screen('Asha')
    await framed(asha)
    const at = await standing()
    await asha.evaluate(() => {
      const pad = { connected: true, mapping: 'standard', axes: [0, 0, 0, 0], buttons: [] }
      Object.assign(globalThis, { pad })
      navigator.getGamepads = () => [pad as never]
    })
    await large(asha).locator('button.steer').click()
    await large(asha).locator('lamppost-steer .good').waitFor()
    await asha.evaluate(() => ((globalThis as unknown as { pad: { axes: number[] } }).pad.axes[0] = 0.9))
    await until(pan, (now) => Math.abs(now - at) > 8)
    await asha.evaluate(() => ((globalThis as unknown as { pad: { axes: number[] } }).pad.axes[0] = 0.03))
    await standing()
  })
  test('is one at a time: the others are told whose it is, and may take it out of their hand', async () => {
    const id = await room.press()
    const [asha, ben] = [await steering('Asha'), await steering('Ben')]
    await large(asha).locator('.pad').focus()
    await asha.keyboard.down('ArrowRight')
    await large(ben).locator('.hand', { hasText: 'Moved by Asha' }).waitFor()
    // On a busy machine her page may say nothing for so long that the camera is nobody's, and Ben gets it: both try again.
    await until(
      async () => {
        await asha.keyboard.up('ArrowRight')
        await asha.keyboard.down('ArrowRight')
        await large(ben).locator('.pad').focus()
        await ben.keyboard.press('ArrowLeft', { delay: 200 })
        return large(ben).locator('lamppost-steer .bad').textContent()
      },
      (said) => said?.includes('Asha has control') ?? false,
    )
    // She goes on holding her key: a hand that commands nothing is nobody's after a few seconds.
    await large(ben).locator('lamppost-steer').getByRole('button', { name: 'Take control' }).click()
    await large(ben).locator('.pad').focus()
    await ben.keyboard.down('ArrowLeft')
    await large(asha).locator('.hand', { hasText: 'Moved by Ben' }).waitFor()
    await ben.keyboard.up('ArrowLeft')
    await asha.keyboard.up('ArrowRight')
    const moves = await until(
      () => logged(id, 'camera.moved'),
      (all) => (all.at(-1) as { by?: string } | undefined)?.by === 'Ben',
    )
    expect([moves[0], moves.at(-1)]).toMatchObject([{ by: 'Asha' }, { by: 'Ben', from: 'Asha' }])
  })
})

describe('the shift', () => {
  test('is handed over on its own page with what is open, and signed by who comes at the same desk', async () => {
    await room.press()
    const asha = await screen('Asha')
    await asha.goto(`${room.house.url}/shift`)
    await asha.evaluate((token) => {
      const shift = document.createElement('lamppost-shift')
      shift.setAttribute('token', token)
      document.querySelector('form.sign-in')?.remove()
      document.body.append(shift)
    }, room.token('Asha'))
    const shift = asha.locator('lamppost-shift')
    await shift.locator('li.waits', { hasText: 'Number One Bar' }).waitFor()
    await shift.locator('textarea').fill('Watch the taxi rank')
    await asha.screenshot({ path: join(output, 'shift.png') })
    await shift.getByRole('button', { name: 'Sign and hand over' }).click()
    await shift.locator('h3', { hasText: 'Asha handed over' }).waitFor()
    await asha.screenshot({ path: join(output, 'shift-waiting.png') })
    // What was wrong with a signature is said beside it, and what was typed is not taken away.
    await shift.locator('input[name=token]').fill('nonsense')
    await shift.getByRole('button', { name: 'Sign and take over' }).last().click()
    await shift.locator('fieldset .refusal', { hasText: 'not known here' }).waitFor()
    expect(await shift.locator('input[name=token]').inputValue()).toBe('nonsense')
    await asha.screenshot({ path: join(output, 'shift-refused.png') })
    await shift.locator('input[name=user]').fill('cai')
    await shift.locator('input[name=password]').fill('a password of Cai')
    await shift.getByRole('button', { name: 'Sign and take over' }).first().click()
    await shift.locator('li', { hasText: 'Taken over by Cai' }).waitFor()
    await asha.setViewportSize({ width: 1280, height: 720 })
    await asha.screenshot({ path: join(output, 'shift-720.png') })
  })
})

test('nothing on any screen broke a rule: no script error, no content security violation', () =>
  expect(room.complaints).toEqual([]))
