import { css } from 'lit'

export const tileStyles = css`
  .tile:focus {
    outline: none;
  }
  .tile {
    container-type: inline-size;
    background: var(--_panel);
    border: 3px solid var(--_alarm);
    border-radius: calc(10 * var(--_u, 1px));
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
    gap: calc(14 * var(--_u, 1px));
    min-height: max(calc(46 * var(--_u, 1px)), 5.4vh);
    padding: calc(4 * var(--_u, 1px)) calc(14 * var(--_u, 1px));
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
      box-shadow: inset 0 calc(-6 * var(--_u, 1px)) 0 #fff;
    }
  }
  .sign {
    width: calc(38 * var(--_u, 1px));
    height: calc(38 * var(--_u, 1px));
    flex: none;
    fill: currentcolor;
  }
  .where {
    min-width: 0;
    flex: 1;
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 calc(14 * var(--_u, 1px));
    overflow: hidden;
  }
  /* Three hundredths of the screen's height, and more on a large one: read from across the room. */
  h2 {
    font-size: max(calc(24 * var(--_u, 1px)), 3.1vh);
    line-height: 1.1;
    font-weight: 800;
    overflow-wrap: anywhere;
  }
  .what,
  .address {
    min-width: 0;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
  }
  .what {
    font-weight: 700;
    font-size: calc(15 * var(--_u, 1px));
  }
  .late {
    flex-basis: 100%;
    font-size: calc(17 * var(--_u, 1px));
    font-weight: 700;
  }
  .address {
    flex: 1 1 0;
    min-width: calc(120 * var(--_u, 1px));
    font-size: calc(15 * var(--_u, 1px));
  }
  .when {
    display: flex;
    align-items: baseline;
    gap: calc(10 * var(--_u, 1px));
    flex: none;
    font-variant-numeric: tabular-nums;
    font-size: calc(14 * var(--_u, 1px));
  }
  .elapsed {
    font-size: max(calc(26 * var(--_u, 1px)), 3.3vh);
    font-weight: 800;
    line-height: 1;
    font-variant-numeric: tabular-nums;
  }
  .line {
    padding: calc(7 * var(--_u, 1px)) calc(16 * var(--_u, 1px));
    border-block-end: 1px solid var(--_line);
  }
  .line.escalated {
    background: #fff;
    color: #9b0d1f;
    font-size: calc(17 * var(--_u, 1px));
  }
  .line.offered,
  .line.held.over,
  .asked {
    background: var(--_doubt-ground, #f5b942);
    color: #1b1300;
    font-size: calc(17 * var(--_u, 1px));
  }
  .line.offered button {
    min-height: calc(32 * var(--_u, 1px));
    margin-inline-start: calc(10 * var(--_u, 1px));
  }
  .line.looking {
    padding-block: calc(4 * var(--_u, 1px));
    color: var(--_quiet);
    font-size: calc(14 * var(--_u, 1px));
  }
  .asked {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(10 * var(--_u, 1px));
    padding: calc(8 * var(--_u, 1px)) calc(16 * var(--_u, 1px));
    font-weight: 700;
  }
  .asked p {
    flex: 1 1 0;
    min-width: calc(150 * var(--_u, 1px));
  }
  .body {
    display: grid;
    /* The picture has the room; everything else is one column beside it. */
    grid-template-columns: minmax(0, 1fr) clamp(calc(290 * var(--_u, 1px)), 21cqi, calc(400 * var(--_u, 1px)));
    gap: calc(10 * var(--_u, 1px));
    padding: calc(10 * var(--_u, 1px));
  }
  /* As high as the pictures, and not higher: what does not fit is scrolled in here. */
  .side {
    position: relative;
    display: flex;
    flex-direction: column;
    gap: calc(8 * var(--_u, 1px));
    min-width: 0;
    height: 0;
    min-height: max(100%, min(calc(420 * var(--_u, 1px)), calc(100vh - calc(150 * var(--_u, 1px)))));
  }
  .scroll {
    flex: 1 1 0;
    min-height: calc(90 * var(--_u, 1px));
    display: flex;
    flex-direction: column;
    gap: calc(12 * var(--_u, 1px));
    overflow-y: auto;
    scrollbar-width: thin;
  }
  .scroll > * {
    flex: none;
  }
  .actions {
    display: grid;
    gap: calc(8 * var(--_u, 1px));
  }
  .take,
  .go-on,
  button.over {
    min-height: calc(50 * var(--_u, 1px));
    font-size: calc(19 * var(--_u, 1px));
  }
  .lesser {
    display: flex;
    flex-wrap: wrap;
    gap: calc(6 * var(--_u, 1px));
  }
  .lesser button {
    flex: 1 1 auto;
    padding: 0 calc(8 * var(--_u, 1px));
    font-size: calc(15 * var(--_u, 1px));
  }
  .owner {
    font-weight: 700;
    font-size: calc(18 * var(--_u, 1px));
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
    gap: calc(8 * var(--_u, 1px));
    align-items: center;
    font-size: calc(14 * var(--_u, 1px));
    color: var(--_quiet);
    font-weight: 600;
    margin-bottom: calc(4 * var(--_u, 1px));
  }
  /* Where the column is low all of it is scrolled below what is to be done; the call and the note come first. */
  @media (max-height: 850px) {
    .side {
      overflow-y: auto;
      scrollbar-width: thin;
    }
    .side > .actions {
      position: sticky;
      top: 0;
      z-index: 3;
      padding-bottom: calc(4 * var(--_u, 1px));
      background: var(--_panel);
    }
    .side > * {
      flex: none;
    }
    .side > .scroll {
      order: 1;
      overflow: visible;
    }
    .take,
    .go-on,
    button.over {
      min-height: calc(44 * var(--_u, 1px));
    }
    .lesser button {
      padding: 0 calc(4 * var(--_u, 1px));
      font-size: calc(14 * var(--_u, 1px));
      min-height: calc(38 * var(--_u, 1px));
    }
  }
  @container (max-width: 700px) {
    .body {
      grid-template-columns: minmax(0, 1fr);
    }
    .side {
      height: auto;
      min-height: 0;
      display: contents;
      overflow: visible;
    }
    .scroll {
      overflow: visible;
    }
    /* On a telephone what is to be done stays in reach. */
    .side > .actions {
      position: sticky;
      inset: auto 0 0;
      z-index: 3;
      padding-block: calc(8 * var(--_u, 1px));
      background: var(--_panel);
      order: 1;
    }
    .address,
    .sign,
    .when p:last-child {
      display: none;
    }
    h2 {
      font-size: calc(24 * var(--_u, 1px));
    }
  }
`
