/** A JPEG of the newest keyframe in the clip buffer; the camera itself is not asked. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Failure } from '../../tools/failure.ts'
import { runFfmpeg } from '../../tools/media/ffmpeg-run.ts'

/**
 * @param fragment an initialisation section followed by one fragment or more; the first begins with a keyframe.
 * @param width pixels; null as it was recorded.
 */
export async function stillPicture(
  fragment: Buffer,
  signal: AbortSignal,
  width: number | null = null,
): Promise<Buffer> {
  const { stdout, ended } = runFfmpeg({
    input: Readable.from([fragment]),
    inputOptions: ['-f', 'mp4', '-protocol_whitelist', 'pipe'],
    outputOptions: [
      '-frames:v',
      '1',
      ...(width === null ? [] : ['-vf', `scale=${width}:-2`]),
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
