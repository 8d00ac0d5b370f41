import { describe, expect, test } from 'vitest'
import { type PartNews, createPartPost } from '../../server/clip/live/part-post.ts'

const part = (camera: string, index: number): PartNews => ({
  camera,
  form: 'copy',
  live: {
    run: 0,
    number: 1,
    index,
    start: 0,
    part: { bytes: Uint8Array.of(index), duration: 0.08, independent: index === 0, at: 0 },
  },
})
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
function post({ busy = false } = {}) {
  const messages: string[][] = []
  const memory: ArrayBuffer[] = []
  const tell = createPartPost({
    post: (parts, lent) => {
      messages.push(parts.map(({ camera, live }) => `${camera} ${live?.index ?? 'gone'}`))
      memory.push(...lent)
    },
    isBusy: () => busy,
  })
  return { tell, messages, memory }
}

describe('parts for those who watch', () => {
  test('of one turn go in one message, in their order, with their memory', async () => {
    const { tell, messages, memory } = post()
    tell(part('one', 0))
    tell(part('two', 0))
    tell(part('one', 1))
    expect(messages).toEqual([])
    await turn()
    expect(messages).toEqual([['one 0', 'two 0', 'one 1']])
    expect(memory.map((bytes) => new Uint8Array(bytes)[0])).toEqual([0, 0, 1])
  })
  test('are not held for the next turn while few cameras are watched', async () => {
    const { tell, messages } = post()
    tell(part('one', 0))
    await turn()
    tell(part('one', 1))
    await turn()
    expect(messages).toEqual([['one 0'], ['one 1']])
  })
  test('of a moment go together while many are, and an end does not overtake the parts before it', async () => {
    const { tell, messages } = post({ busy: true })
    tell(part('one', 0))
    await turn()
    tell(part('two', 0))
    tell({ camera: 'one', form: 'copy', live: null })
    expect(messages).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(messages).toEqual([['one 0', 'two 0', 'one gone']])
  })
})
