import { css } from 'lit'

export const presetsStyles = css`
  :host {
    background: var(--_ground);
    min-height: 100%;
  }
  .banner {
    padding: 12px 16px;
    background: var(--_alarm);
    color: var(--_alarm-ink);
    font-weight: 700;
  }
  .waiting {
    padding: 40px;
    font-size: 20px;
  }
  .room {
    display: grid;
    grid-template-columns: clamp(240px, 22vw, 320px) minmax(0, 1fr);
    gap: 20px;
    padding: 16px;
  }
  nav {
    display: grid;
    gap: 10px;
    align-content: start;
  }
  .card {
    display: grid;
    grid-template-columns: 112px 1fr;
    grid-template-rows: auto auto 1fr;
    gap: 0 12px;
    padding: 6px;
    text-align: start;
    font-weight: 400;
    background: var(--_panel);
  }
  .card[aria-current='true'] {
    border-color: var(--_focus);
    background: var(--_raised);
  }
  .card img,
  .nopicture {
    grid-row: 1 / 5;
    width: 112px;
    aspect-ratio: 16 / 9;
    border-radius: 4px;
    object-fit: cover;
    background: #000;
  }
  .nopicture {
    display: grid;
    place-items: center;
    font-size: 12px;
    color: var(--_quiet);
    text-align: center;
  }
  .card .name {
    font-weight: 600;
    font-size: 15px;
  }
  .health,
  .why,
  .held {
    font-size: 12px;
    color: var(--_quiet);
  }
  .why {
    color: var(--_bad);
    overflow-wrap: anywhere;
  }
  .held {
    color: var(--_doubt);
  }
  b.up {
    color: var(--_good);
  }
  b.down {
    color: var(--_bad);
  }
  h2 {
    font-size: 26px;
  }
  h3 {
    font-size: 16px;
    margin-bottom: 8px;
  }
  .work {
    display: grid;
    grid-template-columns: minmax(0, 3fr) minmax(320px, 2fr);
    gap: 20px;
    margin-top: 12px;
  }
  .steer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    margin-top: 12px;
  }
  .steer button {
    width: 52px;
    padding: 0;
    font-size: 18px;
    touch-action: none;
    user-select: none;
  }
  .message {
    min-height: 26px;
    margin-top: 12px;
    font-weight: 600;
  }
  .message.good {
    color: var(--_good);
  }
  .message.bad {
    color: var(--_bad);
  }
  ul {
    list-style: none;
    display: grid;
    gap: 10px;
  }
  li,
  form {
    padding: 12px;
    border: 1px solid var(--_line);
    border-radius: 8px;
    background: var(--_panel);
  }
  code {
    color: var(--_quiet);
    overflow-wrap: anywhere;
  }
  .shows {
    display: block;
    color: var(--_good);
    font-size: 14px;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    margin-top: 8px;
  }
  form {
    display: grid;
    gap: 10px;
    margin-top: 14px;
  }
  label {
    display: grid;
    gap: 4px;
    font-size: 14px;
    color: var(--_quiet);
  }
  @media (max-width: 1300px) {
    .work {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  .taught {
    color: var(--_good);
    font-size: 13px;
  }
  .untaught {
    color: var(--_doubt);
    font-size: 13px;
  }
  .check {
    flex-basis: 100%;
    font-size: 13px;
    color: var(--_quiet);
  }
  .check.agrees {
    color: var(--_good);
  }
  .check.drifted,
  .check.gone,
  .check.unreached {
    color: var(--_bad);
  }
  .recorder {
    margin-top: 10px;
    color: var(--_quiet);
    font-size: 14px;
  }
  .recorder summary {
    min-height: 32px;
    cursor: pointer;
  }
  .recorder pre {
    overflow: auto;
    padding: 10px;
    border: 1px solid var(--_line);
    border-radius: 6px;
    background: var(--_field);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
`
