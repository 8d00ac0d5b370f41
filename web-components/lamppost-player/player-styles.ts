import { css } from 'lit'

export const playerStyles = css`
  .frame {
    position: relative;
    aspect-ratio: 16 / 9;
    background: #000;
    border-radius: 6px;
    overflow: hidden;
  }
  video {
    width: 100%;
    height: 100%;
    object-fit: contain;
    display: block;
  }
  .age {
    position: absolute;
    inset-inline-end: 8px;
    bottom: 8px;
    padding: 2px 10px;
    border-radius: 4px;
    background: rgb(0 0 0 / 75%);
    font-size: 14px;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .form {
    position: absolute;
    inset-inline-start: 8px;
    bottom: 8px;
    padding: 2px 10px;
    border-radius: 4px;
    background: rgb(0 0 0 / 75%);
    color: #f5b942;
    font-size: 13px;
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
    font-size: 12px;
    inset-inline-end: 4px;
    bottom: 4px;
    padding: 1px 6px;
  }
  .cover {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    background: repeating-linear-gradient(45deg, rgb(20 24 33 / 88%) 0 14px, rgb(30 36 48 / 88%) 14px 28px);
    padding: 4px 10px 24px;
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
    margin-top: 6px;
    font-size: 13px;
    font-weight: 400;
    color: #f2f4f8;
  }
  .why {
    grid-template-columns: minmax(0, 26em);
    place-content: center;
    place-items: stretch;
    gap: 10px;
    padding: 12px;
    text-align: start;
    color: #f2f4f8;
  }
  .why label {
    display: grid;
    gap: 6px;
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
    gap: 8px;
    align-items: center;
    padding-top: 8px;
  }
  .controls button {
    padding: 0 12px;
    min-width: 44px;
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
    inset: auto 8px 0;
    width: calc(100% - 16px);
    height: 6px;
    fill: var(--_alarm);
    pointer-events: none;
  }
  input[type='range'] {
    display: block;
    width: 100%;
    height: 32px;
    margin: 0;
    accent-color: var(--_doubt);
  }
`
