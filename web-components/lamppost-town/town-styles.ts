import { css, unsafeCSS } from 'lit'
import leaflet from 'leaflet/dist/leaflet.css?inline'

/** Its images are for markers and layers that this map does not have. */
export const leafletStyles = unsafeCSS(leaflet.replaceAll(/url\([^)]*\)/g, 'none'))

export const townStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    gap: calc(8 * var(--_u, 1px));
    min-height: calc(240 * var(--_u, 1px));
    position: relative;
    /* Leaflet's layers count from 200: they must not lie over the page around. */
    isolation: isolate;
  }
  .map {
    flex: 1;
    min-height: inherit;
    border: 1px solid var(--_line);
    border-radius: calc(6 * var(--_u, 1px));
    background: var(--_ground);
    font-family: var(--_font);
  }
  .street {
    stroke: var(--_t-street, #4a566f);
    stroke-width: 9px;
    stroke-linecap: round;
    fill: none;
  }
  .area {
    stroke: none;
    fill: var(--_line);
    fill-opacity: 0.6;
  }
  .fan {
    stroke-width: 1.5px;
    fill-opacity: 0.35;
  }
  .fan.framed {
    stroke: var(--_good);
    fill: var(--_good);
  }
  .fan.unproven {
    stroke: var(--_doubt);
    stroke-dasharray: 4 4;
    fill: var(--_doubt);
    fill-opacity: 0.15;
  }
  .fan.fixed {
    stroke: var(--_quiet);
    fill: var(--_quiet);
    fill-opacity: 0.2;
  }
  .camera {
    stroke: var(--_ground);
    stroke-width: 2px;
    fill: var(--_quiet);
    fill-opacity: 1;
  }
  .pick {
    stroke: none;
    fill-opacity: 0;
    cursor: pointer;
  }
  .pick:hover {
    fill: var(--_action);
    fill-opacity: 0.35;
  }
  .camera.framed {
    fill: var(--_good);
  }
  .camera.unproven {
    fill: var(--_doubt);
  }
  .camera.down {
    stroke: var(--_bad);
    fill: var(--_ground);
  }
  .help {
    stroke: #fff;
    stroke-width: 2px;
    fill: var(--_quiet);
    fill-opacity: 1;
  }
  .help.here,
  .help.open {
    fill: #e5243b;
  }
  .safe {
    stroke: #fff;
    stroke-width: 2px;
    fill: #5b6577;
    fill-opacity: 1;
  }
  .safe.open {
    fill: #14804a;
  }
  .street-name span,
  .camera-name span,
  .safe-name span,
  .help-name span {
    position: absolute;
    white-space: nowrap;
    transform: translate(-50%, -50%);
    font-size: calc(11 * var(--_u, 1px));
    line-height: 1.1;
    color: var(--_quiet);
    text-shadow:
      0 0 3px var(--_ground),
      0 0 3px var(--_ground),
      0 0 3px var(--_ground);
  }
  .safe-name span,
  .help-name span,
  .camera-name span {
    transform: translate(calc(12 * var(--_u, 1px)), -50%);
    color: var(--_ink);
    font-weight: 700;
    font-size: calc(12 * var(--_u, 1px));
  }
  .camera-name span {
    font-weight: 500;
    font-size: calc(11 * var(--_u, 1px));
  }
  .good {
    color: var(--_good);
  }
  .bad {
    color: var(--_bad);
    font-weight: 700;
  }
  ul {
    list-style: none;
    display: grid;
    gap: calc(4 * var(--_u, 1px));
  }
`
