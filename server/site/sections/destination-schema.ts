/** The site file's `destinations`, as a schema. */
import { Type } from 'typebox'
import { FILE, ID, REFERENCE, strict } from '../schema-parts.ts'

const WEBHOOK = Type.Object(
  { url: Type.String({ pattern: '^(https?://.+|\\$\\{.+\\}|file:.+)$' }), secret: REFERENCE },
  strict,
)
const SYSLOG = Type.Object(
  {
    url: Type.String({
      pattern: '^(tls|tcp)://.+$',
      description: 'Where it listens: tls://siem.example:6514 (6514 when left out); tcp:// to this machine only',
    }),
    ca: Type.Optional(FILE),
  },
  { ...strict, description: 'A SIEM or log server: RFC 5424 over TLS (RFC 5425), each entry as JSON in one message' },
)

export const DESTINATIONS = Type.Array(
  Type.Object(
    {
      id: ID,
      webhook: Type.Optional(WEBHOOK),
      syslog: Type.Optional(SYSLOG),
      events: Type.Optional(
        Type.Array(Type.String({ pattern: '^[a-z-]+\\.([a-z-]+|\\*)$' }), {
          minItems: 1,
          description:
            'Kinds of entries, such as incident.opened or incident.*. Left out: of a webhook what a control room hears, of ' +
            'syslog what people did and what was refused',
        }),
      ),
    },
    strict,
  ),
  { description: 'Other systems that are told what happens, at least once each: a webhook or syslog' },
)
