/** The API's shapes, once: they check what comes in, and describe what goes out in the OpenAPI document. */
import { type TSchema, Type } from 'typebox'
import { CLOSURE_CODES } from '../glossary/incident.ts'
import { RESPONDER_ANSWERS } from '../glossary/responder.ts'
import {
  CALL_DIRECTIONS,
  CALL_ENDS,
  CALL_LINES,
  CALL_STATES,
  ONE_WAYS,
  PARTY_ENDS,
  PARTY_STATES,
} from '../glossary/call.ts'

export const TIME = Type.String({ format: 'date-time', description: 'UTC ISO 8601 with milliseconds' })
export const MAYBE_TIME = Type.Union([TIME, Type.Null()])
export const MAYBE_STRING = Type.Union([Type.String(), Type.Null()])
const ROLE = Type.Enum(['primary', 'secondary'])

export const PROBLEM = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ description: 'The failure in Lamppost’s words, such as incident/taken' }),
  },
  { $id: 'Problem', description: 'RFC 9457 problem document' },
)
export const PLACE = Type.Object({ lat: Type.Number(), lon: Type.Number() }, { description: 'WGS 84 degrees' })
export const PRESS = Type.Object({
  id: Type.String(),
  key: Type.String(),
  helpPoint: Type.String(),
  kind: Type.Enum(['press', 'drill']),
  pressedAt: TIME,
  receivedAt: TIME,
  source: Type.String(),
  late: Type.Optional(Type.Boolean({ description: 'It was held on its way; it moved no camera by itself' })),
  clockOff: Type.Optional(
    Type.Boolean({ description: 'The device’s clock is wrong: pressedAt is not to be believed' }),
  ),
  between: Type.Optional(
    Type.Object(
      { from: TIME, to: TIME },
      {
        description: 'The button was found pressed when its device was heard again: it was pressed between these times',
      },
    ),
  ),
  takenBy: Type.Optional(Type.String({ description: 'The member that took it in, in a town on several servers' })),
  heldBy: Type.Optional(
    Type.String({ description: 'Only that member’s disk had it for a time: no majority answered' }),
  ),
})
export const RECEIPT = Type.Object({
  press: Type.String(),
  incident: Type.Union([Type.String(), Type.Null()], {
    description: 'Null: it is durable and has no incident yet, because the town’s servers are changing hands',
  }),
  receivedAt: TIME,
  copies: Type.Optional(
    Type.Integer({ minimum: 1, description: 'In a town on several servers: how many have it; 1: only this one' }),
  ),
})
export const FRAMING = Type.Object({
  camera: Type.String(),
  preset: MAYBE_STRING,
  way: Type.Enum(['preset', 'aim', 'home', 'fixed', 'as-is'], {
    description: 'How it was brought: to its preset, by coordinates, to its home, or not at all',
  }),
  role: ROLE,
  state: Type.Enum(['asked', 'moving', 'framed', 'unproven', 'failed']),
  proofs: Type.Array(Type.Enum(['accepted', 'stopped', 'position', 'picture'])),
  askedAt: TIME,
  settledAt: MAYBE_TIME,
  reason: MAYBE_STRING,
})
export const GAP = Type.Object({ from: TIME, to: TIME })
export const CALL = Type.Object({
  id: Type.String(),
  helpPoint: Type.Union([Type.String(), Type.Null()], { description: 'Who is at the other end; one of three' }),
  camera: Type.Union([Type.String(), Type.Null()], {
    description: 'Whose loudspeaker it is: nothing is heard from it',
  }),
  contact: MAYBE_STRING,
  incident: Type.Union([Type.String(), Type.Null()], { description: 'null: the room has called without one' }),
  reason: Type.Union([Type.String(), Type.Null()], { description: 'Why the room has called; null: nobody said' }),
  direction: Type.Enum(CALL_DIRECTIONS, { description: 'in: the help point has called; out: the room has called' }),
  state: Type.Enum(CALL_STATES, {
    description:
      'waiting: the announcement has answered; connected: sound has come both ways; offered: its operator is lost, or ' +
      'has given it back',
  }),
  line: Type.Enum(CALL_LINES, { description: 'The line to the other end: not answered yet, up, gone' }),
  owner: MAYBE_STRING,
  held: Type.Boolean(),
  ringingAt: TIME,
  takenAt: MAYBE_TIME,
  connectedAt: MAYBE_TIME,
  endedAt: MAYBE_TIME,
  end: Type.Union([Type.Enum(CALL_ENDS), Type.Null()]),
  quality: Type.Union(
    [
      Type.Object({
        lossPercent: Type.Number(),
        jitterMs: Type.Number(),
        levelIn: Type.Union([Type.Number(), Type.Null()], { description: 'dBFS; null: no packet came' }),
        levelOut: Type.Union([Type.Number(), Type.Null()]),
        oneWay: Type.Union([Type.Enum(ONE_WAYS), Type.Null()], {
          description: 'The side that no sound arrives of',
        }),
        silentLine: Type.Boolean({ description: 'Sound arrives, and has been silent for eight seconds' }),
      }),
      Type.Null(),
    ],
    { description: 'Of the last second; null until there was sound' },
  ),
  recorded: Type.Boolean({ description: 'Whether the site records calls' }),
  recording: Type.Union(
    [
      Type.Object({
        sha256: Type.String(),
        bytes: Type.Integer(),
        from: TIME,
        to: TIME,
        gaps: Type.Array(Type.Object({ side: Type.Enum(ONE_WAYS), from: TIME, to: TIME })),
      }),
      Type.Null(),
    ],
    { description: 'Null until it is whole, and when it was deleted' },
  ),
  announced: Type.Boolean({ description: 'The caller has heard that the call is recorded' }),
  codec: Type.String(),
  answeredHere: Type.Boolean({ description: 'false: at another telephone of the PBX; nobody here can take it' }),
  parties: Type.Array(
    Type.Object({
      id: Type.String(),
      contact: Type.String(),
      name: Type.String(),
      state: Type.Enum(PARTY_STATES),
      since: TIME,
      end: Type.Union([Type.Enum(PARTY_ENDS), Type.Null()], { description: 'How it left; null until then' }),
    }),
    { description: 'Third parties, called by the trunk; in the order in which they were called' },
  ),
  secured: Type.Boolean({ description: 'The help point’s signalling came over TLS' }),
})
export const SNAPSHOT = Type.Object({
  id: Type.String(),
  incident: Type.String(),
  camera: Type.String(),
  at: { ...TIME, description: 'When the picture was made: the newest keyframe, at most some seconds before takenAt' },
  takenAt: TIME,
  by: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String(),
})
export const CLIP = Type.Object({
  camera: Type.String(),
  from: TIME,
  to: MAYBE_TIME,
  playlist: Type.String(),
  gaps: Type.Array(GAP),
})
export const LOG_LINE = Type.Object({
  seq: Type.Integer(),
  at: TIME,
  kind: Type.String(),
  actor: Type.String(),
  body: Type.Unknown(),
})
const VERB = Type.Enum(['raise', 'mark', 'protect', 'note', 'ended', 'release'])
const RECEIPT_KIND = Type.Enum(['read-back', 'said', 'sent'], {
  description:
    'read-back: found in the VMS afterwards; said: its answer names an id; sent: nothing says that it was heard',
})
const FOOTAGE = Type.Enum(['lost', 'unknown', 'kept', 'released'])
export const VMS_LINE = Type.Object({
  connector: Type.String(),
  product: Type.String(),
  alarm: Type.Union([
    Type.Object({ id: MAYBE_STRING, how: RECEIPT_KIND, link: MAYBE_STRING, camera: MAYBE_STRING, at: TIME }),
    Type.Null(),
  ]),
  footage: FOOTAGE,
  events: Type.Array(Type.Object({ id: Type.String(), camera: MAYBE_STRING, footage: FOOTAGE }), {
    description: 'Their events of this incident; `footage` above is the worst of them',
  }),
  findings: Type.Array(Type.Object({ verb: VERB, part: Type.String(), words: Type.String() }), {
    description: 'What the VMS could not be told, or what was found there',
  }),
  receipts: Type.Integer(),
})
export const CONNECTOR = Type.Object({
  connector: Type.String(),
  product: Type.String(),
  state: Type.Enum(['well', 'failing', 'untested'], {
    description: 'untested: it has not proven anything since this start',
  }),
  since: TIME,
  problem: MAYBE_STRING,
  verbs: Type.Array(VERB, { description: 'What this VMS can be told; it cannot be told anything else' }),
  version: MAYBE_STRING,
  versionKnown: Type.Union([Type.Boolean(), Type.Null()], {
    description: 'False: this connector was never tried with that version',
  }),
  clockOffsetMs: Type.Union([Type.Integer(), Type.Null()], { description: 'The VMS’s clock minus ours' }),
  lastReadBack: MAYBE_TIME,
  waiting: Type.Integer({ description: 'Acts that could not be told yet' }),
  oldestWaiting: MAYBE_TIME,
  cameras: Type.Union([Type.Object({ matched: Type.Integer(), unmatched: Type.Integer() }), Type.Null()]),
  standing: Type.Array(Type.String(), {
    description: 'Faults that stand for as long as the site file is as it is',
  }),
})
const DEVICE_CLIENT = Type.Object({
  address: Type.String(),
  agent: Type.String({ description: 'What it calls itself; empty: it does not say' }),
  how: Type.Enum(['pull', 'notify', 'stream'], {
    description: 'pull: it asks for events; notify: it is sent them; stream: it reads a picture',
  }),
  stream: MAYBE_STRING,
  since: TIME,
  lastHeard: TIME,
  problem: MAYBE_STRING,
})
export const ONVIF_DEVICE = Type.Object({
  device: Type.String(),
  name: Type.String(),
  state: Type.Enum(['well', 'unheard', 'failing'], {
    description: 'unheard: no VMS listens, so that a press would be told to nobody; failing: nobody can reach it',
  }),
  since: TIME,
  problem: MAYBE_STRING,
  address: Type.Union([Type.String(), Type.Null()], { description: 'Host and port; null: it does not listen' }),
  encrypted: Type.Boolean({
    description: 'Events are encrypted; pictures are where a client reads them by rtsps, and over TCP',
  }),
  helpPoints: Type.Array(Type.String()),
  active: Type.Array(Type.String(), { description: 'Help points whose press is told as active now' }),
  clients: Type.Union([Type.Array(DEVICE_CLIENT), Type.Null()]),
  refused: Type.Union([
    Type.Array(Type.Object({ address: Type.String(), at: TIME, why: Type.String() }), {
      description: 'Who could not sign in lately, newest first',
    }),
    Type.Null(),
  ]),
})
export const CAMERA_MATCH = Type.Object({
  camera: Type.String(),
  name: Type.String(),
  theirs: Type.Union([Type.String(), Type.Null()], { description: 'Their id; null: not matched' }),
  theirName: MAYBE_STRING,
  how: Type.Union([Type.Enum(['site-file', 'stream', 'address']), Type.Null()]),
  problem: MAYBE_STRING,
  candidates: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), why: Type.String() })),
})
export const CONNECTOR_TRIAL = Type.Object({
  connector: Type.String(),
  product: Type.String(),
  ok: Type.Boolean(),
  pressed: Type.Boolean(),
  steps: Type.Array(Type.Object({ step: Type.String(), ok: Type.Boolean(), words: Type.String(), ms: Type.Integer() })),
  cameras: Type.Array(CAMERA_MATCH),
})
export const RESPONDER_LINE = Type.Object({
  id: Type.String(),
  contact: Type.String(),
  name: Type.String(),
  by: Type.String(),
  at: TIME,
  until: TIME,
  endedAt: Type.Union([TIME, Type.Null()], {
    description: 'When it was revoked, or the incident closed; null: it lasts until its time is over',
  }),
  opened: Type.Integer({ description: 'How often somebody was there: the page has sent the link’s token' }),
  lastOpenedAt: MAYBE_TIME,
  fetched: Type.Integer({ description: 'How often the page alone was fetched; programs that preview links do that' }),
  answer: Type.Union([
    Type.Object({ answer: Type.Enum(RESPONDER_ANSWERS), words: Type.String(), at: TIME }),
    Type.Null(),
  ]),
})
export const INCIDENT = Type.Object({
  id: Type.String(),
  number: Type.Union([Type.String(), Type.Null()], {
    description: 'What people say on the telephone, as LP-2026-0042: the n-th of the site’s year; null: a drill',
  }),
  helpPoint: Type.String(),
  kind: Type.Enum(['press', 'drill']),
  state: Type.Enum(['open', 'acknowledged', 'closed']),
  openedAt: TIME,
  owner: MAYBE_STRING,
  handover: Type.Union(
    [
      Type.Object({
        from: Type.String(),
        to: Type.Union([Type.String(), Type.Null()], { description: 'Null: whoever comes' }),
        at: TIME,
      }),
      Type.Null(),
    ],
    { description: 'Offered by its owner, and not taken yet' },
  ),
  onHold: Type.Union([
    Type.Object({ by: Type.String(), reason: Type.String(), at: TIME, until: MAYBE_TIME }),
    Type.Null(),
  ]),
  recalledAt: Type.Union([TIME, Type.Null()], {
    description:
      'Pressed again while it was on hold, or five minutes after anybody did something about it; nobody has done anything since',
  }),
  calledAt: Type.Union([TIME, Type.Null()], {
    description:
      'The first press of the newest burst of presses: a pause of five minutes ends one; null when all came late',
  }),
  escalation: Type.Object({
    step: Type.Integer({ description: 'How many of the site’s steps were taken because nobody took it' }),
    at: MAYBE_TIME,
  }),
  closedAt: MAYBE_TIME,
  closureReason: MAYBE_STRING,
  closureCode: Type.Union([Type.Enum(CLOSURE_CODES), Type.Null()], { description: 'Null while it is not closed' }),
  presses: Type.Array(PRESS),
  repeats: Type.Integer({
    description: 'Further presses that came faster than anybody can press: counted, not listed',
  }),
  framings: Type.Array(FRAMING),
  clips: Type.Array(CLIP),
  requests: Type.Array(
    Type.Object({
      camera: Type.String(),
      by: Type.String({ description: 'The incident that asks' }),
      helpPoint: Type.String(),
      at: TIME,
      answer: Type.Union([Type.Enum(['give', 'keep']), Type.Null()]),
    }),
    { description: 'Cameras it holds that presses elsewhere asked for' },
  ),
  steps: Type.Array(Type.Object({ step: Type.Integer(), at: TIME, by: Type.String() })),
  vms: Type.Array(VMS_LINE, { description: 'What each VMS has of it: one line per VMS' }),
  responders: Type.Array(RESPONDER_LINE, { description: 'Links by which it is lent to people outside, or was' }),
  sharedNotes: Type.Array(Type.Integer(), { description: 'Entries of its notes that these links show' }),
  log: Type.Array(LOG_LINE),
})
const REACHABILITY = Type.Enum(['up', 'down', 'unknown'])
export const HEALTH = Type.Object({
  onvif: REACHABILITY,
  video: REACHABILITY,
  buffer: REACHABILITY,
  blind: Type.Union([Type.Enum(['dark', 'covered', 'frozen']), Type.Null()]),
  clockOffsetMs: Type.Union([Type.Integer(), Type.Null()], { description: 'The camera’s clock minus ours' }),
  clock: Type.Enum(['right', 'off', 'unknown'], { description: 'Off by more than two seconds' }),
  since: TIME,
  reason: MAYBE_STRING,
})
export const CAMERA = Type.Object({
  id: Type.String(),
  name: Type.String(),
  ptz: Type.Boolean(),
  location: Type.Union([PLACE, Type.Null()]),
  onvifUrl: Type.Union([Type.String(), Type.Null()], { description: 'For engineers only; null for everybody else' }),
  detail: Type.Union([Type.String(), Type.Null()], {
    description: 'The camera’s own words about what is wrong; for engineers only',
  }),
  health: HEALTH,
  heldBy: MAYBE_STRING,
  steeredBy: Type.Union([Type.Object({ name: Type.String(), since: TIME }), Type.Null()], {
    description: 'Whose hand is on it now',
  }),
  bearing: Type.Union([Type.Number(), Type.Null()], { description: 'Compass bearing in degrees of a fixed camera' }),
  live: Type.String(),
  codec: Type.Union([Type.String(), Type.Null()], {
    description: 'As in an HLS CODECS attribute; null until the first picture',
  }),
  converted: Type.Enum(['sub-stream', 'transcoded'], {
    description: 'What `live/h264` is, for browsers that cannot show the codec',
  }),
  masks: Type.Array(Type.String(), {
    description: 'The names of its privacy masks; what they cover is covered in every picture of it',
  }),
  speaker: Type.Union([Type.Enum(['onvif']), Type.Null()], {
    description: 'By which the room speaks through its loudspeaker (`POST /calls`); null: it has none',
  }),
})
export const RECORDER = Type.Object({
  codec: MAYBE_STRING,
  picture: Type.Enum(['copy', 'h264']),
  sound: Type.Enum(['drop', 'keep', 'convert']),
  reader: Type.Enum(['direct', 'ffmpeg'], { description: 'Who reads the stream' }),
  timedBy: Type.Enum(['camera', 'arrival'], {
    description: 'Whose times pictures have: the camera’s own, or of their arrival, where its own are of no use',
  }),
  startedAt: MAYBE_TIME,
  runs: Type.Integer({ description: 'How often recording began' }),
  lastEnd: Type.Union([
    Type.Object({
      at: TIME,
      reason: Type.String(),
      words: Type.Array(Type.String(), { description: 'The last words of whoever recorded, secrets blotted out' }),
    }),
    Type.Null(),
  ]),
})
export const PRESET_CHECK = Type.Object({
  camera: Type.String(),
  token: Type.String(),
  at: TIME,
  result: Type.Enum([
    'agrees',
    'drifted',
    'gone',
    'lost-after-reboot',
    'unreached',
    'not-taught',
    'not-compared',
    'changed',
  ]),
  words: MAYBE_STRING,
})
export const PRESET = Type.Object({
  token: Type.String(),
  name: Type.String(),
  position: Type.Unknown(),
  helpPoints: Type.Array(Type.String()),
  changed: Type.Union([Type.String(), Type.Null()], {
    description:
      'How it differs on the camera from what was confirmed; its position proves nothing until it is confirmed again',
  }),
  pictures: Type.Integer({ description: 'How many reference pictures it was taught' }),
  lastCheck: Type.Union([PRESET_CHECK, Type.Null()]),
})
const STAGE_TIMES = Type.Object(
  {
    durable: Type.Optional(Type.Integer()),
    asked: Type.Optional(Type.Integer()),
    accepted: Type.Optional(Type.Integer()),
    settled: Type.Optional(Type.Integer()),
    picture: Type.Optional(Type.Integer()),
  },
  { description: 'Milliseconds from the arrival of the press; what was not reached is missing' },
)
const CHAIN = {
  incident: Type.String(),
  helpPoint: Type.String(),
  kind: Type.Enum(['press', 'drill']),
  at: TIME,
  stages: STAGE_TIMES,
  camera: MAYBE_STRING,
  framing: MAYBE_STRING,
  proofs: Type.Array(Type.String()),
  problem: MAYBE_STRING,
}
const HOW = Type.Enum(['both-ways', 'registration'], {
  description:
    'both-ways: a tone went to its loudspeaker and came back through its microphone. registration: it is known at the ' +
    'edge, and nothing was heard',
})
export const VOICE_DRILL = Type.Object({
  helpPoint: Type.String(),
  how: HOW,
  at: TIME,
  heardShare: Type.Union([Type.Number(), Type.Null()], { description: 'Share of the tone that came back, 0 to 1' }),
  loopMs: Type.Union([Type.Integer(), Type.Null()], { description: 'Until it came back' }),
  levelDb: Type.Union([Type.Integer(), Type.Null()], { description: 'How loud it came back, dBFS' }),
  by: Type.String({ description: 'schedule, or who asked for it' }),
  taught: Type.Optional(Type.Literal(true, { description: 'Somebody has said that this loudness is right' })),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'Null: it is proved' }),
})
export const HELP_POINT = Type.Object({
  id: Type.String(),
  name: Type.String(),
  address: Type.String(),
  location: PLACE,
  instructions: Type.Array(Type.String()),
  sources: Type.Array(Type.String(), { description: 'By which it may press' }),
  heartbeatMs: Type.Union([Type.Integer(), Type.Null()], { description: 'How often it says that it lives' }),
  drillAt: Type.Union([Type.String(), Type.Null()], { description: 'Local time of its daily drill' }),
  incident: MAYBE_STRING,
  voice: Type.Union(
    [
      Type.Object({
        registered: Type.Boolean({
          description: 'At the voice edge, now; behind the PBX: whether the PBX reaches this server',
        }),
        callable: Type.Boolean({ description: 'The room can call it now' }),
        since: MAYBE_TIME,
        lastHeard: Type.Union([TIME, Type.Null()], { description: 'When it was registered last, since this start' }),
        lastVoiceProof: Type.Union([TIME, Type.Null()], { description: 'When its voice was proved last' }),
        how: Type.Union([HOW, Type.Null()]),
        autoAnswer: Type.Union([Type.Boolean(), Type.Null()], {
          description: 'Whether it answers a call of the room by itself; null: the site file does not say',
        }),
        pushToTalk: Type.Boolean(),
        gain: Type.Integer({ description: 'Decibels by which operators hear it louder than it sends' }),
        keys: Type.Array(Type.String(), { description: 'Names of what its keys do, for `POST /calls/{id}/keys`' }),
      }),
      Type.Null(),
    ],
    { description: 'Null: it does not telephone' },
  ),
  lastPress: MAYBE_TIME,
  lastDrill: MAYBE_TIME,
  lastHeartbeat: Type.Union([TIME, Type.Null()], { description: 'Since this start of the server' }),
  lastChain: Type.Union([Type.Object(CHAIN), Type.Null()], { description: 'How far the last press or drill came' }),
  lastDrillResult: Type.Union([Type.Object({ ...CHAIN, passed: Type.Boolean(), by: Type.String() }), Type.Null()]),
  lastVoiceProof: Type.Union([Type.Object({ at: TIME, how: HOW }), Type.Null()]),
  lastVoiceDrill: Type.Union([VOICE_DRILL, Type.Null()], { description: 'The last, proved or not' }),
  nextDrill: MAYBE_TIME,
  overdue: Type.Array(Type.Enum(['drill', 'heartbeat', 'voice'])),
})
export const DESTINATION = Type.Object({
  destination: Type.String(),
  url: Type.String({ description: 'Without what may be secret in it' }),
  events: Type.Array(Type.String()),
  waiting: Type.Integer(),
  delivered: Type.Integer(),
  last: Type.Union([
    Type.Object({ seq: Type.Integer(), event: Type.String(), at: TIME, status: Type.Integer() }),
    Type.Null(),
  ]),
  failing: Type.Union([
    Type.Object({ seq: Type.Integer(), since: TIME, attempts: Type.Integer(), problem: Type.String(), nextAt: TIME }),
    Type.Null(),
  ]),
  dead: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      event: Type.String(),
      at: TIME,
      attempts: Type.Integer(),
      problem: Type.String(),
    }),
  ),
})
export const ENTRY = Type.Object({
  seq: Type.Integer(),
  at: TIME,
  kind: Type.String(),
  actor: Type.String(),
  subject: Type.String(),
  body: Type.Unknown(),
  hash: Type.String(),
})
/** Stands for an entry that the person who asks may not read. */
export const WITHHELD = Type.Object({ seq: Type.Integer(), hash: Type.String() })
export const VERIFICATION = Type.Object({
  ok: Type.Boolean(),
  entries: Type.Integer(),
  head: Type.String(),
  problem: MAYBE_STRING,
  chains: Type.Array(
    Type.Object({
      chain: Type.Integer(),
      first: Type.Integer(),
      ok: Type.Boolean(),
      entries: Type.Integer(),
      head: Type.String(),
      checkpoints: Type.Integer({ description: 'Signed checkpoints outside the database that agree with it' }),
      problem: MAYBE_STRING,
    }),
    { description: 'One, and a further one after each break' },
  ),
})

export const EXPORT = Type.Object({
  id: Type.String(),
  state: Type.Enum(['queued', 'cutting', 'ready', 'failed']),
  progress: Type.Number({ minimum: 0, maximum: 1 }),
  package: Type.Union([Type.String(), Type.Null()], {
    description: 'Where the ZIP is fetched; null while there is none',
  }),
  sha256: Type.Union([Type.String(), Type.Null()], { description: 'Of the ZIP' }),
  problem: MAYBE_STRING,
  kind: Type.Enum(['master', 'redacted']),
  parentExport: MAYBE_STRING,
  incident: MAYBE_STRING,
  cuts: Type.Array(Type.Object({ camera: Type.String(), from: TIME, to: TIME })),
  redactions: Type.Array(Type.Unknown()),
  calls: Type.Array(Type.String(), { description: 'Whose sound is in it' }),
  silences: Type.Array(Type.Object({ call: Type.String(), from: TIME, to: TIME })),
  requestedBy: Type.Object({ name: Type.String(), organisation: MAYBE_STRING, reference: MAYBE_STRING }),
  reason: Type.String(),
  lawfulBasis: MAYBE_STRING,
  exhibitRef: MAYBE_STRING,
  exportedBy: Type.Object({ name: Type.String(), role: Type.String() }),
  requestedAt: TIME,
  changedAt: TIME,
  seal: Type.Union(
    [Type.Object({ segments: Type.Integer(), bytes: Type.Integer(), contents: Type.String() }), Type.Null()],
    { description: 'What was cut, and the hash that the ledger vouches for' },
  ),
  facts: Type.Union([
    Type.Object({
      bytes: Type.Integer(),
      sha256: Type.String(),
      tagManifestSha256: Type.String(),
      signer: Type.String(),
      root: Type.String(),
      timeStamped: MAYBE_TIME,
      stampProblem: MAYBE_STRING,
    }),
    Type.Null(),
  ]),
  endsAt: Type.Union([TIME, Type.Null()], {
    description: 'When the site’s rule lets the package go; null while nothing ends it',
  }),
  expiring: Type.Boolean({ description: 'Soon' }),
  deletedAt: MAYBE_TIME,
  downloads: Type.Integer(),
})

export const DISCLOSURE = Type.Object({
  id: Type.String(),
  export: Type.String(),
  recipient: Type.String(),
  organisation: Type.String(),
  purpose: Type.String(),
  until: TIME,
  most: Type.Integer(),
  madeAt: TIME,
  madeBy: Type.String(),
  used: Type.Integer({ description: 'How often the package was fetched' }),
  lastUsedAt: MAYBE_TIME,
  refused: Type.Integer(),
  revokedAt: MAYBE_TIME,
  revokedBy: MAYBE_STRING,
  link: Type.Optional(Type.String({ description: 'Only in the answer that makes it' })),
})
export const KEEPING = Type.Object({
  incident: Type.String(),
  helpPoint: Type.String(),
  kind: Type.Enum(['press', 'drill']),
  openedAt: TIME,
  closedAt: MAYBE_TIME,
  clips: Type.Array(Type.Object({ camera: Type.String(), from: TIME, to: MAYBE_TIME })),
  lock: Type.Union([
    Type.Object({
      ...{ by: Type.String(), reason: Type.String(), until: MAYBE_TIME, at: TIME },
      unlock: Type.Optional(
        Type.Union(
          [Type.Object({ by: Type.String(), user: Type.String(), reason: Type.String(), at: TIME }), Type.Null()],
          { description: 'Who has asked for it to be unlocked: another person must agree' },
        ),
      ),
    }),
    Type.Null(),
  ]),
  endsAt: Type.Union([TIME, Type.Null()], {
    description: 'Null while nothing ends it: it is open, or locked for ever',
  }),
  expiring: Type.Boolean({ description: 'It ends within the days that the site warns' }),
})

/** Bytes or a playlist: described by its content type. */
export const MEDIA = Type.Unknown()
/** A count in a query string. */
export const LIMIT = Type.String({
  pattern: '^(?:[1-9][0-9]?|1[0-9]{2}|200)$',
  description: 'At most so many items, 1 to 200',
})
export const listOf = (item: TSchema) =>
  Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Integer(), Type.Null()]) })
export const ID_PARAMS = Type.Object({ id: Type.String({ maxLength: 200 }) })
export const CLIP_PARAMS = Type.Object({ id: Type.String({ maxLength: 200 }), camera: Type.String({ maxLength: 100 }) })
