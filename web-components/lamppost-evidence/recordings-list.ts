/** What each incident holds: honest about gaps, until when, and what can be done with it. */
import { html, nothing } from 'lit'
import { closingReason } from '../lamppost-incident/tile-context.ts'
import { clockTime, dayAndTime } from '../theme/times.ts'
import type { ClipView, HelpPoint, Incident, Keeping } from '../wall-client/api-shapes.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { Words } from '../words/en.ts'

export type RecordingsView = {
  words: Words
  timezone: string
  locale: string
  client: WallClient
  incidents: readonly Incident[]
  keeping: ReadonlyMap<string, Keeping>
  playing: { key: string; unmasked: boolean } | null
  cutting: string | null
  hashes: ReadonlyMap<string, { name: string; sha256: string }>
  onPlay(key: string): void
  /** After a reason. */
  onUnmask(key: string, camera: string): void
  onDownload(incident: Incident, clip: ClipView): void
  onCut(incident: Incident): void
  onLock(incident: Incident): void
  onUnlock(incident: Incident): void
}

export const recordingsList = (view: RecordingsView) => view.incidents.map((incident) => incidentOf(view, incident))

function incidentOf(view: RecordingsView, incident: Incident) {
  const { words, timezone, locale, client } = view
  const helpPoint: HelpPoint | undefined = client.state().helpPoints.find(({ id }) => id === incident.helpPoint)
  const pressed = incident.presses[0]?.receivedAt ?? incident.openedAt
  return html`<article>
    <header>
      <div>
        <h3>${helpPoint?.name ?? incident.helpPoint}</h3>
        <p>
          ${dayAndTime(pressed, timezone, locale)}${incident.kind === 'drill' ? html` · <b class="drill">${words.drill}</b>` : nothing}
        </p>
        <p class="quiet">${incident.number === null ? nothing : html`<b>${incident.number}</b> · `}${incident.id}</p>
      </div>
      <div class="end">
        <p class="state ${incident.state}">
          ${words.stateOf[incident.state]}${incident.owner ? html` · ${words.takenBy(incident.owner)}` : nothing}${
            incident.closureReason ? html`<br />${closingReason(incident, words)}` : nothing
          }
        </p>
        ${kept(view, incident)}
      </div>
    </header>
    ${
      incident.clips.length === 0
        ? html`<p class="quiet">${words.officer.nothingHeld}</p>`
        : html`<table>
              <thead>
                <tr>
                  <th scope="col">${words.camera}</th>
                  <th scope="col">${words.from}</th>
                  <th scope="col">${words.to}</th>
                  <th scope="col"><span class="visually-hidden">${words.download}</span></th>
                </tr>
              </thead>
              <tbody>
                ${incident.clips.map((clip) => clipOf(view, incident, clip, pressed))}
              </tbody>
            </table>
            <div class="do">
              <button class="main cut" @click=${() => view.onCut(incident)}>${words.officer.cut}</button>
            </div>`
    }
  </article>`
}

/** Until when, and who said otherwise. */
function kept({ words, timezone, locale, keeping, onLock, onUnlock }: RecordingsView, incident: Incident) {
  const of = keeping.get(incident.id)
  if (!of) return nothing
  const { officer } = words
  const time = (iso: string): string => dayAndTime(iso, timezone, locale)
  const until = of.lock
    ? officer.lockedBy(of.lock.by, of.lock.reason)
    : of.endsAt === null
      ? officer.keptOpen
      : of.expiring
        ? officer.endsSoon(time(of.endsAt))
        : officer.keptUntil(time(of.endsAt))
  const asked = of.lock?.unlock ?? null
  const label = !of.lock ? officer.lock : asked ? officer.agree : officer.unlock
  return html`<p class="kept ${of.expiring ? 'soon' : ''}">${until}</p>
    ${asked ? html`<p class="kept asked">${officer.unlockAsked(asked.by, asked.reason, time(asked.at))}</p>` : nothing}
    <button class="lock" @click=${() => (of.lock ? onUnlock(incident) : onLock(incident))}>${label}</button>
    ${asked ? html`<button class="keep" @click=${() => onLock(incident)}>${officer.keepLocked}</button>` : nothing}`
}

function clipOf(view: RecordingsView, incident: Incident, clip: ClipView, pressed: string) {
  const { words, timezone, client, playing, cutting, hashes } = view
  const key = `${incident.id} ${clip.camera}`
  const camera = client.state().cameras.find(({ id }) => id === clip.camera)
  const name = camera?.name ?? clip.camera
  const isPlaying = playing?.key === key
  const hash = hashes.get(key)
  return html`<tr>
      <th scope="row">
        ${name}
        <span class="gaps ${clip.gaps.length > 0 ? 'some' : ''}">${words.gaps(clip.gaps.length)}</span>
        ${clip.gaps.map(
          ({ from, to }) =>
            html`<span class="gap">${words.gapLine(clockTime(from, timezone), clockTime(to, timezone))}</span>`,
        )}
      </th>
      <td>${clockTime(clip.from, timezone)}</td>
      <td>${clip.to === null ? words.stillGrowing : clockTime(clip.to, timezone)}</td>
      <td class="do">
        <button class="play" @click=${() => view.onPlay(key)}>${isPlaying ? words.stopPlaying : words.play}</button>
        ${
          camera && camera.masks.length > 0 && !(isPlaying && playing.unmasked)
            ? html`<button
                class="unmask"
                title=${camera.masks.join(', ')}
                @click=${() => view.onUnmask(key, camera.id)}
              >
                ${words.officer.unmask}
              </button>`
            : nothing
        }
        <button class="download" ?disabled=${cutting !== null} @click=${() => view.onDownload(incident, clip)}>
          ${cutting === key ? words.downloading : words.download}
        </button>
      </td>
    </tr>
    ${
      hash
        ? html`<tr>
            <td colspan="4" class="hash"><span>${words.hashOf(hash.name)}</span><code>${hash.sha256}</code></td>
          </tr>`
        : nothing
    }
    ${
      isPlaying
        ? html`<tr>
            <td colspan="4">
              <lamppost-player
                .client=${client}
                .camera=${clip.camera}
                .incident=${incident.id}
                .unmasked=${playing.unmasked}
                .pressedAt=${pressed}
              ></lamppost-player>
            </td>
          </tr>`
        : nothing
    }`
}
