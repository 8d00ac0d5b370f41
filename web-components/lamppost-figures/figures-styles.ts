import { css } from 'lit'

export const figuresStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  main {
    display: grid;
    gap: 16px;
    max-width: 1480px;
    margin: 0 auto;
    padding: 16px;
  }
  h1 {
    margin: 0;
    font-size: 26px;
  }
  form {
    display: flex;
    flex-wrap: wrap;
    gap: 10px 14px;
    align-items: end;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .end {
    margin-inline-start: auto;
  }
  label {
    display: grid;
    gap: 4px;
    font-weight: 600;
  }
  input[type='date'] {
    width: auto;
  }
  .refusal {
    color: var(--_bad);
    font-weight: 700;
  }
  .refusal:empty,
  .status:empty {
    display: none;
  }
  .period {
    font-size: 18px;
    font-weight: 600;
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(170px, 1fr));
    gap: 12px;
  }
  .card,
  figure,
  .wide {
    padding: 14px 16px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  .value {
    font-size: 36px;
    font-weight: 700;
    line-height: 1.15;
    font-variant-numeric: tabular-nums;
  }
  figure {
    margin: 0;
    min-width: 0;
  }
  figcaption {
    margin-bottom: 8px;
    font-weight: 600;
  }
  .charts {
    display: grid;
    grid-template-columns: 24fr 9fr;
    gap: 16px;
  }
  svg {
    display: block;
    width: 100%;
  }
  .charts svg {
    max-height: 260px;
  }
  .bar {
    fill: var(--_action);
  }
  .axis {
    stroke: var(--_field-line);
    stroke-width: 1.5;
  }
  text {
    fill: var(--_quiet);
    font: 13px var(--_font);
    text-anchor: middle;
  }
  text.count {
    fill: var(--_ink);
    font-weight: 700;
  }
  .parts svg {
    height: 34px;
  }
  .parts ul {
    list-style: none;
    display: flex;
    flex-wrap: wrap;
    gap: 6px 24px;
    margin-top: 10px;
  }
  .key {
    display: inline-block;
    width: 14px;
    height: 14px;
    border-radius: 3px;
    vertical-align: -2px;
  }
  .genuine {
    fill: #2f9e68;
    background: #2f9e68;
  }
  .mistake {
    fill: #7a8aa8;
    background: #7a8aa8;
  }
  .malicious {
    fill: #d6862b;
    background: #d6862b;
  }
  .unclear {
    fill: #4a5a7a;
    background: #4a5a7a;
  }
  .open {
    fill: #c8152c;
    background: #c8152c;
  }
  .wide {
    overflow-x: auto;
    padding: 0;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 8px 12px;
    border-bottom: 1px solid var(--_line);
    text-align: end;
    white-space: nowrap;
  }
  thead th {
    color: var(--_quiet);
    font-size: 14px;
    text-align: center;
    vertical-align: bottom;
    white-space: normal;
  }
  tbody tr:last-child > * {
    border-bottom: 0;
  }
  th[scope='row'] {
    text-align: start;
    white-space: normal;
    min-width: 170px;
  }
  .notes {
    max-width: 110ch;
  }
  .none {
    font-size: 18px;
  }
  .paper {
    display: none;
  }
  @media (max-width: 800px) {
    .charts {
      grid-template-columns: minmax(0, 1fr);
    }
    .end {
      margin-inline-start: 0;
    }
  }
  @media print {
    :host {
      --_ink: #000;
      --_quiet: #333;
      --_ground: #fff;
      --_panel: #fff;
      --_line: #999;
      --_action: #444;
    }
    form,
    .refusal,
    .status {
      display: none;
    }
    .paper {
      display: block;
    }
    main {
      padding: 0;
    }
    figure,
    .card {
      break-inside: avoid;
    }
    th,
    td {
      padding: 3px 5px;
      font-size: 9pt;
    }
    th[scope='row'] {
      min-width: 90px;
    }
  }
`
