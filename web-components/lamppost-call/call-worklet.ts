/**
 * The operator's ears and mouth, in the browser's audio thread (`/call-worklet.js`): packets in, packets out. Not here:
 * the microphone (microphone-controller), the connection (sound-socket).
 */
import { createSoundBuffer } from './sound-buffer.ts'
import { createSoundFramer } from './sound-framer.ts'

declare const sampleRate: number
declare function registerProcessor(name: string, processor: new () => object): void
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
/** What it says ten times a second: peaks of both directions, 0..1. */
export type SoundLevels = { heard: number; spoken: number; buffered: number; concealed: number; ranDry: number }

const LEVELS_EVERY_S = 0.1
const peak = (samples: Float32Array): number => samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0)

class CallSound extends AudioWorkletProcessor {
  #buffer = createSoundBuffer()
  #framer = createSoundFramer(sampleRate, Math.floor(Math.random() * 2 ** 32), (frame) =>
    this.port.postMessage(frame, [frame.buffer]),
  )
  #talks = true
  #over = false
  #heard = 0
  #spoken = 0
  #seconds = 0
  #quiet = new Float32Array(128)

  constructor() {
    super()
    this.port.start()
    this.port.addEventListener(
      'message',
      ({ data }: MessageEvent<ArrayBuffer | { talks: boolean } | { ends: true }>) => {
        if (!(data instanceof ArrayBuffer)) {
          if ('ends' in data) this.#over = true
          else this.#talks = data.talks
        } else if (data.byteLength > 4)
          this.#buffer.packet(new DataView(data).getUint32(0, true), new Uint8Array(data, 4))
      },
    )
  }
  process([input]: Float32Array[][], [output]: Float32Array[][]): boolean {
    if (this.#over) return false
    const out = output?.[0]
    if (!out) return true
    this.#buffer.play(out, sampleRate)
    for (const channel of output?.slice(1) ?? []) channel.set(out)
    if (this.#quiet.length !== out.length) this.#quiet = new Float32Array(out.length)
    const microphone = input?.[0]
    this.#spoken = Math.max(this.#spoken, microphone ? peak(microphone) : 0)
    this.#framer.take(this.#talks && microphone ? microphone : this.#quiet)
    this.#heard = Math.max(this.#heard, peak(out))
    this.#seconds += out.length / sampleRate
    if (this.#seconds >= LEVELS_EVERY_S) this.#tell()
    return true
  }
  #tell(): void {
    const { concealed, ranDry } = this.#buffer.look()
    const buffered = this.#buffer.buffered() / 8
    this.port.postMessage({
      heard: this.#heard,
      spoken: this.#spoken,
      buffered,
      concealed,
      ranDry,
    } satisfies SoundLevels)
    this.#heard = 0
    this.#spoken = 0
    this.#seconds = 0
  }
}
registerProcessor('lamppost-call', CallSound)
