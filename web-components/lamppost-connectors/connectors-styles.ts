import { css } from 'lit'

export const connectorsStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 20px;
    max-width: 1400px;
    margin: 0 auto;
    padding: 20px;
  }
  h1 {
    font-size: 26px;
  }
  h2 {
    font-size: 20px;
  }
  h3 {
    font-size: 16px;
    margin: 0 0 6px;
  }
  .refusal {
    padding: 10px 14px;
    border-inline-start: 6px solid var(--_bad);
    background: var(--_panel);
    color: var(--_bad);
    font-weight: 600;
  }
  .vms {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 16px;
    padding: 16px;
    border: 1px solid var(--_line);
    border-inline-start: 6px solid var(--_quiet);
    border-radius: 8px;
    background: var(--_panel);
  }
  .vms.well {
    border-inline-start-color: var(--_good);
  }
  .vms.failing {
    border-inline-start-color: var(--_bad);
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 20px;
  }
  .state {
    flex-wrap: wrap;
  }
  .top .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin-inline-start: auto;
  }
  .state {
    display: flex;
    gap: 8px;
    align-items: center;
    font-weight: 600;
  }
  .state svg {
    flex: none;
    width: 22px;
    height: 22px;
    fill: currentColor;
  }
  .well .state,
  .step.good::before {
    color: var(--_good);
  }
  .failing .state,
  .step.bad {
    color: var(--_bad);
  }
  ul {
    list-style: none;
    margin: 0;
    padding: 0;
    display: grid;
    gap: 4px;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 24px;
    color: var(--_quiet);
    font-size: 15px;
  }
  p {
    margin: 0;
  }
  .standing {
    color: var(--_doubt);
    font-size: 15px;
  }
  .step {
    font-size: 15px;
    overflow-wrap: anywhere;
  }
  .step::before {
    content: '✓ ';
    font-weight: 700;
  }
  .step.bad::before {
    content: '✗ ';
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
    vertical-align: top;
    font-weight: 500;
  }
  thead th {
    color: var(--_quiet);
    font-size: 14px;
    font-weight: 600;
  }
  tbody th {
    min-width: 180px;
    font-weight: 600;
  }
  .quiet {
    display: block;
    color: var(--_quiet);
    font-size: 14px;
    font-weight: 400;
  }
  .unmatched {
    color: var(--_doubt);
    font-weight: 600;
  }
  td button {
    min-height: 36px;
    margin: 2px 6px 2px 0;
    font-size: 14px;
  }
  dialog form {
    display: grid;
    gap: 12px;
  }
  dialog label {
    display: grid;
    gap: 4px;
  }
  dialog .do {
    display: flex;
    justify-content: flex-end;
    gap: 8px;
  }
`
