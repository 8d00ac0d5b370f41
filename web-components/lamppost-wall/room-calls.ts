/** Calls of the room about no incident, which stand in no tile: a person's own with its controls, another's as a line. */
import { html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { mayAccept, nameOfOther, sentence } from '../lamppost-call/call-view.ts'
import '../lamppost-call/lamppost-call.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'

export function roomCalls(client: WallClient, words: Pick<Words, 'call'>) {
  const town = client.state()
  const me = town.me?.name ?? ''
  const going = town.calls.filter(({ incident, state }) => incident === null && state !== 'ended')
  const others = going.filter((call) => call.owner !== me && !mayAccept(call))
  return html`${others.map((call) => {
    const name = nameOfOther(call, town)
    const other = call.helpPoint === null ? name : null
    const said = sentence({ call, words: words.call, me, other })
    return html`<p part="calls" class="room-call" role="status">${other === null ? `${name}: ` : ''}${said}</p>`
  })}
  ${
    others.length === going.length
      ? nothing
      : html`<div part="calls" class="calls">
          ${repeat(
            going.filter((call) => !others.includes(call)),
            ({ id }) => id,
            ({ id }) => html`<lamppost-call .client=${client} .call=${id}></lamppost-call>`,
          )}
        </div>`
  }`
}
