import { expect, test } from 'vitest'
import { diskNews } from '../../server/clip/disk-news.ts'
import type { DiskState } from '../../server/clip/ring/clip-disk.ts'
import type { LiveNews } from '../../server/glossary/news.ts'

test('open pages are told of every change of the disk, the log of one with a problem', () => {
  const told: LiveNews[] = []
  const logged: DiskState[] = []
  const onDisk = diskNews({ error: (state) => logged.push(state) }, { publish: (news) => told.push(news) })
  const well: DiskState = { level: 'ok', free: 10, total: 20, problem: null } as never
  const full: DiskState = { level: 'full', free: 0, total: 20, problem: 'the disk is full' } as never
  onDisk(well)
  onDisk(full)
  expect(told).toEqual([well, full].map((data) => ({ event: 'storage.health', data })))
  expect(logged).toEqual([full])
})
