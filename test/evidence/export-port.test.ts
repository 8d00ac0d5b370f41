import { expect, test } from 'vitest'
import { exportPresses } from '../../server/evidence/order/export-port.ts'
import type { Incident } from '../../server/glossary/incident.ts'
import type { HelpPoint } from '../../server/glossary/site.ts'

const incident = {
  presses: [{ id: 'press-1', receivedAt: '2026-11-20T22:30:00.000Z', helpPoint: 'blackwellgate' }],
} as unknown as Incident
const HELP_POINT = {
  name: 'Number One Bar, Blackwellgate',
  address: 'Lamp post outside Number One Bar',
  location: { lat: 54.52363, lon: -1.5561 },
} as HelpPoint

test('a press in a package has its help point’s name, address and place', () => {
  expect(exportPresses(incident, () => HELP_POINT)).toEqual([
    {
      id: 'press-1',
      receivedAt: '2026-11-20T22:30:00.000Z',
      helpPoint: 'Number One Bar, Blackwellgate',
      address: 'Lamp post outside Number One Bar',
      lat: 54.52363,
      lon: -1.5561,
    },
  ])
})
test('a help point that has left the site file has no place there: a false one would be evidence of something else', () => {
  expect(exportPresses(incident, () => undefined)).toEqual([
    {
      id: 'press-1',
      receivedAt: '2026-11-20T22:30:00.000Z',
      helpPoint: 'blackwellgate',
      address: null,
      lat: null,
      lon: null,
    },
  ])
})
