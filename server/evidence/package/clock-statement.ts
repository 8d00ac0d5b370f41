/** What a package says of its times: what the site vouches for, and what was noticed; nothing else is claimed. Pure. */
import type { ClockStatement } from '../../glossary/evidence.ts'
import type { SiteEvidence } from '../../glossary/site.ts'

/** @param steps by which the recorder's clock was set between the first picture and the export. */
export function clockStatement({ clock: said }: SiteEvidence, steps: ClockStatement['steps']): ClockStatement {
  const set =
    steps.length === 0
      ? 'It was not seen to be set between the first picture and this export.'
      : `It was set ${steps.length} times between the first picture and this ` +
        `export: ${steps.map(({ at, ms }) => `by ${ms} ms at ${at}`).join('; ')}.`
  return {
    source: said?.source ?? 'the recorder’s system clock',
    offsetMs: null,
    errorBoundMs: said?.errorBoundMs ?? null,
    method:
      'Each segment carries the recorder’s wall clock at the arrival of its first byte; durations are never summed.',
    statement:
      'Times are those of the recorder’s system clock when pictures ' +
      `arrived. ${
        said
          ? `The site states that it is set by ${said.source}, within ${said.errorBoundMs} ms of UTC.`
          : 'The site states nothing about what sets that clock: its difference from UTC is not known here.'
      } ${set} ` +
      'Where cameras told their own clocks, the difference to the recorder’s is given in manifest.json.',
    steps,
  }
}
