/** Accounts, tokens, and where somebody is signed in, as tables and lists. */
import { html, nothing } from 'lit'
import type { Account, Role, SessionView, TokenView } from '../wall-client/api-shapes.ts'
import type { Words } from '../words/en.ts'

export const rolesView = (roles: readonly Role[], words: Words['people']) =>
  html`<span class="roles">${roles.map((role) => html`<span>${words.role[role]}</span>`)}</span>`

export function accountsTable(accounts: readonly Account[], words: Words['people'], open: (account: Account) => void) {
  if (accounts.length === 0) return html`<p class="quiet">${words.noAccounts}</p>`
  return html`<div class="wide" role="region" tabindex="0" aria-label=${words.accounts}>
    <table class="cards">
      <thead>
        <tr>
          <th scope="col">${words.name}</th>
          <th scope="col">${words.user}</th>
          <th scope="col">${words.roles}</th>
          <th scope="col">${words.sessions}</th>
          <td></td>
        </tr>
      </thead>
      <tbody>
        ${accounts.map(
          (account) =>
            html`<tr data-user=${account.user}>
              <th scope="row">${account.name}<span class="quiet">${words.oldScheme(account)}</span></th>
              <td data-head=${words.user}>${account.user}</td>
              <td>${rolesView(account.roles, words)}</td>
              <td>
                ${words.signedIn(account.sessions)}<span class="quiet factors"
                  >${words.factorCount(account.factors)}</span
                >
              </td>
              <td class="do">
                <button aria-label="${words.open}: ${account.name}" @click=${() => open(account)}>${words.open}</button>
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

export function tokensTable(
  tokens: readonly TokenView[],
  words: Words['people'],
  {
    timeOf,
    nameOf,
    takeAway,
  }: { timeOf(iso: string): string; nameOf(helpPoint: string): string; takeAway(token: TokenView): void },
) {
  if (tokens.length === 0) return html`<p class="quiet">${words.noTokens}</p>`
  const row = (token: TokenView) => {
    const { id, name, role, scope, helpPoints, until, used, through, replacedBy } = token
    return html`<tr data-token=${id}>
      <th scope="row">
        ${name}${through === null ? nothing : html`<span class="quiet">${words.through(through)}</span>`}
      </th>
      <td>${rolesView([role], words)}</td>
      <td data-head=${words.tokenFor}>
        ${role === 'press' ? words.presses : scope === null ? words.everything : words.scope[scope]}${
          role === 'press'
            ? html`<span class="quiet">${words.helpPoints(helpPoints && helpPoints.map(nameOf))}</span>`
            : nothing
        }
      </td>
      <td data-head=${words.ends}>
        ${until === null ? words.neverEnds : timeOf(until)}${
          replacedBy === null ? nothing : html`<span class="quiet">${words.replaced}</span>`
        }
      </td>
      <td data-head=${words.used}>
        ${used === null ? html`<span class="quiet">${words.notUsed}</span>` : timeOf(used)}
      </td>
      <td class="do">
        <button aria-label="${words.takeAway}: ${name}" @click=${() => takeAway(token)}>${words.takeAway}</button>
      </td>
    </tr>`
  }
  return html`<div class="wide" role="region" tabindex="0" aria-label=${words.tokens}>
    <table class="cards">
      <thead>
        <tr>
          <th scope="col">${words.name}</th>
          <th scope="col">${words.oneRole}</th>
          <th scope="col">${words.tokenFor}</th>
          <th scope="col">${words.ends}</th>
          <th scope="col">${words.used}</th>
          <td></td>
        </tr>
      </thead>
      <tbody>
        ${tokens.map(row)}
      </tbody>
    </table>
  </div>`
}

export function sessionList(
  sessions: readonly SessionView[],
  words: Words['people'],
  { timeOf, end }: { timeOf(iso: string): string; end(id: string | null): void },
) {
  return html`<div class="top">
      <h3>${words.signedInAt}</h3>
      ${sessions.length > 0 ? html`<button @click=${() => end(null)}>${words.endAll}</button>` : nothing}
    </div>
    <ul>
      ${sessions.map(
        ({ id, from, browser, since, used, current }) =>
          html`<li data-session=${id}>
            <span>
              ${words.from(from, browser)} ${current ? html`<span class="here">(${words.thisOne})</span>` : nothing}
              <span class="quiet">${words.since(timeOf(since))}, ${words.lastUsed(timeOf(used))}</span>
            </span>
            <button aria-label="${words.end}: ${words.from(from, browser)}" @click=${() => end(id)}>
              ${words.end}
            </button>
          </li>`,
      )}
    </ul>`
}
