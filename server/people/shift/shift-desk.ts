/** One shift hands over to the next: what is open and what is broken, signed by who leaves and by who comes. */
import type { Draft } from '../../glossary/ledger.ts'
import type { Shift, ShiftSummary } from '../../glossary/shift.ts'
import { type Clock } from '../../tools/clock.ts'
import { Failure } from '../../tools/failure.ts'
import { newId } from '../../tools/identity.ts'
import type { ShiftBook } from './shift-book.ts'

export function createShiftDesk({
  clock,
  book,
  summary,
  append,
}: {
  clock: Clock
  book: ShiftBook
  summary(): ShiftSummary
  append(drafts: Draft[]): { durable: Promise<unknown> }
}) {
  const find = (id: string): Shift => {
    const shift = book.all().find((each) => each.shift === id)
    if (!shift) throw new Failure('shift/unknown', `There is no hand-over "${id}".`)
    return shift
  }
  return {
    summary,
    recent: (): readonly Shift[] => book.all(),
    /** Signed by who leaves; what is open and broken now goes into the record with it. */
    async offer(from: string, notes: string, actor: string): Promise<Shift> {
      const shift = newId<string & { readonly __is: 'shift' }>('shf', clock.now())
      await append([{ kind: 'shift.offered', actor, subject: shift, body: { shift, from, notes, ...summary() } }])
        .durable
      return find(shift)
    },
    /** Signed by who comes. @throws shift/unknown, shift/signed, shift/same-person */
    async accept(id: string, by: string, actor: string): Promise<Shift> {
      const shift = find(id)
      if (shift.acceptedBy !== null)
        throw new Failure('shift/signed', `${shift.acceptedBy} has already signed for this hand-over.`)
      if (shift.from === by)
        throw new Failure('shift/same-person', `${by} hands over; somebody else must sign for taking over.`)
      await append([{ kind: 'shift.accepted', actor, subject: id, body: { shift: id, by } }]).durable
      return find(id)
    },
  }
}
