/** Every word the elements say, in English. Other languages are typed by this one. */
import type { Framing, HelpPoint, PresetCheck } from '../wall-client/api-shapes.ts'
import type { Standing } from '../lamppost-proofs/proof-words.ts'
import { callText } from './en-call.ts'
import { evidenceText } from './en-evidence.ts'
import { roomText } from './en-room.ts'
import { lendingText } from './en-lending.ts'
import { peopleText } from './en-people.ts'
import { vmsText } from './en-vms.ts'

/** The same words in another language: no key may miss, no list may be shorter. */
type Said<T> = T extends (...given: infer Given) => string
  ? (...given: Given) => string
  : T extends string
    ? string
    : { [Key in keyof T]: Said<T[Key]> }
export type Words = Said<typeof en>

const proofText = ({ proofs }: Framing): string => {
  if (proofs.includes('picture'))
    return proofs.includes('position') ? 'position and picture confirmed' : 'picture confirmed'
  if (proofs.includes('position')) return 'position confirmed'
  return 'camera reports it has moved; position not confirmed'
}

/** A span of milliseconds in the largest unit that suits it. */
function spanText(ms: number): string {
  const [size, unit] = ms < 120_000 ? [1000, 's'] : ms < 7_200_000 ? [60_000, 'min'] : [3_600_000, 'h']
  return `${Math.round(ms / size)} ${unit}`
}

export const en = {
  ...roomText,
  ...callText,
  ...vmsText,
  ...peopleText,
  ...lendingText,
  officer: evidenceText,
  pressed: 'Help point pressed',
  drill: 'TEST: no caller',
  sincePress: 'since the press',
  pressedTimes: (count: number) => (count === 1 ? 'pressed once' : `pressed ${count} times`),
  pressedLate: (minutes: number) =>
    `This press reached us ${minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`} late. Cameras not moved`,
  deviceClockOff: 'Its own clock is wrong',
  pressedBetween: (from: string, to: string) => `Pressed between ${from} and ${to}`,
  recordBroken: 'The record is broken',
  soundBlocked: 'Sound is blocked in this browser: presses make no sound here.',
  allowSound: 'Turn the sound on',
  take: 'Accept',
  takenBy: (name: string) => `Accepted by ${name}`,
  pressedMeanwhile: 'Pressed again in the meantime. Check the picture, then close.',
  alreadyTaken: (name: string) => `Already accepted by ${name}`,
  close: 'Close…',
  closeTitle: 'Why is it closed?',
  closeReasons: {
    helped: 'Helped by staff',
    police: 'Police attended',
    hub: 'Went to the safe hub',
    mistake: 'Pressed by mistake',
    malicious: 'Malicious press',
    nobody: 'Nobody there',
    drill: 'Drill complete',
  },
  closeOther: 'Another reason',
  closeConfirm: 'Close the incident',
  cancel: 'Cancel',
  replay: 'Before the press',
  backToLive: 'Close replay',
  replayTitle: 'Recorded: from before the press',
  toPress: 'To the press',
  back10: '10 s back',
  instructions: 'What to do',
  note: 'Note',
  notePlaceholder: 'What was said, what was seen',
  furtherViews: 'Other cameras',
  showLarge: (name: string) => `Show ${name} large`,
  noneMoved: 'This press reached us late. Cameras not moved. Recording saved.',
  bring: (name: string) => `Bring ${name}`,
  noCamera: 'No camera could be sent. Use the wall’s own cameras.',
  framing: (framing: Framing): string => {
    switch (framing.state) {
      case 'asked':
        return 'Camera asked to move to its preset'
      case 'moving':
        return 'Camera moving to its preset'
      case 'framed':
        return `On preset · ${proofText(framing)}`
      case 'unproven':
        return en.unproven[framing.way]
      case 'failed':
        return 'Camera is not on the help point'
    }
  },
  unproven: {
    preset: 'View not confirmed',
    aim: 'Aimed by map position: view not confirmed',
    home: 'On home position: view not confirmed',
    fixed: 'Fixed camera near the help point',
    'as-is': 'Brought as it looks now: steer it, or choose a preset',
  } satisfies Record<Framing['way'], string>,
  proofSigns: {
    framed: 'On preset',
    unproven: 'Not confirmed',
    failed: 'Elsewhere',
    moving: 'Moving',
    asked: 'Moving',
    fixed: 'Fixed camera',
  },
  takenTo: (helpPoint: string) => `Now at ${helpPoint}`,
  enlarged: (times: string) => `${times}× · show all`,
  cameraWanted: (helpPoint: string, camera: string) => `A press at ${helpPoint} needs ${camera}`,
  giveCamera: 'Give it',
  keepCamera: 'Keep it',
  cameraAsked: (camera: string, who: string) => `${camera} is held elsewhere: ${who} was asked for it`,
  cameraKept: (camera: string, at: string) => `${camera} stays at ${at}`,
  live: (seconds: string) => `Live, ${seconds} s`,
  liveUnder: (seconds: string) => `Live, under ${seconds} s`,
  late: (seconds: string) => `Late by ${seconds} s`,
  starting: 'Waiting for the picture',
  ageUnknown: 'Live (delay unknown)',
  gone: 'No picture',
  sayWhy: 'No open incident shows this camera. Why do you look?',
  sayWhyHint: 'A few words: they stand in the record beside your name',
  look: 'Look',
  withMasks: (count: number) => (count === 1 ? '1 privacy mask' : `${count} privacy masks`),
  withoutMasks: 'Without privacy masks',
  converted: (how: 'sub-stream' | 'transcoded') =>
    how === 'sub-stream'
      ? 'The camera’s smaller H.264 stream: this browser cannot show its main one'
      : 'Converted for this browser: not the camera’s own picture',
  frozen: (seconds: string) => `Picture stopped ${seconds} s ago`,
  recorded: (time: string) => `Recorded ${time}`,
  notOpenHere: 'The incident that this page was opened for is not open. It is on the Incidents page.',
  training: 'Training: simulated cameras. Nothing here is real, and nobody is called.',
  changingHands: 'The servers are changing hands. Presses are taken; what you see is from before.',
  keptPress: (name: string, time: string) => `Pressed at ${time}: ${name}. It opens when a server has taken over.`,
  keptHere: 'Only one server has it.',
  serverLost: 'No connection to Lamppost. What you see here is old. Presses may not be shown.',
  storage: 'Recording is running out of room',
  connecting: 'Connecting to Lamppost',
  notSignedIn: 'Not signed in to Lamppost',
  cameras: 'Cameras',
  presets: 'Presets',
  noPresets: 'This camera has no presets yet.',
  fixedCamera: 'A fixed camera: it has no presets.',
  recall: 'Go there',
  overwrite: 'Save view here',
  confirmPreset: 'Confirm',
  confirmHint: 'As the camera has this preset now, it is right',
  confirmed: (name: string) => `${name} is confirmed`,
  teach: 'Teach picture',
  teachHint: 'What the camera shows now is what this preset should show',
  taught: (count: number) =>
    count === 0 ? 'no reference picture yet' : count === 1 ? '1 reference picture' : `${count} reference pictures`,
  taughtNow: (name: string) => `This is what ${name} should show`,
  recorder: 'Recorder',
  runs: (count: number) => (count === 1 ? 'started once' : `started ${count} times`),
  lastEnd: (at: string) => `Ended ${at}`,
  check: 'Check',
  checkResult: {
    'not-compared': 'no picture came that could be compared: tried again in ten minutes',
    changed: 'changed on the camera: confirm it',
    agrees: 'the picture agrees',
    drifted: 'the picture does not agree any more',
    gone: 'the camera has lost this preset',
    'lost-after-reboot': 'the camera lost this preset when it started again',
    unreached: 'the camera did not get there',
    'not-taught': 'no reference picture to compare with',
  } satisfies Record<PresetCheck['result'], string>,
  checked: (result: PresetCheck['result'], time: string): string => `Checked ${time}, ${en.checkResult[result]}`,
  pictures: { taught: 'As it was taught', seen: 'As the check saw it' },
  clockOff: (offsetMs: number) => `Its clock is ${spanText(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead' : 'behind'}`,
  finder: {
    open: 'Find cameras',
    title: 'Cameras that are not in the site file',
    look: 'Look on the network',
    looking: 'Looking',
    device: 'Network',
    anyDevice: 'As this machine chooses',
    found: (count: number) =>
      count === 0 ? 'No camera answered' : count === 1 ? '1 camera answered' : `${count} cameras answered`,
    known: (camera: string) => `already ${camera}`,
    elsewhere: 'names an address that its answer did not come from',
    choose: 'Choose',
    address: 'ONVIF address',
    username: 'User name',
    password: 'Password',
    ask: 'Ask it',
    channels: (count: number) => `${count} pictures behind this address`,
    noStill: 'no still picture',
    serial: (serial: string, firmware: string) => `Serial ${serial || 'unknown'}, firmware ${firmware || 'unknown'}`,
    moves: (presets: number) => `Pan, tilt and zoom, ${presets === 1 ? '1 preset' : `${presets} presets`}`,
    fixed: 'A fixed camera',
    siteFile: 'For the site file',
    copy: 'Copy',
    copied: 'Copied',
  },
  blind: {
    dark: 'Its picture is dark',
    covered: 'Its picture is blank: the lens may be covered',
    frozen: 'Its picture stands still',
  },
  remove: 'Remove',
  removeSure: 'Really remove?',
  saveNew: 'Save this view as a new preset',
  presetName: 'Name of the preset',
  forHelpPoint: 'Shows the help point',
  noHelpPoint: 'None',
  save: 'Save preset',
  saved: (name: string) => `Saved: ${name}`,
  recalled: (name: string) => `The camera goes to ${name}`,
  removed: (name: string) => `Removed: ${name}`,
  steer: 'Steer the camera: hold a button',
  left: 'Left',
  right: 'Right',
  up: 'Up',
  down: 'Down',
  zoomIn: 'Closer',
  zoomOut: 'Wider',
  health: { up: 'up', down: 'down', unknown: 'not known yet' },
  onvif: 'ONVIF',
  video: 'Video',
  heldByIncident: 'Held by an open incident',
  proofs: {
    title: 'Does every help point work?',
    sum: (count: number, { overdue, doubt, unknown, proven }: Record<Standing, number>) => {
      if (proven === count) return count === 1 ? 'The one help point is proven' : `All ${count} are proven`
      const rest = [
        ...(overdue > 0 ? [`${overdue} ${overdue === 1 ? 'needs' : 'need'} somebody now`] : []),
        ...(doubt > 0 ? [`${doubt} not fully proven`] : []),
        ...(unknown > 0 ? [`${unknown} checked by nothing`] : []),
      ]
      return `${proven} of ${count} proven: ${rest.join(', ')}`
    },
    table: 'Save as a table (CSV)',
    columns: [
      'Help point',
      'Now',
      'Last drill, and how long each stage took',
      'Last press of a person, last sign of life',
      'Next drill, and how it presses',
    ] as [string, string, string, string, string],
    standing: { overdue: 'Look at it now', doubt: 'Not fully proven', proven: 'Proven', unknown: 'Nothing checks it' },
    why: (helpPoint: HelpPoint): string => {
      const { overdue, lastDrillResult: drill, lastVoiceDrill: spoken, voice, drillAt, heartbeatMs } = helpPoint
      if (drill && !drill.passed) return `The last drill failed. ${drill.problem ?? ''}`
      if (overdue.includes('drill')) return 'Its daily drill has not run'
      if (overdue.includes('heartbeat')) return 'It does not say any more that it lives'
      if (spoken?.problem) return `Its voice: ${spoken.problem}`
      if (overdue.includes('voice')) return 'Nobody knows whether a person is heard there: its voice was not tried'
      if (drill?.framing === 'framed' && voice && voice.how !== 'both-ways')
        return voice.how === null ? 'Picture proven, voice never tried' : 'Picture proven, voice by registration only'
      if (drill?.framing === 'framed' && voice) return 'Picture and voice proven'
      if (drill)
        return drill.framing === 'framed' ? 'Moving picture, framing proven' : 'Moving picture, framing not proven'
      return drillAt === null && heartbeatMs === null ? 'No daily drill in the site file' : 'No drill has run yet'
    },
    never: 'Never',
    noHeartbeat: 'Gives no sign of life by itself',
    alive: (time: string) => `Sign of life: ${time}`,
    byHandOnly: 'By hand only',
    voiceNever: 'Voice: never tried',
    voiceFailed: (time: string) => `Voice: failed ${time}`,
    voice: {
      'both-ways': (time: string, ms: number | null) =>
        `Voice: heard both ways ${time}${ms === null ? '' : `, there and back ${ms} ms`}`,
      registration: (time: string) => `Voice: registration only, ${time}`,
    } as Record<'both-ways' | 'registration', (time: string, ms: number | null) => string>,
    tone: 'Sound a tone',
    toneTeach: 'Sound it: this loudness is right',
    toneSounds: 'A tone sounds there…',
    toneTitle: 'Calls the help point and sounds a tone of two seconds there: the street hears it',
    stages: {
      durable: 'on disk',
      asked: 'camera sent',
      accepted: 'answered',
      settled: 'at rest',
      picture: 'moving picture',
    },
    sources: {
      http: 'HTTP',
      'http-signed': 'signed HTTP',
      mqtt: 'MQTT',
      'onvif-input': 'camera input',
      lorawan: 'LoRaWAN',
      sia: 'SIA DC-09',
      sip: 'telephone',
    } as Record<string, string>,
    run: 'Run a drill',
    busy: 'Incident open',
    others: 'Other systems that are told',
    noOthers: 'No destination in the site file.',
    outboxColumns: ['Destination', 'Now', 'Waiting', 'Heard', 'Could not be delivered'] as [
      string,
      string,
      string,
      string,
      string,
    ],
    heard: 'Hears everything',
    failing: (attempts: number, problem: string) =>
      `Tried ${attempts === 1 ? 'once' : `${attempts} times`}: ${problem}`,
    deadLetters: (count: number) =>
      count === 1 ? '1 event could not be delivered' : `${count} events could not be delivered`,
    none: 'Nothing',
    again: 'Try again',
  },
  evidence: 'Clips held as evidence',
  noIncidents: 'No incident has been recorded yet.',
  from: 'From',
  to: 'To',
  stillGrowing: 'still recording',
  camera: 'Camera',
  gaps: (count: number) => (count === 0 ? 'no gaps' : count === 1 ? '1 gap' : `${count} gaps`),
  gapLine: (from: string, to: string) => `No picture ${from} to ${to}`,
  play: 'Play',
  stopPlaying: 'Stop',
  pause: 'Pause',
  frameBack: 'One frame back (,)',
  frameForward: 'One frame forward (.)',
  download: 'Download MP4',
  downloading: 'Cutting…',
  hashOf: (name: string) => `${name}: SHA-256`,
  stateOf: { open: 'open', acknowledged: 'taken', closed: 'closed' },
  more: 'Older incidents',
}
