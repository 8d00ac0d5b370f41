/** How sure it is that a camera shows the help point: a sign and two words; the sentence for who points at it or hears it. */
import { html } from 'lit'
import type { Framing } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'

const SIGNS: Record<Framing['state'], string> = { framed: '●', unproven: '◐', failed: '■', moving: '◌', asked: '◌' }

/** @param at the help point that has the camera now; null: none has */
export function proofSign(framing: Framing, words: Words, at: string | null = null) {
  const fixed = framing.way === 'fixed' && framing.state !== 'failed'
  const sentence = words.framing(framing)
  return html`<span class="proof ${framing.state} ${fixed ? 'fixed' : ''}" data-state=${framing.state} title=${sentence}
    ><span aria-hidden="true">${fixed ? '▣' : SIGNS[framing.state]}</span> ${
      fixed
        ? words.proofSigns.fixed
        : framing.state === 'failed' && at !== null
          ? words.takenTo(at)
          : words.proofSigns[framing.state]
    }<span class="visually-hidden">: ${sentence}</span></span
  >`
}
