import { css } from 'lit'

export const callStyles = css`
  :host {
    container-type: inline-size;
  }
  .call {
    display: grid;
    gap: calc(10 * var(--_u, 1px));
    padding: calc(12 * var(--_u, 1px)) calc(14 * var(--_u, 1px));
    border: 2px solid var(--_line);
    border-radius: calc(8 * var(--_u, 1px));
    background: var(--_raised);
  }
  .call.ringing,
  .call.offered {
    border-color: var(--_alarm);
  }
  .call.connected {
    border-color: var(--_good);
  }
  .call.held {
    border-color: var(--_doubt);
  }
  .call.muted {
    border-color: var(--_bad);
  }
  .head {
    display: flex;
    align-items: center;
    gap: calc(10 * var(--_u, 1px));
    font-size: calc(18 * var(--_u, 1px));
    font-weight: 700;
  }
  .head span {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .head time {
    font-variant-numeric: tabular-nums;
  }
  .handset {
    width: calc(26 * var(--_u, 1px));
    height: calc(26 * var(--_u, 1px));
    flex: none;
    fill: currentcolor;
  }
  /* Together with the tile's own flash, never faster than once a second. */
  .ringing .handset,
  .offered .handset {
    color: var(--_bad);
    animation: ring 1s steps(1) infinite;
  }
  @keyframes ring {
    50% {
      transform: rotate(-14deg);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .ringing .handset,
    .offered .handset {
      animation: none;
    }
  }
  .connected .handset {
    color: var(--_good);
  }
  .accept {
    min-height: calc(56 * var(--_u, 1px));
    font-size: calc(20 * var(--_u, 1px));
    background: #0f7a43;
    border-color: #0f7a43;
    color: #fff;
  }
  .accept:hover {
    background: #12934f;
  }
  .meters {
    display: grid;
    grid-template-columns: max-content 1fr;
    align-items: center;
    gap: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
  }
  .meter {
    width: 100%;
    height: calc(12 * var(--_u, 1px));
    border-radius: calc(6 * var(--_u, 1px));
    background: var(--_field);
    border: 1px solid var(--_field-line);
  }
  .meter rect {
    fill: var(--_good);
  }
  .volume {
    display: grid;
    grid-template-columns: max-content 1fr calc(60 * var(--_u, 1px));
    align-items: center;
    gap: calc(10 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
  }
  .volume input {
    width: 100%;
    height: calc(32 * var(--_u, 1px));
    margin: 0;
    accent-color: var(--_action);
  }
  .volume output {
    text-align: end;
    font-variant-numeric: tabular-nums;
  }
  .push[aria-pressed='true'] {
    border-color: var(--_focus);
  }
  .talk {
    flex: 2 1 auto !important;
    min-height: calc(56 * var(--_u, 1px));
    touch-action: none;
  }
  .talk.held {
    background: #0f7a43;
    border-color: #0f7a43;
    color: #fff;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: calc(8 * var(--_u, 1px));
  }
  .buttons button {
    flex: 1 1 auto;
  }
  .languages button {
    flex: 0 1 auto;
    min-height: calc(40 * var(--_u, 1px));
  }
  .languages [aria-pressed='true'] {
    border-color: var(--_focus);
  }
  .phrases button {
    flex: 1 1 100%;
    text-align: start;
  }
  .parties {
    display: grid;
    gap: calc(6 * var(--_u, 1px));
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .parties li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(8 * var(--_u, 1px));
    font-weight: 600;
  }
  .parties span {
    flex: 1 1 calc(160 * var(--_u, 1px));
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .parties .joined span {
    color: var(--_good);
  }
  .parties .left span {
    color: var(--_quiet);
  }
  .quiet {
    font-size: calc(14 * var(--_u, 1px));
    color: var(--_quiet);
  }
  .mute[aria-pressed='true'] {
    background: #7d1424;
    border-color: #b3263a;
    color: #fff;
  }
  .warn {
    color: var(--_bad);
    font-weight: 700;
  }
  .doubt {
    color: var(--_doubt);
    font-weight: 600;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 2px calc(14 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
    color: var(--_quiet);
  }
  .microphone {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(10 * var(--_u, 1px));
  }
  .microphone p {
    flex: 1 1 calc(200 * var(--_u, 1px));
  }
`
