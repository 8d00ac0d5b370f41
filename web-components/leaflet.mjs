/** Leaflet as our pages can load it. */
/**
 * Leaflet looks what the browser can do by writing markup, which a page with `require-trusted-types-for` forbids: the
 * whole module would fail to load there. The same question is asked by making the element. And it gives itself a
 * global name: none of ours has one.
 */
const MARKUP = "div.innerHTML = '<svg/>'"
const GLOBAL = /\bwindow\.L = exports;/
export const leafletWithoutMarkup = {
  name: 'leaflet-without-markup',
  transform(code, id) {
    if (!/leaflet-src(\.esm)?\.js$/.test(id)) return null
    if (!code.includes(MARKUP))
      throw new Error(
        `Leaflet has changed: ${MARKUP} is not there any more; see whether it still loads under trusted types`,
      )
    if (!GLOBAL.test(code)) throw new Error('Leaflet has changed: it names itself globally in another way')
    return code
      .replace(GLOBAL, '')
      .replace(MARKUP, "div.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'svg'))")
  },
}
