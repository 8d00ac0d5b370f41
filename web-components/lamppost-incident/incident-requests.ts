/** Does what a tile asks for, and puts a refusal into the words of the person's language. */
import type { WallClient } from '../wall-client/wall-client.ts'
import { Refusal } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'
import type { IncidentRequest } from './incident-events.ts'

export async function fulfil(client: WallClient, request: IncidentRequest): Promise<void> {
  const { incident } = request
  switch (request.ask) {
    case 'acknowledge':
      return void (await client.acknowledge(incident, request.from ?? null))
    case 'offer':
      return void (await client.offer(incident, request.to))
    case 'withdraw-offer':
      return void (await client.withdrawOffer(incident))
    case 'hold':
      return void (await client.hold(incident, request.reason, request.minutes))
    case 'take-up':
      return void (await client.takeUp(incident))
    case 'close':
      return void (await client.close(incident, request.reason))
    case 'reopen':
      return void (await client.reopen(incident, request.reason))
    case 'contact':
      return void (await client.contacted(incident, request.contact, request.outcome))
    case 'tick':
      return void (await client.tick(incident, request.step))
    case 'bring':
      return void (await client.bring(incident, request.camera))
    case 'answer-camera':
      return void (await client.answerCamera(incident, request))
    default:
      return request satisfies never
  }
}

/** What the server will not take, however often it is asked; null when another try may help. */
export const finalRefusal = (error: unknown, words: Words): string | null => (error instanceof Refusal && error.problem.status >= 400 && error.problem.status < 500 && ![401, 408, 429].includes(error.problem.status) ? refusalWords(error, words) : null)

/** The server's own sentence is English and exact; what an operator meets often is said in their language. */
export function refusalWords(error: unknown, words: Words): string {
  if (!(error instanceof Refusal)) return words.notSent
  const { code, owner, detail } = error.problem
  if (code === 'incident/taken' && owner) return words.alreadyTaken(owner)
  if (code === 'incident/not-yours' && owner) return words.notYours(owner)
  if (code === 'camera/in-hand' && owner) return words.steering.inHand(owner)
  return words.refusals[code as keyof Words['refusals']] ?? detail
}
