/** Help points press here. */
import { Type } from 'typebox'
import type { Person } from '../glossary/people.ts'
import type { PressKind, Receipt } from '../glossary/press.ts'
import { Failure } from '../tools/failure.ts'
import type { App } from './door.ts'
import { PROBLEM, RECEIPT } from './shapes.ts'

const BODY = Type.Object(
  {
    helpPoint: Type.String({ minLength: 1, maxLength: 100 }),
    id: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'The idempotency key: a repeat answers 200 with the same receipt' })),
    pressedAt: Type.Optional(Type.String({ format: 'date-time', description: 'When the device says it was pressed' })),
    kind: Type.Optional(Type.Enum(['press', 'drill'] as const)),
  },
  { additionalProperties: false },
)

export type PressPort = { accept(arrival: { helpPoint: string; key: string | null; pressedAt: string | null; kind: PressKind; source: string }): Promise<{ receipt: Receipt; repeated: boolean }> }

export function pressRoutes(app: App, { accept }: PressPort): void {
  app.post(
    '/api/v1/presses',
    { config: { roles: ['press'] }, schema: { summary: 'A help point was pressed', tags: ['presses'], body: BODY, response: { 200: RECEIPT, 202: RECEIPT, '4xx': PROBLEM, 503: PROBLEM } } },
    async (request, reply) => {
      const { helpPoint, id, pressedAt, kind } = request.body
      mustSpeakFor(request.person, helpPoint)
      const { receipt, repeated } = await accept({ helpPoint, key: id ?? null, pressedAt: pressedAt ?? null, kind: kind ?? 'press', source: 'http' })
      return reply.status(repeated ? 200 : 202).send(receipt)
    },
  )
}

/** @throws people/unauthenticated: a help point's token is no token for its neighbour. */
function mustSpeakFor(person: Person | null, helpPoint: string): void {
  if (person?.helpPoints && !person.helpPoints.includes(helpPoint)) throw new Failure('people/unauthenticated', `This token does not speak for the help point "${helpPoint}".`)
}
