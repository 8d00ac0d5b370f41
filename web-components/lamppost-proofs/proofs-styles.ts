import { css } from 'lit'

export const proofsStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  main {
    display: grid;
    gap: 20px;
    max-width: 1760px;
    margin: 0 auto;
    padding: 20px;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 12px 24px;
  }
  h2 {
    font-size: 26px;
  }
  h3 {
    font-size: 20px;
    margin-bottom: 8px;
  }
  .sum {
    font-size: 18px;
    font-weight: 600;
  }
  .top button {
    margin-inline-start: auto;
  }
  .refusal {
    padding: 10px 14px;
    border-inline-start: 6px solid var(--_bad);
    background: var(--_panel);
    color: var(--_bad);
    font-weight: 600;
  }
  .card {
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
    overflow-x: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 12px 14px;
    border-top: 1px solid var(--_line);
    text-align: start;
    vertical-align: top;
    font-weight: 500;
    font-variant-numeric: tabular-nums;
  }
  thead th {
    border-top: 0;
    color: var(--_quiet);
    font-size: 14px;
    font-weight: 600;
  }
  tbody th {
    min-width: 190px;
    font-size: 17px;
    font-weight: 600;
  }
  th .quiet,
  td .quiet {
    display: block;
    font-size: 14px;
    font-weight: 400;
  }
  .standing {
    display: flex;
    gap: 8px;
    min-width: 170px;
    font-weight: 600;
  }
  .standing svg {
    flex: none;
    width: 22px;
    height: 22px;
    fill: currentColor;
  }
  .overdue {
    color: var(--_bad);
  }
  .doubt {
    color: var(--_doubt);
  }
  .proven {
    color: var(--_good);
  }
  .unknown {
    color: var(--_quiet);
  }
  .why {
    display: block;
    max-width: 34ch;
    font-weight: 400;
    color: var(--_ink);
  }
  .voice {
    display: block;
    margin-top: 6px;
    font-size: 14px;
    color: var(--_quiet);
  }
  button.tone {
    margin-top: 8px;
  }
  .way {
    display: grid;
    gap: 4px;
    min-width: 230px;
  }
  .bar {
    width: 100%;
    height: 8px;
    border-radius: 4px;
    background: var(--_field);
  }
  .bar .durable {
    fill: #7aa2ff;
  }
  .bar .asked {
    fill: #9d8cff;
  }
  .bar .accepted {
    fill: #c58cf0;
  }
  .bar .settled {
    fill: #f5b942;
  }
  .bar .picture {
    fill: #4cc38a;
  }
  .stages {
    font-size: 14px;
    color: var(--_quiet);
  }
  td button {
    white-space: nowrap;
  }
  .letters {
    margin-top: 6px;
    display: grid;
    gap: 6px;
  }
  .letters li {
    display: flex;
    align-items: center;
    gap: 10px;
    list-style: none;
    font-size: 14px;
  }
  .letters button {
    min-height: 32px;
    padding: 0 12px;
  }
  .nothing {
    padding: 14px;
  }
`
