import { css } from 'lit'

export const evidenceStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  main {
    display: grid;
    gap: 16px;
    max-width: 1200px;
    margin: 0 auto;
    padding: 20px;
  }
  h2 {
    font-size: 26px;
  }
  h3 {
    font-size: 20px;
  }
  .refusal {
    padding: 10px 14px;
    border-inline-start: 6px solid var(--_bad);
    background: var(--_panel);
    color: var(--_bad);
    font-weight: 600;
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
  .do {
    display: flex;
    gap: 8px;
    justify-content: flex-end;
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
