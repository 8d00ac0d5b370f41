import { css, unsafeCSS } from 'lit'

/** Order by classes: a strict page forbids style attributes, and tiles must not be moved in the document. */
const places = Array.from({ length: 32 }, (_, i) => `.p${i} { order: ${i + 1}; }`).join('\n')

export const wallStyles = css`
  /* More than there are places for, behind all that have one. */
  .small {
    order: 99;
  }
  ${unsafeCSS(places)}
  /* Below the tiles, and seen wherever one looks: what comes and goes must not move a button under a hand. */
  .bars {
    position: sticky;
    bottom: 0;
    z-index: 5;
  }
  .banner {
    padding: calc(14 * var(--_u, 1px)) calc(18 * var(--_u, 1px));
    background: var(--_alarm);
    color: var(--_alarm-ink);
    font-size: calc(20 * var(--_u, 1px));
    font-weight: 800;
    text-align: center;
  }
  @media (max-height: 800px) {
    .banner {
      padding: calc(6 * var(--_u, 1px)) calc(18 * var(--_u, 1px));
      font-size: calc(17 * var(--_u, 1px));
    }
  }
  .sound button {
    margin-inline-start: calc(14 * var(--_u, 1px));
    background: #fff;
    color: #7d1424;
    border-color: #fff;
  }
  .training {
    margin: 0;
    padding: calc(6 * var(--_u, 1px)) calc(18 * var(--_u, 1px));
    background: repeating-linear-gradient(
      -45deg,
      #ffd60a 0 calc(18 * var(--_u, 1px)),
      #f2c200 calc(18 * var(--_u, 1px)) calc(36 * var(--_u, 1px))
    );
    color: #14110a;
    font-weight: 700;
  }
  .storage {
    padding: calc(10 * var(--_u, 1px)) calc(18 * var(--_u, 1px));
    border-inline-start: calc(8 * var(--_u, 1px)) solid var(--_doubt);
    background: var(--_panel);
    color: var(--_doubt);
    font-weight: 700;
  }
  .tiles {
    display: grid;
    gap: calc(10 * var(--_u, 1px));
    padding: calc(10 * var(--_u, 1px));
    align-items: start;
    /* The keyboard goes the way the eyes do, where the browser knows how. */
    reading-flow: grid-order;
  }
  .large {
    order: 0;
    min-width: 0;
  }
  .counts {
    padding: calc(5 * var(--_u, 1px)) calc(14 * var(--_u, 1px)) 0;
    font-size: calc(18 * var(--_u, 1px));
    font-weight: 700;
    font-variant-numeric: tabular-nums;
  }
  .few,
  .many {
    grid-template-columns: minmax(0, 1fr) clamp(calc(230 * var(--_u, 1px)), 17vw, calc(330 * var(--_u, 1px)));
    grid-auto-rows: min-content;
  }
  /* Eight beside the large one, whole, on the lowest screen that a room has. */
  .many {
    grid-template-columns: minmax(0, 1fr) repeat(
        2,
        clamp(calc(176 * var(--_u, 1px)), 13.5vw, calc(262 * var(--_u, 1px)))
      );
  }
  .many .small {
    height: calc((100vh - calc(96 * var(--_u, 1px))) / 4);
  }
  .few .large,
  .many .large {
    grid-column: 1;
    grid-row: 1 / span 60;
  }
  .small {
    min-width: 0;
  }
  .tiles.old {
    filter: grayscale(1);
  }
  .lately {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(4 * var(--_u, 1px)) calc(14 * var(--_u, 1px));
    padding: calc(6 * var(--_u, 1px)) calc(18 * var(--_u, 1px));
    background: var(--_panel);
    border-block-start: 1px solid var(--_line);
  }
  .room-call {
    padding: calc(6 * var(--_u, 1px)) calc(18 * var(--_u, 1px));
    background: var(--_panel);
    border-block-start: 1px solid var(--_line);
  }
  .calls {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: calc(10 * var(--_u, 1px));
    padding: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    max-height: 50vh;
    overflow: auto;
  }
  .calls lamppost-call {
    flex: 0 1 calc(420 * var(--_u, 1px));
  }
  .refusal {
    color: var(--_doubt);
  }
  .lately button {
    margin-inline-start: auto;
  }
  .keys-button {
    display: block;
    margin: 0 calc(10 * var(--_u, 1px)) calc(10 * var(--_u, 1px)) auto;
    min-height: calc(28 * var(--_u, 1px));
    padding: 0 calc(10 * var(--_u, 1px));
    background: var(--_panel);
    font-size: calc(14 * var(--_u, 1px));
    font-weight: 500;
  }
  dialog {
    --_width: calc(760 * var(--_u, 1px));
  }
  .keys h3 {
    font-size: calc(22 * var(--_u, 1px));
  }
  .list {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(calc(310 * var(--_u, 1px)), 100%), 1fr));
    gap: calc(6 * var(--_u, 1px));
    margin: calc(12 * var(--_u, 1px)) 0;
  }
  .key {
    display: flex;
    align-items: center;
    justify-content: space-between;
    min-height: calc(36 * var(--_u, 1px));
    font-weight: 500;
  }
  .key.changing {
    border-color: var(--_focus);
  }
  .problem {
    color: var(--_doubt);
    min-height: 1.4em;
    font-weight: 700;
  }
  .keys .row {
    display: flex;
    flex-wrap: wrap;
    gap: calc(10 * var(--_u, 1px));
    align-items: center;
  }
  .keys .row label {
    display: flex;
    gap: calc(8 * var(--_u, 1px));
    align-items: center;
    margin-inline-end: auto;
    min-height: calc(44 * var(--_u, 1px));
  }
  .keys input {
    width: calc(20 * var(--_u, 1px));
    height: calc(20 * var(--_u, 1px));
    accent-color: var(--_focus);
  }
  @media (max-width: 1000px) {
    .few,
    .many {
      grid-template-columns: minmax(0, 1fr);
    }
    .few .large,
    .many .large {
      grid-row: auto;
    }
  }
`
