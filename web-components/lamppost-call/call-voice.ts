/**
 * The operator's voice on one page: in one call at a time, whichever elements show it. Not here: whose call it is (the
 * server's), how it is drawn (lamppost-call).
 */
import { browserStore } from '../browser/browser-store.ts'
import type { WallClient } from '../wall-client/wall-client.ts'
import type { SoundLevels } from './call-worklet.ts'
import { type MicrophoneState, createMicrophone } from './microphone.ts'
import { type SoundSocket, openSoundSocket } from './sound-socket.ts'

export type VoiceState = {
  microphone: MicrophoneState
  /** The call that this page talks in; null: none. */
  call: string | null
  /** The server takes our sound. */
  talking: boolean
  muted: boolean
  /** The room is heard only while somebody holds the key. Kept by this browser, as the volume is. */
  pushToTalk: boolean
  /** That key is held. */
  held: boolean
  /** Decibels, -12 to 12. */
  volume: number
  /** Peaks of the last tenth of a second, 0..1. */
  heard: number
  spoken: number
  /** Why this page's sound is not in the call any more. */
  problem: string | null
}
export type CallVoice = ReturnType<typeof createCallVoice>

/** An element that is moved within its page is out of it for a moment. */
const GONE_AFTER_MS = 1000
/** Decibels by which the caller is quieter while the room speaks by push to talk: not cut off, and no howling. */
const DUCKED = 18
const LOUDEST = 12
const VOLUME = 'lamppost call volume'
const PUSH = 'lamppost call push to talk'
const QUIET: Omit<VoiceState, 'microphone' | 'volume' | 'pushToTalk'> = {
  call: null,
  talking: false,
  muted: false,
  held: false,
  heard: 0,
  spoken: 0,
  problem: null,
}

const within = (decibels: number): number =>
  Number.isFinite(decibels) ? Math.max(-LOUDEST, Math.min(LOUDEST, decibels)) : 0

export function createCallVoice(client: Pick<WallClient, 'absolute' | 'bearer'>) {
  const listeners = new Set<() => void>()
  let state = QUIET
  const store = browserStore('localStorage')
  let volume = within(Number(store.getItem(VOLUME) ?? 0))
  const isKept = (): boolean => store.getItem(PUSH) === 'on'
  let pushToTalk = isKept()
  /** The site file wants it for this call's help point: what is switched here is then for this call alone. */
  let isWanted = false
  /** Of the other side of this call, decibels. */
  let gain = 0
  let turn = 0
  let controls = 0
  let open: {
    call: string
    socket: SoundSocket
    port: MessagePort
    setVolume(decibels: number): void
    close(): void
  } | null = null
  const tell = (): void => {
    for (const listener of [...listeners]) listener()
  }
  function set(change: Partial<typeof state>): void {
    state = { ...state, ...change }
    tell()
  }
  const isHeard = (): boolean => !state.muted && (!pushToTalk || state.held)
  /** Page and server both keep the room's voice back: a page that hangs with the key held is not heard for ever. */
  function apply(): void {
    open?.port.postMessage({ talks: isHeard() })
    open?.socket.setOpen(!pushToTalk || state.held)
    open?.setVolume(volume + gain - (pushToTalk && state.held ? DUCKED : 0))
    tell()
  }
  const microphone = createMicrophone(client.absolute('/call-worklet.js'), tell)

  function leave(): void {
    turn += 1
    const mine = open
    open = null
    mine?.socket.close()
    mine?.close()
    if (state.call !== null) set({ ...QUIET, problem: state.problem })
  }
  /**
   * @param wanted whether its help point is spoken with by push to talk
   * @param louder decibels, as the site file says of its help point
   */
  async function talk(call: string, wanted: boolean, louder = 0): Promise<void> {
    if (open?.call === call) return
    leave()
    isWanted = wanted
    gain = louder
    pushToTalk = wanted || isKept()
    set({ ...QUIET, call })
    turn += 1
    const mine = turn
    const sound = await microphone.open()
    // Another call, or the end of this one, came while the loudspeaker was made ready.
    if (mine !== turn || state.call !== call) return sound.close()
    const address = new URL(client.absolute('/api/v1/calls/audio'), location.href).href.replace(/^http/, 'ws')
    const socket = openSoundSocket(address, client.bearer(), call, {
      onTalking: () => set({ talking: true }),
      onFrame: (frame) => sound.node.port.postMessage(frame, [frame]),
      onOver(words) {
        if (open?.socket !== socket) return
        leave()
        set({ problem: words })
      },
    })
    open = { call, socket, port: sound.node.port, setVolume: sound.setVolume, close: sound.close }
    sound.node.port.start()
    apply()
    sound.node.port.addEventListener('message', ({ data }: MessageEvent<Uint8Array<ArrayBuffer> | SoundLevels>) => {
      if (data instanceof Uint8Array) socket.send(data)
      else set({ heard: data.heard, spoken: data.spoken })
    })
  }

  return {
    state: (): VoiceState => ({ ...state, volume, pushToTalk, microphone: microphone.state() }),
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    prepare: (): Promise<void> => microphone.prepare(),
    prepareIfAllowed: (): Promise<void> => microphone.prepareIfAllowed(),
    talk,
    leave,
    /** An element that shows the controls of a call. Without any for a second, this page is in none. @returns the undo */
    control(): () => void {
      controls += 1
      return () => {
        controls -= 1
        setTimeout(() => controls === 0 && leave(), GONE_AFTER_MS)
      }
    },
    /** The room is not heard; the page goes on sending silence, so that the server knows that it lives. */
    mute(muted: boolean): void {
      state = { ...state, muted }
      apply()
    },
    setPushToTalk(on: boolean): void {
      pushToTalk = on
      if (on && !isWanted) store.setItem(PUSH, 'on')
      else if (!isWanted) store.removeItem(PUSH)
      state = { ...state, held: false }
      apply()
    },
    /** The key of push to talk is held, or let go. */
    hold(held: boolean): void {
      if (!pushToTalk || state.held === held) return
      state = { ...state, held }
      apply()
    },
    setVolume(decibels: number): void {
      volume = within(decibels)
      store.setItem(VOLUME, String(volume))
      apply()
    },
    forget: (): void => set({ problem: null }),
  }
}

const voices = new WeakMap<object, CallVoice>()
/** One voice for each client: the wall's and the tile's elements share it. */
export function voiceOf(client: WallClient): CallVoice {
  const known = voices.get(client)
  if (known) return known
  const made = createCallVoice(client)
  voices.set(client, made)
  return made
}
