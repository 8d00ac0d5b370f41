/** Who asked, why: the part of an export that its officer answers for. */
import { html, nothing } from 'lit'
import type { ExportOrder } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'

export type Answered = Pick<ExportOrder, 'reason' | 'requestedBy' | 'lawfulBasis' | 'exhibitRef'>

export function answeredIn(form: HTMLFormElement): Answered {
  const data = new FormData(form)
  const text = (name: string): string => ((data.get(name) as string | null) ?? '').trim()
  const optional = <Key extends string>(key: Key): Partial<Record<Key, string>> =>
    text(key) === '' ? {} : ({ [key]: text(key) } as Record<Key, string>)
  return {
    reason: text('reason'),
    requestedBy: { name: text('name'), ...optional('organisation'), ...optional('reference') },
    ...optional('lawfulBasis'),
    ...optional('exhibitRef'),
  }
}

export function orderForm({
  words,
  title,
  summary,
  submit,
  disabled,
  busy,
  onSubmit,
}: {
  words: Words
  title: string
  summary: unknown
  submit: string
  disabled: boolean
  busy: boolean
  onSubmit(answered: Answered): void
}) {
  const { order } = words.officer
  const field = (name: string, label: string, required: boolean, hint: string | null = null) =>
    html`<label
      >${label}${hint ? html` <small>${hint}</small>` : nothing}<input
        type="text"
        name=${name}
        ?required=${required}
        maxlength="500"
        autocomplete="off"
    /></label>`
  return html`<form
    class="order"
    aria-label=${title}
    @submit=${(event: SubmitEvent) => {
      event.preventDefault()
      onSubmit(answeredIn(event.target as HTMLFormElement))
    }}
  >
    <h4>${title}</h4>
    <p>${summary}</p>
    ${field('reason', order.reason, true)}
    <div class="fields">
      ${field('name', order.name, true)} ${field('organisation', order.organisation, false, order.optional)}
      ${field('reference', order.reference, false, order.optional)}
      ${field('lawfulBasis', order.lawfulBasis, false, order.optional)}
      ${field('exhibitRef', order.exhibitRef, false, order.optional)}
    </div>
    <p class="quiet">${order.widened}</p>
    <button class="main" ?disabled=${disabled || busy}>${disabled ? order.noCamera : submit}</button>
  </form>`
}
