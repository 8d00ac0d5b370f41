/** Hand-overs from shift to shift, as the ledger's entries make them. Decides nothing. */
import type { Recorded } from '../../glossary/ledger.ts'
import type { Shift } from '../../glossary/shift.ts'

const KEPT = 100
/** The server’s clock was set, by so many milliseconds. */
export type ClockStep = { at: string; ms: number }
export type ShiftBook = ReturnType<typeof createShiftBook>

export function createShiftBook() {
  let shifts: Shift[] = []
  let stepped: ClockStep | null = null
  return {
    apply(entry: Recorded): void {
      if (entry.kind === 'shift.offered')
        shifts = [{ ...entry.body, offeredAt: entry.at, acceptedBy: null, acceptedAt: null }, ...shifts].slice(0, KEPT)
      else if (entry.kind === 'shift.accepted')
        shifts = shifts.map((shift) =>
          shift.shift === entry.body.shift ? { ...shift, acceptedBy: entry.body.by, acceptedAt: entry.at } : shift,
        )
      else if (entry.kind === 'clock.stepped') stepped = { at: entry.at, ms: entry.body.ms }
    },
    save: () => ({ shifts, stepped }),
    restore(saved: { shifts: Shift[]; stepped: ClockStep | null }): void {
      shifts = saved.shifts
      stepped = saved.stepped
    },
    /** The newest one; null: never. */
    clockStep: (): ClockStep | null => stepped,
    /** Newest first. */
    all: (): readonly Shift[] => shifts,
  }
}
