/** The town's help points, what proves that they work, and drills of their chains. */
import { ANY_WALL, READERS } from '../glossary/people.ts'
import { Type } from 'typebox'
import type { Receipt } from '../glossary/press.ts'
import type { Registration, VoiceHealth } from '../glossary/call.ts'
import type { HelpPointProof, VoiceDrill } from '../glossary/proof.ts'
import { STAGES } from '../glossary/proof.ts'
import type { HelpPoint, SafePlace, Site, StreetMap, Walk } from '../glossary/site.ts'
import { csvText } from '../tools/csv.ts'
import { Failure } from '../tools/failure.ts'
import { type App, actorOf } from '../door/door.ts'
import { HELP_POINT, ID_PARAMS, MEDIA, PLACE, PROBLEM, RECEIPT, TIME, VOICE_DRILL, listOf } from '../door/shapes.ts'

export type HelpPointPort = {
  /** A drill is a press like any other. */
  accept(drill: {
    helpPoint: string
    key: string | null
    pressedAt: string | null
    kind: 'drill'
    source: string
  }): Promise<{ receipt: Receipt; repeated: boolean }>
  site(): Site
  /** The disk of the clip buffers; null while all is well with it. */
  storage(): { level: string; free: number; total: number; problem: string | null } | null
  /** What was found broken about the ledger since this start. */
  record(): string | null
  /** The incident that is open there. */
  incidentAt(helpPoint: string): string | null
  proofOf(helpPoint: HelpPoint): HelpPointProof
  /** Whether it is registered at the voice edge; null: it does not telephone. */
  voiceOf(helpPoint: HelpPoint['id']): Registration | null
  /** Tries its loudspeaker and microphone by a tone. @returns null when a person needed it meanwhile */
  sound(helpPoint: HelpPoint['id'], by: string, teach: boolean): Promise<VoiceDrill | null>
  /** Null: nobody telephones here. */
  voice(): VoiceHealth | null
  /** What an operator may have said to a caller. */
  phrases(): { id: string; name: string | null; languages: string[] }[]
  streets(): StreetMap | null
  /** When it is open, from now on; UTC ISO 8601. */
  openings(place: SafePlace): { from: string; to: string | null }[]
  /** How far people walk there. */
  walk(from: HelpPoint, to: SafePlace): Walk
}

const SITE = Type.Object({
  voice: Type.Union(
    [
      Type.Object({
        ready: Type.Boolean({ description: 'Calls reach this server' }),
        apart: Type.Boolean({ description: 'The edge goes on, and the desk rings, while this server is stopped' }),
        pbx: Type.Union(
          [Type.Object({ registered: Type.Boolean(), why: Type.Union([Type.String(), Type.Null()]) }), Type.Null()],
          { description: 'Whether the PBX knows this server as its extension, and why not; null: the site has none' },
        ),
      }),
      Type.Null(),
    ],
    { description: 'As `voice.health` tells it; null: nobody telephones here' },
  ),
  id: Type.String(),
  name: Type.String(),
  timezone: Type.String(),
  training: Type.Boolean({ description: 'Nothing here is real: the town is for practice' }),
  safePlaces: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      address: Type.String(),
      location: PLACE,
      open: Type.Array(Type.Unknown()),
      openings: Type.Array(
        Type.Object({ from: TIME, to: Type.Union([TIME, Type.Null()], { description: 'Null: not for a week' }) }),
        { description: 'When it is open, for the next eight days' },
      ),
      walks: Type.Array(
        Type.Object({
          helpPoint: Type.String(),
          metres: Type.Integer(),
          minutes: Type.Integer(),
          along: Type.Enum(['streets', 'line'], {
            description: 'By the map’s streets, or as the crow flies and a third more',
          }),
        }),
      ),
    }),
  ),
  contacts: Type.Array(Type.Unknown()),
  phrases: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.Union([Type.String(), Type.Null()]),
      languages: Type.Array(Type.String()),
    }),
    { description: 'What an operator may have said to a caller; name null: one of Lamppost’s own' },
  ),
  escalation: Type.Array(Type.Object({ afterMs: Type.Integer(), to: Type.Array(Type.String()) }), {
    description: 'When nobody takes an incident',
  }),
  storage: Type.Unknown({
    description: 'The disk of the clip buffers as `storage.health` tells it; null while all is well',
  }),
  record: Type.Union([Type.String(), Type.Null()], {
    description: 'What is broken about the ledger, as `ledger.health` tells it; null while it is whole',
  }),
})

/** What may be shown of it: its secrets are nobody's. */
function sourcesOf({ wired, mqtt, lorawan, sia, sip, secret }: HelpPoint): string[] {
  return [
    'http',
    ...(secret === null ? [] : ['http-signed']),
    ...(mqtt.length > 0 ? ['mqtt'] : []),
    ...(wired.length > 0 ? ['onvif-input'] : []),
    ...(lorawan.length > 0 ? ['lorawan'] : []),
    ...(sia.length > 0 ? ['sia'] : []),
    ...(sip === null ? [] : ['sip']),
  ]
}

export function helpPointRoutes(
  app: App,
  {
    site,
    storage,
    record,
    incidentAt,
    proofOf,
    voiceOf,
    voice,
    phrases,
    sound,
    accept,
    streets,
    openings,
    walk,
  }: HelpPointPort,
): void {
  const shown = (helpPoint: HelpPoint) => {
    const { id, name, address, location, instructions, heartbeatMs, drillAt } = helpPoint
    const proof = proofOf(helpPoint)
    return {
      id,
      name,
      address,
      location,
      instructions,
      sources: sourcesOf(helpPoint),
      heartbeatMs,
      drillAt,
      incident: incidentAt(id),
      voice: voiceShown(helpPoint, voiceOf(id), proof),
      ...proof,
    }
  }
  const helpPointOf = (id: string): HelpPoint => {
    const found = site().helpPoints.find((each) => each.id === id)
    if (found) return found
    throw new Failure('help-point/unknown', `There is no help point "${id}" in this town's site file.`)
  }

  app.get(
    '/api/v1/site',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'The town: its name, zone, safe places and contacts',
        tags: ['help points'],
        response: { 200: SITE },
      },
    },
    () => {
      const { id, name, timezone, training, safePlaces, contacts, helpPoints, escalation } = site()
      const places = safePlaces.map((place) => ({
        ...place,
        openings: openings(place),
        walks: helpPoints.map((each) => ({ helpPoint: each.id, ...walk(each, place) })),
      }))
      return {
        id,
        name,
        timezone,
        training,
        safePlaces: places,
        contacts,
        phrases: phrases(),
        escalation,
        storage: storage(),
        record: record(),
        voice: voice(),
      }
    },
  )
  app.get(
    '/api/v1/map',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'The town’s streets and areas (GeoJSON, RFC 7946) as the site file names them',
        tags: ['help points'],
        response: { 200: MEDIA },
      },
    },
    (_, reply) =>
      reply
        .type('application/geo+json')
        .header('cache-control', 'private, max-age=60')
        .send(streets() ?? { type: 'FeatureCollection', features: [] }),
  )
  app.get(
    '/api/v1/help-points',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'All help points, and what last proved each chain',
        tags: ['help points'],
        response: { 200: listOf(HELP_POINT) },
      },
    },
    () => ({ items: site().helpPoints.map(shown), next: null }),
  )
  app.get(
    '/api/v1/help-points.csv',
    {
      config: { roles: READERS },
      schema: { summary: 'The same as a table (CSV, RFC 4180)', tags: ['help points'], response: { 200: MEDIA } },
    },
    (_, reply) =>
      reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="help-points-${site().id}.csv"`)
        .send(tableOf(site().helpPoints.map(shown))),
  )
  app.get(
    '/api/v1/help-points/:id',
    {
      config: { roles: READERS, scopes: ANY_WALL },
      schema: {
        summary: 'One help point',
        tags: ['help points'],
        params: ID_PARAMS,
        response: { 200: HELP_POINT, 404: PROBLEM },
      },
    },
    ({ params: { id } }) => shown(helpPointOf(id)),
  )
  app.post(
    '/api/v1/help-points/:id/drills',
    {
      config: { roles: ['operator', 'engineer', 'supervisor'] },
      schema: {
        summary: 'Run a drill: a test press through the whole chain',
        tags: ['help points'],
        params: ID_PARAMS,
        response: { 202: RECEIPT, 404: PROBLEM },
      },
    },
    async (request, reply) => {
      const { receipt } = await accept({
        helpPoint: request.params.id,
        key: null,
        pressedAt: null,
        kind: 'drill',
        source: `drill by ${actorOf(request)}`,
      })
      return reply.status(202).send(receipt)
    },
  )
  app.post(
    '/api/v1/help-points/:id/voice-drills',
    {
      config: { roles: ['operator', 'engineer', 'supervisor'] },
      schema: {
        summary:
          'Call it, and send a tone of two seconds through its loudspeaker and microphone: the street hears it. Answers ' +
          'when it is done, after some five seconds. The first tone that comes back says how loud is right there',
        tags: ['help points'],
        params: ID_PARAMS,
        body: Type.Union([
          Type.Object(
            {
              teach: Type.Optional(Type.Boolean({ description: 'As loud as it comes back now is right from now on' })),
            },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: { 200: VOICE_DRILL, '4xx': PROBLEM },
      },
    },
    async (request) => {
      const { id, name } = helpPointOf(request.params.id)
      if (incidentAt(id) !== null)
        throw new Failure('call/busy', `An incident is open at ${name}: its voice is not tried now.`)
      const drill = await sound(id, actorOf(request), request.body?.teach ?? false)
      if (drill === null) throw new Failure('call/busy', `Somebody needed ${name} meanwhile: the tone was broken off.`)
      return drill
    },
  )
}

/** Null: it does not telephone. */
function voiceShown({ voice, sip }: HelpPoint, registration: Registration | null, { lastVoiceProof }: HelpPointProof) {
  const { autoAnswer, pushToTalk, keys, gain } = voice
  return (
    registration && {
      ...registration,
      callable: registration.registered && sip?.byPbx !== true,
      lastVoiceProof: lastVoiceProof?.at ?? null,
      how: lastVoiceProof?.how ?? null,
      autoAnswer,
      pushToTalk,
      gain,
      keys: Object.keys(keys),
    }
  )
}

type Shown = { id: string; name: string; address: string; sources: string[]; drillAt: string | null } & HelpPointProof
const HEADINGS = [
  'help point',
  'name',
  'address',
  'sources',
  'last press',
  'last drill',
  'drill passed',
  'drill problem',
  'camera',
  'framing',
  ...STAGES.map((stage) => `${stage} (ms)`),
  'last sign of life',
  'voice proved',
  'voice proof',
  'voice problem',
  'daily drill at',
  'next drill',
  'overdue',
]

function tableOf(helpPoints: readonly Shown[]): string {
  const rows = helpPoints.map((point) => {
    const drill = point.lastDrillResult
    return [
      point.id,
      point.name,
      point.address,
      point.sources.join(' '),
      point.lastPress,
      point.lastDrill,
      drill && (drill.passed ? 'yes' : 'no'),
      drill?.problem,
      drill?.camera,
      drill?.framing,
      ...STAGES.map((stage) => drill?.stages[stage]),
      point.lastHeartbeat,
      point.lastVoiceProof?.at,
      point.lastVoiceProof?.how,
      point.lastVoiceDrill?.problem,
      point.drillAt,
      point.nextDrill,
      point.overdue.join(' '),
    ]
  })
  return csvText([HEADINGS, ...rows])
}
