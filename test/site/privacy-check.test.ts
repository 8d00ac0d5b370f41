/** Privacy masks in a site file: what is refused, and in which words. */
import { expect, test } from 'vitest'
import { readSite } from '../../server/site/site-check.ts'

const read = (camera: string) =>
  readSite(
    [
      'site: { id: t, name: T, timezone: Europe/London }',
      'helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]',
      `cameras: [{ id: one, name: One, location: { lat: 54.5, lon: -1.5 }, ${camera} }]`,
      '',
    ].join('\n'),
    (text) => ({ value: text }),
  )
const ONVIF = 'onvif: { url: "http://10.0.0.2/onvif", username: a, password: "${P}" }'
const LENS = 'lens: { pan: 360, tilt: 180, wide: 60, tele: 3 }'
const box = (pan: string, tilt = '[0, 0.1]', more = ''): string =>
  `privacy: [{ name: Windows, box: { pan: ${pan}, tilt: ${tilt}${more} } }]`
const POLYGON = 'privacy: [{ name: Door, polygon: [[0, 0], [0.5, 0], [0.5, 0.5]] }]'

test('a polygon, and a box with its lens, are taken', () => {
  expect(read(`${ONVIF}, ${POLYGON}`).site?.cameras[0]?.privacy).toEqual({
    masks: [
      {
        name: 'Door',
        polygon: [
          [0, 0],
          [0.5, 0],
          [0.5, 0.5],
        ],
      },
    ],
    lens: null,
  })
  expect(read(`${ONVIF}, ${box('[-0.1, 0.1]', '[0, 0.1]', ', zoom: 0.2')}, ${LENS}`).site?.cameras[0]?.privacy).toEqual(
    {
      masks: [{ name: 'Windows', box: { pan: [-0.1, 0.1], tilt: [0, 0.1], zoom: 0.2 } }],
      lens: { pan: 360, tilt: 180, wide: 60, tele: 3, level: 0, flipPan: false, flipTilt: false },
    },
  )
  expect(read(ONVIF).site?.cameras[0]?.privacy).toBeNull()
})
test.each([
  [`${ONVIF}, ${box('[0, 0.1]')}`, 'needs the camera’s lens beside it'],
  [`stream: { url: "rtsp://10.0.0.2/1" }, ${box('[0, 0.1]')}, ${LENS}`, 'needs onvif: only the head can say'],
  [`${ONVIF}, ${box('[0.1, 0]')}, ${LENS}`, 'the first figure must be less than the second'],
  [`${ONVIF}, ${box('[-0.9, 0.9]')}, ${LENS}`, 'is wider than 90°: write two boxes'],
  [`${ONVIF}, ${box('[0, 0.1]')}, lens: { pan: 360, tilt: 180, wide: 3, tele: 60 }`, 'exchange them'],
  [`${ONVIF}, ${LENS}`, 'is for privacy masks; this camera has none'],
  [`${ONVIF}, presets: { bar: { token: "1", name: Bar } }, ${POLYGON}`, 'this one turns: write a box'],
  [`${ONVIF}, ${POLYGON}, ${LENS}`, 'has polygons, for a camera that stands still'],
  [`${ONVIF}, privacy: []`, 'privacy'],
  [`${ONVIF}, privacy: [{ name: Door, polygon: [[0, 0], [1, 1]] }]`, 'polygon'],
  [`${ONVIF}, privacy: [{ name: Door, polygon: [[0, 0], [1.2, 0], [1, 1]] }]`, 'polygon'],
  [`${ONVIF}, privacy: [{ polygon: [[0, 0], [1, 0], [1, 1]] }]`, 'privacy'],
])('%s is refused', (camera, words) => {
  const { problems } = read(camera)
  expect(problems.map(({ key, problem }) => `${key} ${problem}`).join('\n')).toContain(words)
})
