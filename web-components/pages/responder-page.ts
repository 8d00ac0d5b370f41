/** The page of a responder's link: one incident, on a telephone, for somebody on their way to it. It shows nothing without the token. */
import { html, nothing, render } from 'lit-html'
import { createPicture } from '../responder/responder-picture.ts'
import { type Answer, type LinkState, type Lent, openLink } from '../responder/responder-link.ts'
import { streetMap } from '../responder/responder-map.ts'
import { responderWords } from '../responder/responder-words.ts'

const page = document.querySelector<HTMLElement>('#page') as HTMLElement
let language: keyof typeof responderWords = /^cy\b/i.test(navigator.language) ? 'cy' : 'en'
let state: LinkState = { lent: null, over: null, lost: false, skew: 0 }
let chosen: string | null = null
/** The question that is open: what else is needed. */
let asking = false
let sending: 'no' | 'now' | 'failed' = 'no'

// Once, and never drawn anew: a picture goes on while everything round it changes.
const video = Object.assign(document.createElement('video'), {
  muted: true,
  playsInline: true,
  disablePictureInPicture: true,
})
video.setAttribute('disableremoteplayback', '')
const image = Object.assign(document.createElement('img'), { alt: '' })
const picture = createPicture(video, image)

const link = openLink(`${location.origin}${location.pathname}`, location.hash.slice(1), (next) => {
  state = next
  draw()
})

const words = () => responderWords[language]
const locale = (): string =>
  language === 'cy' ? (Intl.DateTimeFormat.supportedLocalesOf('cy')[0] ?? 'en-GB') : 'en-GB'
const time = (at: string, { timezone }: Lent): string =>
  new Intl.DateTimeFormat(locale(), { timeZone: timezone, hour: '2-digit', minute: '2-digit' }).format(new Date(at))

async function answer(what: Answer, text = ''): Promise<void> {
  sending = 'now'
  draw()
  try {
    await link.answer(what, text)
    sending = 'no'
    asking = false
  } catch {
    sending = 'failed'
  }
  draw()
}

/** The recipient's name all over the picture: a photograph of it says whose it was. */
const mark = (lent: Lent) =>
  html`<div class="mark" aria-hidden="true">
    ${Array.from({ length: 12 }, () => html`<span>${lent.recipient} · ${time(new Date(link.now()).toISOString(), lent)}</span>`)}
  </div>`

function pictureOf(lent: Lent) {
  const camera = lent.cameras.find(({ id }) => id === chosen) ?? lent.cameras[0] ?? null
  picture.show(link, camera?.id ?? null)
  const { still, stills } = picture.state()
  const said =
    camera === null || still === null
      ? words().noPicture
      : still > 3
        ? words().stopped(Math.round(still))
        : stills
          ? words().stills
          : null
  const full = (event: Event): void =>
    void (event.currentTarget as HTMLElement)
      .closest('.screen')
      ?.requestFullscreen?.()
      .catch(() => {})
  return html`<section class="picture">
    <div class="screen" role="group" aria-label=${camera ? words().picture(camera.name) : words().noPicture}>
      ${stills ? image : video} ${camera ? mark(lent) : nothing}
      ${said === null ? nothing : html`<p class="said ${still !== null && still > 3 ? 'bad' : ''}">${said}</p>`}
      <button class="large" type="button" aria-label=${words().large} title=${words().large} @click=${full}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"></path></svg>
      </button>
    </div>
    <p class="which">
      ${camera?.name ?? ''}
      ${
        camera?.sure === undefined || camera.sure === null
          ? nothing
          : html`<span class=${camera.sure ? 'sure' : 'unsure'}
              >${camera.sure ? '●' : '◐'} ${camera.sure ? words().sure : words().unsure}</span
            >`
      }
    </p>
    ${
      lent.cameras.length > 1
        ? html`<div class="cameras" role="group" aria-label=${words().cameras}>
            ${lent.cameras.map(
              ({ id, name }) =>
                html`<button
                  type="button"
                  aria-pressed=${id === camera?.id}
                  @click=${() => {
                    chosen = id
                    draw()
                  }}
                >
                  ${name}
                </button>`,
            )}
          </div>`
        : nothing
    }
  </section>`
}

function answersOf(lent: Lent) {
  const given = lent.answer
  const button = (what: Answer, said: string, act: () => void) =>
    html`<button
      type="button"
      class=${what}
      aria-pressed=${given?.answer === what}
      ?disabled=${sending === 'now'}
      @click=${act}
    >
      ${said}
    </button>`
  const send = (event: SubmitEvent): void => {
    event.preventDefault()
    const text = new FormData(event.target as HTMLFormElement).get('words')
    void answer('needs-more', typeof text === 'string' ? text : '')
  }
  return html`<section class="answers">
    <div class="row">
      ${button('on-my-way', words().onMyWay, () => void answer('on-my-way'))}
      ${button('arrived', words().arrived, () => void answer('arrived'))}
      ${button('needs-more', words().needsMore, () => {
        asking = true
        draw()
        page.querySelector<HTMLInputElement>('input[name=words]')?.focus()
      })}
    </div>
    ${
      asking
        ? html`<form @submit=${send}>
            <label
              >${words().whatElse}<input
                type="text"
                name="words"
                maxlength="400"
                autocomplete="off"
                enterkeyhint="send"
            /></label>
            <div class="row">
              <button
                type="button"
                @click=${() => {
                  asking = false
                  draw()
                }}
              >
                ${words().cancel}</button
              ><button class="main" ?disabled=${sending === 'now'}>${words().send}</button>
            </div>
          </form>`
        : nothing
    }
    <p class="given ${sending}" role="status">
      ${
        sending === 'now'
          ? words().sending
          : sending === 'failed'
            ? words().notSent
            : given
              ? words().sent(time(given.at, lent))
              : nothing
      }
    </p>
  </section>`
}

function placeOf(lent: Lent) {
  const { place, safePlaces } = lent
  const now = link.now()
  return html`<section class="where">
      <h2>${words().notes}</h2>
      ${
        lent.notes.length === 0
          ? html`<p class="quiet">${words().noNotes}</p>`
          : html`<ul class="notes">
              ${lent.notes.map(({ at, text }) => html`<li><time>${time(at, lent)}</time> ${text}</li>`)}
            </ul>`
      }
    </section>
    <section class="where">
      <h2>${words().where}</h2>
      ${place.lat === null ? nothing : html`<div class="frame">${streetMap(lent, words().mapLabel(place.name))}</div>`}
      ${
        place.lat === null || place.lon === null
          ? nothing
          : html`<p class="quiet">
              <a href="geo:${place.lat},${place.lon}?q=${place.lat},${place.lon}">${words().maps}</a>
              <span class="number">${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}</span>
            </p>`
      }
      ${safePlaces.length === 0 ? nothing : html`<h2>${words().safePlaces}</h2>`}
      <ul class="safe-places">
        ${safePlaces.map(({ name, address, open: [span] }) => {
          const isOpen = span !== undefined && Date.parse(span.from) <= now
          return html`<li>
            <strong>${name}</strong> ${address}<span class=${isOpen ? 'open' : 'shut'}
              >${isOpen ? (span.to === null ? words().openNow : words().openUntil(time(span.to, lent))) : words().shut}</span
            >
          </li>`
        })}
      </ul>
    </section>`
}

function draw(): void {
  document.documentElement.lang = language
  const { lent, over, lost } = state
  if (over !== null || lent === null) picture.show(link, null)
  document.body.classList.toggle('over', over !== null || lent === null)
  const toggle = html`<button
    type="button"
    class="language"
    lang=${language === 'cy' ? 'en' : 'cy'}
    @click=${() => {
      language = language === 'cy' ? 'en' : 'cy'
      draw()
    }}
  >
    ${words().other}
  </button>`
  if (over !== null) {
    render(
      html`${toggle}
        <h1>${over === 'not-whole' ? words().notWhole : words().over[over]}</h1>
        <p>${words().telephone}</p>`,
      page,
    )
    return
  }
  if (lent === null) {
    render(
      html`${toggle}
        <h1>${lost ? words().lost : words().opening}</h1>`,
      page,
    )
    return
  }
  document.title = lent.place.name
  const left = Date.parse(lent.until) - link.now()
  const banner = lent.training ? words().training : lent.drill ? words().drill : null
  render(
    html`<header>
        ${banner === null ? nothing : html`<p class="banner">${banner}</p>`}
        ${lost ? html`<p class="banner lost" role="alert">${words().lost}</p>` : nothing}
        <div class="top">
          <div>
            <h1>${lent.place.name}</h1>
            <p>${[lent.place.address, lent.town, lent.number].filter(Boolean).join(' · ')}</p>
            <p class="called">${words().calledAt(time(lent.calledAt, lent))}</p>
          </div>
          ${toggle}
        </div>
      </header>
      ${pictureOf(lent)} ${answersOf(lent)} ${placeOf(lent)}
      <footer>
        <p>${words().ends(time(lent.until, lent), Math.floor(left / 60_000))}</p>
        <p>${words().lentTo(lent.recipient)}</p>
      </footer>`,
    page,
  )
}

// Ages, the time that is left, and the end of it.
setInterval(() => {
  if (state.lent && Date.parse(state.lent.until) <= link.now()) return link.timeIsOver()
  draw()
}, 500)
addEventListener('hashchange', () => location.reload())
