/** What is made in a later phase than that in which it is handed on. @throws when it is used before */
export function createLater<Thing extends object>(what: string) {
  let made: Thing | null = null
  return {
    is(thing: Thing): Thing {
      made = thing
      return thing
    },
    get(): Thing {
      if (made === null) throw new Error(`${what} has not begun`)
      return made
    },
  }
}
