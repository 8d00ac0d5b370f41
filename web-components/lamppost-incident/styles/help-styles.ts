import { css } from 'lit'

export const helpStyles = css`
  ol,
  ul {
    list-style: none;
    display: grid;
    gap: 4px;
  }
  .step {
    display: flex;
    gap: 10px;
    align-items: center;
    width: 100%;
    min-height: 40px;
    padding: 4px 10px;
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
    width: 22px;
    height: 22px;
    flex: none;
    border: 2px solid var(--_quiet);
    border-radius: 4px;
    text-align: center;
    line-height: 18px;
    color: var(--_good);
    font-weight: 800;
  }
  .contacts li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 8px;
    align-items: center;
    padding: 6px 10px;
    border: 1px solid var(--_line);
    border-radius: 6px;
  }
  .who strong {
    display: block;
    font-size: 15px;
    line-height: 1.2;
  }
  .phone {
    font-variant-numeric: tabular-nums;
    font-size: 15px;
  }
  .phone b {
    color: var(--_bad);
  }
  .called {
    padding: 0 10px;
    min-height: 40px;
  }
  .last,
  .outcomes {
    grid-column: 1 / -1;
    font-size: 14px;
  }
  .outcomes {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .outcomes button {
    min-height: 32px;
    padding: 0 8px;
    font-size: 14px;
    font-weight: 500;
    flex: 1 1 auto;
  }
  .places li {
    padding: 6px 10px;
    border: 1px solid var(--_line);
    border-inline-start: 6px solid var(--_quiet);
    border-radius: 6px;
  }
  .places li.open-now {
    border-inline-start-color: var(--_good);
  }
  .vms li {
    padding: 6px 10px;
    border: 1px solid var(--_line);
    border-inline-start: 6px solid var(--_quiet);
    border-radius: 6px;
    font-size: 15px;
    overflow-wrap: anywhere;
  }
  .vms li.told {
    border-inline-start-color: var(--_good);
  }
  .vms li.untold {
    border-inline-start-color: var(--_doubt);
  }
  .vms .finding {
    font-size: 14px;
    color: var(--_quiet);
  }
  .vms a {
    color: inherit;
  }
  .places .state {
    font-size: 15px;
  }
  .open-now .state {
    color: var(--_good);
    font-weight: 600;
  }
  .notes {
    display: grid;
    gap: 4px;
    font-size: 15px;
  }
  .notes .note {
    overflow-wrap: anywhere;
  }
  textarea {
    resize: vertical;
    min-height: 64px;
  }
  .notes .row {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 8px;
    margin: 0;
    min-height: 24px;
  }
  .notes .row button {
    min-height: 32px;
    font-size: 14px;
  }
  .said {
    font-size: 14px;
    color: var(--_quiet);
  }
  .said.failed {
    color: var(--_bad);
    font-weight: 700;
  }
  lamppost-town {
    min-height: 0;
    height: clamp(180px, 30vh, 330px);
  }
`
