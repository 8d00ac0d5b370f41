import { css } from 'lit'

export const wallStyles = css`
  .banner {
    padding: 14px 18px;
    background: var(--_alarm);
    color: var(--_alarm-ink);
    font-size: 20px;
    font-weight: 800;
    text-align: center;
  }
  .sound button {
    margin-inline-start: 14px;
    background: #fff;
    color: #7d1424;
    border-color: #fff;
  }
  .storage {
    padding: 10px 18px;
    border-inline-start: 8px solid var(--_doubt);
    background: var(--_panel);
    color: var(--_doubt);
    font-weight: 700;
  }
  .tiles {
    display: grid;
    gap: 12px;
    padding: 12px;
  }
  .tiles.n2,
  .tiles.n3,
  .tiles.n4 {
    grid-template-columns: repeat(2, minmax(0, 1fr));
  }
  .tiles.old {
    filter: grayscale(1);
    opacity: 0.6;
  }
  @media (max-width: 1100px) {
    .tiles.n2,
    .tiles.n3,
    .tiles.n4 {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`
