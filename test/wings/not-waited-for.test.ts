/** What fails while nobody waits for it: it is in the log, and the process goes on. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-not-waited-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a job that fails while nobody waits for it is logged, and takes no press and no camera with it', () => {
  const foundation = fileURLToPath(new URL('../../server/foundation.ts', import.meta.url))
  const program = `
    import { openGround } from ${JSON.stringify(foundation)}
    const ground = openGround({ dataFolder: ${JSON.stringify(folder)}, host: '127.0.0.1' })
    void Promise.reject(new Error('nobody waits for this'))
    setTimeout(async () => {
      console.log('the house stands')
      await ground.closing.close()
    }, 50)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  })
  expect([status, stdout.trim()], stderr).toEqual([0, 'the house stands'])
  expect(readFileSync(join(folder, 'lamppost.log'), 'utf8')).toContain('nobody waits for this')
})
