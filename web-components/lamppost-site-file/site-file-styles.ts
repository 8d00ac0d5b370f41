import { css } from 'lit'

export const siteFileStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
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
    font-size: 18px;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    align-items: center;
  }
  .bar kbd {
    display: inline-block;
    margin-inline-start: 6px;
    text-transform: none;
    opacity: 1;
  }
  .state {
    color: var(--_good);
    font-weight: 600;
  }
  .state.changed {
    color: var(--_doubt);
  }
  .refusal {
    color: var(--_bad);
    font-weight: 700;
  }
  .refusal:empty {
    display: none;
  }
  pre.refusal {
    margin: 0;
    white-space: pre-wrap;
    font:
      15px/20px 'DejaVu Sans Mono',
      Consolas,
      monospace;
  }
  .problems,
  .conflict {
    display: grid;
    gap: 8px;
    padding: 12px 16px;
    border: 2px solid var(--_bad);
    border-radius: 8px;
    background: var(--_panel);
  }
  .problems ul,
  nav ul {
    list-style: none;
  }
  .problems li {
    display: flex;
    gap: 12px;
    align-items: baseline;
    padding: 2px 0;
  }
  .problems span {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .problems button {
    min-height: 32px;
    white-space: nowrap;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 240px;
    gap: 12px;
    height: max(420px, calc(100vh - 270px));
  }
  .columns.two {
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
  }
  .conflict {
    grid-template-rows: auto auto minmax(0, 1fr) auto;
  }
  .editor {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    min-height: 0;
    border: 1px solid var(--_field-line);
    border-radius: 6px;
    background: var(--_field);
    overflow: hidden;
  }
  .gutter {
    overflow: hidden;
    padding: 8px 8px 40px 12px;
    border-inline-end: 1px solid var(--_line);
    color: var(--_quiet);
    text-align: end;
    font:
      14px/20px 'DejaVu Sans Mono',
      Consolas,
      monospace;
    user-select: none;
  }
  .gutter span {
    display: block;
    height: 20px;
  }
  .gutter .wrong {
    margin-inline: -8px;
    padding-inline: 8px;
    background: var(--_alarm);
    color: var(--_alarm-ink);
  }
  textarea.own,
  textarea.theirs {
    min-height: 0;
    height: 100%;
    padding: 8px 12px;
    border: 0;
    border-radius: 0;
    resize: none;
    white-space: pre;
    overflow: auto;
    tab-size: 2;
    font:
      14px/20px 'DejaVu Sans Mono',
      Consolas,
      monospace;
  }
  textarea.own:focus-visible {
    outline-offset: -3px;
  }
  textarea.theirs {
    border: 1px solid var(--_line);
    border-radius: 6px;
  }
  nav {
    overflow: auto;
    padding: 6px;
    border: 1px solid var(--_line);
    border-radius: 6px;
    background: var(--_panel);
  }
  nav button {
    min-height: 30px;
    width: 100%;
    padding: 0 8px;
    border: 0;
    background: none;
    text-align: start;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  nav .thing button {
    padding-inline-start: 22px;
    font-weight: 400;
  }
  .do {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    justify-content: flex-end;
  }
  dialog form {
    display: grid;
    gap: 12px;
  }
  dialog label {
    display: grid;
    gap: 4px;
    font-weight: 600;
  }
  @media (max-width: 900px) {
    .columns,
    .columns.two {
      grid-template-columns: minmax(0, 1fr);
      height: auto;
    }
    .editor,
    textarea.theirs {
      height: 70vh;
    }
    nav {
      display: none;
    }
  }
`
