import { css } from 'lit'

export const lendingStyles = css`
  .contacts .lend {
    grid-column: 1 / -1;
    justify-self: start;
    min-height: 32px;
    padding: 0 10px;
    font-size: 14px;
    font-weight: 500;
  }
  .lending {
    grid-column: 1 / -1;
    display: grid;
    gap: 8px;
    padding-top: 4px;
  }
  .lending .refusal:empty {
    display: none;
  }
  .lending .minutes {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: 1fr;
    gap: 6px;
  }
  .lending .minutes button {
    padding: 0 4px;
    min-height: 40px;
  }
  .lending .minutes [aria-checked='true'] {
    border-color: var(--_focus);
    box-shadow: inset 0 0 0 1px var(--_focus);
  }
  .made {
    display: grid;
    grid-template-columns: minmax(96px, 150px) minmax(0, 1fr);
    gap: 10px;
    align-items: start;
  }
  .ways {
    display: grid;
    gap: 6px;
  }
  .ways button,
  .ways .way {
    display: flex;
    align-items: center;
    min-height: 36px;
    padding: 4px 10px;
    border: 1px solid var(--_line);
    border-radius: 6px;
    background: var(--_raised);
    color: var(--_ink);
    font-size: 14px;
    font-weight: 600;
    text-decoration: none;
    overflow-wrap: anywhere;
  }
  .ways .way:hover {
    background: var(--_raised-more);
  }
  .lent ul {
    display: grid;
    gap: 4px;
  }
  .lent li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 2px 8px;
    align-items: center;
    padding: 6px 10px;
    border: 1px solid var(--_line);
    border-inline-start: 6px solid var(--_quiet);
    border-radius: 6px;
    font-size: 15px;
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
    min-height: 36px;
    padding: 0 10px;
    font-size: 14px;
  }
  .notes .share {
    min-height: 26px;
    padding: 0 8px;
    font-size: 13px;
    font-weight: 500;
  }
  .notes .share[aria-pressed='true'] {
    border-color: var(--_good);
    color: var(--_good);
  }
`
