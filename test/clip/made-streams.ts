import { spawnSync } from 'node:child_process'

/** A fragmented MP4 as the recorder's ffmpeg writes it, made by ffmpeg here and now. */
export function makeStream({
  seconds = 3,
  rate = 15,
  gop = 15,
  source,
  extra = [],
}: { seconds?: number; rate?: number; gop?: number; source?: string; extra?: string[] } = {}): Buffer {
  const { stdout, status, stderr } = spawnSync(
    'ffmpeg',
    [
      ...[
        '-hide_banner',
        '-loglevel',
        'error',
        '-f',
        'lavfi',
        '-i',
        source ?? `testsrc2=s=320x180:r=${rate}`,
        '-t',
        String(seconds),
      ],
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-g',
        String(gop),
        '-keyint_min',
        String(gop),
        '-sc_threshold',
        '0',
        '-pix_fmt',
        'yuv420p',
        '-threads',
        '1',
        ...extra,
      ],
      ...['-f', 'mp4', '-movflags', '+frag_every_frame+empty_moov+default_base_moof', 'pipe:1'],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  )
  if (status !== 0) throw new Error(stderr.toString())
  return stdout
}
