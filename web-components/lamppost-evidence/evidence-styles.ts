import { css } from 'lit'

/** Forms, refusals and questions: of the page, and of the desk that cuts. */
export const dialogStyles = css`
  .refusal {
    padding: 10px 14px;
    border-inline-start: 6px solid var(--_bad);
    background: var(--_panel);
    color: var(--_bad);
    font-weight: 600;
  }
  .do {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    justify-content: flex-end;
  }
  form {
    display: grid;
    gap: 12px;
  }
  label {
    display: grid;
    gap: 4px;
    align-content: start;
    font-weight: 600;
  }
  small {
    color: var(--_quiet);
    font-weight: 400;
  }
  .fields {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(250px, 1fr));
    gap: 12px;
  }
  select {
    text-overflow: ellipsis;
  }
  .order,
  .search form {
    padding: 16px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  .order > button,
  .search form > button {
    justify-self: start;
  }
  h4 {
    margin: 0;
    font-size: 18px;
  }
`

export const evidenceStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  main {
    display: grid;
    gap: 16px;
    max-width: 1480px;
    margin: 0 auto;
    padding: 20px;
  }
  h2 {
    font-size: 26px;
  }
  h3 {
    font-size: 20px;
  }
  nav {
    display: flex;
    gap: 8px;
    border-bottom: 1px solid var(--_line);
  }
  nav button {
    border-color: transparent;
    border-radius: 6px 6px 0 0;
    background: none;
    font-size: 17px;
  }
  nav button[aria-pressed='true'] {
    border-color: var(--_line);
    border-bottom: 3px solid var(--_focus);
    background: var(--_panel);
  }
  .count {
    padding: 0 8px;
    border-radius: 10px;
    background: var(--_raised);
    font-size: 14px;
  }
  .end {
    display: grid;
    justify-items: end;
    gap: 6px;
    text-align: end;
  }
  .kept {
    color: var(--_quiet);
    font-size: 14px;
  }
  .kept.soon {
    color: var(--_doubt);
    font-weight: 600;
  }
  .lock {
    min-height: 32px;
    padding: 0 10px;
    font-size: 14px;
  }
  article > .do {
    margin-top: 12px;
  }
  .package {
    display: grid;
    gap: 10px;
  }
  .package header {
    margin: 0;
  }
  .state.ready {
    color: var(--_good);
  }
  .state.failed {
    color: var(--_bad);
  }
  .state.queued,
  .state.cutting,
  .redacted {
    color: var(--_doubt);
  }
  .state.deleted {
    color: var(--_quiet);
  }
  progress {
    width: 100%;
    height: 14px;
    accent-color: var(--_action);
  }
  ul {
    list-style: none;
    display: grid;
    gap: 6px;
  }
  .cuts {
    font-variant-numeric: tabular-nums;
  }
  .hash span {
    color: var(--_quiet);
    font-size: 14px;
  }
  .hand-overs {
    display: grid;
    gap: 12px;
    padding-top: 14px;
    border-top: 1px solid var(--_line);
  }
  .hand-overs form > button {
    justify-self: start;
  }
  .hand-overs li {
    display: flex;
    justify-content: space-between;
    align-items: center;
    gap: 16px;
    padding: 8px 0;
    border-top: 1px solid var(--_line);
  }
  .link {
    padding: 12px;
    border: 2px solid var(--_good);
    border-radius: 8px;
  }
  .search {
    display: grid;
    gap: 14px;
  }
  .search li {
    display: grid;
    grid-template-columns: minmax(200px, 1fr) 80px 2fr;
    gap: 12px;
    align-items: center;
    padding: 6px 0;
    border-top: 1px solid var(--_line);
    font-variant-numeric: tabular-nums;
  }
  .search .incidents li {
    grid-template-columns: minmax(200px, 1fr) auto auto;
  }
  .search article {
    display: grid;
    gap: 10px;
  }
  .search li label {
    display: flex;
    gap: 8px;
    align-items: center;
  }
  .search li input {
    width: 24px;
    height: 24px;
    accent-color: var(--_action);
  }
  article {
    padding: 16px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  header {
    display: flex;
    justify-content: space-between;
    gap: 20px;
    margin-bottom: 10px;
  }
  .state {
    text-align: end;
    font-weight: 600;
  }
  .state.open {
    color: var(--_bad);
  }
  .drill {
    color: var(--_doubt);
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  thead th {
    color: var(--_quiet);
    font-size: 14px;
    font-weight: 600;
  }
  th,
  td {
    padding: 8px 6px;
    border-top: 1px solid var(--_line);
    text-align: start;
    font-weight: 500;
    vertical-align: top;
    font-variant-numeric: tabular-nums;
  }
  thead th {
    border-top: 0;
  }
  .gaps {
    margin-inline-start: 8px;
    font-size: 13px;
    color: var(--_quiet);
  }
  .gaps.some {
    color: var(--_doubt);
  }
  .gap {
    display: block;
    color: var(--_doubt);
    font-size: 13px;
  }
  .hash {
    border-top: 0;
    padding-top: 0;
  }
  .hash span {
    display: block;
    color: var(--_quiet);
    font-size: 13px;
  }
  code {
    font-size: 15px;
    overflow-wrap: anywhere;
    color: var(--_good);
  }
  lamppost-player {
    max-width: 800px;
  }
`
