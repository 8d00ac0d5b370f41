/** What the room's own VMS has of this incident: one line per VMS, and nothing green that was not found there. */
import { html, nothing } from 'lit'
import { clockTime } from '../theme/times.ts'
import type { ConnectorState, VmsLine } from '../wall-client/api-shapes.ts'
import type { Tile } from './tile-context.ts'

const FINDINGS = 3

/** The VMSs that were told, and for a press those that have not been. */
export function vmsLines(tile: Tile) {
  const { words, incident, town } = tile
  const untold =
    incident.kind === 'press'
      ? town.connectors.filter(({ connector }) => !incident.vms.some((line) => line.connector === connector))
      : []
  if (incident.vms.length === 0 && untold.length === 0) return nothing
  return html`<section class="vms">
    <h3>${words.vms.title}</h3>
    <ul>
      ${incident.vms.map((line) => toldLine(tile, line))} ${untold.map((state) => untoldLine(tile, state))}
    </ul>
  </section>`
}

function toldLine({ words, timezone }: Tile, line: VmsLine) {
  const { alarm, product, footage, findings } = line
  const proven = alarm?.how === 'read-back'
  return html`<li class=${proven ? 'told' : 'untold'} data-vms=${line.connector}>
    <p>
      ${
        alarm
          ? html`${words.vms.alarm(product, alarm, clockTime(alarm.at, timezone))};
            ${words.vms.footage[footage]}${
              alarm.link === null
                ? nothing
                : html` · <a href=${alarm.link} target="_blank" rel="noreferrer">${words.vms.open}</a>`
            }`
          : words.vms.noAlarm(product)
      }
    </p>
    ${findings.slice(-FINDINGS).map((finding) => html`<p class="finding">${finding.words}</p>`)}
  </li>`
}
const untoldLine = ({ words }: Tile, { connector, product, state, problem }: ConnectorState) =>
  html`<li class="untold" data-vms=${connector}>
    <p>${words.vms.notYet(product)}</p>
    ${state === 'failing' && problem ? html`<p class="finding">${problem}</p>` : nothing}
  </li>`
