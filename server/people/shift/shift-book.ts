/** Hand-overs from shift to shift, as the ledger's entries make them. Decides nothing. */
import type { Recorded } from '../../glossary/ledger.ts'
import type { Shift } from '../../glossary/shift.ts'

const KEPT = 100
export type ShiftBook = ReturnType<typeof createShiftBook>

export function createShiftBook() {
  let shifts: Shift[] = []
  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'shift.offered')
        shifts = [{ ...entry.body, offeredAt: entry.at, acceptedBy: null, acceptedAt: null }, ...shifts].slice(0, KEPT)
      else if (entry.kind === 'shift.accepted')
        shifts = shifts.map((shift) =>
          shift.shift === entry.body.shift ? { ...shift, acceptedBy: entry.body.by, acceptedAt: entry.at } : shift,
        )
    },
    save: (): Shift[] => shifts,
    restore(saved: Shift[]): void {
      shifts = saved
    },
    /** Newest first. */
    all: (): readonly Shift[] => shifts,
  }
}
