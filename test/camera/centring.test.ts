/** Turning to a place in the picture, by what the head says it can be told. */
import { describe, expect, test } from 'vitest'
import type { OnvifClient } from '../../server/camera/onvif/onvif-client.ts'
import { createOnvifPtz } from '../../server/camera/onvif/onvif-ptz.ts'
import type { XmlElement } from '../../server/camera/onvif/onvif-reply.ts'

const FOV = 'http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationSpaceFov'
const GENERIC = 'http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationGenericSpace'
const space = (uri: string, x: [string, string] | null): XmlElement => ({
  URI: uri,
  ...(x ? { XRange: { Min: x[0], Max: x[1] }, YRange: { Min: x[0], Max: x[1] } } : {}),
})

function ptzOf(nodes: XmlElement[]) {
  const asked: string[] = []
  const client = {
    async call({ action, body }: { action: string; body: string }) {
      asked.push(body)
      return (action === 'GetNodes' ? { PTZNode: nodes } : {}) as XmlElement
    },
  } as unknown as OnvifClient
  return { asked, ptz: createOnvifPtz({ client, path: '/ptz', profile: 'p1' }) }
}
const node = (...spaces: XmlElement[]): XmlElement => ({
  SupportedPTZSpaces: { RelativePanTiltTranslationSpace: spaces },
})

describe('a head', () => {
  test('whose node has the space of its picture says its range; cameras count it their own way', async () => {
    for (const range of [
      ['-1', '1'],
      ['-100', '100'],
    ] as [string, string][]) {
      const { ptz } = ptzOf([node(space(GENERIC, ['-1', '1']), space(FOV, range))])
      const [min, max] = range.map(Number)
      expect(await ptz.pictureRange(1)).toEqual({ x: { min, max }, y: { min, max } })
    }
  })
  test.each([
    ['has only the generic space, which says nothing of the picture', [node(space(GENERIC, ['-1', '1']))]],
    ['names the space without a range', [node(space(FOV, null))]],
    ['names a range of no width', [node(space(FOV, ['0', '0']))]],
    ['has no node', []],
    ['has a node without spaces', [{}]],
  ])('that %s cannot be told so', async (_, nodes) => {
    expect(await ptzOf(nodes).ptz.pictureRange(1)).toBeNull()
  })
  test('is told in that space, and nothing of its zoom', async () => {
    const { ptz, asked } = ptzOf([])
    await ptz.turnInPicture({ x: 50, y: -25 }, 1)
    expect(asked[0]).toContain(`x="50" y="-25" space="${FOV}"`)
    expect(asked[0]).not.toContain('Zoom')
  })
})
