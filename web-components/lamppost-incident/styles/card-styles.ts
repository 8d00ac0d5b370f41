import { css } from 'lit'

export const cardStyles = css`
  .card header {
    gap: 8px;
    padding: 5px 10px;
  }
  .card .sign {
    display: block;
    width: 26px;
    height: 26px;
  }
  .card h3 {
    display: block;
    margin: 0;
    font-size: 16px;
    line-height: 1.15;
    color: inherit;
    font-weight: 800;
  }
  .card {
    position: relative;
  }
  /* The whole card makes it large; its other button lies above. */
  .choose {
    min-height: 24px;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    text-align: start;
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
    padding: 6px 8px;
    border-radius: 4px;
    font-size: 14px;
  }
  .card .asked button {
    min-height: 34px;
    flex: 1 1 auto;
    padding: 0 8px;
    font-size: 14px;
  }
  .card .where h3,
  .choose {
    overflow-wrap: anywhere;
  }
  .card .what {
    font-size: 12px;
  }
  .card .elapsed {
    font-size: 20px;
  }
  .card .inside {
    display: grid;
    gap: 6px;
    padding: 6px;
  }
  .card .rest {
    display: grid;
    gap: 6px;
    align-content: start;
    padding: 0 4px 4px;
  }
  .card .state {
    font-size: 14px;
    line-height: 1.25;
  }
  .card .state.offered {
    color: var(--_doubt);
    font-weight: 700;
  }
  .card .take {
    min-height: 40px;
    font-size: 16px;
  }
  @media (max-height: 820px) {
    .card .inside {
      grid-template-columns: 45% minmax(0, 1fr);
    }
  }
  @container (max-width: 300px) {
    .card .inside {
      grid-template-columns: minmax(0, 1fr);
    }
    .card header {
      gap: 6px;
      padding: 4px 8px;
    }
    .card .sign {
      width: 20px;
      height: 20px;
    }
    .card h3 {
      font-size: 14px;
    }
    .card .elapsed {
      font-size: 16px;
    }
  }
`
