/** The packages: how far each is, what it is, and what can be done with it. */
import { html, nothing } from 'lit'
import { dayAndTime } from '../theme/times.ts'
import type { Disclosure, ExportView } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'

export type PackageAct = 'fetch' | 'companion' | 'receipt' | 'cancel' | 'resume' | 'redact' | 'remove' | 'handOver'
export type PackagesView = {
  words: Words
  timezone: string
  locale: string
  now: number
  items: readonly ExportView[]
  /** How far what is being made is. */
  progress(id: string): number
  fetching: { id: string; share: string } | null
  nameOf(camera: string): string
  /** Hand-overs of the one that is looked at. */
  opened: { id: string; disclosures: readonly Disclosure[]; link: string | null; copied: boolean } | null
  onAct(act: PackageAct, of: ExportView): void
  onDisclose(of: ExportView, form: HTMLFormElement): void
  onRevoke(disclosure: Disclosure): void
  onCopy(link: string): void
}

export function packagesList(view: PackagesView) {
  const { packages } = view.words.officer
  if (view.items.length === 0) return html`<p class="quiet">${packages.none}</p>`
  return view.items.map((item) => packageOf(view, item))
}

function packageOf(view: PackagesView, item: ExportView) {
  const { words, timezone, locale, nameOf, progress } = view
  const { packages } = words.officer
  const time = (iso: string): string => dayAndTime(iso, timezone, locale)
  const making = item.state === 'queued' || item.state === 'cutting'
  const share = Math.max(item.progress, progress(item.id))
  return html`<article class="package" id=${item.id}>
    <header>
      <div>
        <h3>${item.id}</h3>
        <p>${item.reason}</p>
        <p class="quiet">
          ${packages.by(item.requestedBy.name, item.requestedBy.organisation)}${
            item.requestedBy.reference ? ` · ${item.requestedBy.reference}` : ''
          }
          · ${packages.exportedBy(item.exportedBy.name)} · ${time(item.requestedAt)}
        </p>
        ${item.kind === 'redacted' && item.parentExport ? html`<p class="redacted">${packages.redactedOf(item.parentExport)}</p>` : nothing}
      </div>
      <p class="state ${item.deletedAt ? 'deleted' : item.state}">
        ${item.deletedAt ? packages.deleted(time(item.deletedAt)) : packages.states[item.state]}
      </p>
    </header>
    ${making ? html`<progress max="1" .value=${share} aria-label=${packages.states[item.state]}></progress>` : nothing}
    ${item.problem ? html`<p class="refusal">${item.problem}</p>` : nothing}
    <ul class="cuts">
      ${item.cuts.map(({ camera, from, to }) => html`<li><strong>${nameOf(camera)}</strong> ${time(from)} – ${time(to)}</li>`)}
    </ul>
    ${
      item.facts
        ? html`<p class="quiet">
              ${packages.size((item.facts.bytes / 1e6).toFixed(1))} · ${packages.downloads(item.downloads)}
            </p>
            <p class="hash"><span>${packages.sha256}</span> <code>${item.facts.sha256}</code></p>`
        : nothing
    }
    ${
      item.state === 'ready' && item.endsAt !== null
        ? html`<p class="kept ${item.expiring ? 'soon' : ''}">
            ${item.expiring ? packages.endsSoon(time(item.endsAt)) : words.officer.keptUntil(time(item.endsAt))}
          </p>`
        : nothing
    }
    <div class="do">${actsOf(view, item)}</div>
    ${view.opened?.id === item.id ? handOver(view, item) : nothing}
  </article>`
}

function actsOf({ words, fetching, opened, onAct }: PackagesView, item: ExportView) {
  const { packages, handOver: words2 } = words.officer
  const button = (act: PackageAct, text: string, kind = '', more = '') =>
    html`<button
      class="${kind} ${act}"
      title=${more}
      ?disabled=${act === 'fetch' && fetching !== null}
      @click=${() => onAct(act, item)}
    >
      ${text}
    </button>`
  if (item.state === 'queued' || item.state === 'cutting') return button('cancel', packages.cancel)
  if (item.deletedAt) return nothing
  if (item.state === 'failed')
    return html`${button('resume', packages.resume, 'main')} ${button('remove', packages.remove)}`
  return html`${button('fetch', fetching?.id === item.id ? packages.fetching(fetching.share) : packages.fetch, 'main')}
    ${button('companion', packages.companion, '', packages.companionHint)} ${button('receipt', packages.receipt)}
    <button class="hand-over" aria-expanded=${opened?.id === item.id} @click=${() => onAct('handOver', item)}>
      ${words2.open}
    </button>
    ${item.kind === 'master' && item.incident ? button('redact', packages.redact) : nothing}
    ${button('remove', packages.remove)}`
}

function handOver(
  { words, timezone, locale, now, opened, onDisclose, onRevoke, onCopy }: PackagesView,
  item: ExportView,
) {
  const { handOver: said } = words.officer
  const field = (name: string, label: string, required = true) =>
    html`<label
      >${label}<input type="text" name=${name} ?required=${required} maxlength="500" autocomplete="off"
    /></label>`
  const stateOf = ({ revokedBy, until, used, most, refused }: Disclosure): string =>
    [
      revokedBy
        ? said.revoked(revokedBy)
        : Date.parse(until) <= now
          ? said.ended
          : said.until(dayAndTime(until, timezone, locale)),
      said.used(used, most),
      ...(refused > 0 ? [said.refused(refused)] : []),
    ].join(' · ')
  const link = opened?.link ?? null
  return html`<section class="hand-overs">
    <form
      aria-label=${said.title}
      @submit=${(event: SubmitEvent) => {
        event.preventDefault()
        onDisclose(item, event.target as HTMLFormElement)
      }}
    >
      <h4>${said.title}</h4>
      <p class="quiet">${said.hint}</p>
      <div class="fields">
        ${field('recipient', said.recipient)} ${field('organisation', said.organisation, false)}
        ${field('purpose', said.purpose)}<label
          >${said.days}<input type="number" name="days" min="1" max="90" value="7" required
        /></label>
      </div>
      <button class="main">${said.submit}</button>
    </form>
    ${
      link
        ? html`<div class="link" role="status">
            <p>${said.linkOnce}</p>
            <code>${link}</code>
            <button @click=${() => onCopy(link)}>${opened?.copied ? said.copied : said.copy}</button>
          </div>`
        : nothing
    }
    ${
      opened && opened.disclosures.length > 0
        ? html`<h4>${said.list}</h4>
            <ul>
              ${opened.disclosures.map(
                (each) =>
                  html`<li>
                    <span
                      ><strong>${each.recipient}</strong>${each.organisation ? `, ${each.organisation}` : ''}:
                      ${each.purpose}<br /><span class="quiet">${stateOf(each)}</span></span
                    >${each.revokedAt === null ? html`<button @click=${() => onRevoke(each)}>${said.revoke}</button>` : nothing}
                  </li>`,
              )}
            </ul>`
        : nothing
    }
  </section>`
}
