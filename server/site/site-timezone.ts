/** Whether a site file's time zone says when its clocks change. Pure. */

/** Names of regions without a continent (IANA's "backward" links): their clocks change as the region's do. */
const REGION_LINKS = new Set([
  'GB',
  'GB-Eire',
  'Eire',
  'Portugal',
  'Poland',
  'Turkey',
  'Iceland',
  'Singapore',
  'Hongkong',
  'Japan',
  'PRC',
  'ROC',
  'ROK',
  'NZ',
  'NZ-CHAT',
  'Israel',
  'Egypt',
  'Iran',
  'Libya',
  'Cuba',
  'Jamaica',
  'Kwajalein',
  'Navajo',
  'W-SU',
])

/**
 * Only a region's name says when its clocks change. JavaScript takes abbreviations as well, and means other places
 * than a reader does (BST is Bangladesh) or no summer time at all (GMT, EST): a closed place would be shown as open.
 */
export function timezoneProblem(name: string): string | null {
  if (name === 'UTC' || name === 'Etc/UTC' || REGION_LINKS.has(name)) return null
  if (!/^[a-z]+(?:[/][a-z0-9_+-]+)+$/i.test(name) || /^(?:etc|systemv)[/]/i.test(name))
    return `"${name}" does not say where the clocks are; write Europe/London, or another region's name of the form Continent/City`
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return null
  } catch {
    return `"${name}" is no time zone; write Europe/London, or another region's name of the form Continent/City`
  }
}
