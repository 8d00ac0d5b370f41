/** The site file's `directory`, as a schema. */
import { Type } from 'typebox'
import { REFERENCE, strict } from '../schema-parts.ts'

const GROUPS = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
  minItems: 1,
  uniqueItems: true,
  description: 'Groups of the directory, as the claim has them',
})

export const DIRECTORY = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 60, description: 'What its button says, as in Council sign-in' }),
    oidc: Type.Object(
      {
        issuer: Type.String({
          pattern: '^https?://[^\\s?#]+$',
          description:
            'The issuer’s address; /.well-known/openid-configuration is looked up below it. https, but for tests',
        }),
        client: Type.String({
          minLength: 1,
          maxLength: 200,
          description: 'The client’s id, as the directory knows Lamppost',
        }),
        secret: REFERENCE,
        scope: Type.Optional(
          Type.String({
            pattern: '^[!-~ ]{1,200}$',
            description: 'Left out: openid profile. Some directories want groups, too',
          }),
        ),
      },
      strict,
    ),
    claim: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_:./-]{1,200}$',
        description: 'Which claim of the ID token has the groups (groups when left out); Entra app roles: roles',
      }),
    ),
    roles: Type.Object(
      {
        operator: Type.Optional(GROUPS),
        engineer: Type.Optional(GROUPS),
        evidence: Type.Optional(GROUPS),
        supervisor: Type.Optional(GROUPS),
      },
      {
        ...strict,
        minProperties: 1,
        description: 'Which groups have which role. Somebody with none of them is not let in',
      },
    ),
    secondFactor: Type.Optional(
      Type.Union(
        [
          Type.Literal('always'),
          Type.Object(
            {
              claim: Type.Optional(
                Type.String({ pattern: '^[A-Za-z0-9_:./-]{1,200}$', description: 'amr (RFC 8176) when left out' }),
              ),
              values: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
                minItems: 1,
                description: 'Any of these says that a second factor was proven, as in mfa',
              }),
            },
            strict,
          ),
        ],
        {
          description:
            'Whether the directory asks for a second factor: always, by the council’s own rules; or as a claim of the ID ' +
            'token says. Left out: roles that need one are withheld from who signs in there',
        },
      ),
    ),
  },
  {
    ...strict,
    description:
      'The council’s directory signs people in (OpenID Connect with PKCE). Accounts made here go on beside it, for the night ' +
      'in which it does not answer',
  },
)
