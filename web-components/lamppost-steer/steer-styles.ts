import { css } from 'lit'

export const steerStyles = css`
  .steer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(14 * var(--_u, 1px));
    padding: calc(10 * var(--_u, 1px));
    border: 2px solid var(--_doubt);
    border-radius: calc(8 * var(--_u, 1px));
  }
  .pad {
    width: calc(150 * var(--_u, 1px));
    height: calc(150 * var(--_u, 1px));
    flex: none;
    border-radius: 50%;
    cursor: grab;
    touch-action: none;
  }
  .rim {
    fill: var(--_field);
    stroke: var(--_field-line);
    stroke-width: 3;
  }
  .arrows {
    fill: var(--_quiet);
  }
  .knob {
    fill: var(--_action);
  }
  .zoom {
    display: grid;
    gap: calc(8 * var(--_u, 1px));
  }
  .zoom button {
    width: calc(64 * var(--_u, 1px));
    min-height: calc(60 * var(--_u, 1px));
    padding: 0;
    font-size: calc(28 * var(--_u, 1px));
    touch-action: none;
  }
  .say {
    flex: 1 1 calc(160 * var(--_u, 1px));
    display: grid;
    gap: calc(6 * var(--_u, 1px));
    font-size: calc(14 * var(--_u, 1px));
  }
  .good {
    color: var(--_good);
  }
  .bad {
    color: var(--_bad);
    font-weight: 700;
  }
  .bad:empty {
    display: none;
  }
  .other {
    color: var(--_doubt);
  }
`
