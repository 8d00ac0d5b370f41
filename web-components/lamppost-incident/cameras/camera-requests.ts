/** When two presses need one camera: what the tile that holds it is asked, and what the tile that asked is told. */
import { html, nothing } from 'lit'
import type { Incident } from '../../wall-client/api-shapes.ts'
import type { Words } from '../../words/en.ts'

export type RequestNames = { camera(id: string): string; helpPoint(id: string): string }

/**
 * A press elsewhere needs a camera that this incident holds: its operator decides.
 * @param most shown at once; the next comes when one is answered
 */
export function askedFor(
  incident: Incident,
  others: readonly Incident[],
  names: RequestNames,
  words: Words,
  most: number,
  answer: (request: { camera: string; by: string; answer: 'give' | 'keep' }) => void,
) {
  const has = (camera: string): boolean =>
    incident.framings.some((framing) => framing.camera === camera && framing.state !== 'failed')
  return incident.requests
    .filter((request) => request.answer === null && has(request.camera) && others.some(({ id }) => id === request.by))
    .slice(0, most)
    .map(
      ({ camera, by, helpPoint }) =>
        html`<section
          class="asked"
          role="group"
          aria-label=${words.cameraWanted(names.helpPoint(helpPoint), names.camera(camera))}
        >
          <p role="alert">${words.cameraWanted(names.helpPoint(helpPoint), names.camera(camera))}</p>
          <button class="give" @click=${() => answer({ camera, by, answer: 'give' })}>${words.giveCamera}</button>
          <button class="keep" @click=${() => answer({ camera, by, answer: 'keep' })}>${words.keepCamera}</button>
        </section>`,
    )
}

/** What became of this incident's own wish for a camera that another one holds. */
export function askedOthers(incident: Incident, others: readonly Incident[], names: RequestNames, words: Words) {
  const wishes = others.flatMap((other) =>
    other.requests
      .filter(({ by, answer }) => by === incident.id && answer !== 'give')
      .map((wish) => ({ ...wish, owner: other.owner, at: names.helpPoint(other.helpPoint) })),
  )
  if (wishes.length === 0) return nothing
  return wishes.map(
    ({ camera, answer, owner, at }) =>
      html`<p class="wish" role="status">
        ${answer === 'keep' ? words.cameraKept(names.camera(camera), at) : words.cameraAsked(names.camera(camera), owner ?? at)}
      </p>`,
  )
}
