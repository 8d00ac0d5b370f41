import { css } from 'lit'

export const lendingStyles = css`
  .contacts .lend {
    grid-column: 1 / -1;
    justify-self: start;
    min-height: calc(32 * var(--_u, 1px));
    padding: 0 calc(10 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
    font-weight: 500;
  }
  .lending {
    grid-column: 1 / -1;
    display: grid;
    gap: calc(8 * var(--_u, 1px));
    padding-top: calc(4 * var(--_u, 1px));
  }
  .lending .refusal:empty {
    display: none;
  }
  .lending .minutes {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: 1fr;
    gap: calc(6 * var(--_u, 1px));
  }
  .lending .minutes button {
    padding: 0 calc(4 * var(--_u, 1px));
    min-height: calc(40 * var(--_u, 1px));
  }
  .lending .minutes [aria-pressed='true'] {
    border-color: var(--_focus);
    box-shadow: inset 0 0 0 1px var(--_focus);
  }
  .made {
    display: grid;
    grid-template-columns: minmax(calc(96 * var(--_u, 1px)), calc(150 * var(--_u, 1px))) minmax(0, 1fr);
    gap: calc(10 * var(--_u, 1px));
    align-items: start;
  }
  .ways {
    display: grid;
    gap: calc(6 * var(--_u, 1px));
  }
  .ways button,
  .ways .way {
    display: flex;
    align-items: center;
    min-height: calc(36 * var(--_u, 1px));
    padding: calc(4 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    border: 1px solid var(--_line);
    border-radius: calc(6 * var(--_u, 1px));
    background: var(--_raised);
    color: var(--_ink);
    font-size: calc(14 * var(--_u, 1px));
    font-weight: 600;
    text-decoration: none;
    overflow-wrap: anywhere;
  }
  .ways .way:hover {
    background: var(--_raised-more);
  }
  .lent ul {
    display: grid;
    gap: calc(4 * var(--_u, 1px));
  }
  .lent li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px calc(8 * var(--_u, 1px));
    align-items: center;
    padding: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    border: 1px solid var(--_line);
    border-inline-start: calc(6 * var(--_u, 1px)) solid var(--_quiet);
    border-radius: calc(6 * var(--_u, 1px));
    font-size: calc(15 * var(--_u, 1px));
  }
  [data-answer='on-my-way'],
  [data-answer='arrived'] {
    border-inline-start-color: var(--_good);
  }
  [data-answer='needs-more'] {
    border-inline-start-color: var(--_doubt);
  }
  [data-answer='needs-more'] .answer b {
    color: var(--_doubt);
  }
  .lent .answer {
    grid-column: 1;
    overflow-wrap: anywhere;
  }
  .lent .revoke {
    grid-area: 1 / 2 / span 2;
    min-height: calc(36 * var(--_u, 1px));
    padding: 0 calc(10 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
  }
  .notes .share {
    min-height: calc(26 * var(--_u, 1px));
    padding: 0 calc(8 * var(--_u, 1px));
    font-size: calc(13 * var(--_u, 1px));
    font-weight: 500;
  }
  .notes .share[aria-pressed='true'] {
    border-color: var(--_good);
    color: var(--_good);
  }
`
