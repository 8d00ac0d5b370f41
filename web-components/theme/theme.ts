/**
 * Colours, type and controls that all elements share. A page changes them with the custom properties named here;
 * `theme` on any element is `dark` (also when it is left out), `light`, or `auto` for what the person's system says.
 * What stands inside inherits.
 */
import { css } from 'lit'

const light = css`
  --_t-ink: #131a26;
  --_t-quiet: #4a5568;
  --_t-ground: #eef1f6;
  --_t-panel: #ffffff;
  --_t-raised: #e3e8f1;
  --_t-raised-more: #d3dbe8;
  --_t-field: #ffffff;
  --_t-line: #b8c2d3;
  --_t-field-line: #6b7890;
  --_t-good: #0b6b3c;
  --_t-doubt: #7a4a00;
  --_t-bad: #b3261e;
  --_t-action: #1d56c8;
  --_t-taken: #1d4ba8;
  --_t-owner: #1d4ba8;
  --_t-focus: #7a3d00;
`

export const look = css`
  :host([theme='light']) {
    ${light}
  }
  @media (prefers-color-scheme: light) {
    :host([theme='auto']) {
      ${light}
    }
  }
  :host {
    --_ink: var(--lamppost-ink, var(--_t-ink, #f2f4f8));
    --_quiet: var(--lamppost-quiet, var(--_t-quiet, #aab4c4));
    --_ground: var(--lamppost-ground, var(--_t-ground, #10151f));
    --_panel: var(--lamppost-panel, var(--_t-panel, #1a2130));
    --_raised: var(--lamppost-raised, var(--_t-raised, #28324a));
    --_raised-more: var(--lamppost-raised, var(--_t-raised-more, #34415f));
    --_field: var(--lamppost-field, var(--_t-field, #0c1119));
    --_line: var(--lamppost-line, var(--_t-line, #35405a));
    --_field-line: var(--lamppost-line, var(--_t-field-line, #77859f));
    --_alarm: var(--lamppost-alarm, #c8152c);
    --_alarm-ink: var(--lamppost-alarm-ink, #ffffff);
    --_taken: var(--lamppost-taken, var(--_t-taken, #1d3b78));
    --_drill: var(--lamppost-drill, #6b5212);
    --_good: var(--lamppost-good, var(--_t-good, #4cc38a));
    --_doubt: var(--lamppost-doubt, var(--_t-doubt, #f5b942));
    --_bad: var(--lamppost-bad, var(--_t-bad, #ff8a7c));
    --_action: var(--lamppost-action, var(--_t-action, #2563d9));
    --_owner: var(--lamppost-owner, var(--_t-owner, #9dc0ff));
    --_focus: var(--lamppost-focus, var(--_t-focus, #ffd84d));
    --_font: var(--lamppost-font, 'Segoe UI', 'DejaVu Sans', Roboto, Arial, sans-serif);
    color: var(--_ink);
    font-family: var(--_font);
    font-size: calc(16 * var(--_u, 1px));
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
    min-height: calc(44 * var(--_u, 1px));
    padding: 0 calc(16 * var(--_u, 1px));
    border: 1px solid var(--_line);
    border-radius: calc(6 * var(--_u, 1px));
    background: var(--_raised);
    color: var(--_ink);
    font: inherit;
    font-weight: 600;
    cursor: pointer;
  }
  button:hover {
    background: var(--_raised-more);
  }
  button:disabled {
    color: var(--_quiet);
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
  input[type='password'],
  input[type='number'],
  input[type='date'],
  input[type='datetime-local'],
  select,
  textarea {
    min-height: calc(44 * var(--_u, 1px));
    padding: calc(8 * var(--_u, 1px)) calc(12 * var(--_u, 1px));
    border: 1px solid var(--_field-line);
    border-radius: calc(6 * var(--_u, 1px));
    background: var(--_field);
    color: var(--_ink);
    font: inherit;
    width: 100%;
  }
  /* The browser draws their own parts. */
  input[type='number'],
  input[type='date'],
  input[type='datetime-local'] {
    min-width: 0;
    color-scheme: dark;
  }
  :host([theme='light']) :is(input[type='number'], input[type='date'], input[type='datetime-local']) {
    color-scheme: light;
  }
  ::placeholder {
    color: var(--_quiet);
    opacity: 1;
  }
  kbd {
    display: inline-grid;
    place-content: center;
    min-width: calc(22 * var(--_u, 1px));
    height: calc(22 * var(--_u, 1px));
    padding: 0 calc(5 * var(--_u, 1px));
    border: 1px solid currentcolor;
    border-radius: calc(4 * var(--_u, 1px));
    font: 600 calc(13 * var(--_u, 1px))/1 var(--_font);
    text-transform: uppercase;
    opacity: 0.85;
  }
  /* How wide it is at the most, each element says: --_width. */
  dialog {
    width: min(var(--_width, calc(600 * var(--_u, 1px))), 93vw);
    max-height: 93vh;
    overflow: auto;
    padding: calc(20 * var(--_u, 1px));
    border: 2px solid var(--_line);
    border-radius: calc(10 * var(--_u, 1px));
    background: var(--_panel);
    color: var(--_ink);
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 60%);
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
