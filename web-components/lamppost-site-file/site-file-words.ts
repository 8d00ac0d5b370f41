/** The words of the site file's page, in both languages. The Welsh wants to be read by a native speaker. */
import { type Words, en as wallWords } from '../words/en.ts'

const en = {
  title: 'Site file',
  text: 'Text of the site file',
  save: 'Save',
  undo: 'Take the last edit back',
  reload: 'Read it again',
  loading: 'Reading…',
  unchanged: 'As it is on the disk; the town follows it.',
  changed: 'Changed here, and not saved.',
  saving: 'Saving…',
  saved: 'Saved. The town follows it.',
  notFollowing: (why: string) => `Saved, and the town does not follow it yet: ${why}`,
  takenBack: 'The last edit is taken back. The town follows.',
  readOnly:
    'The server cannot write this file: the account that it runs as needs to write the file and its folder. You can read it here.',
  broken: 'The file on the disk is not valid; the town stays as it was:',
  problems: (count: number) => (count === 1 ? '1 problem: nothing was saved' : `${count} problems: nothing was saved`),
  line: (line: number) => `Line ${line}`,
  outline: 'Go to',
  conflict: 'Somebody else has saved this file meanwhile',
  conflictHelp: 'What they have saved stands here; yours stands beside it. Copy over what you want to keep.',
  theirs: 'Saved by somebody else',
  keepMine: 'Save mine over it',
  takeTheirs: 'Take theirs, and drop mine',
  secrets: 'Secrets stand here by reference only: ${NAME} of the server’s environment, or file:/path.',
}
const cy: typeof en = {
  title: 'Ffeil y safle',
  text: 'Testun ffeil y safle',
  save: 'Cadw',
  undo: 'Dadwneud y golygiad diwethaf',
  reload: 'Ei darllen eto',
  loading: 'Yn darllen…',
  unchanged: 'Fel y mae ar y ddisg; mae’r dref yn ei dilyn.',
  changed: 'Newidiwyd yma, heb ei chadw.',
  saving: 'Yn cadw…',
  saved: 'Cadwyd. Mae’r dref yn ei dilyn.',
  notFollowing: (why) => `Cadwyd, ac nid yw’r dref yn ei dilyn eto: ${why}`,
  takenBack: 'Dadwnaed y golygiad diwethaf. Mae’r dref yn dilyn.',
  readOnly:
    'Ni all y gweinydd ysgrifennu’r ffeil hon: mae angen i’r cyfrif y mae’n rhedeg ohono allu ysgrifennu’r ffeil a’i ffolder. ' +
    'Gallwch ei darllen yma.',
  broken: 'Nid yw’r ffeil ar y ddisg yn ddilys; mae’r dref yn aros fel yr oedd:',
  problems: (count) => (count === 1 ? '1 broblem: ni chadwyd dim' : `${count} problem: ni chadwyd dim`),
  line: (line) => `Llinell ${line}`,
  outline: 'Mynd i',
  conflict: 'Mae rhywun arall wedi cadw’r ffeil hon yn y cyfamser',
  conflictHelp: 'Dyma’r hyn a gadwodd; mae’ch un chi wrth ei hochr. Copïwch yr hyn yr hoffech ei gadw.',
  theirs: 'Cadwyd gan rywun arall',
  keepMine: 'Cadw f’un i drosti',
  takeTheirs: 'Cymryd eu hun nhw, a gollwng f’un i',
  secrets: 'Trwy gyfeiriad yn unig y mae cyfrinachau yma: ${NAME} o amgylchedd y gweinydd, neu file:/path.',
}
export type SiteFileWords = typeof en

/** @param words of the wall, in the same language */
export const siteFileWords = (words: Words): SiteFileWords => (words === wallWords ? en : cy)
