/** Welsh: what is said of video management systems. To be read by somebody whose first language it is. */
import type { VmsLine } from '../wall-client/api-shapes.ts'
import type { Words } from './en.ts'

const REACHED: Record<NonNullable<VmsLine['alarm']>['how'], (at: string) => string> = {
  'read-back': (at) => `fe’i gwelwyd yno ${at}`,
  said: (at) => `mae’n dweud hynny, ${at}`,
  sent: (at) => `anfonwyd ${at}, heb ei gadarnhau`,
}

export const vmsTextCy: Pick<Words, 'vms'> = {
  vms: {
    title: 'VMS yr ystafell',
    alarm: (product, { id, how }, at) => `${product}: digwyddiad ${id ?? '?'}, ${REACHED[how](at)}`,
    notYet: (product) => `${product}: heb gael gwybod eto`,
    noAlarm: (product) => `${product}: dim larwm yno`,
    footage: {
      lost: 'dilëwyd fideo yno',
      kept: 'fideo dan glo',
      released: 'gellir dileu’r fideo yno',
      unknown: 'fideo heb ei gloi',
    },
    open: 'Ei agor yno',
    deaf: (name, problem) => `Nid yw ${name} yn clywed am wasgiadau. ${problem}`,
    page: 'Systemau rheoli fideo',
    none: 'Nid oes unrhyw VMS yn cael gwybod am wasgiadau: ysgrifennwch connectors yn ffeil y safle.',
    state: { well: 'Yn clywed gwasgiadau', failing: 'Ddim yn clywed gwasgiadau', untested: 'Heb ei brofi eto' },
    since: (at) => `ers ${at}`,
    version: (version, known) =>
      version === null
        ? 'Fersiwn anhysbys'
        : known === false
          ? `Fersiwn ${version}, heb ei phrofi erioed`
          : `Fersiwn ${version}`,
    lastReadBack: (at) => `Gwelwyd ddiwethaf yno: ${at}`,
    neverReadBack: 'Ni welwyd dim yno erioed',
    waiting: (count, since) => `${count} heb eu dweud eto, yr hynaf ers ${since}`,
    cannot: (verbs) => `Ni all y VMS hwn: ${verbs}`,
    verbs: {
      raise: 'codi larwm',
      mark: 'marcio fideo',
      protect: 'cloi fideo',
      note: 'derbyn nodiadau',
      ended: 'dod â larwm i ben',
      release: 'datgloi fideo',
    },
    test: 'Profi',
    testWithAlarm: 'Profi gyda larwm YMARFER',
    testing: 'Yn profi…',
    passed: 'Llwyddodd y prawf',
    failed: 'Methodd y prawf',
    step: ({ step, words }) => `${step}: ${words}`,
    cameras: 'Camerâu',
    ours: 'Ein rhai ni',
    theirs: 'Eu rhai nhw',
    why: 'Pam',
    how: { 'site-file': 'yn ffeil y safle', stream: 'yr un ffrwd', address: 'yr un cyfeiriad' },
    notMatched: 'Heb ei baru',
    choose: (name) => `Dyma “${name}”`,
    forget: 'Nid hwn',
    device: {
      title: (name) => `Dyfais ONVIF: ${name}`,
      deaf: ({ name, state, problem }) =>
        state === 'failing'
          ? `Ni all unrhyw VMS gyrraedd y ddyfais ONVIF ${name}. ${problem ?? ''}`
          : `Nid oes VMS yn gwrando ar y ddyfais ONVIF ${name}: nid yw gwasgiad yn codi larwm yno.`,
      state: { well: 'Mae VMS yn gwrando', unheard: 'Nid oes VMS yn gwrando', failing: 'Ni ellir ei gyrraedd' },
      where: (address, encrypted) => `Yn gwrando ar ${address}, ${encrypted ? 'wedi’i amgryptio' : 'heb ei amgryptio'}`,
      helpPoints: (count) => (count === 1 ? '1 pwynt cymorth' : `${count} pwynt cymorth`),
      active: (names) => `Wedi’i wasgu nawr: ${names}`,
      clients: 'Pwy sy’n gwrando ac yn edrych',
      nobody: 'Neb. Yn y VMS, ychwanegwch gamera ONVIF â’r cyfeiriad hwn, ac enw a chyfrinair ffeil y safle.',
      client: 'Cleient',
      what: 'Beth',
      heard: 'Clywyd ddiwethaf',
      how: { pull: 'yn gofyn am ddigwyddiadau', notify: 'yn cael digwyddiadau', stream: 'yn darllen y llun' },
      refused: 'Methodd â mewngofnodi',
    },
    matched: (matched, all) => `${matched} o ${all} wedi’u paru`,
  },
}
