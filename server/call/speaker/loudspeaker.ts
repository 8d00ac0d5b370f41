/**
 * The loudspeaker of a camera: an RTSP session of its own that asks for the camera's back channel (ONVIF Streaming
 * Specification 5.3) and sends G.711 to it, in real time, over the one connection. Nothing is heard from there. Not here:
 * who may speak (call-desk), what is recorded (call-line).
 */
import { randomBytes } from 'node:crypto'
import { realClock } from '../../tools/clock.ts'
import { messageOf } from '../../tools/failure.ts'
import { toLinear, toMuLaw } from '../../tools/media/g711.ts'
import { type RtspSession, RtspRefused, openRtspSession } from '../../tools/rtsp/rtsp-session.ts'
import type { MediaTrack } from '../../tools/rtsp/session-description.ts'
import type { SoundLeg } from '../call-line.ts'
import { rtpPacket } from '../sip/rtp-leg.ts'

/** Where the loudspeaker is: the camera's stream, with its name and password percent-encoded in it. */
export type SpeakerAddress = { url: string; basic: boolean }
/** Why nobody can speak there, as RTSP says it, or as we found it. */
export class SpeakerRefused extends Error {
  readonly busy: boolean
  constructor(words: string, busy = false) {
    super(words)
    this.busy = busy
  }
}

const BACK_CHANNEL = 'www.onvif.org/ver20/backchannel'
/** Answers of cameras that somebody else speaks through: forbidden now, in conflict, not enough of it, or unavailable. */
const BUSY: ReadonlySet<number> = new Set([406, 409, 453, 455, 486, 503])
/** It does not know the back channel, or what it is asked for (RFC 2326 11). */
const NOT_KNOWN: ReadonlySet<number> = new Set([404, 461, 501, 551])
/** Reports come once in seconds: one that sends so many packets a second floods the thread of everybody's calls. */
const MOST_PACKETS_A_SECOND = 200
/** All its answers together, until it takes sound: the operator waits. */
const OPENS_WITHIN_MS = 6000
/** It is asked so often whether it is there; speech that it takes later than its answer is late. */
const ASKED_EVERY_MS = 2000
const ANSWERS_WITHIN_MS = 2000
const MOST_WORDS = 200
const A_LAW = 'PCMA'
const MU_LAW = 'PCMU'

type Sending = { control: string; payload: number; convert: ((bytes: Uint8Array) => Uint8Array) | null }

/** The track that wants our sound, in A-law where it takes it, which is what operators' pages send. Pure. @throws SpeakerRefused */
export function sendingTrack(tracks: readonly MediaTrack[]): Sending {
  const audio = tracks.filter(({ kind, direction }) => kind === 'audio' && direction === 'sendonly')
  if (audio.length === 0) throw new SpeakerRefused('The camera offers no loudspeaker by ONVIF.')
  for (const [encoding, convert] of [[A_LAW, null] as const, [MU_LAW, toMuLawBytes] as const])
    for (const { control, offers } of audio) {
      const found = offers.find((each) => each.encoding === encoding && each.clockRate === 8000)
      if (found) return { control, payload: found.payload, convert }
    }
  const offered = [
    ...new Set(audio.flatMap(({ offers }) => offers.map(({ encoding }) => encoding || 'a nameless format'))),
  ]
  throw new SpeakerRefused(
    `The camera’s loudspeaker takes ${offered.join(', ')} only: set its sound to G.711 (PCMU or PCMA).`,
  )
}
const toMuLawBytes = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => toMuLaw(toLinear(byte)))

/** A camera's own words go into the record, which is never deleted. */
const printable = (words: string): string => words.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, ' ').slice(0, MOST_WORDS)

function inWords(error: unknown): SpeakerRefused {
  if (error instanceof SpeakerRefused) return error
  if (!(error instanceof RtspRefused))
    return new SpeakerRefused(`The camera cannot be reached: ${printable(messageOf(error))}`)
  if (error.status === 401 || error.status === 403)
    return new SpeakerRefused('The camera does not let this account speak: see its user’s rights, or the password.')
  if (BUSY.has(error.status)) return new SpeakerRefused('Somebody else speaks through this camera now.', true)
  if (NOT_KNOWN.has(error.status)) return new SpeakerRefused('The camera offers no loudspeaker by ONVIF.')
  return new SpeakerRefused(printable(error.message))
}

/**
 * Opens the loudspeaker; what is sent from then on is heard there, as far as the camera says.
 * @param onGone the camera has ended it, or the network has; in words
 * @throws SpeakerRefused
 */
export async function openLoudspeaker(
  { url, basic }: SpeakerAddress,
  signal: AbortSignal,
  onGone: (words: string | null) => void,
): Promise<SoundLeg> {
  if (!url.startsWith('rtsp://'))
    throw new SpeakerRefused('A loudspeaker is reached over rtsp:// only, and this camera’s stream is not.')
  let session: RtspSession | null = null
  let [came, since] = [0, performance.now()]
  const onPacket = (): void => {
    came += 1
    if (came <= MOST_PACKETS_A_SECOND) return
    if (performance.now() - since < 1000) ends.abort()
    ;[came, since] = [0, performance.now()]
  }
  const ends = new AbortController()
  const late = setTimeout(() => ends.abort(), OPENS_WITHIN_MS)
  try {
    session = await openRtspSession({
      url,
      basic,
      clock: realClock,
      signal: AbortSignal.any([signal, ends.signal]),
      require: BACK_CHANNEL,
      answerMs: ANSWERS_WITHIN_MS,
      onPacket,
    })
    const { control, payload, convert } = sendingTrack(await session.describe())
    const channel = await session.setUp(control)
    await session.play()
    void stayThere(session, ends)
    return sendingLeg(session, channel, payload, convert, onGone)
  } catch (error) {
    session?.close()
    throw inWords(error)
  } finally {
    clearTimeout(late)
  }
}

/** One that does not answer any more does not take our sound either, whatever the network still takes of it. */
async function stayThere(session: RtspSession, ends: AbortController): Promise<void> {
  const over = new AbortController()
  void session.ended.then(() => over.abort())
  const done = AbortSignal.any([over.signal, ends.signal])
  while (!done.aborted) {
    await realClock.sleep(ASKED_EVERY_MS, done)
    if (!done.aborted) await session.alive().catch(() => ends.abort())
  }
}

function sendingLeg(
  session: RtspSession,
  channel: number,
  type: number,
  convert: Sending['convert'],
  onGone: (words: string | null) => void,
): SoundLeg {
  const source = randomBytes(4).readUInt32BE()
  let sequence = randomBytes(2).readUInt16BE()
  let time = randomBytes(4).readUInt32BE()
  let begins = true
  let closed = false
  void session.ended.then((why) => !closed && onGone(why))
  return {
    sendTo() {},
    send(payload) {
      if (closed) return
      sequence = (sequence + 1) & 0xffff
      const sound = convert ? convert(payload) : payload
      const packet = rtpPacket({ type, marked: begins, sequence, time, source, payload: sound })
      // Its own clock grows also by what the camera did not take: speech is lost, and never comes late.
      time = (time + payload.length) >>> 0
      begins = !session.send(channel, packet)
    },
    sendKeys: () => false,
    close() {
      if (closed) return
      closed = true
      session.close()
    },
  }
}
