import { css } from 'lit'

export const helpStyles = css`
  ol,
  ul {
    list-style: none;
    display: grid;
    gap: calc(4 * var(--_u, 1px));
  }
  .step {
    display: flex;
    gap: calc(10 * var(--_u, 1px));
    align-items: center;
    width: 100%;
    min-height: calc(40 * var(--_u, 1px));
    padding: calc(4 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    text-align: start;
    background: transparent;
    font-weight: 500;
  }
  .step .text {
    flex: 1;
  }
  .step[aria-disabled='true'] {
    color: var(--_quiet);
    cursor: default;
  }
  .box {
    width: calc(22 * var(--_u, 1px));
    height: calc(22 * var(--_u, 1px));
    flex: none;
    border: 2px solid var(--_quiet);
    border-radius: calc(4 * var(--_u, 1px));
    text-align: center;
    line-height: calc(18 * var(--_u, 1px));
    color: var(--_good);
    font-weight: 800;
  }
  .contacts li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px calc(8 * var(--_u, 1px));
    align-items: center;
    padding: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    border: 1px solid var(--_line);
    border-radius: calc(6 * var(--_u, 1px));
  }
  .who strong {
    display: block;
    font-size: calc(15 * var(--_u, 1px));
    line-height: 1.2;
  }
  .phone {
    font-variant-numeric: tabular-nums;
    font-size: calc(15 * var(--_u, 1px));
  }
  .phone b {
    color: var(--_bad);
  }
  .presets ul {
    display: flex;
    flex-wrap: wrap;
    gap: calc(6 * var(--_u, 1px));
    padding: 0;
    list-style: none;
  }
  .presets h3 button {
    min-height: calc(32 * var(--_u, 1px));
    padding: 0 calc(10 * var(--_u, 1px));
    font: inherit;
  }
  .presets li button {
    min-height: calc(36 * var(--_u, 1px));
    padding: 0 calc(12 * var(--_u, 1px));
  }
  .presets p:empty {
    display: none;
  }
  .called,
  .dial {
    padding: 0 calc(10 * var(--_u, 1px));
    min-height: calc(40 * var(--_u, 1px));
  }
  .last,
  .outcomes {
    grid-column: 1 / -1;
    font-size: calc(14 * var(--_u, 1px));
  }
  .outcomes {
    display: flex;
    flex-wrap: wrap;
    gap: calc(6 * var(--_u, 1px));
  }
  .outcomes button {
    min-height: calc(32 * var(--_u, 1px));
    padding: 0 calc(8 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
    font-weight: 500;
    flex: 1 1 auto;
  }
  .places li {
    padding: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    border: 1px solid var(--_line);
    border-inline-start: calc(6 * var(--_u, 1px)) solid var(--_quiet);
    border-radius: calc(6 * var(--_u, 1px));
  }
  .places li.open-now {
    border-inline-start-color: var(--_good);
  }
  .vms li {
    padding: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    border: 1px solid var(--_line);
    border-inline-start: calc(6 * var(--_u, 1px)) solid var(--_quiet);
    border-radius: calc(6 * var(--_u, 1px));
    font-size: calc(15 * var(--_u, 1px));
    overflow-wrap: anywhere;
  }
  .vms li.told {
    border-inline-start-color: var(--_good);
  }
  .vms li.untold {
    border-inline-start-color: var(--_doubt);
  }
  .vms .finding {
    font-size: calc(14 * var(--_u, 1px));
    color: var(--_quiet);
  }
  .vms a {
    color: inherit;
  }
  .places .state {
    font-size: calc(15 * var(--_u, 1px));
  }
  .open-now .state {
    color: var(--_good);
    font-weight: 600;
  }
  .notes {
    display: grid;
    gap: calc(4 * var(--_u, 1px));
    font-size: calc(15 * var(--_u, 1px));
  }
  .notes .note {
    overflow-wrap: anywhere;
  }
  textarea {
    resize: vertical;
    min-height: calc(52 * var(--_u, 1px));
  }
  .notes .row {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: calc(8 * var(--_u, 1px));
    margin: 0;
    min-height: calc(24 * var(--_u, 1px));
  }
  .notes .row button {
    min-height: calc(32 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
  }
  .said {
    font-size: calc(14 * var(--_u, 1px));
    color: var(--_quiet);
  }
  .said.failed {
    color: var(--_bad);
    font-weight: 700;
  }
  .picker {
    display: grid;
    gap: calc(4 * var(--_u, 1px));
  }
  .picker li button {
    width: 100%;
    min-height: calc(38 * var(--_u, 1px));
    text-align: start;
    font-weight: 500;
  }
  lamppost-town {
    min-height: 0;
    height: calc(240 * var(--_u, 1px));
  }
`
