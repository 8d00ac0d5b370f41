/** The engineer's editor over HTTP, on a real town whose file lies on a real disk. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../server/glossary/people.ts'
import { openHouse } from '../../server/house.ts'
import type { House } from '../../server/options.ts'
import { openPeopleFile } from '../../server/people/accounts/people-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-site-file-'))
const file = join(folder, 'site.yaml')
/** What systemd lends to this service alone. */
const lent = join(folder, 'lent')
const SITE = `# Darlington
site: { id: town, name: Town, timezone: Europe/London }
helpPoints:
  - id: bar # the first
    name: Number One Bar
    location: { lat: 54.52363, lon: -1.55610 }
cameras:
  - id: cam-1
    name: First
    stream: { url: "rtsp://127.0.0.1:9/x", username: u, password: "\${CAM}" }
safePlaces:
  - { name: Number Forty, address: 40 Skinnergate, location: { lat: 54.5, lon: -1.5 }, open: [] }
`
let house: House
const tokens = {} as Record<Role, string>
beforeAll(async () => {
  writeFileSync(file, SITE, { mode: 0o640 })
  chmodSync(file, 0o640)
  const people = openPeopleFile(join(folder, 'data', 'people.json'))
  for (const role of ['engineer', 'supervisor', 'operator'] as const)
    tokens[role] = people.addToken({ name: `The ${role}`, role, helpPoints: null })
  house = await openHouse({
    siteFile: file,
    dataFolder: join(folder, 'data'),
    port: 0,
    host: '127.0.0.1',
    rtmpPort: 0,
    environment: { CAM: 'a secret of the camera', CREDENTIALS_DIRECTORY: lent },
  })
})
afterAll(async () => {
  await house.close()
  rmSync(folder, { recursive: true })
})
// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
type Answer = { status: number; etag: string | null; body: any }
async function call(
  method: string,
  path: string,
  body?: unknown,
  seen?: string,
  who: Role = 'engineer',
): Promise<Answer> {
  const answer = await fetch(`${house.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens[who]}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(seen === undefined ? {} : { 'if-match': seen }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, etag: answer.headers.get('etag'), body: text === '' ? null : JSON.parse(text) }
}
const onDisk = (): string => readFileSync(file, 'utf8')
const POINT = { name: 'Station', location: { lat: 54.52, lon: -1.547 } }

describe('the site file', () => {
  test('comes with its version, and without a secret in it', async () => {
    const { status, etag, body } = await call('GET', '/site-file')
    expect([status, body.text, body.writable, body.undo, body.problem]).toEqual([200, SITE, true, false, null])
    expect(etag).toBe(`"${body.version}"`)
    expect(JSON.stringify(body)).not.toContain('a secret of the camera')
  })
  test('that is known by its version is not sent again', async () => {
    const { etag } = await call('GET', '/site-file')
    const known = await fetch(`${house.url}/api/v1/site-file`, {
      headers: { authorization: `Bearer ${tokens.engineer}`, 'if-none-match': etag ?? '' },
    })
    expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, etag, ''])
  })
  test('is the engineer’s alone', async () => {
    for (const role of ['operator', 'supervisor'] as const) {
      expect((await call('GET', '/site-file', undefined, undefined, role)).status).toBe(403)
      expect((await call('PUT', '/site-file/contacts/x', {}, undefined, role)).status).toBe(403)
    }
  })
  test('is replaced against the version that was seen, and the town follows before the answer', async () => {
    const { etag = '', body } = await call('GET', '/site-file')
    const text = body.text.replace('Number One Bar', 'Number Two Bar')
    expect(await call('PUT', '/site-file', { text })).toMatchObject({ status: 428, body: { code: 'site/no-version' } })
    const saved = await call('PUT', '/site-file', { text }, etag ?? '')
    expect(saved).toMatchObject({ status: 200, body: { following: true, why: null } })
    expect(saved.etag).toBe(`"${saved.body.version}"`)
    expect(onDisk()).toBe(text)
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect((await call('GET', '/help-points/bar')).body.name).toBe('Number Two Bar')
    const late = await call('PUT', '/site-file', { text: SITE }, etag ?? '')
    expect(late).toMatchObject({
      status: 412,
      body: { code: 'site/changed', text, version: saved.body.version, yours: body.version },
    })
    expect(late.etag).toBe(saved.etag)
    // A weak tag never says that every letter is the same (RFC 9110 13.1.1); any of a list will do.
    expect((await call('PUT', '/site-file', { text }, `W/${saved.etag}`)).status).toBe(412)
    expect((await call('PUT', '/site-file', { text }, `"other", ${saved.etag}`)).status).toBe(200)
    expect((await call('PUT', '/site-file', { text }, '*')).status).toBe(428)
    expect(onDisk()).toBe(text)
  })
  test('of a large town is taken, though other requests may not be so long', async () => {
    const { etag, body } = await call('GET', '/site-file')
    const long = `${body.text}${'# a long comment of somebody who explains the town\n'.repeat(4000)}`
    const saved = await call('PUT', '/site-file', { text: long }, etag ?? '')
    expect(saved.status).toBe(200)
    expect((await call('PUT', '/site-file', { text: body.text }, saved.etag ?? '')).status).toBe(200)
  })
  test('takes no secret by a page that the page could then read', async () => {
    const before = onDisk()
    const camera = (url: string, password: string) =>
      call('PUT', '/site-file/cameras/spy', { name: 'Spy', onvif: { url, username: 'u', password } })
    const address = 'http://127.0.0.1:9/onvif'
    for (const answer of [
      await camera('http://${CAM}', '${CAM}'),
      await camera(address, 'file:/etc/passwd'),
      await camera(address, `file:${join(folder, 'data', 'people.json')}`),
      await camera(address, `file:${join(folder, 'data', 'secrets', '..', 'people.json')}`),
    ]) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'site/invalid' } })
      expect(JSON.stringify(answer.body)).not.toContain('a secret of the camera')
    }
    expect(onDisk()).toBe(before)
  })
  test('takes a secret that systemd lends to this service, and none that it lends to another', async () => {
    mkdirSync(lent)
    writeFileSync(join(lent, 'cam'), 'from systemd\n')
    const put = (password: string) =>
      call('PUT', '/site-file/cameras/lent', {
        name: 'Lent',
        onvif: { url: 'http://127.0.0.1:9/lent', username: 'u', password },
      })
    expect((await put(`file:${join(lent, 'cam')}`)).status).toBe(201)
    expect((await put('file:/run/credentials/sshd.service/key')).status).toBe(422)
    expect((await call('DELETE', '/site-file/cameras/lent')).status).toBe(204)
  })
  test('refers to plain files only: what never ends holds nothing up', async () => {
    const secrets = join(folder, 'data', 'secrets')
    mkdirSync(secrets, { recursive: true })
    execFileSync('mkfifo', [join(secrets, 'pipe')])
    symlinkSync('/dev/zero', join(secrets, 'zero'))
    for (const name of ['pipe', 'zero', 'missing'])
      expect(
        await call('PUT', '/site-file/cameras/slow', {
          name: 'Slow',
          onvif: { url: 'http://127.0.0.1:9/onvif', username: 'u', password: `file:${join(secrets, name)}` },
        }),
      ).toMatchObject({ status: 422, body: { problems: [{ problem: expect.stringContaining('cannot be read') }] } })
  })
  test('that cannot be read now is said, and mended by hand', async () => {
    const before = onDisk()
    writeFileSync(file, Buffer.from([0xff, 0xfe, 0x61, 0x00]))
    expect(await call('GET', '/site-file')).toMatchObject({ status: 422, body: { code: 'site/invalid' } })
    expect((await call('PUT', '/site-file/contacts/x', { name: 'X', phone: '1' })).status).toBe(422)
    rmSync(file)
    expect((await call('GET', '/site-file')).status).toBe(422)
    writeFileSync(file, 'cameras: [*nobody]\n')
    expect(await call('PUT', '/site-file/contacts/x', { name: 'X', phone: '1' })).toMatchObject({ status: 422 })
    writeFileSync(file, before)
    expect((await call('GET', '/site-file')).status).toBe(200)
  })
  test('that would not be valid is refused with line and key, and stays as it was', async () => {
    const { etag, body } = await call('GET', '/site-file')
    const wrong = await call(
      'PUT',
      '/site-file',
      { text: body.text.replace('lat: 54.52363', 'lat: north') },
      etag ?? '',
    )
    expect(wrong).toMatchObject({
      status: 422,
      body: { code: 'site/invalid', problems: [{ line: 6, key: expect.stringContaining('helpPoints.0.location') }] },
    })
    expect((await call('PUT', '/site-file', { text: 'a: [' }, etag ?? '')).body.problems[0]).toMatchObject({ line: 1 })
    expect(onDisk()).toBe(body.text)
    expect(existsSync(`${file}.new`)).toBe(false)
  })
})

describe('one thing of it', () => {
  test('is made, changed and deleted, and every other line stays', async () => {
    const before = onDisk()
    const made = await call('PUT', '/site-file/help-points/station', POINT)
    expect(made).toMatchObject({ status: 201, body: { following: true } })
    expect((await call('GET', '/help-points/station')).body.name).toBe('Station')
    const changed = await call('PUT', '/site-file/help-points/station', { ...POINT, name: 'Bank Top' }, made.etag ?? '')
    expect(changed.status).toBe(200)
    expect(onDisk()).toContain('  - id: bar # the first\n')
    const stale = await call('DELETE', '/site-file/help-points/station', undefined, made.etag ?? '')
    expect(stale.status).toBe(412)
    const gone = await call('DELETE', '/site-file/help-points/station')
    expect([gone.status, gone.body]).toEqual([204, null])
    expect(gone.etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(onDisk()).toBe(before)
    expect((await call('GET', '/help-points/station')).status).toBe(404)
    expect((await call('DELETE', '/site-file/help-points/station')).status).toBe(404)
  })
  test('has its id in the address alone', async () => {
    const other = await call('PUT', '/site-file/contacts/police', { id: 'other', name: 'P', phone: '1' })
    expect(other).toMatchObject({ status: 422, body: { problems: [{ key: 'id' }] } })
    expect((await call('PUT', '/site-file/contacts/police', { id: 'police', name: 'P', phone: '1' })).status).toBe(201)
    expect((await call('PUT', '/site-file/contacts/No%20Id', { name: 'P', phone: '1' })).status).toBe(422)
    expect((await call('PUT', '/site-file/towers/x', {})).status).toBe(400)
    expect(
      (await call('PUT', '/site-file/contacts/police', { name: 'P', phone: '1', colour: 'red' })).body,
    ).toMatchObject({
      code: 'site/invalid',
      problems: [{ key: expect.stringContaining('colour') }],
    })
  })
  test('that others name is not deleted by the way', async () => {
    await call('PUT', '/site-file/help-points/station', {
      ...POINT,
      sources: [{ http: {} }, { onvifInput: { camera: 'cam-2' } }],
    }).then(({ status }) => expect(status).toBe(422))
    await call('PUT', '/site-file/cameras/cam-2', {
      name: 'Second',
      onvif: { url: 'http://127.0.0.1:9/onvif', username: 'u', password: '${CAM}' },
      presets: { bar: { token: '1', name: 'Bar' } },
    }).then(({ status }) => expect(status).toBe(201))
    await call('PUT', '/site-file/help-points/station', {
      ...POINT,
      sources: [{ http: {} }, { onvifInput: { camera: 'cam-2' } }],
    })
    const refused = await call('DELETE', '/site-file/cameras/cam-2')
    const line =
      onDisk()
        .split('\n')
        .findIndex((each) => each.includes('onvifInput')) + 1
    expect(refused).toMatchObject({ status: 422, body: { code: 'site/referenced', problems: [{ line }] } })
    expect((await call('DELETE', '/site-file/cameras/cam-2?references=remove')).status).toBe(204)
    expect(onDisk()).not.toContain('cam-2')
    expect((await call('DELETE', '/site-file/help-points/station')).status).toBe(204)
  })
  test('a safe place without an id is called by its name', async () => {
    const [place] = (await call('GET', '/site')).body.safePlaces
    expect(place.id).toBe('number-forty')
    const answer = await call('PUT', '/site-file/safe-places/number-forty', {
      name: 'Number Forty',
      address: '41 Skinnergate',
      location: { lat: 54.5, lon: -1.5 },
      open: [],
    })
    expect(answer.status).toBe(200)
    expect((await call('GET', '/site')).body.safePlaces).toMatchObject([
      { id: 'number-forty', address: '41 Skinnergate' },
    ])
  })
})

describe('each edit', () => {
  test('is taken back in one step, once, unless somebody has edited by hand since', async () => {
    const before = onDisk()
    await call('PUT', '/site-file/contacts/taxi', { name: 'Taxi', phone: '1' })
    expect((await call('POST', '/site-file/undo')).status).toBe(200)
    expect(onDisk()).toBe(before)
    writeFileSync(file, `${before}# by hand\n`)
    expect(await call('POST', '/site-file/undo')).toMatchObject({ status: 409, body: { code: 'site/nothing-to-undo' } })
    writeFileSync(file, before)
  })
  test('is an entry of the record with who and what, which operators do not read', async () => {
    const { items } = (await call('GET', '/ledger?limit=200', undefined, undefined, 'supervisor')).body
    const edits = items.filter(({ kind }: { kind: string }) => kind === 'site.edited')
    expect(edits.at(0)).toMatchObject({ actor: 'engineer:The engineer', body: { what: 'the whole file' } })
    expect(edits.at(0).body.diff).toContain('+    name: Number Two Bar')
    expect(edits.at(-1).body.what).toBe('undo: contacts/taxi')
  })
  test('of two at the same moment is both, one after the other', async () => {
    const contact = (name: string) => call('PUT', `/site-file/contacts/${name}`, { name, phone: '1' })
    const all = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(contact))
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201])
    for (const name of ['a', 'b', 'c', 'd', 'e']) expect(onDisk()).toContain(`id: ${name}\n`)
  })
  test('against the same version, one of two is refused', async () => {
    const { etag } = await call('GET', '/site-file')
    const both = await Promise.all(
      ['f', 'g'].map((name) => call('PUT', `/site-file/contacts/${name}`, { name, phone: '1' }, etag ?? '')),
    )
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 412])
  })
})
