/**
 * What a room does with incidents: takes, hands over, holds, writes, calls, closes, opens again; and what it sees of
 * others.
 */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../contracts/test-town.ts'
import { HELP_POINTS, large, openRoom, output, type Room, seats } from './wall-room.ts'

let room: Room
beforeAll(async () => void (room = await openRoom('[{ after: 15s }, { after: 300s }]')))
afterAll(() => room?.end())
const { screen, clear } = seats(() => room)
afterEach(clear)
const incidentOf = (id: string) => room.call('Asha', 'GET', `/incidents/${id}`)

describe('a press', () => {
  test('says where, which safe place is open now and how far, and whom to call', async () => {
    const asha = await screen('Asha')
    await room.press()
    const tile = large(asha)
    await tile.locator('h2', { hasText: 'Number One Bar' }).waitFor()
    await until(
      () => tile.locator('.places li').count(),
      (count) => count === 2,
    )
    expect(await tile.locator('.places li').allTextContents()).toEqual([
      expect.stringMatching(/Number Forty 40 Skinnergate\s*Open now\s+·\s+\d+ m, \d+ min on foot/),
      expect.stringMatching(/St Cuthbert’s hall .*Closed this week\s+·\s/s),
    ])
    expect(await tile.locator('.contacts li').allTextContents()).toEqual([
      expect.stringContaining('Emergency: 999'),
      expect.stringContaining('01632 960040'),
    ])
    // The map has its own streets and nothing from outside.
    await until(
      () => tile.locator('lamppost-town path.street').count(),
      (count) => count >= 10,
    )
    await tile
      .locator('lamppost-town path.fan.framed, lamppost-town path.fan.unproven')
      .first()
      .waitFor({ state: 'attached' })
    expect(
      await asha.evaluate(
        (origin) =>
          performance
            .getEntriesByType('resource')
            .filter(({ name }) => !name.startsWith(origin))
            .map(({ name }) => name),
        new URL(room.house.url).origin,
      ),
    ).toEqual([])
  })
  test('that is a drill looks and is told as one', async () => {
    const asha = await screen('Asha')
    await room.call('Sam', 'POST', '/help-points/point-1/drills')
    await large(asha).locator('.tile.drill').waitFor()
    expect(await large(asha).locator('.what').textContent()).toContain('TEST: no caller')
    await until(
      () => asha.locator('lamppost-wall').getAttribute('sounding'),
      (sounding) => sounding === 'drill',
    )
  })
})

describe('taking it', () => {
  test('is seen on the other screens, who may take it over only after they were asked', async () => {
    const [asha, ben] = [await screen('Asha'), await screen('Ben')]
    const id = await room.press()
    await large(asha).locator('button.take').click()
    await large(ben).locator('.owner', { hasText: 'Accepted by Asha' }).waitFor()
    expect(await large(ben).locator('button.take').count()).toBe(0)
    await large(ben).getByRole('button', { name: 'Take over from Asha' }).click()
    await large(ben).locator('dialog').getByRole('button', { name: 'Cancel' }).click()
    expect(await incidentOf(id)).toMatchObject({ owner: 'Asha' })
    await large(ben).getByRole('button', { name: 'Take over from Asha' }).click()
    await large(ben).locator('dialog').getByRole('button', { name: 'Take over from Asha' }).click()
    await large(asha).locator('.owner', { hasText: 'Accepted by Ben' }).waitFor()
  })
  test('is handed over to somebody who is here, and stays the owner’s until they have taken it', async () => {
    const [asha, ben, sam] = [await screen('Asha'), await screen('Ben'), await screen('Sam')]
    const id = await room.press()
    await large(asha).locator('button.take').click()
    await large(asha).locator('button.hand-over').click()
    const dialog = large(asha).locator('dialog')
    await dialog.locator('label', { hasText: 'Ben' }).click()
    await dialog.locator('button.main').click()
    for (const page of [asha, ben, sam])
      await large(page).locator('.offered', { hasText: 'Asha offers handover to Ben' }).waitFor()
    expect(await incidentOf(id)).toMatchObject({ owner: 'Asha' })
    expect(await large(sam).locator('button.take').count()).toBe(0)
    await until(
      () => ben.locator('lamppost-wall').getAttribute('sounding'),
      (sounding) => sounding === 'reminder',
    )
    await large(ben).locator('button.take').click()
    await large(asha).locator('.owner', { hasText: 'Accepted by Ben' }).waitFor()
  })
})

describe('on hold', () => {
  test('needs a reason, says until when, and somebody goes on with it', async () => {
    const [asha, ben] = [await screen('Asha'), await screen('Ben')]
    const id = await room.press()
    await large(asha).locator('button.take').click()
    await large(asha).locator('button.hold').click()
    const dialog = large(asha).locator('dialog')
    await dialog.locator('button.main').click()
    expect(await dialog.isVisible()).toBe(true)
    await dialog.locator('label', { hasText: 'Waiting for a taxi' }).click()
    await dialog.locator('label', { hasText: '20 min' }).click()
    await dialog.locator('button.main').click()
    await large(ben)
      .locator('.held', { hasText: /On hold by Asha: Waiting for a taxi · until \d\d:\d\d/ })
      .waitFor()
    const { onHold } = await incidentOf(id)
    expect(Math.round((Date.parse(onHold.until) - Date.parse(onHold.at)) / 60_000)).toBe(20)
    await large(ben).getByRole('button', { name: 'Resume' }).click()
    await large(asha).locator('.held').waitFor({ state: 'detached' })
  })
  test('pressed again, sounds like a person who waits, and is whose who answers first', async () => {
    const [asha, ben] = [await screen('Asha'), await screen('Ben')]
    const id = await room.press()
    await large(asha).locator('button.take').click()
    // The page's accepting is on its way; were it to come after the hold, it would end it.
    await until(
      () => incidentOf(id),
      ({ owner }) => owner === 'Asha',
    )
    await room.call('Asha', 'PUT', `/incidents/${id}/hold`, { reason: 'waiting' })
    await until(
      () => ben.locator('lamppost-wall').getAttribute('sounding'),
      (sounding) => sounding === '',
    )
    await room.press()
    for (const page of [asha, ben])
      await until(
        () => page.locator('lamppost-wall').getAttribute('sounding'),
        (sounding) => sounding === 'press',
      )
    await large(ben).locator('button.take').click()
    await large(asha).locator('.owner', { hasText: 'Accepted by Ben' }).waitFor()
    await until(
      () => asha.locator('lamppost-wall').getAttribute('sounding'),
      (sounding) => sounding === '',
    )
  })
})

describe('closing', () => {
  test('needs a reason in words, and can be undone for a minute', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).locator('button.close').click()
    const dialog = large(asha).locator('dialog')
    await dialog.locator('label', { hasText: 'Another reason' }).click()
    await dialog.locator('button.danger').click()
    expect(await incidentOf(id)).toMatchObject({ state: 'open' })
    await dialog.locator('input[name=other]').fill('She walked home with friends')
    await dialog.locator('button.danger').click()
    await asha.locator('.lately', { hasText: 'Closed by Asha: She walked home with friends' }).waitFor()
    expect(await asha.locator('lamppost-incident').count()).toBe(0)
    await asha.getByRole('button', { name: 'Open again' }).click()
    await large(asha).locator('.owner', { hasText: 'Accepted by Asha' }).waitFor()
    expect(await asha.locator('.lately').count()).toBe(0)
  })
  test('waits when somebody has pressed while it was asked why', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).locator('button.take').click()
    await large(asha).locator('button.close').click()
    await large(asha).locator('dialog label').first().click()
    await room.press()
    await until(
      () => incidentOf(id),
      ({ presses }) => presses.length === 2,
    )
    await large(asha).locator('dialog button.danger').click()
    await large(asha).locator('.refusal', { hasText: 'Pressed again in the meantime' }).waitFor()
    expect(await incidentOf(id)).toMatchObject({ state: 'acknowledged' })
    await large(asha).locator('button.close').click()
    await large(asha).locator('dialog label').first().click()
    await large(asha).locator('dialog button.danger').click()
    await until(
      () => incidentOf(id),
      ({ state }) => state === 'closed',
    )
  })
})

describe('a note', () => {
  test('saves itself while it is typed, one version after the other, and is finished with Enter', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    const area = large(asha).locator('textarea')
    await area.fill('Two women')
    await large(asha).locator('.said.saved').waitFor()
    await area.pressSequentially(', one is crying')
    await until(
      async () =>
        ((await incidentOf(id)).log as { kind: string; body: { text: string; replaces?: number } }[]).findLast(
          ({ kind }) => kind === 'incident.noted',
        )?.body,
      (body) => body?.text === 'Two women, one is crying' && body.replaces !== undefined,
    )
    await area.press('Enter')
    await large(asha).locator('.note', { hasText: 'Two women, one is crying' }).waitFor()
    expect([await area.inputValue(), await large(asha).locator('.note').count()]).toEqual(['', 1])
  })
  test('that is half typed outlives a reload of the page', async () => {
    const asha = await screen('Asha')
    await room.press()
    await large(asha).locator('textarea').fill('Half a')
    await large(asha).locator('.said.saved').waitFor()
    await asha.goto(`${room.house.url}/embed#token=${room.token('Asha')}`)
    await asha.reload()
    await until(
      () => large(asha).locator('textarea').inputValue(),
      (text) => text === 'Half a',
    )
  })
  test('that cannot be saved says so, and is saved when it can be', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await asha.route('**/notes', (route) => route.abort())
    await large(asha).locator('textarea').fill('In the dark')
    await large(asha).locator('.said.failed').waitFor()
    await asha.unroute('**/notes')
    await large(asha).locator('.said.saved').waitFor()
    expect((await incidentOf(id)).log.filter(({ kind }: { kind: string }) => kind === 'incident.noted')).toHaveLength(1)
  })
  test('keeps the keyboard when somebody else closes the incident; it is saved, and then the tile goes', async () => {
    const asha = await screen('Asha')
    const [id, other] = [await room.press(), await room.press('point-3')]
    await large(asha).locator('textarea').pressSequentially('he t')
    await room.call('Ben', 'POST', `/incidents/${id}/closure`, { reason: 'by phone' })
    await large(asha).locator('.held', { hasText: 'Closed by Ben: by phone' }).waitFor()
    await asha.keyboard.type('ook her to hospital, q x c')
    expect(await large(asha).locator('textarea').inputValue()).toBe('he took her to hospital, q x c')
    await asha.screenshot({ path: join(output, 'closed-while-writing.png') })
    await large(asha).locator('.said.saved').waitFor()
    await asha.locator('lamppost-incident.small').locator('.choose').click()
    await until(
      () => asha.locator('lamppost-incident').count(),
      (count) => count === 1,
    )
    expect(
      (await incidentOf(id)).log.findLast(({ kind }: { kind: string }) => kind === 'incident.noted').body.text,
    ).toBe('he took her to hospital, q x c')
    expect((await incidentOf(other)).log.filter(({ actor }: { actor: string }) => actor === 'operator:Asha')).toEqual(
      [],
    )
  })
  test('keeps the keyboard when another press arrives, and its tile stays large', async () => {
    const asha = await screen('Asha')
    await room.press()
    await large(asha).locator('textarea').pressSequentially('She says t')
    await room.press('point-3')
    await asha.locator('lamppost-incident.small', { hasText: 'High Row' }).waitFor()
    await asha.keyboard.type('hat c and x and ]')
    expect(await large(asha).locator('textarea').inputValue()).toBe('She says that c and x and ]')
    expect(await large(asha).locator('h2').textContent()).toContain('Number One Bar')
    expect(await large(asha).locator('.step.done').count()).toBe(0)
  })
})

describe('calling somebody', () => {
  test('is one touch, and then what came of it', async () => {
    const asha = await screen('Asha')
    const id = await room.press()
    await large(asha).getByRole('button', { name: 'Log call to Civic enforcement officers' }).click()
    await large(asha).locator('.outcomes').getByRole('button', { name: 'on their way' }).click()
    await large(asha).locator('.contacts .last', { hasText: 'on their way' }).waitFor()
    expect(await large(asha).locator('.outcomes').count()).toBe(0)
    expect(
      (await incidentOf(id)).log
        .filter(({ kind }: { kind: string }) => kind === 'incident.contacted')
        .map(({ body }: { body: { contact: string; outcome: string } }) => [body.contact, body.outcome]),
    ).toEqual([
      ['enforcement', 'called'],
      ['enforcement', 'on their way'],
    ])
  })
})

describe('others in the room', () => {
  test('are named on the tile that they have large', async () => {
    const asha = await screen('Asha')
    await room.press()
    await large(asha).locator('h2').waitFor()
    const ben = await screen('Ben')
    await large(asha).locator('.looking', { hasText: 'Also viewing: Ben' }).waitFor()
    await ben.context().close()
    await large(asha).locator('.looking').waitFor({ state: 'detached' })
  })
})

describe('seven windows of one browser', () => {
  test('over plain HTTP/1.1, which gives them six connections: each hears of a press, and any may take it', async () => {
    const first = await screen('Asha', { viewport: { width: 800, height: 600 } })
    const all = [first]
    for (let i = 1; i < 7; i += 1) {
      const page = await first.context().newPage()
      await page.goto(first.url().replace(/#.*$/, '') + `#token=${room.token('Asha')}`)
      all.push(page)
    }
    await room.press()
    for (const page of all) await large(page).locator('h2', { hasText: 'Number One Bar' }).waitFor()
    await large(all[6] ?? first)
      .locator('button.take')
      .click()
    await large(first).locator('.owner', { hasText: 'Accepted by Asha' }).waitFor()
  })
})

describe('when nobody takes it', () => {
  test('a further screen shows it after the site’s time, the tile says so, and both are quiet once it is taken', async () => {
    const [asha, further] = [await screen('Asha'), await screen('Ben', { query: '?from-step=1' })]
    await room.press()
    await large(asha).locator('h2').waitFor()
    expect(await further.locator('lamppost-incident').count()).toBe(0)
    await large(further).locator('h2').waitFor()
    await large(asha)
      .locator('.escalated', { hasText: /Unanswered \d+ s\s+·\s+now on other screens/ })
      .waitFor()
    await large(asha).locator('button.take').click()
    await further.locator('lamppost-incident').waitFor({ state: 'detached' })
  })
})

describe('several at once', () => {
  test('nine: every name can be read, the newest that nobody has stands first, nothing lies over another', async () => {
    const asha = await screen('Asha')
    const first = await room.press()
    await room.call('Asha', 'POST', `/incidents/${first}/acknowledgement`)
    await large(asha).locator('.owner', { hasText: 'Accepted by Asha' }).waitFor()
    for (const { id } of HELP_POINTS.slice(1)) await room.press(id)
    await until(
      () => asha.locator('lamppost-incident').count(),
      (count) => count === 9,
    )
    for (const size of [
      { width: 1920, height: 1080 },
      { width: 1280, height: 720 },
    ]) {
      await asha.setViewportSize(size)
      await asha.waitForTimeout(500)
      expect(await large(asha).locator('h2').textContent()).toBe(HELP_POINTS[0]?.name)
      const cards = await asha.locator('lamppost-incident.small').evaluateAll((all) =>
        all.map((each) => ({
          name: each.shadowRoot?.querySelector('h3')?.textContent?.trim() ?? '',
          box: each.getBoundingClientRect().toJSON() as DOMRect,
          cut: [...(each.shadowRoot?.querySelectorAll('h3') ?? [])].some(
            (title) => title.scrollWidth > title.clientWidth + 1,
          ),
        })),
      )
      expect(cards.map(({ name }) => name).sort()).toEqual(
        HELP_POINTS.slice(1)
          .map(({ name }) => name)
          .sort(),
      )
      expect(cards.filter(({ cut }) => cut)).toEqual([])
      const newest = cards.find(({ name }) => name === HELP_POINTS[8]?.name)
      expect(
        cards.every(
          ({ box }) =>
            box.top >= (newest?.box.top ?? 0) &&
            (box.top > (newest?.box.top ?? 0) || box.left >= (newest?.box.left ?? 0)),
        ),
      ).toBe(true)
      expect(newest?.box.bottom).toBeLessThanOrEqual(size.height)
      const over = cards.flatMap((one, i) =>
        cards
          .slice(i + 1)
          .filter(
            ({ box }) =>
              box.left < one.box.right - 1 &&
              box.right > one.box.left + 1 &&
              box.top < one.box.bottom - 1 &&
              box.bottom > one.box.top + 1,
          ),
      )
      expect(over).toEqual([])
    }
  })
  test('a small one becomes the large one when it is chosen, and the other keeps its note', async () => {
    const asha = await screen('Asha')
    const first = await room.press()
    await room.call('Asha', 'POST', `/incidents/${first}/acknowledgement`)
    await large(asha).locator('textarea').fill('Not finished')
    await room.press('point-2')
    await asha.getByRole('button', { name: 'Show Skinnergate, corner of Mechanics Yard large' }).click()
    await large(asha).locator('h2', { hasText: 'Skinnergate' }).waitFor()
    await asha.getByRole('button', { name: 'Show Number One Bar, Blackwellgate large' }).click()
    expect(await large(asha).locator('textarea').inputValue()).toBe('Not finished')
  })
})

test('nothing on any screen broke a rule: no script error, no content security violation', () =>
  expect(room.complaints).toEqual([]))
