/** The site file's `town`, as a schema: the servers of a town on several machines. */
import { Type } from 'typebox'
import { REFERENCE, strict } from '../schema-parts.ts'

const ID = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$' })

export const TOWN = Type.Object(
  {
    members: Type.Array(
      Type.Object(
        {
          id: ID,
          url: Type.String({
            pattern: '^https?://[^\\s?#@]+$',
            description: 'Where the other members and the rooms reach it, as https://lamppost-a.example.gov.uk:8420',
          }),
        },
        strict,
      ),
      { minItems: 1, maxItems: 9, description: 'The servers that run Lamppost; the witness is none' },
    ),
    agreement: Type.Object(
      {
        endpoints: Type.Array(Type.String({ pattern: '^https?://[^\\s/?#@]+:[0-9]{1,5}$' }), {
          minItems: 1,
          maxItems: 7,
          uniqueItems: true,
          description: 'The etcd of each machine and of the witness, as https://10.0.4.11:2379: three voters',
        }),
        user: Type.Optional(
          Type.String({ pattern: '^[!-~]{1,100}$', description: 'Of etcd, with a role for this town' }),
        ),
        password: Type.Optional(REFERENCE),
        ca: Type.Optional(REFERENCE),
      },
      { ...strict, description: 'Where the members agree on the order of everything: etcd 3.4 or newer' },
    ),
  },
  {
    ...strict,
    description:
      'A town on two servers and a witness: presses are on a majority before they are acknowledged, by whichever server ' +
      'took them. Left out: one machine, and no engine',
  },
)
