/**
 * Cameras that leave one question open, in each way that was seen: a web page, "not authorized" for this one alone,
 * silence, a connection that breaks. None of it costs the recording, the head, or the camera's life (rows C5, C7, C13).
 */
import { describe, expect, test } from 'vitest'
import { createCameraHead } from '../../server/camera/head/camera-head.ts'
import { createOnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import { askDevice, takeInventory } from '../../server/camera/onvif/onvif-inventory.ts'
import type { CameraId, PresetToken } from '../../server/glossary/camera.ts'
import type { OnvifAccess } from '../../server/glossary/site.ts'
import { realClock } from '../../server/tools/clock.ts'
import { type Asked, type Said, type Script, fault, profile, startScriptedCamera } from './scripted-camera.ts'
import { until } from './test-town.ts'

const SECRET = { username: 'lamppost', password: 'right', fingerprint: null }
const WAYS: [string, (asked: Asked) => Said | Promise<Said>][] = [
  ['a web page', () => ({ status: 404, text: '<!DOCTYPE html><html><body>Not found</body></html>' })],
  ['NotAuthorized, for this one alone', () => fault('NotAuthorized', 'The sender is not authorized')],
  ['nothing at all', () => new Promise<Said>(() => {})],
  ['a connection that breaks', ({ request }) => (request.socket.destroy(), new Promise<Said>(() => {}))],
]
const QUESTIONS = [
  'GetSystemDateAndTime',
  'GetServices',
  'GetCapabilities',
  'GetDeviceInformation',
  'GetConfigurations',
  'GetPresets',
  'GetStatus',
]

async function inventoryOf(access: OnvifAccess) {
  const client = createOnvifClient({ access, clock: realClock })
  try {
    await client.measureClock(2000).catch(() => {})
    return await takeInventory(client, access, 4000, await askDevice(client, 4000))
  } finally {
    client.close()
  }
}
/** A camera and its head, for as long as `look` takes. */
async function withHead(
  script: Script,
  look: (seen: {
    head: ReturnType<typeof createCameraHead>
    health: { onvif: string; reason: string | null; trouble?: string | null | undefined }[]
    sessions: [string | null, string | null][]
    change(script: Script): void
    asked(): string[]
  }) => Promise<void>,
): Promise<void> {
  const answers: Script = { ...script }
  const camera = await startScriptedCamera(answers)
  const health: { onvif: string; reason: string | null; trouble?: string | null | undefined }[] = []
  const sessions: [string | null, string | null][] = []
  const head = createCameraHead({
    id: 'cam' as CameraId,
    access: { url: camera.url, ...SECRET },
    clock: realClock,
    takeInventory: inventoryOf,
    random: () => 0.02,
    onHealth: (news) => health.push(news),
    onSession: (stream, substream) => sessions.push([stream?.pathname ?? null, substream?.pathname ?? null]),
  })
  try {
    await look({
      head,
      health,
      sessions,
      change: (more) => void Object.assign(answers, more),
      asked: camera.actions,
    })
  } finally {
    await head.close()
    await camera.close()
  }
}
/** The first of its turns; two, where each waits for what the camera does not answer. */
const ONE_TURN_MS = 3000
const TWO_TURNS_MS = 24_000

describe.concurrent.each(WAYS)('a camera that answers with %s', (_, said) => {
  test.each(QUESTIONS)('to %s is recorded, and stays', async (action) => {
    await withHead({ [action]: said }, async ({ head, health, sessions }) => {
      await until(
        () => sessions,
        ({ length }) => length > 0,
      )
      expect(sessions[0]).toEqual(['/main', null])
      expect(head.ptz()).toBe(true)
      // By then it has been told up, and it is told nothing else.
      const told = health.length
      await new Promise((resolve) => setTimeout(resolve, action === 'GetStatus' ? TWO_TURNS_MS : ONE_TURN_MS))
      expect(health.slice(told)).toEqual([])
      expect(health.at(-1)).toMatchObject({ onvif: 'up', reason: null })
      expect(health.filter(({ trouble }) => trouble === 'password')).toEqual([])
    })
  })
  test('to the address of its small stream is recorded, without one', async () => {
    const script: Script = {
      GetProfiles: () => profile('main', { ptz: true }) + profile('sub', { size: [640, 360] }),
      GetStreamUri: (asked) =>
        asked.body.includes('>sub<') ? said(asked) : '<MediaUri><tt:Uri>rtsp://127.0.0.1:8554/main</tt:Uri></MediaUri>',
    }
    await withHead(script, async ({ sessions }) => {
      await until(
        () => sessions,
        ({ length }) => length > 0,
      )
      expect(sessions[0]).toEqual(['/main', null])
    })
  })
})

const no = (): Said => fault('NotAuthorized', 'no')
const AUTHENTICATED = [
  'GetDeviceInformation',
  'GetProfiles',
  'GetPresets',
  'GetStatus',
  'GetStreamUri',
  'GetConfigurations',
]
describe.concurrent('a password that was changed', () => {
  test('is tried a few times only before a minute of patience: some cameras lock an account', async () => {
    await withHead({}, async ({ head, change, asked }) => {
      await until(head.health, ({ onvif }) => onvif === 'up')
      change(Object.fromEntries(AUTHENTICATED.map((action) => [action, no])))
      const before = asked().length
      await until(head.health, ({ onvif }) => onvif === 'down')
      await new Promise((resolve) => setTimeout(resolve, 8000))
      const tries = asked()
        .slice(before)
        .filter((action) => AUTHENTICATED.includes(action))
      expect(tries.length).toBeLessThanOrEqual(3)
    })
  })
  test('is another thing than a person who may not steer: it stays, and is asked seldom', async () => {
    await withHead({ GetStatus: no, GetPresets: no }, async ({ head, health }) => {
      await until(head.health, ({ onvif }) => onvif === 'up')
      const told = health.length
      await new Promise((resolve) => setTimeout(resolve, TWO_TURNS_MS))
      expect(health.slice(told)).toEqual([])
    })
  })
})

describe.concurrent('what was left open', () => {
  test('is asked again, and the camera keeps its head, its presets and its stream meanwhile', async () => {
    const silent = (): Promise<Said> => new Promise<Said>(() => {})
    let token = 0
    const script: Script = {
      GetDeviceInformation: silent,
      GetStreamUri: () => `<MediaUri><tt:Uri>rtsp://127.0.0.1:8554/main?token=${(token += 1)}</tt:Uri></MediaUri>`,
    }
    await withHead(script, async ({ head, sessions, change, asked }) => {
      await until(
        () => sessions,
        ({ length }) => length > 0,
      )
      const inventories = () => asked().filter((action) => action === 'GetServices').length
      change({ GetCapabilities: silent, GetServices: silent, GetPresets: silent })
      await until(inventories, (count) => count > 1)
      await new Promise((resolve) => setTimeout(resolve, 8000))
      expect(head.ptz()).toBe(true)
      expect(head.presetPosition('1' as PresetToken)).toMatchObject({ pan: 0.5 })
      expect(sessions).toHaveLength(1)
    })
  })
  test('is asked again: a camera that was busy when the server started gets its head later', async () => {
    const silent = (): Promise<Said> => new Promise<Said>(() => {})
    const both = { GetServices: silent, GetCapabilities: () => fault('NotAuthorized', 'busy') }
    await withHead(both, async ({ head, sessions, change }) => {
      await until(
        () => sessions,
        ({ length }) => length > 0,
      )
      expect(head.ptz()).toBe(false)
      change({ GetServices: undefined, GetCapabilities: undefined })
      await until(head.ptz, (found) => found === true)
    })
  })
  test('and a password that was changed is told as one, whoever answers the time', async () => {
    await withHead({}, async ({ head, health, change }) => {
      await until(head.health, ({ onvif }) => onvif === 'up')
      change(
        Object.fromEntries(
          ['GetServices', 'GetCapabilities', 'GetDeviceInformation', 'GetProfiles', 'GetPresets', 'GetStatus'].map(
            (action) => [action, no],
          ),
        ),
      )
      await until(head.health, ({ onvif }) => onvif === 'down')
      expect(health.at(-1)).toMatchObject({
        trouble: 'password',
        reason: expect.stringMatching(/user name and password/),
      })
    })
  })
  test('a device that answers nothing is down within seconds', async () => {
    const silent = (): Promise<Said> => new Promise<Said>(() => {})
    await withHead(
      { '*': silent, ...Object.fromEntries(QUESTIONS.map((action) => [action, silent])) },
      async ({ head }) => {
        await until(head.health, ({ onvif }) => onvif === 'down')
      },
    )
  })
  test('a device of nothing but web pages is told so: its address is wrong', async () => {
    const page = (): Said => ({ status: 200, text: '<html><body>Welcome</body></html>' })
    const all = ['*', 'GetProfiles', 'GetStreamUri', 'GotoPreset', ...QUESTIONS]
    await withHead(Object.fromEntries(all.map((action) => [action, page])), async ({ health }) => {
      await until(
        () => health.at(-1),
        (last) => last?.trouble === 'web-page',
      )
    })
  })
  test('profiles by Media2 and addresses by Media only: both are asked', async () => {
    const media2 = 'http://www.onvif.org/ver20/media/wsdl'
    const script: Script = {
      GetServices: (_, base) =>
        [
          ['http://www.onvif.org/ver10/media/wsdl', 'media'],
          [media2, 'media2'],
          ['http://www.onvif.org/ver20/ptz/wsdl', 'ptz'],
        ]
          .map(
            ([namespace, path]) =>
              `<Service><Namespace>${namespace}</Namespace><XAddr>${base}/onvif/${path}</XAddr></Service>`,
          )
          .join(''),
      GetProfiles: ({ path }) =>
        path === '/onvif/media2'
          ? '<Profiles token="new"><Name>new</Name><Configurations><VideoSource token="v"><SourceToken>src-1</SourceToken>' +
            '</VideoSource><VideoEncoder token="e"><Encoding>H265</Encoding></VideoEncoder></Configurations></Profiles>'
          : profile('main', { ptz: true }),
      GetStreamUri: ({ path }) =>
        path === '/onvif/media2'
          ? fault('ActionNotSupported', 'no')
          : '<MediaUri><tt:Uri>rtsp://127.0.0.1:8554/main</tt:Uri></MediaUri>',
    }
    await withHead(script, async ({ head, sessions }) => {
      await until(
        () => sessions,
        ({ length }) => length > 0,
      )
      expect(sessions[0]?.[0]).toBe('/main')
      expect(head.ptz()).toBe(true)
    })
  })
})
