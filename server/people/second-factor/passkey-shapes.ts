/** What browsers send of a passkey (WebAuthn level 3, AuthenticationResponseJSON and RegistrationResponseJSON). */
import { Type } from 'typebox'

const BASE64URL = (maxLength: number) => Type.String({ maxLength, pattern: '^[A-Za-z0-9_-]*$' })
const REST = {
  id: BASE64URL(1400),
  rawId: BASE64URL(1400),
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(Type.Enum(['platform', 'cross-platform'])),
  clientExtensionResults: Type.Object({}),
}
export const USED_PASSKEY = Type.Object({
  ...REST,
  response: Type.Object({
    clientDataJSON: BASE64URL(4000),
    authenticatorData: BASE64URL(4000),
    signature: BASE64URL(8000),
    userHandle: Type.Optional(BASE64URL(200)),
  }),
})
export const NEW_PASSKEY = Type.Object({
  ...REST,
  response: Type.Object({ clientDataJSON: BASE64URL(4000), attestationObject: BASE64URL(20_000) }),
})
