import { css } from 'lit'

export const pictureStyles = css`
  .seen {
    display: grid;
    gap: calc(10 * var(--_u, 1px));
    align-content: start;
    min-width: 0;
  }
  /* As wide as leaves room below for the other cameras, on any screen. */
  .pictures {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: calc(8 * var(--_u, 1px));
    align-content: start;
    width: min(100%, calc((100vh - var(--_around, calc(15vh + calc(138 * var(--_u, 1px))))) * 16 / 9));
    margin-inline: auto;
  }
  .pictures:has(lamppost-steer) {
    --_around: calc(15vh + calc(320 * var(--_u, 1px)));
  }
  :is(.full, .snap) svg {
    width: calc(20 * var(--_u, 1px));
    height: calc(20 * var(--_u, 1px));
    vertical-align: middle;
    fill: none;
    stroke: currentcolor;
    stroke-width: 2;
  }
  figure {
    position: relative;
    margin: 0;
  }
  /* One bar on the picture: what it is, how sure that is, what can be done with it. */
  figcaption {
    position: absolute;
    inset: auto 0 0;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(4 * var(--_u, 1px)) calc(12 * var(--_u, 1px));
    padding: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    border-radius: 0 0 calc(6 * var(--_u, 1px)) calc(6 * var(--_u, 1px));
    background: rgb(10 14 22 / 78%);
    color: #f2f4f8;
  }
  .main > lamppost-player::part(age) {
    inset: calc(8 * var(--_u, 1px)) calc(8 * var(--_u, 1px)) auto auto;
  }
  .main > lamppost-player::part(form) {
    inset: calc(8 * var(--_u, 1px)) auto auto calc(8 * var(--_u, 1px));
  }
  /* Recorded is never taken for live: an amber frame, and live stays as an inset (or the other way). */
  .two {
    --_around: calc(15vh + calc(240 * var(--_u, 1px)));
  }
  .two .recorded {
    order: -1;
  }
  .two .recorded lamppost-player::part(frame) {
    outline: calc(4 * var(--_u, 1px)) solid #f5b942;
    outline-offset: calc(-1 * calc(4 * var(--_u, 1px)));
  }
  .two > figure.main,
  .swapped > .recorded {
    position: absolute;
    z-index: 1;
    inset: calc(12 * var(--_u, 1px)) calc(12 * var(--_u, 1px)) auto auto;
    width: max(calc(320 * var(--_u, 1px)), 24%);
    box-shadow:
      0 0 0 2px #0a0e16,
      0 calc(4 * var(--_u, 1px)) calc(18 * var(--_u, 1px)) rgb(0 0 0 / 60%);
    border-radius: calc(6 * var(--_u, 1px));
  }
  .two > figure.main figcaption {
    padding: calc(2 * var(--_u, 1px)) calc(8 * var(--_u, 1px));
  }
  .two > figure.main :is(.tools, .reason) {
    display: none;
  }
  .swapped > figure.main {
    position: relative;
    inset: auto;
    width: auto;
    box-shadow: none;
    z-index: 0;
  }
  .swapped > figure.main figcaption {
    padding: calc(6 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
  }
  .swapped > figure.main .tools {
    display: flex;
  }
  .swapped > .recorded lamppost-player::part(controls) {
    display: none;
  }
  .replay-bar {
    position: absolute;
    z-index: 2;
    inset: calc(14 * var(--_u, 1px)) auto auto calc(14 * var(--_u, 1px));
    display: flex;
    gap: calc(6 * var(--_u, 1px));
  }
  .replay-bar button {
    min-height: calc(34 * var(--_u, 1px));
    padding: 0 calc(10 * var(--_u, 1px));
    background: rgb(10 14 22 / 78%);
    color: #f2f4f8;
    font-size: calc(14 * var(--_u, 1px));
  }
  /* On the picture, above its bar: the eye is there. */
  .snapped {
    position: absolute;
    inset: auto auto calc(100% + calc(8 * var(--_u, 1px))) calc(10 * var(--_u, 1px));
    padding: calc(2 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
    border-radius: calc(4 * var(--_u, 1px));
    background: rgb(10 14 22 / 85%);
    color: #4cc38a;
    font-weight: 600;
    white-space: nowrap;
  }
  .snapped:empty {
    display: none;
  }
  /* A hand that drags on the picture itself. */
  .grab {
    position: absolute;
    inset: 0;
    cursor: grab;
    touch-action: none;
  }
  .grab:active {
    cursor: grabbing;
  }
  figure:fullscreen {
    display: grid;
    place-content: center;
    background: #000;
  }
  figure:fullscreen lamppost-player {
    width: min(100vw, calc(100vh * 16 / 9));
  }
  .known {
    display: flex;
    gap: 2px calc(12 * var(--_u, 1px));
    align-items: baseline;
    flex: 1 1 0;
    /* Its name is read before anything is pressed: rather a second row than half a name. */
    min-width: min(100%, calc(250 * var(--_u, 1px)));
  }
  .known strong {
    min-width: 0;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
    font-size: calc(18 * var(--_u, 1px));
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: calc(8 * var(--_u, 1px));
  }
  .tools button {
    padding: 0 calc(10 * var(--_u, 1px));
    min-height: calc(40 * var(--_u, 1px));
    font-size: calc(15 * var(--_u, 1px));
  }
  .hand {
    padding: 1px calc(10 * var(--_u, 1px));
    border-radius: calc(4 * var(--_u, 1px));
    background: #f5b942;
    color: #1b1300;
    font-weight: 700;
  }
  .proof {
    white-space: nowrap;
  }
  .proof.framed {
    color: var(--_good);
  }
  figcaption .proof.framed {
    color: #4cc38a;
  }
  figcaption .proof:is(.asked, .moving, .unproven) {
    color: #f5b942;
  }
  figcaption .proof.failed {
    color: #ff8a7c;
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
    font-weight: 700;
  }
  .proof.failed {
    color: var(--_bad);
    font-weight: 700;
  }
  .proof.fixed {
    color: inherit;
    font-weight: 400;
  }
  .reason {
    color: #aab4c4;
    font-size: calc(14 * var(--_u, 1px));
  }
  .wish {
    color: var(--_doubt);
    font-weight: 700;
  }
  .none {
    display: grid;
    place-content: center;
    gap: calc(16 * var(--_u, 1px));
    aspect-ratio: 16 / 9;
    padding: calc(20 * var(--_u, 1px));
    border: 2px dashed var(--_bad);
    border-radius: calc(6 * var(--_u, 1px));
    color: var(--_bad);
    font-weight: 700;
    text-align: center;
  }
  .none .offer {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: calc(10 * var(--_u, 1px));
  }
  .further {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: calc(8 * var(--_u, 1px));
  }
  .further .view {
    width: max(calc(118 * var(--_u, 1px)), 20vh);
  }
  .view {
    display: flex;
    flex-direction: column;
    justify-content: flex-start;
    gap: 2px;
    padding: 0 0 calc(6 * var(--_u, 1px));
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
    font-size: calc(14 * var(--_u, 1px));
    font-weight: 600;
    padding: calc(4 * var(--_u, 1px)) 2px 0;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .view .proof {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    font-size: calc(13 * var(--_u, 1px));
    line-height: 1.25;
    padding: 0 2px;
  }
  @container (max-width: 950px) {
    .tools kbd {
      display: none;
    }
    .tools {
      flex-wrap: nowrap;
      gap: calc(5 * var(--_u, 1px));
    }
    .tools button {
      padding: 0 calc(8 * var(--_u, 1px));
      font-size: calc(14 * var(--_u, 1px));
      white-space: nowrap;
    }
  }
  @container (max-width: 700px) {
    .two > figure.main,
    .swapped > .recorded {
      width: 38%;
    }
    figcaption .reason {
      display: none;
    }
    .main > figcaption {
      position: static;
      flex-wrap: wrap;
      background: none;
      color: inherit;
      padding: calc(6 * var(--_u, 1px)) 0 0;
    }
    .known {
      flex: 1 1 100%;
    }
    .further .view {
      width: calc(50% - calc(4 * var(--_u, 1px)));
    }
  }
`
