/** This page's microphone and loudspeaker: made ready at the start of the shift, not when somebody calls. */

/**
 * `insecure`: browsers give a microphone to pages of https:// (or localhost) only, and to frames that are allowed it.
 * `idle`: nobody has asked for it yet.
 */
export type MicrophoneState = 'idle' | 'asking' | 'ready' | 'insecure' | 'refused' | 'none' | 'failed'

/** Voices of a telephone end here: above it there is only hiss that would fold down. */
const HIGHEST_HZ = 3400
/** Seconds in which a volume changes, so that it does not click. */
const SOFTLY_S = 0.01

/** @param worklet address of `/call-worklet.js` */
export function createMicrophone(worklet: string, onChange: () => void) {
  let state: MicrophoneState = 'idle'
  let context: AudioContext | null = null
  let stream: MediaStream | null = null
  let preparing: Promise<void> | null = null
  /** Of the call that is open: hears the microphone as soon as there is one. */
  let attach: (() => void) | null = null

  function become(next: MicrophoneState): void {
    state = next
    onChange()
  }
  async function ears(): Promise<AudioContext> {
    if (context === null || context.state === 'closed') {
      const made = new AudioContext({ latencyHint: 'interactive' })
      await made.audioWorklet.addModule(worklet)
      context = made
    }
    return context
  }
  async function prepare(): Promise<void> {
    if (!globalThis.isSecureContext || !navigator.mediaDevices) return become('insecure')
    become('asking')
    try {
      await ears()
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      })
      for (const track of stream.getAudioTracks())
        track.addEventListener('ended', () => {
          // Unplugged.
          stream = null
          preparing = null
          become('none')
        })
      attach?.()
      become('ready')
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      preparing = null
      become(name === 'NotAllowedError' ? 'refused' : name === 'NotFoundError' ? 'none' : 'failed')
    }
    return undefined
  }

  return {
    state: (): MicrophoneState => state,
    /** Asks for the microphone; once it is there, nothing happens. */
    prepare(): Promise<void> {
      preparing ??= prepare()
      return preparing
    },
    /** Without asking anybody: where the person has allowed it before. */
    async prepareIfAllowed(): Promise<void> {
      if (!globalThis.isSecureContext || !navigator.mediaDevices) return become('insecure')
      const known = await navigator.permissions
        ?.query({ name: 'microphone' })
        .then(({ state: is }) => is)
        .catch(() => 'prompt')
      if (known === 'granted') return this.prepare()
      if (known === 'denied') become('refused')
      return undefined
    },
    /**
     * Microphone and loudspeaker of one call. Without a microphone the operator still hears, and sends silence.
     * @throws what the browser throws when it plays no sound at all
     */
    async open(): Promise<{ node: AudioWorkletNode; setVolume(decibels: number): void; close(): void }> {
      const at = await ears()
      await at.resume()
      const node = new AudioWorkletNode(at, 'lamppost-call', { outputChannelCount: [1] })
      const limit = (): BiquadFilterNode => new BiquadFilterNode(at, { type: 'lowpass', frequency: HIGHEST_HZ, Q: 0.7 })
      const [before, beforeToo, after, afterToo] = [limit(), limit(), limit(), limit()]
      const loudness = new GainNode(at)
      let source: MediaStreamAudioSourceNode | null = null
      const mine = (): void => {
        if (stream === null) return
        source?.disconnect()
        source = at.createMediaStreamSource(stream)
        source.connect(before)
      }
      before.connect(beforeToo).connect(node)
      attach = mine
      mine()
      node.connect(after).connect(afterToo).connect(loudness).connect(at.destination)
      return {
        node,
        setVolume: (decibels) => loudness.gain.setTargetAtTime(10 ** (decibels / 20), at.currentTime, SOFTLY_S),
        close() {
          if (attach === mine) attach = null
          for (const each of [source, before, beforeToo, node, after, afterToo, loudness]) each?.disconnect()
          // Else it would be worked on for as long as the page lives.
          node.port.postMessage({ ends: true })
          node.port.close()
        },
      }
    },
  }
}
