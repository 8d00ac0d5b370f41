/** WAV files of A-law sound (RIFF, format 6), which every player and editor opens. Pure. */

import { toALaw } from './g711.ts'

export const HEADER_BYTES = 58
const FORMAT_A_LAW = 6

/** @param samples of each channel */
export function wavHeader(channels: 1 | 2, samples: number): Uint8Array {
  const data = samples * channels
  const header = Buffer.alloc(HEADER_BYTES)
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(HEADER_BYTES - 8 + data, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  // The long form of the format chunk: compressed sound has an extension, here of no length, and a fact chunk.
  header.writeUInt32LE(18, 16)
  header.writeUInt16LE(FORMAT_A_LAW, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(8000, 24)
  header.writeUInt32LE(8000 * channels, 28)
  header.writeUInt16LE(channels, 32)
  header.writeUInt16LE(8, 34)
  header.writeUInt16LE(0, 36)
  header.write('fact', 38, 'latin1')
  header.writeUInt32LE(4, 42)
  header.writeUInt32LE(samples, 46)
  header.write('data', 50, 'latin1')
  header.writeUInt32LE(data, 54)
  return header
}

const FORMAT_PCM = 1
/**
 * The sound, as A-law, of a mono WAV of 8,000 samples a second: A-law, or samples of 16 bits as editors write them.
 * @throws with words when it is something else
 */
export function soundOf(file: Uint8Array): Uint8Array {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error('this is no WAV file')
  let format: Buffer | null = null
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32LE(at + 4)
    const chunk = bytes.subarray(at + 8, at + 8 + length)
    const name = bytes.toString('latin1', at, at + 4)
    if (name === 'fmt ') format = chunk
    if (name === 'data') {
      const kind = format && format.length >= 16 ? format.readUInt16LE(0) : 0
      const bits = kind === FORMAT_PCM ? format?.readUInt16LE(14) : null
      if (kind !== FORMAT_A_LAW && bits !== 16)
        throw new Error('its sound is neither A-law (format 6) nor samples of 16 bits (format 1)')
      if (format?.readUInt16LE(2) !== 1 || format.readUInt32LE(4) !== 8000)
        throw new Error('it is not mono with 8,000 samples a second')
      return kind === FORMAT_A_LAW ? chunk : aLawOf(chunk)
    }
    at += 8 + length + (length % 2)
  }
  throw new Error('it has no sound')
}

function aLawOf(samples: Buffer): Uint8Array {
  const sound = new Uint8Array(samples.length >> 1)
  for (let i = 0; i < sound.length; i += 1) sound[i] = toALaw(samples.readInt16LE(2 * i))
  return sound
}
