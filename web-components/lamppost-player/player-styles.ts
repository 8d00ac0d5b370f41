import { css } from 'lit'

export const playerStyles = css`
  .frame {
    position: relative;
    aspect-ratio: 16 / 9;
    background: #000;
    border-radius: calc(6 * var(--_u, 1px));
    overflow: hidden;
  }
  video {
    width: 100%;
    height: 100%;
    object-fit: contain;
    display: block;
  }
  .enlarged {
    cursor: move;
    touch-action: none;
  }
  .whole {
    position: absolute;
    inset: calc(8 * var(--_u, 1px)) auto auto 50%;
    transform: translateX(-50%);
    min-height: calc(30 * var(--_u, 1px));
    padding: 0 calc(10 * var(--_u, 1px));
    background: rgb(0 0 0 / 75%);
    color: #f5b942;
    font-size: calc(14 * var(--_u, 1px));
  }
  .age {
    position: absolute;
    inset-inline-end: calc(8 * var(--_u, 1px));
    bottom: calc(8 * var(--_u, 1px));
    padding: 2px calc(10 * var(--_u, 1px));
    border-radius: calc(4 * var(--_u, 1px));
    background: rgb(0 0 0 / 75%);
    font-size: calc(14 * var(--_u, 1px));
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .form {
    position: absolute;
    inset-inline-start: calc(8 * var(--_u, 1px));
    bottom: calc(8 * var(--_u, 1px));
    padding: 2px calc(10 * var(--_u, 1px));
    border-radius: calc(4 * var(--_u, 1px));
    background: rgb(0 0 0 / 75%);
    color: #f5b942;
    font-size: calc(13 * var(--_u, 1px));
  }
  /* On the picture's own dark ground, whatever the theme is. */
  .age {
    color: #f2f4f8;
  }
  .age.live {
    color: #4cc38a;
  }
  .age.late,
  .age.recorded {
    color: #f5b942;
  }
  .age.gone {
    color: #ff8a7c;
  }
  :host([small]) .age {
    font-size: calc(12 * var(--_u, 1px));
    inset-inline-end: calc(4 * var(--_u, 1px));
    bottom: calc(4 * var(--_u, 1px));
    padding: 1px calc(6 * var(--_u, 1px));
  }
  .cover {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    background: repeating-linear-gradient(
      45deg,
      rgb(20 24 33 / 88%) 0 calc(14 * var(--_u, 1px)),
      rgb(30 36 48 / 88%) calc(14 * var(--_u, 1px)) calc(28 * var(--_u, 1px))
    );
    padding: calc(4 * var(--_u, 1px)) calc(10 * var(--_u, 1px)) calc(24 * var(--_u, 1px));
    text-align: center;
    font-weight: 700;
    color: #ff8a7c;
  }
  .cover small {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 4;
    overflow: hidden;
    max-width: 34em;
    margin-top: calc(6 * var(--_u, 1px));
    font-size: calc(13 * var(--_u, 1px));
    font-weight: 400;
    color: #f2f4f8;
  }
  .why {
    grid-template-columns: minmax(0, 26em);
    place-content: center;
    place-items: stretch;
    gap: calc(10 * var(--_u, 1px));
    padding: calc(12 * var(--_u, 1px));
    text-align: start;
    color: #f2f4f8;
  }
  .why label {
    display: grid;
    gap: calc(6 * var(--_u, 1px));
  }
  .why p {
    margin: 0;
    color: #ff8a7c;
  }
  /* The picture is needed now; somebody is still in the middle of a word. */
  .why.strip {
    position: absolute;
    inset: auto 0 0;
    display: grid;
    background: rgb(0 0 0 / 75%);
  }
  .controls {
    display: flex;
    flex-wrap: wrap;
    gap: calc(8 * var(--_u, 1px));
    align-items: center;
    padding-top: calc(8 * var(--_u, 1px));
  }
  .controls button {
    padding: 0 calc(12 * var(--_u, 1px));
    min-width: calc(44 * var(--_u, 1px));
  }
  .controls .to-press {
    margin-inline-start: auto;
  }
  .track {
    position: relative;
    flex-basis: 100%;
  }
  .mark {
    position: absolute;
    inset: auto calc(8 * var(--_u, 1px)) 0;
    width: calc(100% - calc(16 * var(--_u, 1px)));
    height: calc(6 * var(--_u, 1px));
    fill: var(--_alarm);
    pointer-events: none;
  }
  input[type='range'] {
    display: block;
    width: 100%;
    height: calc(32 * var(--_u, 1px));
    margin: 0;
    accent-color: var(--_doubt);
  }
`
