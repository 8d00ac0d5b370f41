/** What is left of a recording, in words for whoever asked for all of it. Pure. */
import { isoTime } from './clock.ts'

/** @param segment one that is not as it was recorded: milliseconds since 1970, seconds */
export const whatRemains = ({ start, duration }: { start: number; duration: number }): string =>
  `What was recorded until ${isoTime(start)}, and from ${isoTime(Math.ceil(start + duration * 1000))} on, can be had by itself.`
