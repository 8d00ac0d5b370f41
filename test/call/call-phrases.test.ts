/** What is played to callers: Lamppost's own words, the site's in their place, and what cannot be played. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { offeredPhrases, phrasesOf } from '../../server/call/call-phrases.ts'
import { Failure } from '../../server/tools/failure.ts'
import { wavHeader } from '../../server/tools/media/a-law-wav.ts'
import { INVITE, createCallRoom } from './call-room.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-phrases-'))
afterAll(() => rmSync(folder, { recursive: true }))
function wav(name: string, samples: number, value = 1): string {
  const file = join(folder, name)
  writeFileSync(file, Buffer.concat([wavHeader(1, samples), Buffer.alloc(samples, value)]))
  return file
}

describe('phrases', () => {
  test('are Lamppost’s own where the site has none, each in four languages', () => {
    const { phrases, problems } = phrasesOf(null)
    expect(problems).toEqual([])
    expect(Object.keys(phrases).filter((name) => name.endsWith(' pl'))).toEqual([
      'say help-coming pl',
      'say raise-hand pl',
      'say still-here pl',
    ])
    for (const sound of Object.values(phrases)) expect(sound.length).toBeGreaterThan(8000)
  })
  test('of the site take the place of Lamppost’s, its languages one after the other', () => {
    const site = {
      announcement: [
        { language: 'cy', file: wav('a.cy.wav', 10, 2) },
        { language: 'en', file: wav('a.en.wav', 5, 3) },
      ],
      phrases: [
        { id: 'hub', name: 'Go to Number Forty', say: [{ language: 'en', file: wav('hub.wav', 4) }] },
        { id: 'raise-hand', name: 'Wave', say: [{ language: 'en', file: wav('wave.wav', 4) }] },
      ],
    }
    const { phrases, problems } = phrasesOf(site)
    expect([problems, [...(phrases.waiting ?? [])], phrases['say hub en']?.length]).toEqual([
      [],
      [...Array<number>(10).fill(2), ...Array<number>(5).fill(3)],
      4,
    ])
    expect(phrases['waiting-unrecorded']).toEqual(phrases.waiting)
    expect(
      offeredPhrases(site, phrases).map(({ id, name, languages }) => `${id} ${name ?? 'null'} ${languages.join(',')}`),
    ).toEqual([
      'hub Go to Number Forty en',
      'raise-hand Wave en',
      'help-coming null en,cy,pl,ro',
      'still-here null en,cy,pl,ro',
    ])
  })
  test('that cannot be played are named, and Lamppost’s own are played', () => {
    const site = {
      announcement: [{ language: 'en', file: wav('long.wav', 8000 * 61) }],
      phrases: [{ id: 'hub', name: 'Hub', say: [{ language: 'en', file: join(folder, 'none.wav') }] }],
    }
    const { phrases, problems } = phrasesOf(site)
    expect(problems).toEqual([
      expect.stringContaining('long.wav cannot be played: it is longer than 60 s'),
      expect.stringMatching(/none\.wav cannot be played: ENOENT/),
    ])
    // What cannot be played is not offered.
    expect(offeredPhrases(site, phrases).map(({ id }) => id)).not.toContain('hub')
    expect([phrases.waiting, phrases['say hub en']]).toEqual([phrasesOf(null).phrases.waiting, undefined])
  })
})

describe('a phrase in a call', () => {
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof Failure ? error.code : error),
    )
  test('is said by the operator of the call, in one of its languages, and is an entry', async () => {
    const room = createCallRoom()
    await room.tell(INVITE)
    const { id } = room.call()
    await room.desk.take(id, 'Asha', 'user:asha', false)
    expect(await codeOf(room.desk.announce(id, 'Asha', 'user:asha', 'help-coming', 'pl'))).toBe('call/not-answered')
    await room.tell({ news: 'both', sip: INVITE.sip, owner: 'Asha' })
    await room.desk.announce(id, 'Asha', 'user:asha', 'help-coming', 'pl')
    await room.desk.announce(id, 'Asha', 'user:asha', 'help-coming', null)
    expect(room.asked.filter((each) => each.includes('say'))).toEqual([
      `play ${INVITE.sip} say help-coming pl`,
      `play ${INVITE.sip} say help-coming en`,
    ])
    expect(room.ledger.entries.find(({ kind }) => kind === 'call.said')).toMatchObject({
      actor: 'user:asha',
      body: { by: 'Asha', phrase: 'help-coming', language: 'pl' },
    })
    for (const [phrase, language] of [
      ['other', 'en'],
      ['help-coming', 'fr'],
      ['__proto__', 'en'],
      ['constructor', null],
    ] as const)
      expect(await codeOf(room.desk.announce(id, 'Asha', 'user:asha', phrase, language))).toBe('call/no-phrase')
    expect(await codeOf(room.desk.announce(id, 'Ben', 'user:ben', 'help-coming', 'pl'))).toBe('call/not-yours')
  })
})
