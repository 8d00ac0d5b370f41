/** One after the other, because each reads much; one that fails keeps no other from its turn. */
export function oneByOne<Order, Found>(find: (order: Order) => Promise<Found>): (order: Order) => Promise<Found> {
  let last: Promise<unknown> = Promise.resolve()
  return (order) => {
    const mine = last.then(
      () => find(order),
      () => find(order),
    )
    last = mine
    return mine
  }
}
