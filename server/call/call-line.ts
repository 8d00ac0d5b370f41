/**
 * The sound of one call, both ways. The help point's goes to the operator's page and onto the recording; the operator's
 * goes to the help point and onto the recording. While no operator talks, the announcement goes to the help point.
 * With third parties, everybody hears the sum of the others; the recording has what the help point said, and what it
 * was sent. To a camera's loudspeaker sound goes one way. Not here: SIP (sip-agent), who may talk (call-desk).
 */
import type { MessagePort } from 'node:worker_threads'
import type { CallQuality, CallRecording } from '../glossary/call.ts'
import type { CallRecorder } from './call-recording.ts'
import { type HeardPacket, NO_SOUND_MS, createAudioWatch } from './sound/audio-watch.ts'
import { FRAME_BYTES, FRAME_MS, SILENCE, levelOf } from '../tools/media/g711.ts'
import { type Phrases, isSaid } from './call-phrases.ts'
import type { RtpLeg } from './sip/rtp-leg.ts'
import { type HeardThere, createHeardThere } from './sip/rtcp.ts'
import type { RemoteSound } from './sip/sip-description.ts'
import { type SoundMix, createSoundMix } from './sound/sound-mix.ts'

/**
 * `waiting`: the announcement; it says that the call is recorded, and `waiting-unrecorded` does not. `notice`: that the
 * call is recorded, said once in the middle of a conversation; the operator's voice waits for its end. `say …`: so is
 * what the operator has said by one key.
 */
export type Phrase = 'waiting' | 'waiting-unrecorded' | 'hold' | 'notice' | `say ${string}`
export type LineNews =
  /** Sound has come both ways between the other side and this operator; or has gone to a loudspeaker. */
  | { both: string }
  /** The operator's page says nothing any more, or is gone. */
  | { lost: string; why: 'silent' | 'gone' }
  /** The announcement was heard to its end. */
  | { announced: true }
  /** Nothing has come of the help point, or of this party, for long: is it still there? */
  | { gone: true }
  | { partyGone: string }
  | { quality: CallQuality }

/** Where the sound of a call goes: a dialog's RTP, or a camera's loudspeaker. */
export type SoundLeg = Pick<RtpLeg, 'sendTo' | 'send' | 'sendKeys' | 'close'>
/** A page sends silence, too: so long without a frame is no page. */
const PAGE_SILENT_MS = 2000
/** A loudspeaker that nobody speaks through is given back: others wait for it, and nobody at its end waits for us. */
const SPEAKER_SILENT_MS = 1000
/** So long a page may take from taking the call to its first frame. */
const PAGE_BEGINS_MS = 8000
/** Without a frame of the operator for so long, silence keeps the line alive. */
const OWN_AFTER_MS = 200
/** Before one begins: an operator's page that is quick is not preceded by half a word. */
const FRAMES_BEFORE = 40
/** Between two announcements. */
const PAUSE_FRAMES = 75
const QUALITY_EVERY_MS = 1000
/** Devices that send nothing while nobody speaks there are silent for seconds; one that is gone is asked. */
const PROBE_AFTER_MS = 10_000
const QUIET = new Uint8Array(FRAME_BYTES).fill(SILENCE)
/** Speakers of the mix beside the parties, whose names are longer. */
const CALLER = 'caller'
const OPERATOR = 'operator'

/** While nobody speaks with the caller. */
const isAnnouncement = (phrase: Phrase): boolean => phrase === 'waiting' || phrase === 'waiting-unrecorded'
/** In the middle of a conversation. */
const isSaidOnce = (phrase: Phrase): boolean => phrase === 'notice' || isSaid(phrase)

export type CallLine = ReturnType<typeof createCallLine>

export function createCallLine({
  leg,
  phrases,
  now: wallClock,
  tell,
  hears = true,
}: {
  leg: SoundLeg
  /** Whether sound comes from there, too; a loudspeaker alone has none. */
  hears?: boolean
  /** By name; a site may change them meanwhile. */
  phrases(): Phrases
  /** Milliseconds since 1970. */
  now(): number
  tell(news: LineNews): void
}) {
  let recorder: CallRecorder | null = null
  let remote: RemoteSound | null = null
  let upSince: number | null = null
  /** Wall time of the moment when the line was up: from there on only what grows evenly counts. */
  let upAt = 0
  let probedAt = 0
  let talker: { owner: string; port: MessagePort; heardAt: number; spoke: boolean; both: boolean } | null = null
  let playing: { phrase: Phrase; frame: number } | null = null
  let next = 0
  let ownTime = 0
  let lookedAt = 0
  let levelOut: number | null = null
  const heard = createAudioWatch()
  const there = createHeardThere()
  const parties = new Map<string, { leg: SoundLeg; heardAt: number }>()
  /** There while a third party speaks with the two. */
  let mix: SoundMix | null = null
  /** What the caller hears when the last third party has left, and nobody speaks with them. */
  let afterMix: Phrase | null = null
  /**
   * The clock of what the operator's page is sent: the help point's own, and while others speak, too, ours. Behind that
   * the help point's is shifted, so that nothing is earlier than what the page has heard.
   */
  let roomTime = 0
  let shift = 0
  let shiftUnknown = false
  const epoch = (monotonic: number): number => upAt + Math.round(monotonic - (upSince ?? monotonic))

  function toRoom(packet: HeardPacket): void {
    const { payload, time, at } = packet
    if (upSince === null) return
    heard.heard(packet)
    recorder?.put('in', 'help point', payload, time, epoch(at))
    mix?.put(CALLER, payload, packet.sequence)
    if (!talker || playing?.phrase === 'hold') return
    if (!mix) {
      if (shiftUnknown) shift = (roomTime - time) | 0
      shiftUnknown = false
      toPage(payload, time + shift)
    }
    if (talker.spoke && !talker.both) {
      talker.both = true
      tell({ both: talker.owner })
    }
  }
  function toPage(payload: Uint8Array, time: number): void {
    const frame = new Uint8Array(4 + payload.length)
    new DataView(frame.buffer).setUint32(0, time >>> 0, true)
    frame.set(payload, 4)
    roomTime = (time + payload.length) >>> 0
    talker?.port.postMessage(frame, [frame.buffer])
  }
  function fromOperator(frame: Uint8Array): void {
    const now = performance.now()
    if (!talker || frame.length <= 4) return
    talker.heardAt = now
    if (mix) {
      mix.put(OPERATOR, frame.subarray(4))
      talker.spoke = true
      afterMix = null
      if (playing && isAnnouncement(playing.phrase)) playing = null
      levelOut = Math.max(levelOut ?? -90, levelOf(frame.subarray(4)))
      return
    }
    // On hold, and before the line is up, the page only shows that it lives.
    if (upSince === null || (playing && (playing.phrase === 'hold' || isSaidOnce(playing.phrase)))) return
    // The operator's first word ends the announcement.
    playing = null
    const time = new DataView(frame.buffer, frame.byteOffset).getUint32(0, true)
    const payload = frame.subarray(4)
    talker.spoke = true
    leg.send(payload, time)
    if (!hears && !talker.both) {
      talker.both = true
      tell({ both: talker.owner })
    }
    recorder?.put('out', talker.owner, payload, time, epoch(now))
    levelOut = Math.max(levelOut ?? -90, levelOf(payload))
  }
  /** The next 20 ms of what is played; null when nothing is. */
  function phraseFrame(): Uint8Array | null {
    if (!playing) return null
    const { phrase } = playing
    const sound = phrases()[phrase] ?? QUIET
    const frames = Math.floor(sound.length / FRAME_BYTES)
    const frame = playing.frame
    playing.frame += 1
    if (frame < 0) return QUIET
    const at = frame % (frames + PAUSE_FRAMES)
    if (at === frames && phrase !== 'hold' && !isSaid(phrase)) tell({ announced: true })
    if (at === frames && isSaidOnce(phrase)) playing = null
    return at < frames ? sound.subarray(at * FRAME_BYTES, (at + 1) * FRAME_BYTES) : QUIET
  }
  /** 20 ms of everybody, while a third party is there. What is played to the caller nobody talks over. */
  function mixed(all: SoundMix): Uint8Array {
    // On hold, or with the announcement of an operator who is lost, the caller hears nothing of the others.
    const isApart = playing !== null && !isSaidOnce(playing.phrase)
    const apart = (name: string): boolean => isApart && name === CALLER
    const sounds = all.next((listener, speaker) => !apart(listener) && !apart(speaker))
    const played = phraseFrame()
    if (talker) toPage(sounds.get(OPERATOR) ?? QUIET, roomTime)
    for (const [name, { leg: to }] of parties)
      to.send(isApart && !talker && played ? played : (sounds.get(name) ?? QUIET), null)
    return played ?? sounds.get(CALLER) ?? QUIET
  }
  function watchParties(now: number): void {
    for (const [name, party] of parties) {
      if (now - party.heardAt <= PROBE_AFTER_MS) continue
      party.heardAt = now
      tell({ partyGone: name })
    }
  }
  function endTalk(): void {
    talker?.port.close()
    talker = null
  }
  function watchPage(now: number): void {
    if (!talker) return
    const silent = now - talker.heardAt
    const longest = hears ? PAGE_SILENT_MS : SPEAKER_SILENT_MS
    if (silent <= (talker.spoke ? longest : PAGE_BEGINS_MS)) return
    const { owner } = talker
    endTalk()
    tell({ lost: owner, why: 'silent' })
  }
  function look(now: number): void {
    if (upSince === null || now - lookedAt < QUALITY_EVERY_MS) return
    lookedAt = now
    const { lossPercent, jitterMs, level, stopped, silent } = heard.look(now)
    const wanted = remote?.direction === 'sendrecv' || remote?.direction === 'sendonly'
    const lastAt = heard.last() ?? upSince
    const sends = remote?.direction === 'sendrecv' || remote?.direction === 'recvonly'
    if (!sends) there.forget()
    const never = hears && heard.last() === null && now - upSince > NO_SOUND_MS
    if ((stopped || never) && now - Math.max(lastAt, probedAt) > PROBE_AFTER_MS) {
      probedAt = now
      tell({ gone: true })
    }
    tell({
      quality: {
        lossPercent,
        jitterMs,
        levelIn: level,
        levelOut,
        oneWay: wanted && (stopped || never) ? 'in' : there.isDeaf(now) ? 'out' : null,
        silentLine: silent,
      },
    })
    levelOut = null
  }

  return {
    toRoom,
    heardThere: (report: HeardThere): void => there.report(report, performance.now()),
    /** What the other side wants now. */
    remote(sound: RemoteSound): void {
      remote = sound
      leg.sendTo(sound)
    },
    /** The line is up: sound goes both ways from here on. @returns when, milliseconds since 1970 */
    up(): number {
      const now = performance.now()
      upAt = wallClock()
      upSince = now
      probedAt = now
      next = now
      lookedAt = now
      return upAt
    },
    record: (onto: CallRecorder): void => void (recorder = onto),
    talk(owner: string, port: MessagePort): void {
      endTalk()
      shift = 0
      shiftUnknown = false
      const mine = { owner, port, heardAt: performance.now(), spoke: false, both: false }
      talker = mine
      port.on('message', (frame: Uint8Array) => talker === mine && fromOperator(frame))
      port.on('close', () => {
        if (talker !== mine) return
        talker = null
        tell({ lost: owner, why: 'gone' })
      })
    },
    endTalk,
    play(phrase: Phrase | null): void {
      // Who speaks with somebody waits for nobody: an announcement would be in the way. Who is on hold hears it.
      if (mix) afterMix = phrase !== null && isAnnouncement(phrase) ? phrase : null
      if (mix && afterMix !== null && (playing === null || isSaidOnce(playing.phrase))) return
      if (playing?.phrase !== phrase) playing = phrase === null ? null : { phrase, frame: -FRAMES_BEFORE }
    },
    /** A third party has answered: the caller, the operator and it hear each other from now on. */
    join(name: string, partyLeg: SoundLeg): void {
      if (!mix) {
        mix = createSoundMix()
        for (const each of [CALLER, OPERATOR]) mix.join(each)
        afterMix = playing && isAnnouncement(playing.phrase) ? playing.phrase : null
        if (afterMix !== null) playing = null
      }
      mix.join(name)
      parties.set(name, { leg: partyLeg, heardAt: performance.now() })
    },
    fromParty(name: string, { payload, sequence, at }: HeardPacket): void {
      const party = parties.get(name)
      if (party) party.heardAt = at
      mix?.put(name, payload, sequence)
    },
    /** It is gone; its leg is closed by who opened it. */
    part(name: string): void {
      if (!parties.delete(name)) return
      mix?.leave(name)
      if (parties.size > 0) return
      mix = null
      shiftUnknown = talker !== null
      if (!talker && !playing && afterMix) playing = { phrase: afterMix, frame: -FRAMES_BEFORE }
      afterMix = null
    },
    /** Keys as events beside the sound. @returns false: the help point takes none this way */
    sendKeys: (text: string): boolean => upSince !== null && leg.sendKeys(text),
    /** What is due: our own sound, the watch over the page, the second's figures. */
    tick(now: number): void {
      if (upSince !== null)
        for (; next <= now; next += FRAME_MS) {
          const spoken = talker?.spoke && !playing && now - talker.heardAt < OWN_AFTER_MS
          if (spoken && !mix) continue
          const frame = mix ? mixed(mix) : (phraseFrame() ?? QUIET)
          leg.send(frame, null)
          ownTime = (ownTime + frame.length) >>> 0
          recorder?.put('out', 'room', frame, ownTime, epoch(next))
        }
      watchPage(now)
      watchParties(now)
      look(now)
    },
    write: (): Promise<void> => recorder?.write(epoch(performance.now())) ?? Promise.resolve(),
    async close(): Promise<CallRecording | null> {
      const now = epoch(performance.now())
      upSince = null
      endTalk()
      leg.close()
      const mine = recorder
      recorder = null
      return (await mine?.close(now)) ?? null
    },
  }
}
