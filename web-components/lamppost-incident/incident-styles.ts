import { css } from 'lit'

export const incidentStyles = css`
  .tile {
    container-type: inline-size;
    background: var(--_panel);
    border: 3px solid var(--_alarm);
    border-radius: 10px;
    overflow: hidden;
  }
  .tile.acknowledged {
    border-color: var(--_action);
  }
  .tile.drill {
    border-style: dashed;
    border-color: var(--_doubt);
  }
  header {
    display: flex;
    align-items: center;
    gap: 18px;
    padding: 10px 18px;
    background: var(--_alarm);
    color: var(--_alarm-ink);
  }
  .acknowledged header {
    background: #1d3b78;
  }
  .drill header {
    background: #6b5212;
  }
  .sign {
    width: 54px;
    height: 54px;
    flex: none;
    fill: #fff;
  }
  .sign .bang {
    fill: #7d0f1f;
  }
  .where {
    min-width: 0;
    flex: 1;
  }
  h2 {
    font-size: clamp(24px, 3.2cqi, 44px);
    line-height: 1.1;
    font-weight: 800;
  }
  .what {
    font-weight: 700;
    text-transform: uppercase;
    letter-spacing: 0.04em;
    font-size: 14px;
  }
  .late {
    font-size: 18px;
    font-weight: 700;
  }
  .address {
    font-size: clamp(15px, 1.4cqi, 19px);
  }
  .when {
    text-align: end;
    flex: none;
    font-variant-numeric: tabular-nums;
    font-size: 14px;
  }
  .elapsed {
    font-size: clamp(30px, 3.6cqi, 48px);
    font-weight: 800;
    line-height: 1;
  }
  .asked {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 10px;
    padding: 10px 18px;
    background: var(--_doubt);
    color: #1b1300;
    font-size: 18px;
    font-weight: 700;
  }
  .asked p {
    flex: 1 1 auto;
  }
  .wish {
    color: var(--_doubt);
    font-weight: 700;
    padding-bottom: 8px;
  }
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1fr) clamp(300px, 30cqi, 420px);
    gap: 14px;
    padding: 14px;
  }
  .pictures {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    gap: 14px;
    align-content: start;
  }
  figure {
    margin: 0;
  }
  figcaption {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 14px;
    padding-top: 8px;
  }
  figcaption strong {
    font-size: 18px;
  }
  .replay {
    margin-inline-start: auto;
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
    flex-basis: 100%;
    color: var(--_quiet);
    font-size: 14px;
  }
  .recorded h3 {
    display: none;
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
  .side {
    display: flex;
    flex-direction: column;
    gap: 12px;
    min-width: 0;
  }
  .actions {
    display: grid;
    grid-template-columns: 1fr auto;
    gap: 10px;
    align-items: center;
  }
  .take {
    min-height: 56px;
    font-size: 20px;
  }
  .actions .close {
    min-height: 56px;
  }
  .owner {
    font-weight: 700;
    font-size: 18px;
    color: #9dc0ff;
  }
  .refusal {
    grid-column: 1 / -1;
    color: var(--_doubt);
    font-weight: 700;
  }
  .refusal:empty {
    display: none;
  }
  .further {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: 8px;
  }
  .view {
    display: flex;
    flex-direction: column;
    justify-content: flex-start;
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
    font-size: 13px;
    font-weight: 600;
    padding: 4px 2px 0;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .view .proof {
    font-size: 12px;
    line-height: 1.25;
    padding: 0 2px;
  }
  h3 {
    font-size: 14px;
    color: var(--_quiet);
    font-weight: 600;
    margin-bottom: 4px;
  }
  ol {
    list-style: none;
    display: grid;
    gap: 4px;
  }
  .step {
    display: flex;
    gap: 10px;
    align-items: center;
    width: 100%;
    min-height: 40px;
    padding: 4px 10px;
    text-align: start;
    background: transparent;
    font-weight: 500;
  }
  .step span:nth-child(2) {
    flex: 1;
  }
  .step.done {
    opacity: 0.75;
  }
  .box {
    width: 22px;
    height: 22px;
    flex: none;
    border: 2px solid var(--_quiet);
    border-radius: 4px;
    text-align: center;
    line-height: 18px;
    color: var(--_good);
    font-weight: 800;
  }
  .notes {
    display: grid;
    gap: 4px;
    font-size: 15px;
  }
  .notes form {
    display: grid;
    grid-template-columns: 1fr auto;
    gap: 8px;
  }
  dialog {
    width: min(560px, 92vw);
    padding: 22px;
    border: 2px solid var(--_line);
    border-radius: 10px;
    background: var(--_panel);
    color: var(--_ink);
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 60%);
  }
  dialog h3 {
    font-size: 22px;
    color: var(--_ink);
  }
  .reasons {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
    margin: 14px 0;
  }
  .reasons label {
    display: flex;
    align-items: center;
    gap: 10px;
    min-height: 44px;
    padding: 0 12px;
    border: 1px solid var(--_line);
    border-radius: 6px;
    cursor: pointer;
  }
  .reasons label:has(:checked) {
    border-color: var(--_focus);
    background: #28324a;
  }
  .reasons input {
    width: 20px;
    height: 20px;
    accent-color: var(--_focus);
  }
  .row {
    display: flex;
    justify-content: flex-end;
    gap: 10px;
    margin-top: 14px;
  }
  @container (max-width: 980px) {
    .body {
      grid-template-columns: minmax(0, 1fr);
    }
    .pictures {
      grid-auto-flow: row;
    }
    .address,
    .sign {
      display: none;
    }
  }
`
