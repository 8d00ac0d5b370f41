/** The loudspeaker of a simulated camera: it plays to nobody, and keeps what it was sent, so that anybody can listen. */
import { writeFile } from 'node:fs/promises'
import { messageOf } from '../../tools/failure.ts'
import { wavHeader } from '../../tools/media/a-law-wav.ts'
import { fromMuLaw, toALaw } from '../../tools/media/g711.ts'
import type { Loudspeaker } from './rtsp-server.ts'

/** A minute of packets of 20 ms. */
const KEPT_PACKETS = 3000

/** @param file a WAV of the newest minute, written when somebody stops speaking */
export function createLoudspeaker(
  file: string,
  onError: (words: string) => void,
): Loudspeaker & {
  /** A-law, 8,000 a second; at most the newest minute. */
  said(): Buffer
} {
  let heard: Buffer[] = []
  const said = (): Buffer => Buffer.concat(heard)
  return {
    heard(payload) {
      heard.push(Buffer.from(payload.map((byte) => toALaw(fromMuLaw(byte)))))
      if (heard.length > KEPT_PACKETS) heard = heard.slice(-KEPT_PACKETS)
    },
    ended() {
      const sound = said()
      writeFile(file, Buffer.concat([wavHeader(1, sound.length), sound])).catch((error: unknown) =>
        onError(messageOf(error)),
      )
    },
    said,
  }
}
