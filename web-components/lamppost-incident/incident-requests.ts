/** Does what a tile asks for. */
import { voiceOf } from '../lamppost-call/call-voice.ts'
import type { Callee } from '../wall-client/requests/call-requests.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { IncidentRequest } from './incident-events.ts'

/** This page speaks in the call as soon as it is answered. */
async function speak(client: WallClient, whom: Callee, incident: string): Promise<void> {
  const voice = voiceOf(client)
  if (voice.state().microphone !== 'ready') void voice.prepare()
  const { id } = await client.placeCall(whom, incident)
  await voice.talk(id, false)
}
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
      return void (await client.close(incident, request))
    case 'reopen':
      return void (await client.reopen(incident, request.reason))
    case 'contact':
      return void (await client.contacted(incident, request.contact, request.outcome))
    case 'call':
      return speak(client, { contact: request.contact }, incident)
    case 'speak':
      return speak(client, { camera: request.camera }, incident)
    case 'tick':
      return void (await client.tick(incident, request.step))
    case 'bring':
      return void (await client.bring(incident, request.camera, request.preset ?? null))
    case 'snapshot':
      return void (await client.takeSnapshot(incident, request.camera))
    case 'answer-camera':
      return void (await client.answerCamera(incident, request))
    case 'revoke-link':
      return client.revokeLink(incident, request.link)
    case 'share-note':
      return client.shareNote(incident, request.note, request.shared)
    default:
      return request satisfies never
  }
}
