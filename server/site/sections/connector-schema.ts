/** The site file's `connectors`, as a schema. */
import { Type } from 'typebox'
import { FILE, ID, REFERENCE, fingerprintOf, strict } from '../schema-parts.ts'

const THEIR_CAMERA = Type.Union([Type.String({ minLength: 1, maxLength: 100 }), Type.Integer({ minimum: 0 })], {
  description: 'The VMS’s own id of the camera',
})
const ZONEMINDER = Type.Object(
  {
    url: Type.String({ pattern: '^(https?://.+|\\$\\{.+\\}|file:.+)$', description: 'https://zm.example.gov.uk/zm' }),
    trigger: Type.Optional(
      Type.String({
        pattern: '^(\\[[0-9a-fA-F:]+\\]|[^:\\s/]+):[0-9]{1,5}$',
        description: 'Host and port of zmtrigger; left out, the host of url and port 6802',
      }),
    ),
    username: Type.String({ minLength: 1 }),
    password: REFERENCE,
    fingerprint: fingerprintOf('VMS'),
    ca: Type.Optional(FILE),
    insecure: Type.Optional(
      Type.Union([Type.Boolean(), Type.Literal('trigger')], {
        description:
          'zmtrigger knows neither passwords nor encryption: trigger says that its network is protected otherwise; ' +
          'true allows http:// for the API, too',
      }),
    ),
  },
  { ...strict, description: 'ZoneMinder 1.36: events by zmtrigger, read back, kept and let go by its API' },
)

export const CONNECTOR = Type.Object(
  {
    id: ID,
    zoneminder: ZONEMINDER,
    cameras: Type.Optional(
      Type.Record(Type.String(), THEIR_CAMERA, {
        description: 'Camera id to the VMS’s own; the others are matched by their addresses',
      }),
    ),
    fallback: Type.Optional(THEIR_CAMERA),
    drills: Type.Optional(
      Type.Boolean({
        description: 'true: drills raise an alarm in the VMS, too, whose title begins with DRILL; false when left out',
      }),
    ),
    late: Type.Optional(
      Type.Enum(['mark', 'alarm'], {
        description:
          'What becomes of a press that the VMS hears of more than five minutes later: its footage is marked at its ' +
          'own time (mark, when left out), or an alarm is raised all the same',
      }),
    ),
    notes: Type.Optional(
      Type.Boolean({
        description:
          'Whether the notes that operators type are written into the VMS, where the rules of Lamppost for looking and ' +
          'deleting do not hold; false when left out',
      }),
    ),
  },
  { ...strict, description: 'A video management system that is told of incidents' },
)
