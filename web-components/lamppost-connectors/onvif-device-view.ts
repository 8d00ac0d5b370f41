/** One ONVIF device of the town: whether a VMS listens, who reads its pictures, and who could not sign in. */
import { type TemplateResult, html, nothing } from 'lit'
import type { OnvifDeviceView } from '../wall-client/api-shapes.ts'
import { STATE_SHAPES } from './state-shapes.ts'
import type { Words } from '../words/en.ts'

/** @param timeOf a moment as this town reads it @param nameOf a help point's name */
export function onvifDeviceView(
  device: OnvifDeviceView,
  words: Words['vms'],
  { timeOf, nameOf }: { timeOf(iso: string): string; nameOf(helpPoint: string): string },
): TemplateResult {
  const { clients, refused } = device
  return html`<section class="vms ${device.state === 'well' ? 'well' : 'failing'}" data-device=${device.device}>
    <div class="top">
      <h2>${words.device.title(device.name)}</h2>
      <p class="state" role="status">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path fill-rule="evenodd" d=${device.state === 'well' ? STATE_SHAPES.well : STATE_SHAPES.failing} />
        </svg>
        ${words.device.state[device.state]}, ${words.since(timeOf(device.since))}
      </p>
    </div>
    ${device.problem ? html`<p class="refusal">${device.problem}</p>` : nothing}
    <ul class="facts">
      ${device.address ? html`<li>${words.device.where(device.address, device.encrypted)}</li>` : nothing}
      <li>${words.device.helpPoints(device.helpPoints.length)}</li>
      ${
        device.active.length > 0
          ? html`<li><b>${words.device.active(device.active.map(nameOf).join(', '))}</b></li>`
          : nothing
      }
    </ul>
    ${clients ? clientTable(clients, words, { timeOf, nameOf }) : nothing}
    ${
      refused && refused.length > 0
        ? html`<div>
            <h3>${words.device.refused}</h3>
            <ul>
              ${refused.map(({ address, at, why }) => html`<li class="step bad">${address}, ${timeOf(at)}: ${why}</li>`)}
            </ul>
          </div>`
        : nothing
    }
  </section>`
}

function clientTable(
  clients: NonNullable<OnvifDeviceView['clients']>,
  words: Words['vms'],
  { timeOf, nameOf }: { timeOf(iso: string): string; nameOf(helpPoint: string): string },
): TemplateResult {
  if (clients.length === 0) return html`<p>${words.device.nobody}</p>`
  return html`<div class="wide" role="region" tabindex="0" aria-label=${words.device.clients}>
    <h3>${words.device.clients}</h3>
    <table>
      <thead>
        <tr>
          <th scope="col">${words.device.client}</th>
          <th scope="col">${words.device.what}</th>
          <th scope="col">${words.device.heard}</th>
        </tr>
      </thead>
      <tbody>
        ${clients.map(
          ({ address, agent, how, stream, lastHeard, problem }) =>
            html`<tr>
              <th scope="row">${address} <span class="quiet">${agent}</span></th>
              <td>
                ${words.device.how[how]}
                ${stream === null ? nothing : html`<span class="quiet">${nameOf(stream)}</span>`}
                ${problem === null ? nothing : html`<span class="unmatched">${problem}</span>`}
              </td>
              <td>${timeOf(lastHeard)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
