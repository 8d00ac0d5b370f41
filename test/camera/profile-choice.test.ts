/** Which media profiles of a device are recorded, shown small, and move the head. */
import { describe, expect, test } from 'vitest'
import {
  type ChannelWish,
  type MediaProfile,
  channelsOf,
  chooseProfiles,
} from '../../server/camera/onvif/profile-choice.ts'

const profile = (token: string, change: Partial<MediaProfile> = {}): MediaProfile => ({
  token,
  name: token,
  source: 'V1',
  codec: 'H264',
  width: 1920,
  height: 1080,
  ptzNode: null,
  ...change,
})
const SMALL = { width: 640, height: 360 }
function chosen(profiles: MediaProfile[], wish: ChannelWish = {}): string {
  const found = chooseProfiles(profiles, wish)
  return 'fault' in found
    ? found.fault
    : [found.record, found.small, found.ptz].map((each) => each?.token ?? '-').join(' ')
}

describe('of one channel', () => {
  test.each([
    [
      'the largest is recorded, the largest that a tile can use is shown small',
      [profile('s', SMALL), profile('m', { width: 1280, height: 720 }), profile('l')],
      'l m -',
    ],
    ['of two that are equally large the first is the main stream', [profile('a'), profile('b')], 'a - -'],
    [
      'where all small ones are larger than a tile, the smallest',
      [profile('xl', { width: 3840, height: 2160 }), profile('l', { width: 2560, height: 1440 }), profile('m')],
      'xl m -',
    ],
    [
      'H.265 is recorded, and an H.264 of its size is shown to old browsers',
      [profile('h', { codec: 'H.265' }), profile('a')],
      'h a -',
    ],
    ['an H.265 is nobody’s small one', [profile('l'), profile('s', { ...SMALL, codec: 'HEVC' })], 'l - -'],
    ['one that says no codec may be recorded', [profile('q', { codec: '' })], 'q - -'],
    [
      'MJPEG is recorded only where there is nothing else',
      [profile('j', { codec: 'JPEG', width: 4000 }), profile('a')],
      'a - -',
    ],
    ['as here', [profile('j', { codec: 'JPEG' })], 'j - -'],
    [
      'the recorded profile moves the head where it can',
      [profile('l', { ptzNode: 'N' }), profile('s', { ...SMALL, ptzNode: 'N' })],
      'l s l',
    ],
    ['else another of its channel does', [profile('l'), profile('s', { ...SMALL, ptzNode: '' })], 'l s s'],
  ])('%s', (_, profiles, expected) => expect(chosen(profiles)).toBe(expected))
  test.each<[string, ChannelWish, string]>([
    ['the profile that the site file names, however small', { profile: 's' }, 's - -'],
    ['the sub-stream that it names', { substreamProfile: 'm' }, 'l m -'],
    ['a profile that is not there', { profile: 'x' }, 'It has no profile "x"; it has "l", "m", "s".'],
    [
      'a sub-stream that is not there',
      { substreamProfile: 'x' },
      'Its channel "V1" has no profile "x" for a sub-stream; it has "l", "m", "s".',
    ],
    ['a profile for its head', { ptz: { profile: 's' } }, 'l m s'],
    [
      'a profile for its head that is not there',
      { ptz: { profile: 'x' } },
      'It has no profile "x" for its PTZ; it has "l", "m", "s".',
    ],
    ['a node that nothing has', { ptz: { node: 'N9' } }, 'No profile of it has the PTZ node "N9".'],
  ])('%s', (_, wish, expected) =>
    expect(chosen([profile('l'), profile('m', { width: 1280, height: 720 }), profile('s', SMALL)], wish)).toBe(
      expected,
    ),
  )
})

describe('of a recorder with several channels', () => {
  const nvr = ['V1', 'V2', 'V3'].flatMap((source, i) => [
    profile(`${source}-main`, { source, ptzNode: i === 1 ? 'N2' : null }),
    profile(`${source}-sub`, { source, ...SMALL }),
  ])
  test.each<[string, ChannelWish, string]>([
    ['picture and head are of the channel that is named', { source: 'V2' }, 'V2-main V2-sub V2-main'],
    ['a profile names its channel, too', { profile: 'V3-sub' }, 'V3-sub - -'],
    ['a head of another channel moves nothing of this one', { source: 'V1' }, 'V1-main V1-sub -'],
    ['unless the site file says so, by node', { source: 'V1', ptz: { node: 'N2' } }, 'V1-main V1-sub V2-main'],
    ['or by profile', { source: 'V1', ptz: { profile: 'V2-sub' } }, 'V1-main V1-sub V2-sub'],
    [
      'without a name nothing is guessed',
      {},
      'It has 3 channels, and the site file does not say which one this camera is: write onvif: { source: … } with ' +
        'one of "V1", "V2", "V3".',
    ],
    ['a channel that is not there', { source: 'V9' }, 'It has no video source "V9"; it has "V1", "V2", "V3".'],
    [
      'a profile of another channel',
      { source: 'V1', profile: 'V2-main' },
      'Its profile "V2-main" is not of the video source "V1".',
    ],
  ])('%s', (_, wish, expected) => expect(chosen(nvr, wish)).toBe(expected))
  test('sound and metadata are no channel, and many channels are not all listed', () => {
    expect(channelsOf([profile('a'), profile('sound', { source: null })]).map(({ source }) => source)).toEqual(['V1'])
    const bridge = Array.from({ length: 14 }, (_, i) => profile(`p${i}`, { source: `V${i}` }))
    expect(chosen(bridge)).toMatch(/one of "V0", .*"V11" and 2 more\.$/)
  })
})
test.each([
  ['no profile at all', [], {}, 'It has no media profile: nothing of it can be recorded.'],
  [
    'no profile with a source: all are one channel',
    [profile('a', { source: null }), profile('b', { source: null, ...SMALL })],
    {},
    'a b -',
  ],
  [
    'one of them by name',
    [profile('a', { source: null }), profile('b', { source: null, ...SMALL })],
    { profile: 'b' },
    'b - -',
  ],
  [
    'one without a source beside one with, by name',
    [profile('a'), profile('b', { source: null, ...SMALL })],
    { profile: 'b' },
    'b - -',
  ],
] as [string, MediaProfile[], ChannelWish, string][])('a device with %s', (_, profiles, wish, expected) =>
  expect(chosen(profiles, wish)).toBe(expected),
)
