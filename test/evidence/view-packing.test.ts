/** A stretch of a recording, packed: the master and its viewing copy, with real ffmpeg and a real ZIP. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { VoiceSource } from '../../server/evidence/cut/call-voice.ts'
import { initNames, nativePlaylist, segmentName, stretchesOf } from '../../server/evidence/cut/cut-plan.ts'
import { firstPictureIn } from '../../server/evidence/cut/movie-header.ts'
import { createPacking, partFile } from '../../server/evidence/package/packing.ts'
import { packView } from '../../server/evidence/cut/view-packing.ts'
import { placeVoice } from '../../server/evidence/cut/voice-placement.ts'
import type { ViewingCopy } from '../../server/evidence/cut/viewing-copy.ts'
import { openZipWriter } from '../../server/evidence/package/zip-writer.ts'
import type { CallId } from '../../server/glossary/call.ts'
import type { ExportId, StoredSegment } from '../../server/glossary/evidence.ts'
import { boxesIn } from '../../server/tools/media/fmp4-boxes.ts'
import { recordCall, samplesOf, toneAt } from './tone.ts'

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
const SILENT = (seconds: number): string[] => PLAIN.with(PLAIN.indexOf('-t') + 1, String(seconds))
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
  voices: VoiceSource[] = [],
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
      voices,
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

describe('a call beside a stretch', () => {
  const NO_SOUND = { codec: 'avc1.42c00c', sound: false }
  const call = (id: string, file: string, from: number, seconds: number): VoiceSource => ({
    call: id as CallId,
    file,
    from,
    to: from + seconds * 1000,
  })
  const streams = (film: string): string[] =>
    spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,channels', '-of', 'csv=p=0', film], {
      encoding: 'utf8',
    })
      .stdout.trim()
      .split('\n')

  test('is heard on two tracks at its place, to 40 ms; the pictures are the master’s', async () => {
    const file = join(folder, 'call.wav')
    // It begins 1.5 seconds after the first picture, and lasts longer than they do.
    await recordCall(file, AT + 1500, 4)
    const { film, stream } = await pack('voice', recorded('voice', SILENT(4)), NO_SOUND, [
      call('cal-1', file, AT + 1500, 4),
      call('cal-elsewhere', join(folder, 'not-there.wav'), AT + 60_000, 4),
    ])
    expect(stream).toMatchObject({ equal: true, voice: ['cal-1'], firstPictureAt: 0 })
    expect(stream.view).toEqual(stream.master)
    expect(streams(film)).toEqual(['h264', 'aac,1', 'aac,2'])
    const [mixed, left, right] = [samplesOf(film, 0, 0), samplesOf(film, 1, 0), samplesOf(film, 1, 1)]
    for (const [track, own, other] of [
      [left, 440, 880],
      [right, 880, 440],
    ] as const) {
      expect(toneAt(track, own, 0, 1.46)).toBeLessThan(0.02)
      expect(toneAt(track, own, 1.54, 1.7)).toBeGreaterThan(0.3)
      expect(toneAt(track, own, 3, 3.9)).toBeGreaterThan(0.3)
      expect(toneAt(track, other, 2, 3)).toBeLessThan(0.02)
    }
    expect(toneAt(mixed, 440, 2, 3)).toBeGreaterThan(0.2)
    expect(toneAt(mixed, 880, 2, 3)).toBeGreaterThan(0.2)
  })
  test('that began before it is heard from its first picture on, and one that ended within it no longer', async () => {
    const file = join(folder, 'early.wav')
    await recordCall(file, AT - 2000, 4)
    const { film } = await pack('call-early', recorded('call-early', SILENT(4)), NO_SOUND, [
      call('cal-1', file, AT - 2000, 4),
    ])
    const left = samplesOf(film, 1, 0)
    expect(toneAt(left, 440, 0.05, 1.9)).toBeGreaterThan(0.3)
    expect(left.length / 8000).toBeLessThan(2.2)
  })
  test('stands beside the camera’s own sound, which is compared with the master as before', async () => {
    const file = join(folder, 'both.wav')
    await recordCall(file, AT, 2)
    const { film, stream } = await pack(
      'both',
      recorded('both', WITH_SOUND(3)),
      { codec: 'avc1.42c00c', sound: true },
      [call('cal-1', file, AT, 2)],
    )
    expect(stream.equal).toBe(true)
    expect(stream.view).toHaveLength(2)
    expect(streams(film)).toHaveLength(4)
    expect(toneAt(samplesOf(film, 2, 0), 440, 0.5, 1.5)).toBeGreaterThan(0.3)
  })
  test('whose recording cannot be read any more is no film without it: the export fails in words', async () => {
    const none = join(folder, 'gone.wav')
    await expect(
      pack('gone', recorded('gone', SILENT(2)), NO_SOUND, [call('cal-1', none, AT, 2)]),
    ).rejects.toMatchObject({ code: 'export/unplayable', message: expect.stringContaining('no such file') })
  })
  test('of which nothing lies beside it leaves the film as it would be without', async () => {
    const source = recorded('without', SILENT(2))
    const [with_, without] = [
      await pack('with', source, NO_SOUND, [call('cal-1', join(folder, 'none.wav'), AT + 90_000, 3)]),
      await pack('without-any', source, NO_SOUND),
    ]
    expect(readFileSync(with_.film).equals(readFileSync(without.film))).toBe(true)
  })
})

describe('the place of a voice', () => {
  const even = (seconds: number, speed = 1) =>
    Array.from({ length: seconds }, (_, i) => ({ start: AT + (i * 1000) / speed, duration: 1 }))
  const apart = (placed: ReturnType<typeof placeVoice>, speed: number): number =>
    Math.max(...(placed?.steps ?? []).map((wall, i) => Math.abs(wall - (AT + ((placed?.begin ?? 0) + i * 10) / speed))))

  test('follows a camera whose clock goes at four fifths, never more than 100 ms apart', () => {
    const placed = placeVoice(even(60, 0.8), [{ from: AT, to: AT + 90_000 }])
    expect(placed?.begin).toBe(0)
    expect(placed?.steps.length).toBe(6000)
    // How fast the last second of a film went is not known.
    expect(apart(placed && { ...placed, steps: placed.steps.slice(0, 5900) }, 0.8)).toBeLessThan(101)
  })
  test('goes on evenly where arrivals only shake', () => {
    const shaken = even(60).map(({ start, duration }, i) => ({ start: start + (i % 2) * 60, duration }))
    const steps = placeVoice(shaken, [{ from: AT, to: AT + 60_000 }])?.steps ?? []
    for (const [i, wall] of steps.entries()) expect(wall - (steps[0] ?? 0)).toBeCloseTo(i * 10, 6)
  })
  test('lasts from the first of several calls to the last, and not longer', () => {
    const placed = placeVoice(even(60), [
      { from: AT + 5000, to: AT + 10_000 },
      { from: AT + 20_000, to: AT + 30_000 },
      { from: AT + 900_000, to: AT + 990_000 },
    ])
    expect([placed?.begin, placed?.steps.length]).toEqual([5000, 2500])
  })
  test.each([
    ['ended before it', AT - 9000, AT],
    ['began after it', AT + 60_000, AT + 70_000],
  ])('is none for a call that %s', (_, from, to) => expect(placeVoice(even(60), [{ from, to }])).toBeNull())
})
