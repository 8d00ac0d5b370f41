/**
 * What each thread of a measured server keeps on its heap, told when it is asked. Loaded before all else (`NODE_OPTIONS=--require`), in
 * every thread of it; only when the file `ask` lies in the folder of `LAMPPOST_BENCH_HEAP` does it collect, look, and
 * write a file of its own.
 */
const { existsSync, writeFileSync } = require('node:fs')
const { basename, join } = require('node:path')
const v8 = require('node:v8')
const vm = require('node:vm')
const { threadId, isMainThread, resourceLimits } = require('node:worker_threads')

const folder = process.env.LAMPPOST_BENCH_HEAP
let told = false
const look = () => {
  if (told || !existsSync(join(folder, 'ask'))) return
  told = true
  const before = v8.getHeapStatistics()
  v8.setFlagsFromString('--expose-gc')
  vm.runInNewContext('gc')()
  const after = v8.getHeapStatistics()
  const { arrayBuffers } = process.memoryUsage()
  const name = isMainThread ? basename(process.argv[1] ?? 'node') : `thread ${threadId}`
  writeFileSync(
    join(folder, `${process.pid}-${threadId}.json`),
    JSON.stringify({
      pid: process.pid,
      name,
      before: before.used_heap_size,
      kept: after.used_heap_size,
      committed: before.total_heap_size,
      arrayBuffers,
      limited: resourceLimits ?? {},
    }),
  )
}
if (folder) setInterval(look, 1000).unref()
