import { describe, expect, test } from 'vitest'
import { matchCameras } from '../../server/connectors/camera-matching.ts'
import { streamAddress } from '../../server/tools/rtsp/stream-address.ts'
import type { TheirCamera } from '../../server/connectors/connector.ts'
import type { SiteCamera } from '../../server/glossary/site.ts'

type Ours = Pick<SiteCamera, 'id' | 'name' | 'onvif' | 'stream'>
const ours = (id: string, host: string | null, name = id, stream: string | null = null): Ours => ({
  id: id as never,
  name,
  onvif: host === null ? null : ({ url: `http://${host}/onvif/device_service` } as never),
  stream: stream === null ? null : ({ url: stream } as never),
})
const theirs = (
  id: string,
  host: string | null,
  name = `monitor ${id}`,
  stream: string | null = null,
): TheirCamera => ({
  id,
  name,
  host,
  stream,
  problem: null,
})
const match = (
  mine: Ours[],
  their: TheirCamera[],
  said: Record<string, string> = {},
  at?: (id: string) => string | null,
) => matchCameras(mine, their, new Map(Object.entries(said)) as never, at)
const pairs = (found: ReturnType<typeof match>): string[] =>
  found.map(({ camera, theirs: their, how }) => `${camera}=${their ?? '?'} ${how ?? ''}`.trim())

describe('cameras of a VMS', () => {
  test('are matched by an address that one camera alone has', () =>
    expect(pairs(match([ours('a', '10.0.4.12')], [theirs('7', '10.0.4.12'), theirs('8', '10.0.4.13')]))).toEqual([
      'a=7 address',
    ]))
  test('two channels of one recorder are not told apart by its address: candidates', () => {
    const found = match(
      [ours('a', '10.0.4.12'), ours('b', '10.0.4.12')],
      [theirs('7', '10.0.4.12', 'left'), theirs('8', '10.0.4.12', 'right')],
    )
    expect(pairs(found)).toEqual(['a=?', 'b=?'])
    expect(found[0]?.candidates).toEqual([
      { id: '7', name: 'left', why: 'the same address' },
      { id: '8', name: 'right', why: 'the same address' },
    ])
  })
  test('nor where only ours are two, or only theirs', () => {
    expect(pairs(match([ours('a', '10.0.4.12'), ours('b', '10.0.4.12')], [theirs('7', '10.0.4.12')]))).toEqual([
      'a=?',
      'b=?',
    ])
    expect(pairs(match([ours('a', '10.0.4.12')], [theirs('7', '10.0.4.12'), theirs('8', '10.0.4.12')]))).toEqual([
      'a=?',
    ])
  })
  test('nor where one of a camera’s two addresses is a recorder’s, which others have as well', () =>
    expect(
      pairs(
        match(
          [ours('a', '10.0.4.12', 'a', 'rtsp://10.0.4.50/ch1'), ours('b', '10.0.4.12', 'b', 'rtsp://10.0.4.51/ch1')],
          [theirs('7', '10.0.4.50')],
        ),
      ),
    ).toEqual(['a=?', 'b=?']))
  test('but by the very same stream', () =>
    expect(
      pairs(
        match(
          [ours('a', '10.0.4.12', 'a', 'rtsp://10.0.4.12/ch1'), ours('b', '10.0.4.12', 'b', 'rtsp://10.0.4.12/ch2')],
          [theirs('8', '10.0.4.12', 'x', '10.0.4.12:554/ch2'), theirs('7', '10.0.4.12', 'y', '10.0.4.12:554/ch1')],
        ),
      ),
    ).toEqual(['a=7 stream', 'b=8 stream']))
  test('the stream that is read now counts, as a camera names it by ONVIF', () =>
    expect(
      pairs(
        match(
          [ours('a', '127.0.0.1')],
          [theirs('7', '127.0.0.1', 'x', '127.0.0.1:8554/stream')],
          {},
          () => '127.0.0.1:8554/stream',
        ),
      ),
    ).toEqual(['a=7 stream']))
  test('what the engineer says counts first, and takes that camera away from the others', () =>
    expect(
      pairs(
        match([ours('a', '10.0.4.12'), ours('b', '10.0.4.13')], [theirs('7', '10.0.4.12'), theirs('8', '10.0.4.13')], {
          b: '7',
        }),
      ),
    ).toEqual(['a=?', 'b=7 site-file']))
  test('one that was replaced there, and is another now, is a fault', () =>
    expect(match([ours('a', '10.0.4.12')], [theirs('9', '10.0.4.12')], { a: '7' })[0]).toMatchObject({
      theirs: null,
      problem: expect.stringContaining('"7", which the VMS has not'),
    }))
  test('an equal name is a candidate and no match', () =>
    expect(
      match(
        [ours('a', '10.0.4.12', 'Blackwellgate / Skinnergate')],
        [theirs('7', null, 'blackwellgate skinnergate')],
      )[0],
    ).toMatchObject({
      theirs: null,
      candidates: [{ id: '7', why: 'the same name' }],
    }))
  test('two of ours with one stream are neither: each names the other', () => {
    const stream = (): string => '10.0.4.12:554/ch1'
    const found = match(
      [ours('a', '10.0.4.12'), ours('b', '10.0.4.14')],
      [theirs('7', '10.0.4.12', 'x', '10.0.4.12:554/ch1')],
      {},
      stream,
    )
    expect(pairs(found)).toEqual(['a=?', 'b=?'])
    expect(found[0]?.problem).toContain('b is matched with the same camera')
  })
  test('everything on this machine has the same address, and that says nothing', () =>
    expect(match([ours('a', '127.0.0.1')], [theirs('7', '127.0.0.1')])[0]).toMatchObject({
      theirs: null,
      candidates: [],
    }))
  test('a camera of theirs that has no picture is matched, with what is wrong', () =>
    expect(match([ours('a', '10.0.4.12')], [{ ...theirs('7', '10.0.4.12'), problem: 'no picture' }])[0]).toMatchObject({
      theirs: '7',
      problem: 'no picture',
    }))
  test.each([
    ['rtsp://user:secret@10.0.4.12/a?b=1', '10.0.4.12:554/a?b=1'],
    ['rtsp://CAM.example:8554/', 'cam.example:8554'],
    ['rtsps://10.0.4.12/a', '10.0.4.12:322/a'],
    ['rtsp://[fe80::1]/a', 'fe80::1:554/a'],
    ['/dev/video0', null],
    ['http://10.0.4.12/a', null],
  ])('a stream %s is compared as %s', (address, compared) => expect(streamAddress(address)).toBe(compared))
})
