/** A disk that another program has filled: presses are taken all the same. The whole server, as a process. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { verifyLedger } from '../../server/ledger/ledger-proof.ts'
import { createStarvedServers } from '../contracts/starved-server.ts'
import { until } from '../contracts/test-town.ts'

const { start, stop, stopAll, tokenOf, press, forget } = createStarvedServers()
afterEach(() => stopAll())
afterAll(forget)

const isRoot = process.getuid?.() === 0
describe.skipIf(!isRoot)(
  'a disk that another program has filled (a small disk in memory, which needs root to mount)',
  () => {
    test('takes a thousand presses with their receipts, also after a restart on the full disk, and the record is whole', async () => {
      const disk = mkdtempSync(join(tmpdir(), 'lamppost-disk-'))
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', disk]).status !== 0)
        throw new Error('tmpfs cannot be mounted')
      let filler: ChildProcess | null = null
      try {
        const data = join(disk, 'data')
        const first = await start(data)
        const token = tokenOf(data)
        const supervisor = tokenOf(data, 'supervisor')
        expect(await press(first.url, token, 0)).toBe(202)
        // Another program that takes whatever it can get, again and again.
        filler = spawn(
          'bash',
          [
            '-c',
            'i=0; while true; do i=$((i+1)); head -c 4000000 /dev/zero > "$0/fill-$i" 2>/dev/null || { ' +
              'head -c 4096 /dev/zero > "$0/fill-$i" 2>/dev/null; sleep 0.05; }; done',
            disk,
          ],
          { stdio: 'ignore' },
        )
        await until(
          () => Number(spawnSync('df', ['--output=avail', disk], { encoding: 'utf8' }).stdout.split('\n')[1]),
          (free) => free < 8,
          30_000,
        )
        const answers: number[] = []
        for (let n = 1; n <= 500; n += 1) answers.push(await press(first.url, token, n))
        expect(answers.filter((status) => status !== 202)).toEqual([])
        await stop(first.server, 'SIGKILL')
        const second = await start(data)
        for (let n = 501; n <= 750; n += 1) answers.push(await press(second.url, token, n))
        await stop(second.server)
        const third = await start(data)
        for (let n = 751; n <= 1000; n += 1) answers.push(await press(third.url, token, n))
        expect(answers.filter((status) => status !== 202)).toEqual([])
        expect(answers).toHaveLength(1000)
        // The shift and the metrics say so, and for how long it lasts.
        const ask = async (path: string): Promise<string> =>
          (await fetch(`${third.url}${path}`, { headers: { authorization: `Bearer ${supervisor}` } })).text()
        await until(
          () => ask('/metrics'),
          (metrics) => /^lamppost_ledger_on_reserve 1$/m.test(metrics),
        )
        expect(await ask('/metrics')).toMatch(/^lamppost_ledger_reserve_bytes\{of="wanted"\} \d{6,}$/m)
        expect(await ask('/api/v1/shifts/now')).toMatch(/running on the reserve, [\d.]+ h left/)
        await stop(third.server)
        filler.kill('SIGKILL')
        await new Promise((resolve) => filler?.once('exit', resolve))
        filler = null
        for (const name of readdirSync(disk)) if (name.startsWith('fill-')) rmSync(join(disk, name))
        expect(verifyLedger(join(data, 'ledger.sqlite'))).toMatchObject({ ok: true, problem: null })
        // With room again the reserve is filled again.
        await start(data)
        await until(
          () => existsSync(join(data, 'ledger-reserve')) && statSync(join(data, 'ledger.sqlite')).size,
          (size) => Number(size) > 8_000_000,
          20_000,
        )
      } finally {
        filler?.kill('SIGKILL')
        await stopAll('SIGKILL')
        // Whoever still has a file of it open keeps it for that long only.
        spawnSync('umount', ['--lazy', disk])
        rmSync(disk, { recursive: true, force: true })
      }
    }, 600_000)
  },
)
