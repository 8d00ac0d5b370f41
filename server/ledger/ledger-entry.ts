/** A row as those read it who ask what it means: its body is no text any more. Pure. */
import type { Entry } from '../glossary/ledger.ts'

/** A body that cannot be read any more is shown as null; verification says what became of it. */
export function entryOf(row: { body: string }): Entry {
  let body: unknown = null
  try {
    body = JSON.parse(row.body)
  } catch {
    // It was damaged.
  }
  return { ...row, body: body !== null && typeof body === 'object' ? body : null } as unknown as Entry
}
