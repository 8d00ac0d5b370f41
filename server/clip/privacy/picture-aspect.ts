/** How wide a picture is by its height, from its initialisation section. Pure. */
import { readTracks } from '../../tools/media/fmp4-boxes.ts'

export const USUAL_ASPECT = 16 / 9

/** 16 to 9 where the section does not say. */
export function aspectIn(init: Uint8Array): number {
  try {
    const picture = readTracks(Buffer.from(init.buffer, init.byteOffset, init.byteLength)).find(
      ({ kind }) => kind === 'video',
    )
    return picture && picture.width > 0 && picture.height > 0 ? picture.width / picture.height : USUAL_ASPECT
  } catch {
    return USUAL_ASPECT
  }
}

/** Frame headers of JPEG (ITU-T T.81 table B.1): C4, C8 and CC are others. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)

/** 16 to 9 of what is no JPEG. */
export function aspectOfJpeg(jpeg: Buffer): number {
  for (let at = 2; at + 9 < jpeg.length && jpeg[at] === 0xff; at += 2 + jpeg.readUInt16BE(at + 2)) {
    if (!isFrame(jpeg[at + 1] ?? 0)) continue
    const [height, width] = [jpeg.readUInt16BE(at + 5), jpeg.readUInt16BE(at + 7)]
    return width > 0 && height > 0 ? width / height : USUAL_ASPECT
  }
  return USUAL_ASPECT
}
