/**
 * Names an element, unless the page has one of that name: a page may load the module twice (its own bundle and the
 * server's), and the second time must neither throw nor take the page's script with it.
 */
export const element =
  (name: string) =>
  (made: CustomElementConstructor): void => {
    if (!customElements.get(name)) customElements.define(name, made)
  }
