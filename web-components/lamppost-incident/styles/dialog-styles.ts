import { css } from 'lit'

export const dialogStyles = css`
  dialog h3 {
    font-size: 22px;
    color: var(--_ink);
  }
  .choices {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
    margin: 14px 0;
  }
  .choices.minutes {
    grid-template-columns: repeat(4, 1fr);
  }
  .choices .wide {
    grid-column: 1 / -1;
  }
  .choices label {
    display: flex;
    align-items: center;
    gap: 10px;
    min-height: 44px;
    padding: 0 12px;
    border: 1px solid var(--_line);
    border-radius: 6px;
    cursor: pointer;
  }
  .choices label:has(:checked) {
    border-color: var(--_focus);
    background: var(--_raised);
  }
  .choices label:has(:focus-visible) {
    outline: 3px solid var(--_focus);
    outline-offset: 2px;
  }
  .choices input {
    width: 20px;
    height: 20px;
    flex: none;
    accent-color: var(--_focus);
  }
  dialog .row {
    display: flex;
    justify-content: flex-end;
    gap: 10px;
    margin-top: 14px;
  }
  @media (max-width: 560px) {
    .choices {
      grid-template-columns: 1fr;
    }
  }
`
