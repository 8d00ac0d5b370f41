import { css } from 'lit'

export const cardStyles = css`
  .card header {
    gap: calc(8 * var(--_u, 1px));
    padding: calc(5 * var(--_u, 1px)) calc(10 * var(--_u, 1px));
  }
  .card .sign {
    display: block;
    width: calc(26 * var(--_u, 1px));
    height: calc(26 * var(--_u, 1px));
  }
  .card h3 {
    display: block;
    margin: 0;
    font-size: calc(16 * var(--_u, 1px));
    line-height: 1.15;
    color: inherit;
    font-weight: 800;
  }
  .card {
    position: relative;
  }
  /* The whole card makes it large; its other button lies above. */
  .choose {
    min-height: calc(24 * var(--_u, 1px));
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    text-align: start;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    overflow: hidden;
  }
  .choose:hover {
    background: none;
    text-decoration: underline;
  }
  .choose::after {
    content: '';
    position: absolute;
    inset: 0;
  }
  .card .take,
  .card .asked button {
    position: relative;
    z-index: 1;
  }
  .card .asked {
    padding: calc(6 * var(--_u, 1px)) calc(8 * var(--_u, 1px));
    border-radius: calc(4 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
  }
  .card .asked button {
    min-height: calc(34 * var(--_u, 1px));
    flex: 1 1 auto;
    padding: 0 calc(8 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
  }
  .card .where h3,
  .choose {
    overflow-wrap: break-word;
  }
  .card .what {
    font-size: calc(12 * var(--_u, 1px));
  }
  .card .elapsed {
    font-size: calc(20 * var(--_u, 1px));
  }
  /* Whole in the room that it has: the picture gives way first. */
  :host([compact]) {
    min-height: 0;
  }
  .card {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .card .inside {
    flex: 1;
    min-height: 0;
    display: flex;
    gap: calc(6 * var(--_u, 1px));
    padding: calc(5 * var(--_u, 1px));
  }
  .card .inside > lamppost-player {
    flex: 0 0 46%;
    min-width: 0;
  }
  .card .rest {
    flex: 1;
    min-width: 0;
    display: flex;
    flex-direction: column;
    gap: calc(3 * var(--_u, 1px));
    overflow-y: auto;
    scrollbar-width: none;
  }
  /* Whatever else a card has to say, this is in it whole. */
  .card .rest .take {
    position: sticky;
    bottom: 0;
    margin-top: auto;
    flex: none;
  }
  .card .where {
    display: block;
  }
  .card .wish {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    flex: none;
    overflow: hidden;
    font-size: calc(13 * var(--_u, 1px));
    line-height: 1.2;
  }
  .card .shown {
    font-size: calc(13 * var(--_u, 1px));
    line-height: 1.2;
  }
  .card .shown .camera {
    display: block;
    overflow: hidden;
    white-space: nowrap;
    text-overflow: ellipsis;
  }
  .card .line {
    padding: calc(3 * var(--_u, 1px)) calc(7 * var(--_u, 1px));
    border-radius: calc(4 * var(--_u, 1px));
    font-size: calc(13 * var(--_u, 1px));
    line-height: 1.2;
  }
  .card-key {
    flex: none;
  }
  .card .state {
    font-size: calc(14 * var(--_u, 1px));
    line-height: 1.25;
  }
  .card .state.offered {
    color: var(--_doubt);
    font-weight: 700;
  }
  .card .take {
    min-height: calc(40 * var(--_u, 1px));
    font-size: calc(16 * var(--_u, 1px));
  }
  @container (max-width: 300px) {
    .card header {
      gap: calc(6 * var(--_u, 1px));
      min-height: 0;
      padding: calc(3 * var(--_u, 1px)) calc(7 * var(--_u, 1px));
    }
    .card .sign {
      width: calc(20 * var(--_u, 1px));
      height: calc(20 * var(--_u, 1px));
    }
    .card h3 {
      font-size: calc(14 * var(--_u, 1px));
    }
    .card .elapsed {
      font-size: calc(17 * var(--_u, 1px));
    }
    .card .inside {
      flex-direction: column;
    }
    .card .inside > lamppost-player {
      flex: 0 1 auto;
      height: 42%;
      aspect-ratio: 16 / 9;
      align-self: center;
      overflow: hidden;
    }
    .card .take {
      min-height: calc(32 * var(--_u, 1px));
    }
    /* Beside the name, the picture and who has it there is no room for more. */
    .card .shown .camera {
      display: none;
    }
  }
  /* The name is what matters most. */
  @container (max-width: 230px) {
    .card .sign {
      display: none;
    }
    .card header {
      flex-wrap: wrap;
      gap: 0 calc(5 * var(--_u, 1px));
    }
    .card .where {
      flex: 1 1 100%;
    }
    .card header .elapsed {
      margin-inline-start: auto;
    }
    .card-key {
      min-width: 0;
      height: calc(18 * var(--_u, 1px));
      padding: 0 calc(3 * var(--_u, 1px));
      font-size: calc(11 * var(--_u, 1px));
    }
    .card .elapsed {
      font-size: calc(15 * var(--_u, 1px));
    }
    .card .inside > lamppost-player[shows='live']::part(age) {
      display: none;
    }
  }
`
