/** English: what is said of video management systems. */
import type { ConnectorState, OnvifDeviceView, TrialStep, VmsLine } from '../wall-client/api-shapes.ts'

const REACHED: Record<NonNullable<VmsLine['alarm']>['how'], (at: string) => string> = {
  'read-back': (at) => `found there ${at}`,
  said: (at) => `it says so, ${at}`,
  sent: (at) => `sent ${at}, not confirmed`,
}

export const vmsText = {
  vms: {
    title: 'Room’s own VMS',
    alarm: (product: string, { id, how }: NonNullable<VmsLine['alarm']>, at: string) =>
      `${product}: event ${id ?? '?'}, ${REACHED[how](at)}`,
    notYet: (product: string) => `${product}: not told yet`,
    noAlarm: (product: string) => `${product}: no alarm there`,
    footage: {
      lost: 'footage was deleted there',
      kept: 'footage locked',
      released: 'footage may be deleted there',
      unknown: 'footage not locked',
    } as Record<VmsLine['footage'], string>,
    open: 'Open it there',
    deaf: (name: string, problem: string) => `${name} does not hear of presses. ${problem}`,
    page: 'Video management systems',
    none: 'No VMS is told of presses: write connectors into the site file.',
    state: { well: 'Hears presses', failing: 'Does not hear presses', untested: 'Not tried yet' } as Record<
      ConnectorState['state'],
      string
    >,
    since: (at: string) => `since ${at}`,
    version: (version: string | null, known: boolean | null) =>
      version === null ? 'Version unknown' : known === false ? `Version ${version}, never tried` : `Version ${version}`,
    lastReadBack: (at: string) => `Last found there: ${at}`,
    neverReadBack: 'Nothing was ever found there',
    waiting: (count: number, since: string) => `${count} not told yet, the oldest since ${since}`,
    cannot: (verbs: string) => `This VMS cannot: ${verbs}`,
    verbs: {
      raise: 'raise an alarm',
      mark: 'mark footage',
      protect: 'lock footage',
      note: 'take notes',
      ended: 'end an alarm',
      release: 'unlock footage',
    } as Record<ConnectorState['verbs'][number], string>,
    test: 'Test',
    testWithAlarm: 'Test with a DRILL alarm',
    testing: 'Testing…',
    passed: 'Test passed',
    failed: 'Test failed',
    step: ({ step, words }: TrialStep) => `${step}: ${words}`,
    cameras: 'Cameras',
    ours: 'Ours',
    theirs: 'Theirs',
    why: 'Why',
    how: { 'site-file': 'said in the site file', stream: 'the same stream', address: 'the same address' } as Record<
      string,
      string
    >,
    notMatched: 'Not matched',
    choose: (name: string) => `It is “${name}”`,
    forget: 'Not this one',
    matched: (matched: number, all: number) => `${matched} of ${all} matched`,
    device: {
      title: (name: string) => `ONVIF device: ${name}`,
      deaf: ({ name, state, problem }: Pick<OnvifDeviceView, 'name' | 'state' | 'problem'>) =>
        state === 'failing'
          ? `No VMS can reach the ONVIF device ${name}. ${problem ?? ''}`
          : `No VMS listens to the ONVIF device ${name}: a press raises no alarm there.`,
      state: {
        well: 'A VMS listens',
        unheard: 'No VMS listens',
        failing: 'Cannot be reached',
      } as Record<OnvifDeviceView['state'], string>,
      where: (address: string, encrypted: boolean) =>
        `Listens on ${address}, ${encrypted ? 'encrypted' : 'not encrypted'}`,
      helpPoints: (count: number) => (count === 1 ? '1 help point' : `${count} help points`),
      active: (names: string) => `Pressed now: ${names}`,
      clients: 'Who listens and looks',
      nobody: 'Nobody. In the VMS, add an ONVIF camera with this address, and the name and password of the site file.',
      client: 'Client',
      what: 'What',
      heard: 'Last heard of',
      how: { pull: 'asks for events', notify: 'is sent events', stream: 'reads the picture' } as Record<string, string>,
      refused: 'Could not sign in',
    },
  },
}
