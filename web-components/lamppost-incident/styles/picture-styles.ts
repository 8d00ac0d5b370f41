import { css } from 'lit'

export const pictureStyles = css`
  .seen {
    display: grid;
    gap: 10px;
    align-content: start;
    min-width: 0;
  }
  .pictures {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
    align-content: start;
    align-items: start;
  }
  .two {
    grid-template-columns: repeat(2, minmax(0, 1fr));
    grid-template-rows: auto 1fr;
  }
  .two figure.main {
    grid-row: 1 / span 2;
  }
  .two .recorded,
  .two lamppost-steer {
    grid-column: 2;
  }
  figure {
    margin: 0;
  }
  figcaption {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 14px;
    padding-top: 8px;
  }
  .known {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 12px;
    align-items: baseline;
    flex: 1 1 200px;
    min-width: 0;
  }
  .known strong {
    font-size: 18px;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .tools button {
    padding: 0 10px;
    min-height: 40px;
    font-size: 15px;
  }
  .hand {
    padding: 1px 10px;
    border-radius: 4px;
    background: #f5b942;
    color: #1b1300;
    font-weight: 700;
  }
  .proof::before {
    content: '';
    display: inline-block;
    width: 10px;
    height: 10px;
    margin-inline-end: 7px;
    background: currentcolor;
  }
  .proof.framed {
    color: var(--_good);
  }
  .proof.framed::before {
    border-radius: 50%;
  }
  /* A proof is of what the picture shows now: beside an old one, or without a server, it is not green. */
  lamppost-player:not([shows='live']) + figcaption .proof.framed,
  .view lamppost-player:not([shows='live']) ~ .proof.framed,
  .view:not(:has(lamppost-player)) .proof.framed,
  .inside lamppost-player:not([shows='live']) + .rest .proof.framed {
    color: inherit;
    opacity: 0.7;
  }
  .proof.asked,
  .proof.moving,
  .proof.unproven {
    color: var(--_doubt);
  }
  .proof.moving::before,
  .proof.asked::before {
    transform: rotate(45deg);
  }
  .proof.failed {
    color: var(--_bad);
  }
  .reason {
    color: var(--_quiet);
    font-size: 14px;
  }
  .wish {
    color: var(--_doubt);
    font-weight: 700;
  }
  .none {
    display: grid;
    place-content: center;
    gap: 16px;
    aspect-ratio: 16 / 9;
    padding: 20px;
    border: 2px dashed var(--_bad);
    border-radius: 6px;
    color: var(--_bad);
    font-weight: 700;
    text-align: center;
  }
  .none .offer {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: 10px;
  }
  .further {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 260px));
    gap: 10px;
  }
  .view {
    display: flex;
    flex-direction: column;
    justify-content: flex-start;
    gap: 2px;
    padding: 0 0 6px;
    text-align: start;
    background: transparent;
    border-color: transparent;
    font-weight: 400;
    min-width: 0;
  }
  .view:hover {
    border-color: var(--_line);
  }
  .view lamppost-player {
    width: 100%;
    pointer-events: none;
  }
  .view .name {
    font-size: 14px;
    font-weight: 600;
    padding: 4px 2px 0;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .view .proof {
    font-size: 13px;
    line-height: 1.25;
    padding: 0 2px;
  }
  @container (max-width: 700px) {
    .two {
      grid-template-columns: minmax(0, 1fr);
      grid-template-rows: none;
    }
    .two figure.main {
      grid-row: auto;
    }
    .two .recorded,
    .two lamppost-steer {
      grid-column: 1;
    }
  }
`
