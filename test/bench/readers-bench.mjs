/**
 * Readers of the whole past beside presses: how much longer a press takes, and how much memory they cost. The readers
 * are those of test/contracts/past-readers.test.ts.
 */
import { benchOfTest } from './bench-tools.mjs'

export const benchReaders = ({ readers }) =>
  benchOfTest('test/contracts/past-readers.test.ts', {
    LAMPPOST_ENTRIES: '20000',
    LAMPPOST_READERS: String(readers),
    LAMPPOST_PRESSES: '100',
  })
