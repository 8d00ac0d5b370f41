import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeViewingCopy, streamHashes } from '../../server/evidence/viewing-copy.ts'

// A folder with a space in its name: ffmpeg's options are split at spaces.
const folder = mkdtempSync(join(tmpdir(), 'lamppost viewing-'))
afterAll(() => rmSync(folder, { recursive: true }))
const ffmpeg = (...args: string[]) => spawnSync('ffmpeg', ['-v', 'error', ...args], { maxBuffer: 64 * 1024 * 1024 })
const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=15']
const FRAGMENTS = ['-t', '3', '-pix_fmt', 'yuv420p', '-f', 'mp4', '-movflags', '+frag_every_frame+empty_moov+default_base_moof', 'pipe:1']
async function* pieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
}

describe('a viewing copy', () => {
  test.each([
    ['H.264', ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '15'], { codec: 'avc1.42c00c', sound: false }, 'h264_mp4toannexb'],
    ['H.264 with pictures out of order', ['-c:v', 'libx264', '-bf', '2', '-g', '15'], { codec: 'avc1.64000c', sound: false }, 'h264_mp4toannexb'],
    ['H.265', ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none'], { codec: 'hev1.1.6.L60.90', sound: false }, 'hevc_mp4toannexb'],
    ['H.264 with sound', ['-f', 'lavfi', '-i', 'sine=440', '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'], { codec: 'avc1.42c00c', sound: true }, 'h264_mp4toannexb'],
  ])('of %s holds the master’s streams, and ffmpeg’s own hashes say so', async (_, encode, form, filter) => {
    const inputs = encode[0] === '-f' ? encode.slice(0, 4) : []
    const { stdout } = ffmpeg(...PICTURE, ...inputs, ...encode.slice(inputs.length), ...FRAGMENTS)
    writeFileSync(join(folder, 'master.mp4'), stdout)
    const copy = { form, folder, name: 'view.mp4', signal: new AbortController().signal }
    const master = await makeViewingCopy({ ...copy, chunks: pieces(stdout) })
    const view = await streamHashes(copy)
    expect(view).toEqual(master)
    const said = (file: string): string[] => ffmpeg('-i', join(folder, file), '-map', '0', '-c', 'copy', '-bsf:v', filter, '-f', 'streamhash', '-hash', 'sha256', '-').stdout.toString().trim().split('\n')
    expect(master).toEqual(said('master.mp4'))
    expect(view).toEqual(said('view.mp4'))
    expect(master).toHaveLength(form.sound ? 2 : 1)
    const bytes = readFileSync(join(folder, 'view.mp4'))
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
  })
  test('of bytes that are no video fails in ffmpeg’s words', async () => {
    await expect(makeViewingCopy({ form: { codec: 'avc1', sound: false }, folder, name: 'none.mp4', signal: new AbortController().signal, chunks: pieces(Buffer.from('no video at all')) })).rejects.toMatchObject({ code: 'export/unplayable' })
  })
  test('whose master cannot be read fails as that did', async () => {
    async function* broken() {
      yield Buffer.alloc(100)
      throw new Error('segment 7 is missing')
    }
    await expect(makeViewingCopy({ form: { codec: 'avc1', sound: false }, folder, name: 'none.mp4', signal: new AbortController().signal, chunks: broken() })).rejects.toThrow('segment 7 is missing')
  })
})
