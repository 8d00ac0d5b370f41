import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createAnnexBHash } from '../../server/evidence/cut/annex-b.ts'
import { pictureHash, streamHashes } from '../../server/evidence/cut/viewing-copy.ts'
import { createViewingMovie, mediaIn } from '../../server/evidence/cut/viewing-movie.ts'
import { box, boxesIn, u32 } from '../../server/tools/media/fmp4-boxes.ts'

// A folder with a space in its name: ffmpeg's options are split at spaces.
const folder = mkdtempSync(join(tmpdir(), 'lamppost viewing-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = (tool: string, ...args: string[]) =>
  spawnSync(tool, ['-v', 'error', ...args], { maxBuffer: 64 * 1024 * 1024 })
const ffmpeg = (...args: string[]) => run('ffmpeg', ...args)
const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=15']
const SOUND = ['-f', 'lavfi', '-i', 'sine=440']
const FRAGMENTS = ['-pix_fmt', 'yuv420p', '-f', 'mp4', '-movflags']
const EACH_PICTURE = '+frag_every_frame+empty_moov+default_base_moof'
const EACH_KEYFRAME = '+frag_keyframe+empty_moov+default_base_moof'
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '15']
const X265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none']

/** An initialisation section, and segments of some fragments each. */
function recorded(bytes: Buffer): { init: Buffer; segments: Buffer[] } {
  const moofs = boxesIn(bytes)
    .filter(({ type }) => type === 'moof')
    .map(({ start }) => start)
  const cuts = moofs.filter((_, i) => i % 7 === 0)
  return { init: bytes.subarray(0, moofs[0]), segments: cuts.map((from, i) => bytes.subarray(from, cuts[i + 1])) }
}
function makeCopy({ init, segments }: { init: Buffer; segments: Buffer[] }) {
  const movie = createViewingMovie(init)
  const pictures = createAnnexBHash(init)
  for (const segment of segments) movie.add(segment, pictures?.update)
  const { head } = movie.head()
  const bytes = Buffer.concat([head, ...segments.flatMap(mediaIn)])
  return { bytes, pictures: pictures?.digest() ?? null, media: movie.media().bytes }
}
async function* each(...chunks: Buffer[]) {
  yield* chunks
}
const lines = (text: Buffer): string[] => text.toString().trim().split('\n')
/**
 * What a player is told of each packet, by stream: when it is shown and decoded, how large it is, and whether it can
 * begin there.
 */
function packets(file: string): { of: string[]; times: number[] } {
  const all = lines(
    run('ffprobe', '-show_entries', 'packet=stream_index,pts_time,dts_time,size,flags', '-of', 'csv=p=0', file).stdout,
  ).map((line) => line.split(','))
  const streams = [0, 1].flatMap((stream) => all.filter(([index]) => index === String(stream)))
  return {
    of: streams.map(([stream, , , size, flags]) => `${stream} ${size} ${flags}`),
    times: streams.flatMap(([, shown, decoded]) => [Number(shown), Number(decoded)]),
  }
}
const how = (form: { codec: string; sound: boolean }) => ({ form, folder, signal: new AbortController().signal })

describe('a viewing copy', () => {
  test.each([
    ['H.264', [...PICTURE, ...X264], EACH_PICTURE, { codec: 'avc1.42c00c', sound: false }],
    [
      'H.264 in fragments of many pictures',
      [...PICTURE, ...X264],
      EACH_KEYFRAME,
      { codec: 'avc1.42c00c', sound: false },
    ],
    [
      'H.264 with pictures out of order',
      [...PICTURE, '-c:v', 'libx264', '-bf', '2', '-g', '15'],
      EACH_PICTURE,
      { codec: 'avc1.64000c', sound: false },
    ],
    ['H.264 in slices', [...PICTURE, ...X264, '-slices', '4'], EACH_PICTURE, { codec: 'avc1.42c00c', sound: false }],
    [
      'H.264 that repeats its parameter sets and says where pictures end',
      [...PICTURE, ...X264, '-x264-params', 'repeat-headers=1:aud=1', '-bsf:v', 'dump_extra=freq=keyframe'],
      EACH_PICTURE,
      { codec: 'avc1.42c00c', sound: false },
    ],
    [
      'H.264 with open groups of pictures',
      [...PICTURE, '-c:v', 'libx264', '-g', '15', '-bf', '2', '-x264-params', 'open-gop=1'],
      EACH_PICTURE,
      { codec: 'avc1.64000c', sound: false },
    ],
    ['H.265', [...PICTURE, ...X265], EACH_PICTURE, { codec: 'hev1.1.6.L60.90', sound: false }],
    [
      'H.264 with sound',
      [...PICTURE, ...SOUND, ...X264, '-c:a', 'aac'],
      EACH_PICTURE,
      { codec: 'avc1.42c00c', sound: true },
    ],
    [
      'H.264 with sound, in fragments of many',
      [...PICTURE, ...SOUND, ...X264, '-c:a', 'aac'],
      EACH_KEYFRAME,
      { codec: 'avc1.42c00c', sound: true },
    ],
    [
      'H.265 with sound that begins later',
      [...PICTURE, '-itsoffset', '0.5', ...SOUND, ...X265, '-c:a', 'aac'],
      EACH_PICTURE,
      { codec: 'hev1.1.6.L60.90', sound: true },
    ],
    [
      'a camera that left out a second',
      [...PICTURE, ...X264, '-vf', "select='lt(n,20)+gt(n,35)'", '-vsync', 'vfr'],
      EACH_PICTURE,
      { codec: 'avc1.42c00c', sound: false },
    ],
  ])('of %s is what ffmpeg makes of the master, picture by picture', async (_, encode, movflags, form) => {
    const { stdout } = ffmpeg(...encode, '-t', '3', ...FRAGMENTS, movflags, 'pipe:1')
    const [master, view, theirs] = ['master.mp4', 'view.mp4', 'theirs.mp4'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(master, stdout)
    const { bytes, pictures, media } = makeCopy(recorded(stdout))
    writeFileSync(view, bytes)
    ffmpeg('-y', '-i', master, '-c', 'copy', '-tag:v', form.codec.startsWith('avc') ? 'avc1' : 'hvc1', theirs)
    const [ours, his] = [packets(view), packets(theirs)]
    expect(ours.of).toEqual(his.of)
    // ffmpeg rounds where a film begins to whole milliseconds.
    expect(Math.max(...ours.times.map((time, i) => Math.abs(time - (his.times[i] ?? Number.NaN))))).toBeLessThanOrEqual(
      0.001,
    )

    const filter = form.codec.startsWith('avc') ? 'h264_mp4toannexb' : 'hevc_mp4toannexb'
    const said = (file: string): string[] =>
      lines(
        ffmpeg('-i', file, '-map', '0', '-c', 'copy', '-bsf:v', filter, '-f', 'streamhash', '-hash', 'sha256', '-')
          .stdout,
      )
    expect(said(view)).toEqual(said(master))
    expect(await streamHashes({ file: view }, how(form))).toEqual(said(master))
    expect(await streamHashes({ chunks: each(stdout) }, how(form))).toEqual(said(master))
    expect(said(master)).toHaveLength(form.sound ? 2 : 1)
    if (pictures !== null) expect(pictureHash(pictures)).toBe(said(master)[0])
    else expect(form.codec).toMatch(/^hev1/)

    // Its header comes first, every player's name for the codec is in it, and decoding it finds nothing wrong.
    expect(boxesIn(bytes).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'mdat'])
    expect(bytes.length - (boxesIn(bytes)[2]?.content ?? 0)).toBe(media)
    expect(bytes.includes('hvc1')).toBe(form.codec.startsWith('hev1'))
    expect(ffmpeg('-i', view, '-map', '0:v', '-f', 'null', '-').stderr.toString()).toBe('')
  })
  test('is read out of the file that it is a part of', async () => {
    const { bytes } = makeCopy(
      recorded(ffmpeg(...PICTURE, ...X264, '-t', '1', ...FRAGMENTS, EACH_PICTURE, 'pipe:1').stdout),
    )
    const [alone, inside] = [join(folder, 'alone.mp4'), join(folder, 'a, package.zip.part')]
    writeFileSync(alone, bytes)
    writeFileSync(inside, Buffer.concat([Buffer.alloc(1234, 'x'), bytes, Buffer.alloc(500, 'y')]))
    const form = { codec: 'avc1.42c00c', sound: false }
    expect(await streamHashes({ file: inside, part: { start: 1234, bytes: bytes.length } }, how(form))).toEqual(
      await streamHashes({ file: alone }, how(form)),
    )
  })
  test('of more than 4 GiB says where its pictures lie in 64 bits', () => {
    const { init } = recorded(ffmpeg(...PICTURE, ...X264, '-t', '1', ...FRAGMENTS, EACH_PICTURE, 'pipe:1').stdout)
    const size = 64 * 1024 * 1024
    const moof = (at: number): Buffer =>
      box(
        'moof',
        box('mfhd', u32(0, 1)),
        box('traf', box('tfhd', u32(0x02_0000, 1)), box('tfdt', u32(0, 0)), box('trun', u32(0x301, 1, at, 1024, size))),
      )
    const segment = Buffer.concat([moof(moof(0).length + 8), u32(size + 8), Buffer.from('mdat'), Buffer.alloc(size)])
    const movie = createViewingMovie(init)
    for (let i = 0; i < 65; i += 1) movie.add(segment)
    const { head } = movie.head()
    const file = join(folder, 'large.mp4')
    writeFileSync(file, head)
    truncateSync(file, head.length + movie.media().bytes)
    const places = lines(
      run('ffprobe', '-read_intervals', '4.2%', '-show_entries', 'packet=pos,size', '-of', 'csv=p=0', file).stdout,
    )
    expect(movie.media().bytes).toBe(65 * size)
    // The last one, by way of the header: it begins beyond 32 bits.
    expect(places).toEqual([`${size},${head.length + 64 * size}`])
    rmSync(file)
  })
  test('is none of bytes that are no video, or that no header speaks of', async () => {
    const { init, segments } = recorded(
      ffmpeg(...PICTURE, ...X264, '-t', '1', ...FRAGMENTS, EACH_PICTURE, 'pipe:1').stdout,
    )
    const [first = Buffer.alloc(0)] = segments
    const last = boxesIn(first).at(-1)
    const longer = Buffer.concat([
      first.subarray(0, last?.start),
      box('mdat', first.subarray(last?.content, last?.end), Buffer.of(0)),
    ])
    expect(() => createViewingMovie(init).add(longer)).toThrow('its header does not say where all of its pictures lie')
    expect(() => createViewingMovie(init).add(first.subarray(0, first.length - 1))).toThrow('impossible size')
    expect(() => createViewingMovie(init).head()).toThrow('it has no pictures')
    expect(() => createViewingMovie(Buffer.from('no video at all'))).toThrow()
    await expect(
      streamHashes({ chunks: each(Buffer.from('no video at all')) }, how({ codec: 'avc1', sound: false })),
    ).rejects.toMatchObject({ code: 'export/unplayable' })
  })
  test('whose master cannot be read fails as that did', async () => {
    async function* broken() {
      yield Buffer.alloc(100)
      throw new Error('segment 7 is missing')
    }
    await expect(streamHashes({ chunks: broken() }, how({ codec: 'avc1', sound: false }))).rejects.toThrow(
      'segment 7 is missing',
    )
  })
})
