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
    padding: 14px 18px;
    background: var(--_alarm);
    color: var(--_alarm-ink);
    font-size: 20px;
    font-weight: 800;
    text-align: center;
  }
  @media (max-height: 800px) {
    .banner {
      padding: 6px 18px;
      font-size: 17px;
    }
  }
  .sound button {
    margin-inline-start: 14px;
    background: #fff;
    color: #7d1424;
    border-color: #fff;
  }
  .training {
    margin: 0;
    padding: 6px 18px;
    background: repeating-linear-gradient(-45deg, #ffd60a 0 18px, #f2c200 18px 36px);
    color: #14110a;
    font-weight: 700;
  }
  .storage {
    padding: 10px 18px;
    border-inline-start: 8px solid var(--_doubt);
    background: var(--_panel);
    color: var(--_doubt);
    font-weight: 700;
  }
  .tiles {
    display: grid;
    gap: 10px;
    padding: 10px;
    align-items: start;
    /* The keyboard goes the way the eyes do, where the browser knows how. */
    reading-flow: grid-order;
  }
  .large {
    order: 0;
    min-width: 0;
  }
  .few,
  .many {
    grid-template-columns: minmax(0, 1fr) clamp(240px, 19vw, 380px);
    grid-auto-rows: min-content;
  }
  .many {
    grid-template-columns: minmax(0, 1fr) repeat(2, clamp(200px, 15vw, 290px));
  }
  .few .large,
  .many .large {
    grid-column: 1;
    grid-row: 1 / span 20;
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
    gap: 4px 14px;
    padding: 6px 18px;
    background: var(--_panel);
    border-block-start: 1px solid var(--_line);
  }
  .refusal {
    color: var(--_doubt);
  }
  .lately button {
    margin-inline-start: auto;
  }
  .keys-button {
    display: block;
    margin: 0 10px 10px auto;
    min-height: 28px;
    padding: 0 10px;
    background: var(--_panel);
    font-size: 14px;
    font-weight: 500;
  }
  dialog {
    --_width: 760px;
  }
  .keys h3 {
    font-size: 22px;
  }
  .list {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(310px, 100%), 1fr));
    gap: 6px;
    margin: 12px 0;
  }
  .key {
    display: flex;
    align-items: center;
    justify-content: space-between;
    min-height: 36px;
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
    gap: 10px;
    align-items: center;
  }
  .keys .row label {
    display: flex;
    gap: 8px;
    align-items: center;
    margin-inline-end: auto;
    min-height: 44px;
  }
  .keys input {
    width: 20px;
    height: 20px;
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
