/** Colours, type and controls that all elements share. A page changes them with the custom properties named here. */
import { css } from 'lit'

export const look = css`
  :host {
    --_ink: var(--lamppost-ink, #f2f4f8);
    --_quiet: var(--lamppost-quiet, #aab4c4);
    --_ground: var(--lamppost-ground, #10151f);
    --_panel: var(--lamppost-panel, #1a2130);
    --_line: var(--lamppost-line, #35405a);
    --_alarm: var(--lamppost-alarm, #e5243b);
    --_alarm-ink: var(--lamppost-alarm-ink, #ffffff);
    --_good: var(--lamppost-good, #4cc38a);
    --_doubt: var(--lamppost-doubt, #f5b942);
    --_bad: var(--lamppost-bad, #ff7a6b);
    --_action: var(--lamppost-action, #2f6feb);
    --_focus: var(--lamppost-focus, #ffd84d);
    --_font: var(--lamppost-font, 'Segoe UI', 'DejaVu Sans', Roboto, Arial, sans-serif);
    color: var(--_ink);
    font-family: var(--_font);
    font-size: 16px;
    line-height: 1.35;
    display: block;
    box-sizing: border-box;
    text-align: start;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  button {
    min-height: 44px;
    padding: 0 18px;
    border: 1px solid var(--_line);
    border-radius: 6px;
    background: #28324a;
    color: var(--_ink);
    font: inherit;
    font-weight: 600;
    cursor: pointer;
  }
  button:hover {
    background: #34415f;
  }
  button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  button.main {
    background: var(--_action);
    border-color: var(--_action);
    color: #fff;
  }
  button.main:hover {
    filter: brightness(1.12);
  }
  button.danger {
    background: #7d1424;
    border-color: #b3263a;
    color: #fff;
  }
  input[type='text'],
  select,
  textarea {
    min-height: 44px;
    padding: 8px 12px;
    border: 1px solid #55637f;
    border-radius: 6px;
    background: #0c1119;
    color: var(--_ink);
    font: inherit;
    width: 100%;
  }
  :focus-visible {
    outline: 3px solid var(--_focus);
    outline-offset: 2px;
  }
  h2,
  h3,
  p,
  ol,
  ul {
    margin: 0;
    padding: 0;
  }
  .quiet {
    color: var(--_quiet);
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`
