/** The header that every page has: it leads to the others, and its own name is marked. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param folder of the web components */
export const readHeader = (folder) => readFileSync(join(folder, 'page-parts', 'header.html'), 'utf8').trim()

/** @param file the page's own name, as `wall.html` */
export function withHeader(page, file, header) {
  const own = `href="./${file.replace(/\.html$/, '')}"`
  return page.replace('<header></header>', header.replace(own, `${own} aria-current="page"`))
}
