import { openLedger } from '../../server/ledger/ledger.ts'
import { ledgerSuite } from './ledger-suite.ts'

ledgerSuite('on this disk', openLedger)
