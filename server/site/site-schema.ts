/** The site file's shape, as a schema: unknown keys are refused, and editors get it as JSON Schema. */
import { type Static, Type } from 'typebox'
import { READERS } from '../glossary/people.ts'
import { FILE, ID, REFERENCE, fingerprintOf, strict } from './schema-parts.ts'
import { CONNECTOR } from './sections/connector-schema.ts'
import { DESTINATIONS } from './sections/destination-schema.ts'
import { ONVIF_DEVICE } from './sections/onvif-device-schema.ts'
import { DIRECTORY } from './sections/directory-schema.ts'
import { TOWN } from './sections/town-schema.ts'
import { LENS, PRIVACY } from './sections/privacy-schema.ts'
import { HELP_POINT_VOICE, SIP, VOICE } from './sections/voice-schema.ts'

const NAME = Type.String({ minLength: 1, maxLength: 120 })
const DURATION = Type.String({ pattern: '^[0-9]+(s|m|h|d)$', description: 'A whole number and s, m, h or d: 60s, 24h' })
const SIZE = Type.String({ pattern: '^[0-9]+(MB|GB|TB)$', description: 'A whole number and MB, GB or TB' })
const TIME = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'Local time of day: "21:00"' })
const PLACE = Type.Object(
  { lat: Type.Number({ minimum: -90, maximum: 90 }), lon: Type.Number({ minimum: -180, maximum: 180 }) },
  { ...strict, description: 'WGS 84 degrees' },
)

const WIRED = Type.Object(
  {
    camera: ID,
    input: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'The token of the digital input; left out, any of that device',
      }),
    ),
    pressed: Type.Optional(
      Type.Boolean({ description: 'What the input says while the button is pressed; true when left out' }),
    ),
  },
  { ...strict, description: 'The button is wired to a digital input of this camera or intercom' },
)

const TOPIC = Type.String({ pattern: '^[^#+\\u0000]{1,200}$', description: 'A topic without wildcards' })

const HTTP = Type.Object(
  { secret: Type.Optional(REFERENCE) },
  { ...strict, description: 'With a secret it may press by signature (HMAC-SHA256) instead of a token' },
)
const MQTT = Type.Object(
  {
    topic: TOPIC,
    when: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1, maxLength: 100 }),
        Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
        {
          description:
            'What the payload must say to be a press: JSON by dotted name, a plain word as text (when: ' +
            '{ text: pressed }); left out, every message that is not empty is one',
        },
      ),
    ),
    heartbeat: Type.Optional(TOPIC),
    key: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description:
          'Where the JSON payload has an id of this one press (another one with each press), ' +
          'by dotted name; left out, id, which may also be the device’s own',
      }),
    ),
  },
  strict,
)
const LORAWAN = Type.Object(
  {
    device: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9_. -]{0,63}$',
      description: 'Device id, device EUI or name, as the network server calls it',
    }),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 255, description: 'The port of a press; left out, any' })),
    payload: Type.Optional(
      Type.String({
        pattern: '^([0-9a-fA-F]{2})+$',
        description: 'Bytes in hex that the payload of a press begins with; other uplinks are signs of life',
      }),
    ),
  },
  strict,
)
const SIA = Type.Object(
  {
    account: Type.String({ pattern: '^[0-9A-Fa-f]{3,16}$', description: '3 to 16 hex digits' }),
    zone: Type.Optional(
      Type.String({
        pattern: '^[0-9A-Fa-f]{1,6}$',
        description: 'Zone or point of the button; left out, any of the account',
      }),
    ),
    codes: Type.Optional(
      Type.Array(Type.String({ pattern: '^([A-Z]{2}|[0-9]{3})$' }), {
        minItems: 1,
        maxItems: 50,
        description:
          'Events that are presses; left out, those by which somebody asks for help (PA, HA, MA, QA, 100 to 102, 120 to 124)',
      }),
    ),
    key: Type.Optional(REFERENCE),
  },
  { ...strict, description: 'SIA DC-09; with a key (AES, 32, 48 or 64 hex digits) only encrypted messages are taken' },
)

const HELP_POINT = Type.Object(
  {
    id: ID,
    name: NAME,
    address: Type.Optional(NAME),
    location: PLACE,
    instructions: Type.Optional(Type.Array(NAME, { maxItems: 20 })),
    sources: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Object({ http: HTTP }, strict),
          Type.Object({ mqtt: MQTT }, strict),
          Type.Object({ onvifInput: WIRED }, strict),
          Type.Object({ lorawan: LORAWAN }, strict),
          Type.Object({ sia: SIA }, strict),
          Type.Object({ sip: SIP }, strict),
        ]),
      ),
    ),
    voice: Type.Optional(HELP_POINT_VOICE),
    heartbeat: Type.Optional(
      Type.Object(
        { every: DURATION },
        { ...strict, description: 'How often it says that it lives; silence three times as long is told' },
      ),
    ),
    drill: Type.Optional(
      Type.Object(
        { daily: TIME },
        { ...strict, description: 'A test press through the whole chain, every day at this local time' },
      ),
    ),
  },
  strict,
)

const SHARE = Type.Number({ minimum: 0, maximum: 1 })
const MASK = Type.Object(
  { x: SHARE, y: SHARE, width: SHARE, height: SHARE },
  { ...strict, description: 'Shares of the picture’s width and height, from the upper left' },
)

const MOUNT = Type.Object(
  {
    northOffset: Type.Number({
      minimum: -360,
      maximum: 360,
      description: 'Compass bearing in degrees at which its pan is 0',
    }),
    height: Type.Number({ minimum: 0, maximum: 200, description: 'Metres above the ground' }),
    flip: Type.Optional(
      Type.Array(Type.Enum(['pan', 'tilt']), {
        maxItems: 2,
        description: 'Axes that count the other way round on this model',
      }),
    ),
  },
  {
    ...strict,
    description: 'How the camera hangs: with it, it can be turned to a help point that it has no preset for',
  },
)

const CHANNEL_TOKEN = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 64, description }))
const BASIC = Type.Optional(
  Type.Boolean({
    description:
      'Its stream may be asked for with the password in the clear (RTSP Basic), which everybody on that network can ' +
      'read; said as a fault of the camera. Left out: digest only',
  }),
)

const ONVIF = Type.Object(
  {
    url: Type.String({ minLength: 1 }),
    username: Type.String(),
    password: Type.String(),
    basic: BASIC,
    fingerprint: fingerprintOf('camera'),
    nat: Type.Optional(
      Type.Boolean({ description: 'The camera names addresses of its own network: the host of url is put into each' }),
    ),
    source: CHANNEL_TOKEN(
      'The video source that this camera is, where one address has several: a channel of a recorder, a head of a camera with several',
    ),
    profile: CHANNEL_TOKEN('The media profile that is recorded; left out, the largest of its channel'),
    substreamProfile: CHANNEL_TOKEN(
      'The media profile that tiles and browsers without H.265 get; left out, a smaller H.264 one of its channel',
    ),
    ptz: Type.Optional(
      Type.Object(
        {
          profile: CHANNEL_TOKEN('The media profile by which the head is moved'),
          node: CHANNEL_TOKEN('The PTZ node that is moved'),
        },
        { ...strict, description: 'What moves the head, where that is another profile than the recorded channel’s' },
      ),
    ),
  },
  strict,
)
const STREAM = Type.Object(
  {
    url: Type.String({
      pattern: '^(rtsps?://.+|\\$\\{.+\\}.*|file:.+)$',
      description: 'Its stream: rtsp://host/path, without a name and password in it',
    }),
    substream: Type.Optional(
      Type.String({
        pattern: '^(rtsps?://.+|\\$\\{.+\\}.*|file:.+)$',
        description: 'A smaller stream of the same picture, H.264',
      }),
    ),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
    basic: BASIC,
    fingerprint: fingerprintOf('camera'),
    snapshot: Type.Optional(
      Type.String({ pattern: '^(https?://.+|\\$\\{.+\\}.*|file:.+)$', description: 'A still picture over HTTP' }),
    ),
  },
  {
    ...strict,
    description: 'Where its picture is read: for a camera without ONVIF, or where ONVIF names another address',
  },
)

const CAMERA = Type.Object(
  {
    id: ID,
    name: NAME,
    location: Type.Optional(PLACE),
    onvif: Type.Optional(ONVIF),
    stream: Type.Optional(STREAM),
    mount: Type.Optional(MOUNT),
    privacy: Type.Optional(PRIVACY),
    lens: Type.Optional(LENS),
    bearing: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 360,
        description: 'Compass bearing in degrees that a fixed camera looks at: for the map',
      }),
    ),
    after: Type.Optional(
      Type.Union(
        [
          Type.Enum(['home', 'before', 'stay']),
          Type.Object({ tour: Type.String({ minLength: 1, maxLength: 64 }) }, strict),
        ],
        {
          description:
            'Where the head goes when an incident that sent it is closed: its home position, where it ' +
            'looked before, nowhere, or on with its own preset tour of this token',
        },
      ),
    ),
    speaker: Type.Optional(
      Type.Enum(['onvif'], {
        description:
          'It has a loudspeaker, through which the room speaks: by the back channel of its RTSP stream (ONVIF); needs voice',
      }),
    ),
    rtmp: Type.Optional(
      Type.Object(
        {
          streamKey: Type.String({
            pattern: '^(\\$\\{.+\\}|file:.+|[A-Za-z0-9_-]{8,128})$',
            description: 'By reference; letters, digits, _ and -',
          }),
        },
        strict,
      ),
    ),
    presets: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          {
            token: Type.String({ minLength: 1, maxLength: 64 }),
            name: NAME,
            mask: Type.Optional(
              Type.Array(MASK, {
                maxItems: 20,
                description: 'Parts of the picture that say nothing about the place: roads, trees',
              }),
            ),
          },
          strict,
        ),
        { description: 'Help point id to the preset that shows it' },
      ),
    ),
    buffer: Type.Optional(
      Type.Union([
        Type.Literal('on-press'),
        Type.Object(
          {
            preRoll: Type.Optional(DURATION),
            keep: Type.Optional(DURATION),
            most: Type.Optional(SIZE),
            sound: Type.Optional(Type.Enum(['drop', 'keep'])),
            reader: Type.Optional(Type.Enum(['direct', 'ffmpeg'])),
          },
          strict,
        ),
      ]),
    ),
  },
  strict,
)

const SAFE_PLACE = Type.Object(
  {
    id: Type.Optional(ID),
    name: NAME,
    address: NAME,
    location: PLACE,
    open: Type.Array(
      Type.Object(
        { days: Type.Array(Type.Enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])), from: TIME, to: TIME },
        strict,
      ),
    ),
  },
  strict,
)

const CONTACT = Type.Object(
  {
    id: ID,
    name: NAME,
    phone: Type.String({ minLength: 1 }),
    urgent: Type.Optional(Type.String({ minLength: 1 })),
    sip: Type.Optional(
      Type.String({
        pattern: '^sip:[0-9A-Za-z+*._-]{1,40}@trunk$',
        description: 'The number by which an operator adds it to a call, over voice.trunk: sip:101@trunk',
      }),
    ),
    mobile: Type.Optional(
      Type.String({
        pattern: '^\\+?[0-9][0-9 ]{3,24}$',
        description: 'Where an operator sends a responder’s link by text message: +44 7700 900123',
      }),
    ),
    email: Type.Optional(
      Type.String({
        pattern: '^[^\\s@<>,;?&]{1,64}@[^\\s@<>,;?&]{1,190}$',
        description: 'Where an operator sends a responder’s link by e-mail',
      }),
    ),
  },
  strict,
)

export const SITE_SCHEMA = Type.Object(
  {
    site: Type.Object(
      {
        id: ID,
        name: NAME,
        timezone: Type.String({ minLength: 1 }),
        prefix: Type.Optional(
          Type.String({
            pattern: '^[A-Z][A-Z0-9]{0,11}$',
            description:
              'What the numbers of its incidents begin with: LP (left out) gives LP-2026-0042. Numbers that were said ' +
              'are found by it: leave it as it is',
          }),
        ),
        training: Type.Optional(
          Type.Boolean({
            description: 'Nothing here is real: each page says so. `lamppost start --simulate FILE` writes it',
          }),
        ),
        quietHours: Type.Optional(
          Type.Object(
            { from: TIME, to: TIME },
            {
              ...strict,
              description: 'When cameras may be moved to check their presets; left out, they are checked by hand only',
            },
          ),
        ),
      },
      strict,
    ),
    helpPoints: Type.Array(HELP_POINT, { minItems: 1 }),
    cameras: Type.Array(CAMERA),
    safePlaces: Type.Optional(Type.Array(SAFE_PLACE)),
    contacts: Type.Optional(Type.Array(CONTACT)),
    mqtt: Type.Optional(
      Type.Object(
        {
          url: Type.String({ pattern: '^(mqtts?|wss?)://.+', description: 'mqtts://broker.example:8883' }),
          username: Type.Optional(Type.String()),
          password: Type.Optional(REFERENCE),
          ca: Type.Optional(
            Type.String({
              pattern: '^file:.+$',
              description: 'file:/path of the PEM of who signed its certificate; left out, the system’s own',
            }),
          ),
          version: Type.Optional(Type.Enum(['5', '3.1.1'])),
        },
        { ...strict, description: 'The broker of help points that press over MQTT' },
      ),
    ),
    sia: Type.Optional(
      Type.Object(
        { port: Type.Integer({ minimum: 0, maximum: 65_535 }), host: Type.Optional(Type.String({ minLength: 1 })) },
        {
          ...strict,
          description:
            'Where alarm transmitters reach the SIA DC-09 receiver, TCP and UDP; host left out, the server’s own',
        },
      ),
    ),
    voice: Type.Optional(VOICE),
    destinations: Type.Optional(DESTINATIONS),
    connectors: Type.Optional(
      Type.Array(CONNECTOR, { description: 'Video management systems that are told of incidents' }),
    ),
    onvifDevice: Type.Optional(ONVIF_DEVICE),
    directory: Type.Optional(DIRECTORY),
    secondFactor: Type.Optional(
      Type.Object(
        {
          requiredFor: Type.Array(Type.Enum(READERS), {
            minItems: 1,
            uniqueItems: true,
            description:
              'Nobody has these roles without a second factor: an authenticator app or a passkey, set up on the page People',
          }),
        },
        strict,
      ),
    ),
    escalation: Type.Optional(
      Type.Array(
        Type.Object(
          {
            after: DURATION,
            to: Type.Optional(
              Type.Array(ID, { description: 'Destinations and connectors that are told at this step' }),
            ),
          },
          strict,
        ),
        {
          maxItems: 9,
          description:
            'When nobody takes an incident: after each of these times further screens show it ' +
            '(lamppost-wall from-step), and the named destinations are told',
        },
      ),
    ),
    viewing: Type.Optional(
      Type.Object(
        {
          reason: Type.Enum(['required', 'optional'], {
            description:
              'Whether somebody who looks at a camera that no incident holds must say why first ' +
              '(default optional); every look is an entry of the record either way',
          }),
        },
        strict,
      ),
    ),
    cameraNetworks: Type.Optional(
      Type.Array(Type.String({ maxLength: 60, description: 'As in 10.0.4.0/24' }), {
        minItems: 1,
        maxItems: 100,
        description:
          'Where cameras are: an engineer who asks an address what it is can ask only there (default: private networks, ' +
          'and where a camera of this file is)',
      }),
    ),
    embedding: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$',
          description: 'An origin: https:// and a host, nothing behind it',
        }),
        {
          maxItems: 50,
          description:
            'Origins of pages that may have Lamppost in them, such as https://wall.example.gov.uk: ' +
            'by its web components (CORS) or in a frame',
        },
      ),
    ),
    town: Type.Optional(TOWN),
    responders: Type.Optional(
      Type.Object(
        {
          url: Type.String({
            pattern:
              '^(here|https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?|http://(localhost|127[.][0-9.]+)(:[0-9]{1,5})?/?)$',
            description:
              'Where people outside reach the paths /r/… of this server, as https://help.example.gov.uk; here: at its own address',
          }),
        },
        { ...strict, description: 'Links by which an operator lends one incident to a contact, such as the police' },
      ),
    ),
    streets: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-][A-Za-z0-9 ._/-]*\\.(geo)?json$',
        description:
          'GeoJSON of the streets (lines) and areas, beside the site file: for the map and walking distances',
      }),
    ),
    checkpoints: Type.Optional(
      Type.Object(
        {
          to: Type.Array(
            Type.String({ pattern: '^https?://.+', description: 'An address that begins with https:// or http://' }),
            { minItems: 1, maxItems: 10 },
          ),
        },
        { ...strict, description: 'Where each signed checkpoint of the ledger is put, too (HTTP POST, text/plain)' },
      ),
    ),
    evidence: Type.Optional(
      Type.Object(
        {
          prefix: Type.Optional(
            Type.String({
              pattern: '^[A-Z][A-Z0-9]{1,11}$',
              description:
                'What the names of packages begin with: DBC for Darlington Borough Council; left out, the site’s id',
            }),
          ),
          keep: Type.Optional(
            Type.String({
              pattern: '^[0-9]+d$',
              description: 'How long clips of closed incidents, and packages, are kept; 31d when left out',
            }),
          ),
          warn: Type.Optional(
            Type.String({ pattern: '^[0-9]+d$', description: 'How long before that it is said; 3d when left out' }),
          ),
          unlockByTwo: Type.Optional(
            Type.Boolean({
              description:
                'A lock of recordings is undone, or made shorter, by two people: one asks, another agrees within 7 days',
            }),
          ),
          signer: Type.Optional(
            Type.Object(
              { certificate: FILE, key: FILE, root: FILE },
              {
                ...strict,
                description:
                  'A signer of the council’s own, as PEM (ECDSA P-256): its certificate, then those between ' +
                  'it and the root; left out, Lamppost makes its own root and signer',
              },
            ),
          ),
          timeStamp: Type.Optional(
            Type.Object(
              { url: Type.String({ pattern: '^https?://.+' }) },
              { ...strict, description: 'An RFC 3161 time-stamping authority that each signature is sent to' },
            ),
          ),
          clock: Type.Optional(
            Type.Object(
              {
                source: Type.String({ minLength: 1, maxLength: 200 }),
                errorBoundMs: Type.Integer({ minimum: 0, maximum: 3_600_000 }),
              },
              {
                ...strict,
                description: 'What sets the recorder’s clock, and how wrong it can be: said in each package',
              },
            ),
          ),
        },
        { ...strict, description: 'Evidence packages and how long recordings are kept' },
      ),
    ),
    storage: Type.Optional(
      Type.Object(
        { most: Type.Optional(SIZE), reserve: Type.Optional(SIZE) },
        {
          ...strict,
          description:
            'The disk of the clip buffers: how much of it they may fill together, and what stays free for the ledger',
        },
      ),
    ),
  },
  {
    ...strict,
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Lamppost site file',
    description: 'One town: its help points, its cameras and their presets',
  },
)
export type SiteDocument = Static<typeof SITE_SCHEMA>
