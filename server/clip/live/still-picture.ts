/** A JPEG of the newest keyframe in the clip buffer; the camera itself is not asked. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'

/**
 * @param fragment an initialisation section followed by one fragment or more; the first begins with a keyframe.
 * @param width pixels; null as it was recorded.
 * @param covered filters that cover what is nobody’s business
 */
export async function stillPicture(
  fragment: Buffer,
  signal: AbortSignal,
  width: number | null = null,
  covered: readonly string[] = [],
): Promise<Buffer> {
  const changes = [...covered, ...(width === null ? [] : [`scale=${width}:-2`])]
  return pictureOf({ input: fragment, format: 'mp4', changes }, signal)
}

/** A JPEG with that covered. */
export const coveredPicture = (jpeg: Buffer, signal: AbortSignal, covered: readonly string[]): Promise<Buffer> =>
  pictureOf({ input: jpeg, format: 'mjpeg', changes: covered }, signal)

async function pictureOf(
  { input, format, changes }: { input: Buffer; format: 'mp4' | 'mjpeg'; changes: readonly string[] },
  signal: AbortSignal,
): Promise<Buffer> {
  const { stdout, ended } = runFfmpeg({
    input: Readable.from([input]),
    inputOptions: ['-f', format, '-protocol_whitelist', 'pipe'],
    outputOptions: [
      '-frames:v',
      '1',
      ...(changes.length === 0 ? [] : ['-vf', changes.join(',')]),
      '-f',
      'image2pipe',
      '-c:v',
      'mjpeg',
      '-q:v',
      '4',
      '-threads',
      '1',
    ],
    signal,
  })
  const [picture, problem] = await Promise.all([buffer(stdout), ended])
  if (picture.length === 0)
    throw new Failure('live/none', `No still picture could be made: ${problem ?? 'ffmpeg gave none'}`)
  return picture
}
