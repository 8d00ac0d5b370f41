/** Welsh. Written by the authors, and to be read by somebody whose first language it is before a room relies on it. */
import type { Framing } from '../wall-client/api-shapes.ts'
import { callTextCy } from './cy-call.ts'
import { evidenceText } from './cy-evidence.ts'
import { roomWordsCy } from './cy-room.ts'
import { lendingText } from './cy-lending.ts'
import { peopleTextCy } from './cy-people.ts'
import { vmsTextCy } from './cy-vms.ts'
import type { Words } from './en.ts'

const profion = ({ proofs }: Framing): string => {
  if (proofs.includes('picture')) return proofs.includes('position') ? 'y safle a’r llun yn cytuno' : 'y llun yn cytuno'
  if (proofs.includes('position'))
    return proofs.includes('stopped') ? 'mae wedi stopio, a’i safle’n cytuno' : 'ei safle’n cytuno'
  return 'mae’n dweud iddo symud a stopio; nid yw’n dweud i ble'
}
function cyfnod(ms: number): string {
  const [size, unit] = ms < 120_000 ? [1000, 'eiliad'] : ms < 7_200_000 ? [60_000, 'munud'] : [3_600_000, 'awr']
  return `${Math.round(ms / size)} ${unit}`
}

export const cy: Words = {
  ...roomWordsCy,
  ...callTextCy,
  ...vmsTextCy,
  ...peopleTextCy,
  ...lendingText,
  officer: evidenceText,
  pressed: 'Pwyswyd y man cymorth',
  drill: 'PRAWF: dim galwr',
  sincePress: 'ers y pwysiad',
  pressedTimes: (count) =>
    count === 1 ? 'pwyswyd unwaith' : count === 2 ? 'pwyswyd ddwywaith' : `pwyswyd ${count} gwaith`,
  pressedLate: (minutes) =>
    `Cyrhaeddodd yn hwyr: pwyswyd ${minutes < 120 ? `${minutes} munud` : `${Math.round(minutes / 60)} awr`} ` +
    'yn ôl. Ni symudwyd unrhyw gamera',
  deviceClockOff: 'Mae ei gloc ei hun yn anghywir',
  pressedBetween: (from, to) => `Pwyswyd rhwng ${from} a ${to}`,
  recordBroken: 'Mae’r cofnod wedi torri',
  soundBlocked: 'Nid yw’r porwr hwn yn gwneud sain: ni ellir clywed pwysiad yma.',
  allowSound: 'Troi’r sain ymlaen',
  take: 'Derbyn',
  takenBy: (name) => `Derbyniwyd gan ${name}`,
  pressedMeanwhile: 'Gwasgwyd eto yn y cyfamser. Edrychwch unwaith eto, yna caewch.',
  alreadyTaken: (name) => `Eisoes wedi’i dderbyn gan ${name}`,
  close: 'Cau…',
  closeTitle: 'Pam y mae’n cael ei gau?',
  closeReasons: {
    helped: 'Helpwyd gan staff',
    police: 'Daeth yr heddlu',
    hub: 'Aeth i’r hwb diogel',
    mistake: 'Pwyswyd ar ddamwain',
    malicious: 'Pwysiad maleisus',
    nobody: 'Neb yno',
    drill: 'Ymarfer wedi’i gwblhau',
  },
  closeOther: 'Rheswm arall',
  closeConfirm: 'Cau’r digwyddiad',
  cancel: 'Canslo',
  replay: 'Cyn y pwysiad',
  backToLive: 'Cau’r ailddangosiad',
  replayTitle: 'Recordiad: o cyn y pwysiad',
  toPress: 'I’r pwysiad',
  back10: '10 eiliad yn ôl',
  instructions: 'Beth i’w wneud',
  note: 'Nodyn',
  notePlaceholder: 'Beth a ddywedwyd, beth a welwyd',
  furtherViews: 'Camerâu eraill',
  showLarge: (name) => `Dangos ${name} yn fawr`,
  noneMoved: 'Daeth y pwysiad yn hwyr: ni symudwyd camera ar ei gyfer. Delir yr hyn a recordiwyd bryd hynny.',
  bring: (name) => `Dod â ${name}`,
  noCamera: 'Ni ellid anfon camera. Defnyddiwch gamerâu’r wal ei hun.',
  framing: (framing) => {
    switch (framing.state) {
      case 'asked':
        return 'Gofynnwyd iddo droi at y man cymorth'
      case 'moving':
        return 'Yn troi at y man cymorth'
      case 'framed':
        return `Ar y rhagosodiad · ${profion(framing)}`
      case 'unproven':
        return cy.unproven[framing.way]
      case 'failed':
        return 'Ddim wrth y man cymorth'
    }
  },
  unproven: {
    preset: 'Golygfa heb ei chadarnhau',
    aim: 'Trowyd yn ôl cyfesurynnau: heb ei brofi',
    home: 'Yn ei safle cartref: heb ei brofi',
    fixed: 'Camera sefydlog ger y man cymorth',
    'as-is': 'Daethpwyd ag ef fel y mae’n edrych nawr: llywiwch ef, neu dewiswch ragosodiad',
  },
  proofSigns: {
    framed: 'Ar y rhagosodiad',
    unproven: 'Heb ei gadarnhau',
    failed: 'Mewn man arall',
    moving: 'Yn symud',
    asked: 'Yn symud',
    fixed: 'Camera sefydlog',
  },
  takenTo: (helpPoint) => `Nawr yn ${helpPoint}`,
  enlarged: (times) => `${times}× · dangos y cyfan`,
  cameraWanted: (helpPoint, camera) => `Mae pwysiad yn ${helpPoint} angen ${camera}`,
  giveCamera: 'Ei roi',
  keepCamera: 'Ei gadw',
  cameraAsked: (camera, who) => `Delir ${camera} mewn man arall: gofynnwyd i ${who} amdano`,
  cameraKept: (camera, at) => `Mae ${camera} yn aros yn ${at}`,
  live: (seconds) => `Byw, ${seconds} eiliad`,
  liveUnder: (seconds) => `Byw, llai na ${seconds} eiliad`,
  late: (seconds) => `${seconds} eiliad yn hwyr`,
  starting: 'Yn aros am y llun',
  ageUnknown: 'Byw (oedi anhysbys)',
  gone: 'Dim llun',
  sayWhy: 'Nid oes digwyddiad agored yn dangos y camera hwn. Pam rydych chi’n edrych?',
  sayWhyHint: 'Ychydig eiriau: maent yn sefyll yn y cofnod wrth ymyl eich enw',
  look: 'Edrych',
  withMasks: (count) => (count === 1 ? '1 mwgwd preifatrwydd' : `${count} mwgwd preifatrwydd`),
  withoutMasks: 'Heb fygydau preifatrwydd',
  converted: (how) =>
    how === 'sub-stream'
      ? 'Ffrwd H.264 lai’r camera: ni all y porwr hwn ddangos ei brif un'
      : 'Troswyd ar gyfer y porwr hwn: nid llun y camera ei hun',
  frozen: (seconds) => `Stopiodd y llun ${seconds} eiliad yn ôl`,
  recorded: (time) => `Recordiwyd ${time}`,
  notOpenHere: 'Nid yw’r digwyddiad yr agorwyd y dudalen hon ar ei gyfer ar agor. Mae ar y dudalen Digwyddiadau.',
  training: 'Hyfforddiant: camerâu efelychiedig. Nid oes dim yma’n real, ac ni elwir neb.',
  changingHands: 'Mae’r gweinyddion yn newid dwylo. Derbynnir galwadau; mae’r hyn a welwch o’r blaen.',
  keptPress: (name: string, time: string) =>
    `Pwyswyd am ${time}: ${name}. Bydd yn agor pan fydd gweinydd wedi cymryd drosodd.`,
  keptHere: 'Dim ond un gweinydd sydd ag ef.',
  serverLost: 'Dim cysylltiad â Lamppost. Mae’r hyn a welwch yma’n hen. Efallai na ddangosir pwysiadau.',
  storage: 'Mae lle i recordio’n dod i ben',
  connecting: 'Yn cysylltu â Lamppost',
  notSignedIn: 'Heb fewngofnodi i Lamppost',
  cameras: 'Camerâu',
  presets: 'Rhagosodiadau',
  noPresets: 'Nid oes gan y camera hwn ragosodiadau eto.',
  fixedCamera: 'Camera sefydlog: nid oes ganddo ragosodiadau.',
  recall: 'Mynd yno',
  overwrite: 'Cadw’r olygfa yma',
  confirmPreset: 'Cadarnhau',
  confirmHint: 'Fel y mae gan y camera’r rhagosodiad hwn nawr, mae’n gywir',
  confirmed: (name) => `Cadarnhawyd ${name}`,
  teach: 'Dysgu’r llun',
  teachHint: 'Yr hyn y mae’r camera’n ei ddangos nawr yw’r hyn y dylai’r rhagosodiad hwn ei ddangos',
  taught: (count) => (count === 0 ? 'dim llun cyfeirio eto' : `${count} llun cyfeirio`),
  taughtNow: (name) => `Dyma beth ddylai ${name} ei ddangos`,
  recorder: 'Recordydd',
  runs: (count) => (count === 1 ? 'dechreuwyd unwaith' : `dechreuwyd ${count} gwaith`),
  lastEnd: (at) => `Daeth i ben ${at}`,
  check: 'Gwirio',
  checkResult: {
    'not-compared': 'ni ddaeth llun i’w gymharu: rhoddir cynnig arall ymhen deng munud',
    changed: 'newidiwyd ar y camera: cadarnhewch ef',
    agrees: 'mae’r llun yn cytuno',
    drifted: 'nid yw’r llun yn cytuno mwyach',
    gone: 'mae’r camera wedi colli’r rhagosodiad hwn',
    'lost-after-reboot': 'collodd y camera’r rhagosodiad hwn wrth ailgychwyn',
    unreached: 'ni chyrhaeddodd y camera yno',
    'not-taught': 'dim llun cyfeirio i gymharu ag ef',
  },
  checked: (result, time) => `Gwiriwyd ${time}, ${cy.checkResult[result]}`,
  pictures: { taught: 'Fel y’i dysgwyd', seen: 'Fel y’i gwelwyd gan y gwiriad' },
  clockOff: (offsetMs) => `Mae ei gloc ${cyfnod(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ar y blaen' : 'ar ei hôl hi'}`,
  finder: {
    channels: (count) => `${count} llun y tu ôl i’r cyfeiriad hwn`,
    noStill: 'dim llun llonydd',
    open: 'Dod o hyd i gamerâu',
    title: 'Camerâu nad ydynt yn ffeil y safle',
    look: 'Edrych ar y rhwydwaith',
    looking: 'Yn edrych',
    device: 'Rhwydwaith',
    anyDevice: 'Fel y mae’r peiriant hwn yn dewis',
    found: (count) => (count === 0 ? 'Ni atebodd unrhyw gamera' : `Atebodd ${count} camera`),
    known: (camera) => `eisoes yn ${camera}`,
    elsewhere: 'yn enwi cyfeiriad na ddaeth ei ateb ohono',
    choose: 'Dewis',
    address: 'Cyfeiriad ONVIF',
    username: 'Enw defnyddiwr',
    password: 'Cyfrinair',
    ask: 'Gofyn iddo',
    serial: (serial, firmware) => `Rhif cyfresol ${serial || 'anhysbys'}, cadarnwedd ${firmware || 'anhysbys'}`,
    moves: (presets) => `Troi, gogwyddo a chwyddo, ${presets} rhagosodiad`,
    fixed: 'Camera sefydlog',
    siteFile: 'Ar gyfer ffeil y safle',
    copy: 'Copïo',
    copied: 'Copïwyd',
  },
  blind: {
    dark: 'Mae ei lun yn dywyll',
    covered: 'Mae ei lun yn wag: efallai fod y lens wedi’i orchuddio',
    frozen: 'Mae ei lun yn sefyll yn llonydd',
  },
  remove: 'Tynnu',
  removeSure: 'Ei dynnu’n wir?',
  saveNew: 'Cadw’r olygfa hon fel rhagosodiad newydd',
  presetName: 'Enw’r rhagosodiad',
  forHelpPoint: 'Yn dangos y man cymorth',
  noHelpPoint: 'Dim',
  save: 'Cadw’r rhagosodiad',
  saved: (name) => `Cadwyd: ${name}`,
  recalled: (name) => `Mae’r camera’n mynd i ${name}`,
  removed: (name) => `Tynnwyd: ${name}`,
  steer: 'Llywio’r camera: daliwch fotwm',
  left: 'Chwith',
  right: 'De',
  up: 'I fyny',
  down: 'I lawr',
  zoomIn: 'Agosach',
  zoomOut: 'Lletach',
  health: { up: 'yn gweithio', down: 'i lawr', unknown: 'ddim yn hysbys eto' },
  onvif: 'ONVIF',
  video: 'Fideo',
  heldByIncident: 'Delir gan ddigwyddiad agored',
  proofs: {
    title: 'A yw pob man cymorth yn gweithio?',
    sum: (count, { overdue, doubt, unknown, proven }) => {
      if (proven === count) return count === 1 ? 'Profwyd yr unig fan cymorth' : `Profwyd pob un o’r ${count}`
      const rest = [
        ...(overdue > 0 ? [`angen rhywun nawr: ${overdue}`] : []),
        ...(doubt > 0 ? [`heb eu profi’n llawn: ${doubt}`] : []),
        ...(unknown > 0 ? [`dim yn eu gwirio: ${unknown}`] : []),
      ]
      return `Profwyd ${proven} o ${count}; ${rest.join(', ')}`
    },
    table: 'Cadw fel tabl (CSV)',
    columns: [
      'Man cymorth',
      'Nawr',
      'Yr ymarfer diwethaf, a hyd pob cam',
      'Pwysiad olaf person, arwydd bywyd olaf',
      'Yr ymarfer nesaf, a sut y mae’n pwyso',
    ],
    standing: {
      overdue: 'Edrychwch arno nawr',
      doubt: 'Heb ei brofi’n llawn',
      proven: 'Wedi’i brofi',
      unknown: 'Nid oes dim yn ei wirio',
    },
    why: ({ overdue, lastDrillResult: drill, lastVoiceDrill: spoken, voice, drillAt, heartbeatMs }) => {
      if (drill && !drill.passed) return `Methodd yr ymarfer diwethaf. ${drill.problem ?? ''}`
      if (overdue.includes('drill')) return 'Nid yw ei ymarfer dyddiol wedi’i gynnal'
      if (overdue.includes('heartbeat')) return 'Nid yw’n dweud mwyach ei fod yn fyw'
      if (spoken?.problem) return `Ei lais: ${spoken.problem}`
      if (overdue.includes('voice')) return 'Ni ŵyr neb a glywir person yno: ni phrofwyd ei lais'
      if (drill?.framing === 'framed' && voice && voice.how !== 'both-ways')
        return voice.how === null
          ? 'Profwyd y llun; ni phrofwyd y llais erioed'
          : 'Profwyd y llun; y llais trwy gofrestru yn unig'
      if (drill?.framing === 'framed' && voice) return 'Profwyd y llun a’r llais'
      if (drill)
        return drill.framing === 'framed' ? 'Llun symudol, fframio wedi’i brofi' : 'Llun symudol, fframio heb ei brofi'
      return drillAt === null && heartbeatMs === null
        ? 'Dim ymarfer dyddiol yn ffeil y safle'
        : 'Nid oes ymarfer wedi’i gynnal eto'
    },
    never: 'Byth',
    noHeartbeat: 'Nid yw’n rhoi arwydd bywyd ohono’i hun',
    alive: (time) => `Arwydd bywyd: ${time}`,
    byHandOnly: 'Â llaw yn unig',
    voiceNever: 'Llais: heb ei brofi erioed',
    voiceFailed: (time) => `Llais: methodd ${time}`,
    voice: {
      'both-ways': (time, ms) => `Llais: clywyd y ddwy ffordd ${time}${ms === null ? '' : `, yno ac yn ôl ${ms} ms`}`,
      registration: (time) => `Llais: cofrestru yn unig, ${time}`,
    },
    tone: 'Seinio tôn',
    toneTeach: 'Seiniwch: mae’r sain hon yn iawn',
    toneSounds: 'Mae tôn yn seinio yno…',
    toneTitle: 'Yn galw’r man cymorth ac yn seinio tôn dwy eiliad yno: fe’i clywir yn y stryd',
    stages: {
      durable: 'ar ddisg',
      asked: 'anfonwyd y camera',
      accepted: 'atebwyd',
      settled: 'yn llonydd',
      picture: 'llun symudol',
    },
    sources: {
      http: 'HTTP',
      'http-signed': 'HTTP wedi’i lofnodi',
      mqtt: 'MQTT',
      'onvif-input': 'mewnbwn camera',
      lorawan: 'LoRaWAN',
      sia: 'SIA DC-09',
      sip: 'ffôn',
    },
    run: 'Cynnal ymarfer',
    busy: 'Digwyddiad ar agor',
    others: 'Systemau eraill sy’n cael gwybod',
    noOthers: 'Dim cyrchfan yn ffeil y safle.',
    outboxColumns: ['Cyrchfan', 'Nawr', 'Yn aros', 'Clywyd', 'Ni ellid eu danfon'],
    heard: 'Yn clywed popeth',
    failing: (attempts, problem) => `Rhoddwyd cynnig ${attempts === 1 ? 'unwaith' : `${attempts} gwaith`}: ${problem}`,
    deadLetters: (count) => `Ni ellid danfon ${count} digwyddiad`,
    none: 'Dim',
    again: 'Rhoi cynnig arall',
  },
  evidence: 'Clipiau a ddelir fel tystiolaeth',
  noIncidents: 'Nid oes digwyddiad wedi’i gofnodi eto.',
  from: 'O',
  to: 'I',
  stillGrowing: 'yn dal i recordio',
  camera: 'Camera',
  gaps: (count) => (count === 0 ? 'dim bylchau' : count === 1 ? '1 bwlch' : `${count} bwlch`),
  gapLine: (from, to) => `Dim llun ${from} i ${to}`,
  play: 'Chwarae',
  stopPlaying: 'Stopio',
  pause: 'Oedi',
  frameBack: 'Un ffrâm yn ôl (,)',
  frameForward: 'Un ffrâm ymlaen (.)',
  download: 'Lawrlwytho MP4',
  downloading: 'Yn torri…',
  hashOf: (name) => `${name}: SHA-256`,
  stateOf: { open: 'ar agor', acknowledged: 'wedi’i gymryd', closed: 'wedi’i gau' },
  more: 'Digwyddiadau hŷn',
}
