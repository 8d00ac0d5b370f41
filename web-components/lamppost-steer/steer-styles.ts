import { css } from 'lit'

export const steerStyles = css`
  .steer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 14px;
    padding: 10px;
    border: 2px solid var(--_doubt);
    border-radius: 8px;
  }
  .pad {
    width: 150px;
    height: 150px;
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
    gap: 8px;
  }
  .zoom button {
    width: 64px;
    min-height: 60px;
    padding: 0;
    font-size: 28px;
    touch-action: none;
  }
  .say {
    flex: 1 1 160px;
    display: grid;
    gap: 6px;
    font-size: 14px;
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
