/** Cameras that are not in the site file yet: looked for on the network, asked what they are. */
import { Type } from 'typebox'
import type { CameraInquiry, FoundCamera } from '../glossary/camera.ts'
import type { App } from '../door/door.ts'
import { MAYBE_STRING, PROBLEM } from '../door/shapes.ts'

export type FindingPort = {
  /** Network interfaces of this machine that can be asked on. */
  devices(): string[]
  discover(device: string | null): Promise<FoundCamera[]>
  inquire(access: { url: string; username: string; password: string }): Promise<CameraInquiry>
}

const strict = { additionalProperties: false }
const FOUND = Type.Object({
  url: Type.String({ description: 'Its ONVIF address, as it says' }),
  name: Type.String(),
  hardware: Type.String(),
  elsewhere: Type.Boolean({ description: 'It names an address that is not where its answer came from' }),
  camera: Type.Union([Type.String(), Type.Null()], { description: 'The camera of the site file with this address' }),
})
const INQUIRY = Type.Object({
  manufacturer: Type.String(),
  model: Type.String(),
  serial: Type.String(),
  firmware: Type.String(),
  ptz: Type.Boolean(),
  clockOffsetMs: Type.Union([Type.Integer(), Type.Null()]),
  presets: Type.Array(Type.Object({ token: Type.String(), name: Type.String() })),
  fingerprint: MAYBE_STRING,
  channels: Type.Array(
    Type.Object({
      source: Type.String({ description: 'What the site file names: onvif: { source }' }),
      profiles: Type.Array(
        Type.Object({
          token: Type.String(),
          name: Type.String(),
          codec: Type.String(),
          width: Type.Integer(),
          height: Type.Integer(),
          ptz: Type.Boolean(),
        }),
      ),
      still: Type.Union([Type.String(), Type.Null()], { description: 'A JPEG as a data: address' }),
    }),
    { description: 'Every picture behind this address: a recorder has many' },
  ),
  problem: MAYBE_STRING,
  siteFile: Type.String({ description: 'YAML for the site file’s list of cameras; the password only by reference' }),
})

export function findingRoutes(app: App, port: FindingPort): void {
  app.get(
    '/api/v1/discovery',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'Network interfaces that can be looked on',
        tags: ['cameras'],
        response: { 200: Type.Object({ devices: Type.Array(Type.String()) }) },
      },
    },
    () => ({ devices: port.devices() }),
  )
  app.post(
    '/api/v1/discovery',
    {
      config: { roles: ['engineer'] },
      schema: {
        summary: 'Look for ONVIF devices on the local network, for three seconds',
        tags: ['cameras'],
        body: Type.Object(
          {
            device: Type.Optional(
              Type.String({ maxLength: 40, description: 'A network interface; left out, the machine’s own choice' }),
            ),
          },
          strict,
        ),
        response: { 200: Type.Object({ items: Type.Array(FOUND) }), '4xx': PROBLEM },
      },
    },
    async (request) => ({ items: await port.discover(request.body.device ?? null) }),
  )
  app.post(
    '/api/v1/discovery/inquiry',
    {
      config: { roles: ['engineer'], confirmed: true },
      schema: {
        summary:
          'Ask a camera what it is; nothing is kept. Only where cameras may be (cameraNetworks of the site file)',
        tags: ['cameras'],
        body: Type.Object(
          {
            url: Type.String({ minLength: 1, maxLength: 300 }),
            username: Type.String({ maxLength: 100 }),
            password: Type.String({ maxLength: 200 }),
          },
          strict,
        ),
        response: { 200: INQUIRY, '4xx': PROBLEM, '5xx': PROBLEM },
      },
    },
    (request) => port.inquire(request.body),
  )
}
