import { css } from 'lit'

export const factorStyles = css`
  :host {
    display: grid;
    gap: 12px;
    min-height: 0;
    background: transparent;
  }
  .do.start {
    justify-content: flex-start;
  }
  dialog.enrol {
    --_width: 560px;
  }
  .qr {
    display: grid;
    grid-template-columns: 220px minmax(0, 1fr);
    align-items: center;
    gap: 16px;
    margin: 14px 0;
  }
  .qr svg {
    width: 100%;
    border-radius: 8px;
  }
  .qr code {
    display: inline-block;
    margin-top: 8px;
    font-size: 18px;
    line-height: 1.6;
    overflow-wrap: anywhere;
  }
  input[name='code'] {
    font-size: 24px;
    letter-spacing: 0.15em;
  }
  @media (max-width: 600px) {
    .qr {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`

export const peopleStyles = css`
  .withheld {
    padding: 10px 14px;
    border-inline-start: 6px solid var(--_doubt);
    font-weight: 600;
  }
  :host {
    background: var(--_ground);
    min-height: 100%;
    --_width: 720px;
  }
  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 24px;
    max-width: 1400px;
    margin: 0 auto;
    padding: 20px;
  }
  h1 {
    margin: 0;
    font-size: 26px;
  }
  h2 {
    font-size: 20px;
  }
  h3 {
    font-size: 17px;
  }
  p {
    margin: 0;
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
    padding: 16px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 8px 20px;
  }
  .wide {
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 10px 12px;
    border-top: 1px solid var(--_line);
    text-align: start;
    vertical-align: middle;
    font-weight: 500;
  }
  thead td {
    border-top: 0;
  }
  thead th {
    border-top: 0;
    color: var(--_quiet);
    font-size: 14px;
    font-weight: 600;
  }
  tbody th {
    font-weight: 600;
  }
  td.do {
    width: 1%;
    white-space: nowrap;
  }
  .quiet {
    color: var(--_quiet);
    font-size: 15px;
    font-weight: 400;
  }
  th .quiet,
  td .quiet {
    display: block;
    font-size: 14px;
  }
  .roles {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .roles span {
    padding: 2px 10px;
    border: 1px solid var(--_line);
    border-radius: 12px;
    background: var(--_raised);
    font-size: 14px;
    white-space: nowrap;
  }
  .refusal {
    padding: 10px 14px;
    border-inline-start: 6px solid var(--_bad);
    background: var(--_panel);
    color: var(--_bad);
    font-weight: 600;
  }
  .refusal[hidden] {
    display: none;
  }
  .done[hidden] {
    display: none;
  }
  .done {
    color: var(--_good);
    font-weight: 600;
  }
  dialog form,
  .own form {
    display: grid;
    gap: 14px;
  }
  .own form {
    max-width: 520px;
  }
  label {
    display: grid;
    gap: 4px;
    font-weight: 600;
  }
  fieldset {
    display: grid;
    gap: 4px;
    margin: 0;
    padding: 10px 14px 14px;
    border: 1px solid var(--_line);
    border-radius: 8px;
  }
  legend {
    padding: 0 6px;
    font-weight: 600;
  }
  label.choice {
    display: grid;
    grid-template-columns: 28px minmax(0, 1fr);
    align-items: center;
    gap: 0 10px;
    min-height: 44px;
    cursor: pointer;
  }
  label.choice .quiet {
    grid-column: 2;
  }
  input[type='checkbox'] {
    appearance: none;
    display: grid;
    place-content: center;
    width: 24px;
    height: 24px;
    margin: 0;
    border: 2px solid var(--_field-line);
    border-radius: 4px;
    background: var(--_field);
  }
  input[type='checkbox']:checked {
    border-color: var(--_action);
    background: var(--_action);
  }
  input[type='checkbox']:checked::before {
    content: '✓';
    color: #fff;
    font: 700 18px/1 var(--_font);
  }
  .do {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 8px;
  }
  td.do {
    display: table-cell;
    text-align: end;
  }
  dialog .part {
    display: grid;
    gap: 12px;
    margin-top: 18px;
    padding-top: 18px;
    border-top: 1px solid var(--_line);
  }
  ul {
    display: grid;
    gap: 8px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 4px 16px;
    padding: 6px 0;
  }
  .here {
    color: var(--_good);
    font-weight: 600;
  }
  @media (max-width: 600px) {
    main {
      padding: 12px;
    }
    .cards thead {
      display: none;
    }
    .cards tr {
      display: grid;
      gap: 6px;
      padding: 12px 0;
      border-top: 1px solid var(--_line);
    }
    .cards th,
    .cards td,
    .cards td.do {
      display: block;
      width: auto;
      padding: 0;
      border: 0;
      text-align: start;
    }
    .cards td[data-head]::before {
      content: attr(data-head) ': ';
      color: var(--_quiet);
      font-size: 14px;
    }
  }
`
