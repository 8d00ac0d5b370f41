/**
 * The pages that are one element and a sign-in before it: all from one template. The element's own module is in
 * lamppost.js, or in the page's own script where a wall has no use for it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ALL = ['lamppost', 'room-page']
const ROOM_PAGES = {
  'presets.html': { title: 'Cameras and presets', element: 'lamppost-presets', role: 'engineer', scripts: ALL },
  'connectors.html': {
    title: 'Video management systems',
    element: 'lamppost-connectors',
    role: 'engineer',
    scripts: ALL,
  },
  'help-points.html': { title: 'Help points', element: 'lamppost-proofs', role: 'supervisor', scripts: ALL },
  'evidence.html': { title: 'Evidence', element: 'lamppost-evidence', role: 'evidence', scripts: ALL },
  'shift.html': { title: 'Shift', element: 'lamppost-shift', role: 'operator', scripts: ALL },
  'people.html': { title: 'People', element: 'lamppost-people', role: 'supervisor', scripts: ALL },
  'site-file.html': {
    title: 'Site file',
    element: 'lamppost-site-file',
    role: 'engineer',
    scripts: ['site-file-page'],
  },
  'incidents.html': {
    title: 'Incidents',
    element: 'lamppost-incidents',
    role: 'operator',
    scripts: ['incidents-page'],
  },
  'figures.html': { title: 'Figures', element: 'lamppost-figures', role: 'supervisor', scripts: ['figures-page'] },
}
export const roomPages = Object.keys(ROOM_PAGES)

/** The header that every page has: it leads to the others, and its own name is marked. */
function withHeader(page, file, header) {
  const own = `href="./${file.replace(/\.html$/, '')}"`
  return page.replace('<header></header>', header.replace(own, `${own} aria-current="page"`))
}

/**
 * A page's text, with its header.
 * @param folder of the web components
 * @param file its name, as `people.html`
 */
export function pageText(folder, file) {
  const header = readFileSync(join(folder, 'page-parts', 'header.html'), 'utf8').trim()
  const own = join(folder, 'pages', file)
  if (existsSync(own)) return withHeader(readFileSync(own, 'utf8'), file, header)
  const { title, element, role, scripts } = ROOM_PAGES[file]
  const values = {
    TITLE: title,
    ELEMENT: element,
    ROLE: role,
    SCRIPTS: scripts.map((name) => `<script type="module" src="./${name}.js"></script>`).join('\n    '),
  }
  const template = readFileSync(join(folder, 'page-parts', 'room-page.html'), 'utf8')
  return withHeader(
    template.replaceAll(/%([A-Z]+)%/g, (_, name) => values[name]),
    file,
    header,
  )
}
