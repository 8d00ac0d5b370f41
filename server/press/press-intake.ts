/** The routes of presses at a server that does not lead its town: who may press is asked here, the order is another's. */
import type { AcceptPress } from '../glossary/press.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import { Failure } from '../tools/failure.ts'
import type { PressRoutesPort } from './press-routes.ts'
import { checkSignature } from './signed-press.ts'
import { createLorawanSource } from './sources/lorawan-source.ts'
import { lorawanButtons } from './sources/press-sources.ts'

export function pressIntake({
  clock,
  site,
  secretOf,
  accept,
  onRefused,
}: {
  clock: Pick<Clock, 'now'>
  site(): Site
  secretOf(helpPoint: string): string | null
  accept: AcceptPress
  onRefused(source: string, reason: string, helpPoint: string): void
}): PressRoutesPort {
  const lorawan = createLorawanSource({ buttons: () => lorawanButtons(site()), accept, heard: () => {} })
  return {
    accept,
    signedAt: (id, request) => checkSignature(request, secretOf(id), clock.now()),
    lorawan: lorawan.post,
    alive() {
      throw new Failure('town/changing-hands', 'The town is changing hands: say it again in a second.')
    },
    onRefused,
  }
}
