/** Recordings of calls with a tone on each side, and how loud a tone is in what comes of them. */
import { spawnSync } from 'node:child_process'
import { openCallRecorder, settleCallRecording } from '../../server/call/call-recording.ts'
import type { CallRecording } from '../../server/glossary/call.ts'

const PACKET = 160

/** A-law of a tone, as a help point would send it. */
function alaw(hz: number, seconds: number): Buffer {
  const { stdout, status, stderr } = spawnSync(
    'ffmpeg',
    [
      '-loglevel',
      'error',
      '-f',
      'lavfi',
      '-i',
      `sine=f=${hz}:r=8000:d=${seconds}`,
      '-af',
      'volume=4',
      '-f',
      'alaw',
      '-',
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error(String(stderr))
  return stdout
}

/** The help point is a tone of 440 Hz, the room one of 880. @param at milliseconds since 1970 */
export async function recordCall(file: string, at: number, seconds: number): Promise<CallRecording> {
  const recorder = await openCallRecorder(file, at)
  for (const [side, source, hz] of [
    ['in', 'help point', 440],
    ['out', 'Asha', 880],
  ] as const) {
    const sound = alaw(hz, seconds)
    for (let from = 0; from < sound.length; from += PACKET)
      recorder.put(side, source, sound.subarray(from, from + PACKET), from, at + (from + PACKET) / 8)
  }
  const recording = await recorder.close(at + seconds * 1000)
  await settleCallRecording(file)
  return recording
}

/** A track's samples, linear, 8,000 a second, from the file's own beginning. */
export function samplesOf(file: string, track: number, channel: number): Float32Array {
  const { stdout, status, stderr } = spawnSync(
    'ffmpeg',
    [
      ...['-loglevel', 'error', '-i', file, '-map', `0:a:${track}`, '-af'],
      // What begins later is silent until then.
      `aresample=8000:async=1:first_pts=0,pan=mono|c0=c${channel}`,
      ...['-f', 'f32le', '-'],
    ],
    { maxBuffer: 256 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error(String(stderr))
  return new Float32Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 4))
}

/** Seconds: sound that was set right between two of them is as loud as before. */
const WINDOW = 0.05

/** How loud a tone is between two seconds, on average over windows: 1 is full. */
export function toneAt(samples: Float32Array, hz: number, from: number, to: number): number {
  const last = Math.min(samples.length, Math.round(to * 8000))
  const size = Math.round(WINDOW * 8000)
  let [sum, windows] = [0, 0]
  for (let first = Math.round(from * 8000); first + size <= last; first += size) {
    let [sin, cos] = [0, 0]
    for (let i = first; i < first + size; i += 1) {
      const angle = (2 * Math.PI * hz * i) / 8000
      sin += (samples[i] ?? 0) * Math.sin(angle)
      cos += (samples[i] ?? 0) * Math.cos(angle)
    }
    sum += (2 * Math.hypot(sin, cos)) / size
    windows += 1
  }
  return sum / Math.max(1, windows)
}
