import { css } from 'lit'

export const tileStyles = css`
  .tile:focus {
    outline: none;
  }
  .tile {
    container-type: inline-size;
    background: var(--_panel);
    border: 3px solid var(--_alarm);
    border-radius: 10px;
    overflow: hidden;
  }
  .tile.acknowledged,
  .tile.closed {
    border-color: var(--_taken);
  }
  .tile.drill {
    border-style: dashed;
    border-color: var(--_doubt);
  }
  header {
    display: flex;
    align-items: center;
    gap: 16px;
    padding: 8px 16px;
    background: var(--_alarm);
    color: var(--_alarm-ink);
  }
  .acknowledged header {
    background: var(--_taken);
  }
  .on-hold header,
  .closed header {
    background: #414b5e;
  }
  /* Nothing more is done about it here; only what is being written goes on. */
  .closed :is(.tools, .contacts button, .step) {
    visibility: hidden;
  }
  .drill header {
    background: var(--_drill);
  }
  /* Once a second, so that nobody's brain minds (WCAG 2.3.1 allows three). */
  .open.press header {
    animation: wait 1s steps(1) infinite;
  }
  @keyframes wait {
    50% {
      background: #8f0e1f;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .open.press header {
      animation: none;
      box-shadow: inset 0 -6px 0 #fff;
    }
  }
  .sign {
    width: 50px;
    height: 50px;
    flex: none;
    fill: currentcolor;
  }
  .where {
    min-width: 0;
    flex: 1;
  }
  h2 {
    font-size: clamp(22px, 2.9cqi, 44px);
    line-height: 1.1;
    font-weight: 800;
    overflow-wrap: anywhere;
  }
  .what {
    font-weight: 700;
    text-transform: uppercase;
    letter-spacing: 0.04em;
    font-size: 14px;
  }
  .late {
    font-size: 18px;
    font-weight: 700;
  }
  .address {
    font-size: clamp(15px, 1.3cqi, 19px);
  }
  .when {
    text-align: end;
    flex: none;
    font-variant-numeric: tabular-nums;
    font-size: 14px;
  }
  .elapsed {
    font-size: clamp(28px, 3.4cqi, 48px);
    font-weight: 800;
    line-height: 1;
    font-variant-numeric: tabular-nums;
  }
  .line {
    padding: 7px 16px;
    border-block-end: 1px solid var(--_line);
  }
  .line.escalated {
    background: #fff;
    color: #9b0d1f;
    font-size: 17px;
  }
  .line.offered,
  .line.held.over,
  .asked {
    background: var(--_doubt-ground, #f5b942);
    color: #1b1300;
    font-size: 17px;
  }
  .line.offered button {
    min-height: 32px;
    margin-inline-start: 10px;
  }
  .line.looking {
    padding-block: 4px;
    color: var(--_quiet);
    font-size: 14px;
  }
  .asked {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 10px;
    padding: 8px 16px;
    font-weight: 700;
  }
  .asked p {
    flex: 1 1 auto;
  }
  .body {
    display: grid;
    /* The picture leaves room below it for what is known and for further views. */
    grid-template-columns: minmax(0, max(600px, calc((100vh - 474px) * 1.78))) repeat(2, minmax(250px, 1fr));
    gap: 12px;
    padding: 12px;
  }
  .side {
    display: flex;
    flex-direction: column;
    gap: 12px;
    min-width: 0;
  }
  .actions {
    display: grid;
    gap: 8px;
  }
  .take,
  .go-on,
  .over {
    min-height: 54px;
    font-size: 19px;
  }
  .lesser {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .lesser button {
    flex: 1 1 auto;
    padding: 0 8px;
    font-size: 15px;
  }
  .owner {
    font-weight: 700;
    font-size: 18px;
    color: var(--_owner);
  }
  .refusal {
    color: var(--_doubt);
    font-weight: 700;
  }
  .refusal:empty {
    display: none;
  }
  h3 {
    display: flex;
    gap: 8px;
    align-items: center;
    font-size: 14px;
    color: var(--_quiet);
    font-weight: 600;
    margin-bottom: 4px;
  }
  @container (max-width: 1060px) {
    .body {
      grid-template-columns: minmax(0, 1fr) clamp(250px, 32cqi, 340px);
    }
    .seen {
      grid-row: span 2;
    }
  }
  @container (max-width: 700px) {
    .body {
      grid-template-columns: minmax(0, 1fr);
    }
    .seen {
      grid-row: auto;
    }
    .address,
    .sign {
      display: none;
    }
  }
`
