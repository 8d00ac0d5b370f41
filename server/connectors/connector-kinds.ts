/** Which connector speaks to which VMS of the site file. A further one is a line here and a file beside it. */
import type { ConnectorSite } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import type { VmsConnector } from './connector.ts'
import { createZoneMinder } from './zoneminder.ts'

export const makeConnector = (site: ConnectorSite, clock: Clock): VmsConnector =>
  createZoneMinder(site.zoneminder, clock)
