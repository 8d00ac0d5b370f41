import { css } from 'lit'

export const cutStyles = css`
  main {
    display: grid;
    gap: 14px;
  }
  header {
    display: flex;
    justify-content: space-between;
    align-items: center;
    gap: 16px;
  }
  h3 {
    font-size: 22px;
  }
  h4 {
    margin: 0 0 6px;
    font-size: 17px;
  }
  .desk {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(220px, 330px);
    gap: 14px;
    align-items: start;
  }
  .pictures {
    display: grid;
    gap: 10px;
  }
  .desk .pictures[data-count='2'],
  .desk .pictures[data-count='3'],
  .desk .pictures[data-count='4'] {
    grid-template-columns: 1fr 1fr;
  }
  figure {
    margin: 0;
  }
  .picture {
    position: relative;
  }
  figcaption {
    padding-top: 4px;
    font-weight: 600;
  }
  .drawing {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    cursor: crosshair;
    touch-action: none;
  }
  .drawing rect {
    fill: rgb(255 255 255 / 45%);
    stroke: #ffd84d;
    stroke-width: 2px;
    vector-effect: non-scaling-stroke;
  }
  .drawing .later {
    fill: none;
    stroke-dasharray: 6 5;
  }
  .marks {
    max-height: min(74vh, 800px);
    overflow: auto;
    padding: 12px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  .marks ol,
  .regions ol {
    list-style: none;
    display: grid;
    gap: 4px;
  }
  .marks button {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 10px;
    width: 100%;
    min-height: 36px;
    padding: 4px 8px;
    border: 0;
    border-inline-start: 4px solid var(--_line);
    border-radius: 0 6px 6px 0;
    background: none;
    text-align: start;
    font-weight: 500;
  }
  .marks button:hover {
    background: var(--_raised);
  }
  .marks .press {
    border-color: var(--_bad);
    font-weight: 700;
  }
  .marks .note {
    border-color: var(--_doubt);
  }
  .marks .framing {
    border-color: var(--_owner);
  }
  time,
  .clock {
    font-variant-numeric: tabular-nums;
  }
  .timeline {
    position: relative;
    display: grid;
    gap: 4px;
    padding: 10px 12px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  .ruler,
  .row,
  .over,
  .position {
    display: grid;
    grid-template-columns: 220px minmax(0, 1fr);
    gap: 12px;
    align-items: center;
  }
  .ruler div {
    display: flex;
    justify-content: space-between;
    color: var(--_quiet);
    font-size: 13px;
    font-variant-numeric: tabular-nums;
  }
  .row label {
    display: flex;
    gap: 8px;
    align-items: center;
    min-height: 44px;
    font-weight: 600;
    font-size: 14px;
  }
  .row input {
    width: 24px;
    height: 24px;
    flex: none;
    accent-color: var(--_action);
  }
  .row.left-out .track {
    opacity: 0.35;
  }
  .track .pictures {
    display: flex;
    gap: 2px;
    height: 48px;
  }
  .track img,
  .track i {
    flex: 1 1 0;
    min-width: 0;
    height: 48px;
    object-fit: cover;
    border-radius: 3px;
    background: var(--_raised);
  }
  .track i.none {
    background: repeating-linear-gradient(45deg, transparent 0 6px, var(--_line) 6px 8px);
  }
  .track svg {
    display: block;
    width: 100%;
    height: 8px;
    margin-top: 2px;
  }
  .row.call small {
    display: block;
    color: var(--_quiet);
    font-weight: 400;
    font-variant-numeric: tabular-nums;
  }
  .row.call svg {
    height: 26px;
  }
  .voice {
    fill: var(--_owner);
  }
  .sounds {
    display: grid;
    gap: 6px;
  }
  .sounds p:not(.quiet) {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 12px;
    min-height: 44px;
  }
  .sounds audio {
    flex: 1 1 320px;
    max-width: 620px;
    height: 44px;
  }
  .held {
    fill: var(--_good);
  }
  .gap {
    fill: var(--_bad);
  }
  /* Over all rows, and in nobody's way. */
  .over {
    position: absolute;
    inset: 32px 12px 52px;
    align-items: stretch;
    pointer-events: none;
  }
  .over svg {
    width: 100%;
    height: 100%;
    overflow: visible;
  }
  .out {
    fill: var(--_panel);
    fill-opacity: 0.72;
  }
  .edge {
    fill: var(--_focus);
  }
  .mark.press {
    fill: var(--_bad);
  }
  .mark.note {
    fill: var(--_doubt);
  }
  .mark.framing {
    fill: var(--_owner);
  }
  .here {
    fill: var(--_ink);
  }
  .position input {
    width: 100%;
    height: 32px;
    margin: 0;
    accent-color: var(--_doubt);
  }
  .moves {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .moves .clock {
    min-width: 150px;
    font-size: 20px;
    font-weight: 700;
  }
  .moves button {
    padding: 0 12px;
  }
  .regions {
    padding: 12px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  .regions li {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: end;
    padding: 8px 0;
    border-top: 1px solid var(--_line);
  }
  .regions label {
    display: grid;
    gap: 3px;
    font-size: 14px;
  }
  .regions input[type='number'] {
    width: 84px;
    min-height: 44px;
    padding: 8px;
    border: 1px solid var(--_field-line);
    border-radius: 6px;
    background: var(--_field);
    color: var(--_ink);
    font: inherit;
  }
  .regions .times {
    min-width: 150px;
    align-self: center;
    font-variant-numeric: tabular-nums;
  }
  /* A low screen shows pictures and timeline at once. */
  @media (max-height: 800px) and (min-width: 901px) {
    .desk .pictures[data-count='3'],
    .desk .pictures[data-count='4'] {
      grid-template-columns: repeat(4, 1fr);
    }
    .marks {
      max-height: 210px;
    }
  }
  @media (max-width: 900px) {
    .desk,
    .desk .pictures {
      grid-template-columns: 1fr !important;
    }
    .ruler,
    .row,
    .over,
    .position {
      grid-template-columns: 120px minmax(0, 1fr);
    }
  }
`
