import { css } from 'lit'

export const incidentsStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  main {
    display: grid;
    gap: 12px;
    max-width: 1880px;
    margin: 0 auto;
    padding: 16px;
  }
  h1 {
    margin: 0;
    font-size: 26px;
  }
  h2 {
    font-size: 22px;
  }
  h3 {
    margin-bottom: 8px;
    font-size: 17px;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(360px, 440px) minmax(0, 1fr);
    gap: 16px;
    align-items: start;
  }
  .list,
  .record {
    display: grid;
    gap: 12px;
    align-content: start;
  }
  form {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 10px;
    padding: 14px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  label {
    display: grid;
    gap: 4px;
    align-content: start;
    min-width: 0;
    font-weight: 600;
  }
  .wide {
    grid-column: 1 / -1;
  }
  select {
    text-overflow: ellipsis;
  }
  .row {
    display: flex;
    gap: 8px;
    align-items: end;
  }
  .count:empty,
  .refusal:empty {
    display: none;
  }
  .refusal {
    color: var(--_bad);
    font-weight: 700;
  }
  .found,
  .log,
  .legend {
    list-style: none;
  }
  .found {
    display: grid;
    gap: 6px;
  }
  .found button {
    display: grid;
    grid-template-columns: auto 1fr auto;
    gap: 2px 12px;
    width: 100%;
    padding: 10px 14px;
    text-align: start;
    font-weight: 400;
    background: var(--_panel);
  }
  .found button[aria-pressed='true'] {
    border-color: var(--_focus);
    background: var(--_raised);
  }
  .found b {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .found .where {
    grid-column: 2 / -1;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .found .when {
    grid-column: 1 / 3;
  }
  .found .quiet {
    grid-column: 1 / -1;
  }
  .found .quiet:empty {
    display: none;
  }
  .outcome {
    justify-self: end;
    padding: 0 8px;
    border: 1px solid var(--_line);
    border-radius: 10px;
    white-space: nowrap;
  }
  .outcome.open {
    border-color: var(--_alarm);
    background: var(--_alarm);
    color: var(--_alarm-ink);
    font-weight: 700;
  }
  .outcome.malicious,
  .outcome.mistake {
    border-color: var(--_doubt);
    color: var(--_doubt);
  }
  .outcome.helped,
  .outcome.police,
  .outcome.hub {
    border-color: var(--_good);
    color: var(--_good);
  }
  .hint {
    padding: 20vh 0;
    text-align: center;
  }
  .record {
    grid-template-columns: minmax(0, 1fr);
    padding: 18px 20px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  .record header {
    display: grid;
    grid-template-columns: 1fr auto;
    gap: 4px 16px;
    align-items: start;
  }
  .record header > * {
    grid-column: 1;
  }
  .record header .print {
    grid-column: 2;
    grid-row: 1 / 4;
  }
  .record h2:focus {
    outline: none;
  }
  .record h2 b {
    margin-inline-end: 8px;
    white-space: nowrap;
  }
  .detail,
  .record > *,
  .clip-of {
    min-width: 0;
  }
  .record section {
    padding-top: 12px;
    border-top: 1px solid var(--_line);
  }
  .back {
    display: none;
    justify-self: start;
  }
  dl {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(190px, 1fr));
    gap: 10px 20px;
    margin: 0;
  }
  dt {
    color: var(--_quiet);
    font-size: 14px;
  }
  dd {
    margin: 0;
    font-size: 18px;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  svg.line {
    display: block;
    width: 100%;
    max-height: 260px;
  }
  svg text {
    fill: var(--_quiet);
    font: 15px var(--_font);
  }
  svg text.on {
    fill: var(--_ink);
    stroke: var(--_panel);
    stroke-width: 3px;
    paint-order: stroke;
  }
  .axis {
    stroke: var(--_line);
    stroke-width: 2;
  }
  .clip {
    fill: var(--_raised-more);
  }
  .gap {
    stroke: var(--_bad);
    stroke-width: 1;
  }
  .gap-ground {
    fill: var(--_ground);
  }
  .gap-line {
    stroke: var(--_bad);
    stroke-width: 2;
  }
  .wide-line {
    overflow-x: auto;
  }
  .wide-line:focus-visible {
    outline-offset: -3px;
  }
  .mark {
    fill: var(--_quiet);
    stroke: var(--_panel);
    stroke-width: 1.5;
  }
  .mark.press {
    fill: var(--_bad);
  }
  .mark.take,
  .mark.call,
  .mark.help {
    fill: var(--_owner);
  }
  .mark.hold {
    fill: var(--_doubt);
  }
  .mark.close {
    fill: var(--_good);
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 18px;
  }
  .legend li {
    display: flex;
    gap: 6px;
    align-items: center;
  }
  .legend svg {
    width: 18px;
    height: 18px;
  }
  .clip-of {
    display: grid;
    gap: 6px;
    margin-bottom: 14px;
  }
  .clip-of p,
  .player p {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 14px;
    align-items: center;
  }
  .clip-of button {
    margin-inline-start: auto;
  }
  .stills {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(200px, 1fr));
    gap: 10px;
  }
  figure {
    margin: 0;
  }
  figure img {
    display: block;
    width: 100%;
    border-radius: 4px;
  }
  .player {
    display: grid;
    gap: 8px;
    max-width: 960px;
    margin-bottom: 14px;
  }
  .player p {
    justify-content: space-between;
  }
  .doubt {
    color: var(--_doubt);
  }
  .all {
    display: flex;
    gap: 8px;
    align-items: center;
    margin-bottom: 8px;
    font-weight: 400;
  }
  .all input {
    width: 20px;
    height: 20px;
    accent-color: var(--_focus);
  }
  .log li {
    display: grid;
    grid-template-columns: 120px minmax(0, 1fr) auto;
    gap: 12px;
    padding: 6px 0;
    border-bottom: 1px solid var(--_line);
  }
  .log time {
    font-variant-numeric: tabular-nums;
  }
  .log .said {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .log .seq {
    color: var(--_quiet);
    font-size: 14px;
    font-variant-numeric: tabular-nums;
  }
  footer {
    color: var(--_quiet);
    font-size: 14px;
  }
  code {
    overflow-wrap: anywhere;
  }
  .paper {
    display: none;
  }
  @media (max-width: 1000px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
    .reading .list {
      display: none;
    }
    .back {
      display: block;
    }
    .hint {
      display: none;
    }
    .record header {
      grid-template-columns: minmax(0, 1fr);
    }
    .record header .print {
      grid-column: 1;
      grid-row: auto;
      justify-self: start;
    }
  }
  @media (max-width: 700px) {
    svg.line {
      min-width: 640px;
    }
  }
  @media (max-width: 480px) {
    main {
      padding: 10px;
    }
    .log li {
      grid-template-columns: minmax(0, 1fr) auto;
    }
    .log .said {
      grid-column: 1 / -1;
    }
  }
  @media print {
    :host {
      --_ink: #000;
      --_quiet: #333;
      --_ground: #fff;
      --_panel: #fff;
      --_raised: #fff;
      --_raised-more: #ddd;
      --_line: #999;
      --_bad: #a00;
      --_owner: #036;
      --_doubt: #740;
      --_good: #050;
      font-size: 11pt;
    }
    h1,
    .list,
    .back,
    .print,
    .player,
    .all,
    .clip-of button,
    .record footer .quiet {
      display: none !important;
    }
    main,
    .columns,
    .record {
      display: block;
      padding: 0;
      border: 0;
    }
    .record > * {
      margin-bottom: 5mm;
    }
    .paper {
      display: block;
      font-size: 12pt;
    }
    figure,
    .log li,
    dl > div {
      break-inside: avoid;
    }
    .stills {
      grid-template-columns: repeat(4, 1fr);
    }
  }
`
