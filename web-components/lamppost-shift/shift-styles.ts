import { css } from 'lit'

export const shiftStyles = css`
  main {
    display: grid;
    gap: 16px;
    max-width: 1500px;
    margin: 0 auto;
    padding: 16px;
  }
  .two {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(340px, 1fr));
    gap: 16px;
    align-items: start;
  }
  section {
    display: grid;
    gap: 8px;
    padding: 14px 16px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  h2 {
    font-size: 26px;
  }
  h3 {
    font-size: 17px;
  }
  ul {
    list-style: none;
    display: grid;
    gap: 6px;
  }
  li {
    padding: 6px 10px;
    border-inline-start: 6px solid var(--_line);
  }
  li.waits {
    border-color: var(--_alarm);
  }
  li.wrong {
    border-color: var(--_doubt);
  }
  li span {
    display: block;
  }
  textarea {
    min-height: 96px;
    resize: vertical;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    align-items: end;
  }
  label {
    display: grid;
    gap: 4px;
    flex: 1 1 180px;
    font-weight: 600;
  }
  fieldset {
    display: grid;
    gap: 10px;
    margin: 0;
    padding: 12px;
    border: 2px solid var(--_doubt);
    border-radius: 8px;
  }
  legend {
    font-weight: 700;
    padding: 0 6px;
  }
  .good {
    color: var(--_good);
    font-weight: 600;
  }
  .refusal {
    color: var(--_bad);
    font-weight: 700;
  }
  .refusal:empty {
    display: none;
  }
  .notes {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  @media print {
    textarea,
    button,
    fieldset {
      display: none;
    }
  }
`
