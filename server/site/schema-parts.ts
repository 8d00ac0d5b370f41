/** Parts that the schemas of a site file share. */
import { Type } from 'typebox'

/** Unknown keys are refused. */
export const strict = { additionalProperties: false }
export const REFERENCE = Type.String({
  pattern: '^(\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}|file:.+)$',
  description: 'A secret, by reference only: ${NAME} of the environment, or file:/run/secrets/x',
})
export const FILE = Type.String({ pattern: '^file:.+$', description: 'file:/path' })
export const ID = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  description: 'Lower-case letters, digits and hyphens',
})

/** @param whose certificate it is: a camera's, a VMS's */
export const fingerprintOf = (whose: string) =>
  Type.Optional(
    Type.String({
      pattern: '^([0-9a-fA-F]{2}:?){32}$',
      description: `SHA-256 of the ${whose}’s certificate; a ${whose} with another one is not spoken to`,
    }),
  )
