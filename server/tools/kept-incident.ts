/** Whether what is kept with an incident may go by the site's rule: it is closed, and nobody has locked it. Pure. */
import type { Incident } from '../glossary/incident.ts'

export const mayLetGo = ({ log, state }: Pick<Incident, 'log' | 'state'>): boolean =>
  state === 'closed' &&
  log.findLast(({ kind }) => kind === 'clip.locked' || kind === 'clip.unlocked')?.kind !== 'clip.locked'
