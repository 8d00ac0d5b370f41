/** Which picture is large. Pure. */
import type { Framing } from '../wall-client/api-shapes.ts'

export type Views = { main: Framing | null; further: Framing[] }

const RANK = { framed: 0, moving: 1, asked: 1, unproven: 2, failed: 3 }

/** The operator's choice, else the first camera that is sent and has not failed, else whatever looks there best. */
export function arrangeViews(framings: readonly Framing[], chosen: string | null): Views {
  const byHand = framings.find(({ camera }) => camera === chosen)
  const sent = framings.find(({ role, state }) => role === 'primary' && state !== 'failed')
  const best = [...framings].sort((a, b) => RANK[a.state] - RANK[b.state])[0]
  const main = byHand ?? sent ?? best ?? null
  return { main, further: framings.filter((framing) => framing !== main) }
}
