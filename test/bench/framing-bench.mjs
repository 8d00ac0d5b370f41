/**
 * A thousand moves of heads with every fault that the simulator knows, told against its motors: how many were called framed that were
 * not there, and how long those took that were. The moves are those of test/contracts/faulted-moves.test.ts.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './bench-tools.mjs'

export function benchFraming({ moves }) {
  const folder = mkdtempSync(join(tmpdir(), 'lamppost-moves-'))
  const file = join(folder, 'moves.json')
  try {
    spawnSync(join(root, 'node_modules', '.bin', 'vitest'), ['run', '--config', 'test/vitest.config.ts', 'test/contracts/faulted-moves.test.ts'], { cwd: root, stdio: 'inherit', env: { ...process.env, LAMPPOST_MOVES: String(moves), LAMPPOST_TABLE: file } })
    const { table, wrong, missed, ...figures } = JSON.parse(readFileSync(file, 'utf8'))
    return { ...figures, ...table, ...(wrong.length > 0 ? { wrong } : {}), ...(missed.length > 0 ? { missed } : {}) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
