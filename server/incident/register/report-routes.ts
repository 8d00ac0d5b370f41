/** Figures for the partnership: presses by help point, hour, weekday and outcome, and how long each step took. */
import { Type } from 'typebox'
import { type App } from '../../door/door.ts'
import { MEDIA, PROBLEM, TIME } from '../../door/shapes.ts'
import { CLOSURE_CODES } from '../../glossary/incident.ts'
import type { PressReport } from '../../glossary/register.ts'
import { messageOf, Failure } from '../../tools/failure.ts'
import { dayFrom, localDate, momentOf } from '../../tools/local-time.ts'
import { periodOf, reportCsv } from './press-report.ts'

export type ReportPort = {
  now(): number
  site(): { timezone: string }
  nameOf(helpPoint: string): string
  /** @param from milliseconds; `to` is not in it */
  report(from: number, to: number): Promise<PressReport>
}
/** What is shown when nobody says a period: four weeks have four of each weekday. */
const DAYS = 28

const COUNT = Type.Integer({ minimum: 0 })
const SECONDS = Type.Union([Type.Number(), Type.Null()], { description: 'Null: nothing was measured' })
const SPREAD = Type.Object(
  { p50: SECONDS, p90: SECONDS },
  { description: 'Seconds from the press: of the middle one, and what nine of ten are not above' },
)
export const PRESS_REPORT = Type.Object({
  from: TIME,
  to: TIME,
  timezone: Type.String(),
  helpPoints: Type.Array(
    Type.Object({
      helpPoint: Type.String(),
      presses: Type.Integer({ minimum: 0, description: 'By persons; drills are in no number but drills' }),
      repeats: Type.Integer({ minimum: 0, description: 'Those of them that joined an incident that was open' }),
      incidents: Type.Integer({ minimum: 0, description: 'Opened in the period' }),
      outcomes: Type.Object(
        Object.fromEntries(CLOSURE_CODES.map((code) => [code, Type.Optional(COUNT)])) as Record<
          (typeof CLOSURE_CODES)[number],
          ReturnType<typeof Type.Optional<typeof COUNT>>
        >,
        { description: 'Of those that are closed, by code; a code that is not there has none' },
      ),
      toAccept: SPREAD,
      toFirstWords: SPREAD,
      toArranged: SPREAD,
      toClose: SPREAD,
      drills: Type.Object({ passed: COUNT, failed: COUNT }),
    }),
  ),
  byHour: Type.Array(COUNT, { minItems: 24, maxItems: 24, description: 'Presses by the hour of the site’s clocks' }),
  byWeekday: Type.Array(COUNT, { minItems: 7, maxItems: 7, description: 'Presses by weekday, Monday first' }),
})

/** What a period may be in a query. */
export const PERIOD = {
  from: Type.Optional(
    Type.String({ maxLength: 40, description: 'A local date (2026-11-01), or a moment with its zone; from then on' }),
  ),
  to: Type.Optional(
    Type.String({ maxLength: 40, description: 'A local date, which belongs to it, or a moment, which does not' }),
  ),
}
/** @throws request/invalid */
export function readPeriod(
  { from, to }: { from?: string; to?: string },
  timezone: string,
): { from: number | null; to: number | null } {
  try {
    return periodOf(from, to, timezone, momentOf)
  } catch (error) {
    throw new Failure('request/invalid', messageOf(error))
  }
}

export function reportRoutes(app: App, { now, site, nameOf, report }: ReportPort): void {
  const querystring = Type.Object(PERIOD, { additionalProperties: false })
  async function asked(query: { from?: string; to?: string }): Promise<PressReport> {
    const { timezone } = site()
    const { from, to } = readPeriod(query, timezone)
    const end = to ?? now()
    const start = from ?? momentOf(dayFrom(localDate(end - 1, timezone), 1 - DAYS), '00:00', timezone)
    if (start >= end)
      throw new Failure('request/invalid', 'The period begins (from) in the future: there is nothing to count yet.')
    return report(start, end)
  }
  app.get(
    '/api/v1/reports/presses',
    {
      config: { roles: ['supervisor'] },
      schema: {
        summary: 'Presses of a period by help point, hour, weekday and outcome; four weeks when none is said',
        tags: ['reports'],
        querystring,
        response: { 200: PRESS_REPORT, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    (request) => asked(request.query),
  )
  app.get(
    '/api/v1/reports/presses.csv',
    {
      config: { roles: ['supervisor'] },
      schema: {
        summary: 'The same as a table, one row for each help point',
        tags: ['reports'],
        querystring,
        response: { 200: MEDIA, '4xx': PROBLEM, 503: PROBLEM },
      },
    },
    async (request, reply) => {
      const found = await asked(request.query)
      const { timezone } = site()
      const days = [found.from, found.to].map((moment, i) => localDate(Date.parse(moment) - i, timezone)).join('-to-')
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="presses-${days}.csv"`)
        .header('cache-control', 'no-store')
        .send(reportCsv(found, nameOf))
    },
  )
}
