/** The site file's `onvifDevice`, as a schema. */
import { Type } from 'typebox'
import { FILE, ID, REFERENCE, strict } from '../schema-parts.ts'

const ADDRESS = Type.String({ pattern: '^[0-9A-Fa-f.:]{2,45}$', description: 'An IP address of this machine' })

export const ONVIF_DEVICE = Type.Object(
  {
    host: Type.Optional(
      Type.String({
        pattern: '^([0-9A-Fa-f.:]{2,45}|[A-Za-z0-9][A-Za-z0-9.-]{0,252})$',
        description: 'Where it listens; left out, where the server does (start --host)',
      }),
    ),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description: 'One port for ONVIF and for pictures (RTSP); 0: one that the system gives',
    }),
    username: Type.String({ pattern: '^[^\\s:"\\\\]{1,64}$', description: 'Without blanks, colons and quotes' }),
    password: REFERENCE,
    certificate: Type.Optional(FILE),
    key: Type.Optional(FILE),
    dialects: Type.Optional(
      Type.Array(Type.Enum(['input', 'motion-rule', 'motion-alarm']), {
        minItems: 1,
        uniqueItems: true,
        description:
          'How a press is told, because no VMS understands all of these: as a digital input, as a rule that sees motion, ' +
          'as a motion alarm; all three when left out',
      }),
    ),
    devices: Type.Optional(
      Type.Enum(['one', 'each'], {
        description:
          'one (when left out): a device with an input for each help point; each: every help point is a device of its own, ' +
          'on the ports from port on, in the order of helpPoints: write new help points at the end, or each has another’s port',
      }),
    ),
    address: Type.Optional(
      Type.Record(ID, ADDRESS, {
        description:
          'With devices: each: help point id to the address that its device listens on, for a VMS that takes one device per address',
      }),
    ),
    active: Type.Optional(
      Type.String({
        pattern: '^(until-taken|[1-9][0-9]{0,2}s)$',
        description:
          'How long a press is told to last: until an operator has taken it (until-taken, when left out), or so many seconds',
      }),
    ),
  },
  {
    ...strict,
    description:
      'Lamppost as an ONVIF device: any VMS hears presses as inputs or motion, and reads the picture of the press. It can ' +
      'tell no text, no id and no drill, and nothing says that a press was understood',
  },
)
