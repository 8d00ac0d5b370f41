/** Charts of the figures as plain SVG: they print, scale, and each bar says its number. */
import { html, svg } from 'lit'
import type { FiguresWords } from './figures-words.ts'
import { GROUPS, type Group } from './figures-sums.ts'

const HEIGHT = 150
const BAR = 34
const TOP = 22

/** @param label under each bar; '' for none */
export function bars(title: string, counts: readonly number[], label: (i: number) => string) {
  const most = Math.max(1, ...counts)
  const width = counts.length * BAR
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg
      viewBox="0 0 ${width} ${HEIGHT + TOP + 22}"
      role="img"
      aria-label=${`${title}: ${counts.map((count, i) => `${label(i) || i} ${count}`).join(', ')}`}
    >
      <line class="axis" x1="0" x2=${width} y1=${HEIGHT + TOP} y2=${HEIGHT + TOP} />
      ${counts.map((count, i) => {
        const height = (count / most) * HEIGHT
        return svg`<rect class="bar" x=${i * BAR + 5} width=${BAR - 10} y=${TOP + HEIGHT - height} height=${height} />
          <text class="count" x=${i * BAR + BAR / 2} y=${TOP + HEIGHT - height - 6}>${count === 0 ? '' : count}</text>
          <text x=${i * BAR + BAR / 2} y=${TOP + HEIGHT + 17}>${label(i)}</text>`
      })}
    </svg>
  </figure>`
}

/** One bar of all; its parts have patterns of their own, for who does not tell colours apart. */
export function parts(title: string, groups: Readonly<Record<Group, number>>, page: FiguresWords) {
  const total = GROUPS.reduce((sum, group) => sum + groups[group], 0)
  let x = 0
  return html`<figure class="parts">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 1000 46" role="img" preserveAspectRatio="none" aria-hidden="true">
      ${GROUPS.map((group) => {
        const width = total === 0 ? 0 : (groups[group] / total) * 1000
        const at = x
        x += width
        return svg`<rect class=${group} x=${at} width=${Math.max(0, width - 2)} y="0" height="46" />`
      })}
    </svg>
    <ul>
      ${GROUPS.filter((group) => group !== 'open' || groups.open > 0).map(
        (group) =>
          html`<li>
            <span class="key ${group}" aria-hidden="true"></span> ${page[group]}: <b>${groups[group]}</b>${
              total === 0 ? '' : ` (${Math.round((groups[group] / total) * 100)} %)`
            }
          </li>`,
      )}
    </ul>
  </figure>`
}
