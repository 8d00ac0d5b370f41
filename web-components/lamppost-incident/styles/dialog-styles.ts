import { css } from 'lit'

export const dialogStyles = css`
  /* Over the column beside the pictures, never over a picture. */
  .side > dialog {
    position: absolute;
    z-index: 4;
    inset: 0 0 auto 0;
    width: 100%;
    max-height: 100%;
    margin: 0;
    padding: calc(14 * var(--_u, 1px));
    border-color: var(--_focus);
    box-shadow: 0 calc(6 * var(--_u, 1px)) calc(24 * var(--_u, 1px)) rgb(0 0 0 / 60%);
  }
  dialog h3 {
    font-size: calc(22 * var(--_u, 1px));
    color: var(--_ink);
  }
  .choices {
    display: grid;
    grid-template-columns: 1fr;
    gap: calc(8 * var(--_u, 1px));
    margin: calc(14 * var(--_u, 1px)) 0;
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
    gap: calc(10 * var(--_u, 1px));
    min-height: calc(44 * var(--_u, 1px));
    padding: 0 calc(12 * var(--_u, 1px));
    border: 1px solid var(--_line);
    border-radius: calc(6 * var(--_u, 1px));
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
    width: calc(20 * var(--_u, 1px));
    height: calc(20 * var(--_u, 1px));
    flex: none;
    accent-color: var(--_focus);
  }
  dialog .row {
    display: flex;
    justify-content: flex-end;
    gap: calc(10 * var(--_u, 1px));
    margin-top: calc(14 * var(--_u, 1px));
  }
  @container (max-width: 700px) {
    .side > dialog {
      position: sticky;
      bottom: 0;
      order: 2;
    }
  }
`
