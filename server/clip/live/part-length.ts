/**
 * How long a part of a live picture should last: as short as its age wants it, longer where so many messages would
 * make everybody late. Pure.
 */
import { WANTED_PART_S } from '../ring/clip-packager.ts'

/** A room that looks at an incident sees it as young as can be; one that looks at the whole town saves the messages. */
const FEW_FOLLOWED = 9
const MANY_PART_S = 0.12
/**
 * Over HTTP each part costs a player two requests, and a browser on a small machine is done with about two hundred a
 * second. In a few steps: each change leaves parts in the lists, for some segments, that are not of one length.
 */
const ASKED_STEPS = [
  { most: 3, seconds: WANTED_PART_S },
  { most: 6, seconds: 0.16 },
  { most: 10, seconds: 0.24 },
] as const
const LONGEST_PART_S = 0.4

/**
 * Whether so many pictures are followed that several parts are sent in one message.
 * @param followed how many pictures somebody follows over a WebSocket
 */
export const areManyFollowed = (followed: number): boolean => followed > FEW_FOLLOWED

/**
 * @param followed how many pictures somebody follows over a WebSocket.
 * @param asked how many are asked for part by part over HTTP; 0 for a picture that is none of them.
 * @returns seconds
 */
export function partLength(followed: number, asked: number): number {
  return Math.max(
    areManyFollowed(followed) ? MANY_PART_S : WANTED_PART_S,
    ASKED_STEPS.find(({ most }) => asked <= most)?.seconds ?? LONGEST_PART_S,
  )
}
