/** A stretch of a recording, packed: the master and its viewing copy, with real ffmpeg and a real ZIP. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { initNames, nativePlaylist, segmentName, stretchesOf } from '../../server/evidence/cut/cut-plan.ts'
import { firstPictureIn } from '../../server/evidence/cut/movie-header.ts'
import { createPacking, partFile } from '../../server/evidence/package/packing.ts'
import { packView } from '../../server/evidence/cut/view-packing.ts'
import type { ViewingCopy } from '../../server/evidence/cut/viewing-copy.ts'
import { openZipWriter } from '../../server/evidence/package/zip-writer.ts'
import type { ExportId, StoredSegment } from '../../server/glossary/evidence.ts'
import { boxesIn } from '../../server/tools/media/fmp4-boxes.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-packing-'))
afterAll(() => rmSync(folder, { recursive: true }))
const AT = Date.parse('2026-11-20T22:30:00.000Z')
const X264 = [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=s=320x180:r=15',
  '-t',
  '3',
  '-c:v',
  'libx264',
  '-g',
  '15',
  '-pix_fmt',
  'yuv420p',
]
const PLAIN = [...X264, '-preset', 'ultrafast']
const WITH_SOUND = (seconds: number): string[] => [
  '-f',
  'lavfi',
  '-t',
  String(seconds),
  '-i',
  'sine=440',
  ...X264,
  '-preset',
  'ultrafast',
  '-c:a',
  'aac',
]

/** As a clip buffer has it: an initialisation section, and segments in one file. */
function recorded(name: string, args: string[], change: (media: Buffer[]) => Buffer[] = (media) => media) {
  const { stdout } = spawnSync(
    'ffmpeg',
    ['-v', 'error', ...args, '-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', 'pipe:1'],
    { maxBuffer: 64 * 1024 * 1024 },
  )
  const moofs = boxesIn(stdout)
    .filter(({ type }) => type === 'moof')
    .map(({ start }) => start)
  const media = change(
    moofs.map((from, i) =>
      stdout.subarray(from, moofs[i + 1] ?? boxesIn(stdout).find(({ type }) => type === 'mfra')?.start),
    ),
  )
  const [init, file] = [join(folder, `${name}-init.mp4`), join(folder, `${name}.m4s`)]
  writeFileSync(init, stdout.subarray(0, moofs[0]))
  writeFileSync(file, Buffer.concat(media))
  let offset = 0
  const segments = media.map((bytes, number): StoredSegment => {
    const segment = {
      number,
      run: 0,
      start: AT + number * 1000,
      duration: 1,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      file,
      offset,
    }
    offset += bytes.length
    return segment
  })
  return { init, file, segments }
}
async function pack(
  name: string,
  { init, segments }: ReturnType<typeof recorded>,
  form: { codec: string; sound: boolean },
) {
  const inside = join(folder, name)
  mkdirSync(inside)
  const zip = await openZipWriter(partFile(inside), { at: AT })
  const packing = createPacking({
    id: 'X' as ExportId,
    folder: inside,
    timezone: 'Europe/London',
    zip,
    signal: new AbortController().signal,
    advance: () => {},
  })
  const [stretch] = stretchesOf(segments)
  if (!stretch) throw new Error('no stretch')
  const names = {
    inits: initNames(segments),
    segments: new Map(segments.map(({ number }, i) => [number, segmentName(i)])),
  }
  try {
    const entry = await packView(packing, 'cam', stretch, {
      names,
      range: { segments, gaps: [], inits: { 0: { file: init, ...form } } },
      name: 'X/data/view/film.mp4',
    })
    const bytes = Buffer.alloc(entry.bytes)
    await zip.read(entry, bytes)
    const film = join(inside, 'film.mp4')
    writeFileSync(film, bytes)
    return { film, stream: entry.note as ViewingCopy, entries: zip.entries().map(({ name: of }) => of) }
  } finally {
    const before = zip.size()
    await new Promise((resolve) => setTimeout(resolve, 300))
    // Whatever became of it: nobody goes on writing behind its back.
    expect(zip.size()).toBe(before)
    await zip.pause()
  }
}
const startOf = (film: string): number =>
  Number(
    spawnSync(
      'ffprobe',
      ['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=start_time', '-of', 'csv=p=0', film],
      { encoding: 'utf8' },
    ).stdout,
  )

describe('a stretch of a recording', () => {
  test('is packed with its sound, and both streams are proven', async () => {
    const { stream, entries } = await pack('sound', recorded('sound', WITH_SOUND(3)), {
      codec: 'avc1.42c00c',
      sound: true,
    })
    expect(stream).toMatchObject({
      equal: true,
      master: [expect.stringMatching(/^0,v,/), expect.stringMatching(/^1,a,/)],
    })
    expect(stream.view).toEqual(stream.master)
    expect(entries).toEqual([
      'X/data/native/cam/init.mp4',
      ...[1, 2, 3].map((i) => `X/data/native/cam/s0000${i}.m4s`),
      'X/data/view/film.mp4',
    ])
  })
  test('without a sound in it, out of a run that has sound, is packed all the same', async () => {
    const all = recorded('silent', WITH_SOUND(0.4))
    const { stream, film } = await pack(
      'silent',
      { ...all, segments: all.segments.slice(1) },
      { codec: 'avc1.42c00c', sound: true },
    )
    expect(stream).toMatchObject({ equal: true, master: [expect.stringMatching(/^0,v,/)], firstPictureAt: 0 })
    expect(
      spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', film], {
        encoding: 'utf8',
      }).stdout.trim(),
    ).toBe('video')
  })
  test(
    'whose sound begins before its first picture is shown says when that is: ' +
      'what is blurred by the clock must be the right picture',
    async () => {
      const { stream, film } = await pack(
        'early',
        recorded('early', ['-f', 'lavfi', '-i', 'sine=440', ...X264, '-bf', '3', '-c:a', 'aac']),
        { codec: 'avc1.64000c', sound: true },
      )
      expect(stream.firstPictureAt).toBeGreaterThan(0.1)
      expect(stream.firstPictureAt).toBeCloseTo(startOf(film), 3)
      const bytes = readFileSync(film)
      const moov = boxesIn(bytes).find(({ type }) => type === 'moov')
      expect(firstPictureIn(bytes.subarray(moov?.start, moov?.end))).toBeCloseTo(startOf(film), 3)
      // ffmpeg's own films say it in the same way: those of packages that were made before.
      const theirs = join(folder, 'theirs.mp4')
      spawnSync('ffmpeg', ['-v', 'error', '-i', film, '-c', 'copy', '-movflags', '+faststart', theirs])
      const old = readFileSync(theirs)
      const header = boxesIn(old).find(({ type }) => type === 'moov')
      expect(firstPictureIn(old.subarray(header?.start, header?.end))).toBeCloseTo(startOf(theirs), 2)
      expect(startOf(theirs)).toBeGreaterThan(0.1)
    },
  )
  test.each([
    [
      'H.265, which ffmpeg reads',
      'hev1.1.6.L60.90',
      [
        '-f',
        'lavfi',
        '-i',
        'testsrc2=s=320x180:r=15',
        '-t',
        '3',
        '-c:v',
        'libx265',
        '-preset',
        'ultrafast',
        '-g',
        '15',
        '-x265-params',
        'log-level=none',
        '-pix_fmt',
        'yuv420p',
      ],
    ],
    ['H.264, which we read', 'avc1.42c00c', PLAIN],
  ])('that breaks in the middle is not packed as if it were whole: %s', async (_, codec, args) => {
    const name = codec.slice(0, 4)
    // Its hash is right, it was recorded so; but it is no film.
    const broken = recorded(name, args, (media) =>
      media.map((bytes, i) => (i === 1 ? Buffer.concat([Buffer.from('0000'), bytes.subarray(4)]) : bytes)),
    )
    await expect(pack(name, broken, { codec, sound: false })).rejects.toMatchObject({ code: 'export/unplayable' })
  })
  test('whose bytes are not those that were recorded is refused by its number', async () => {
    const changed = recorded('changed', PLAIN)
    const bytes = readFileSync(changed.file)
    bytes[(changed.segments[2]?.offset ?? 0) + 500] = 7
    writeFileSync(changed.file, bytes)
    await expect(pack('changed', changed, { codec: 'avc1.42c00c', sound: false })).rejects.toMatchObject({
      code: 'export/changed',
      message: expect.stringMatching(
        /^Segment 2 of cam .* recorded until \S+Z, and from \S+Z on, can be had by itself\.$/,
      ),
    })
  })
  test('of days becomes films of six hours, and a list of half a million segments is still written', () => {
    const segments = Array.from({ length: 600_000 }, (_, number): StoredSegment => ({
      number,
      run: 0,
      start: AT + number * 2000,
      duration: 2,
      bytes: 1,
      sha256: '',
      file: '',
      offset: 0,
    }))
    const stretches = stretchesOf(segments)
    expect(
      stretches.slice(0, -1).every(({ seconds, segments: of }) => seconds === 6 * 3600 && of.length === 3 * 3600),
    ).toBe(true)
    expect(stretches.flatMap(({ segments: of }) => of)).toHaveLength(segments.length)
    expect(nativePlaylist(segments)).toContain('#EXT-X-TARGETDURATION:2\n')
  })
})
