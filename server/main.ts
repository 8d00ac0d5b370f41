#!/usr/bin/env node
/** The `lamppost` command: on Node 24, whichever Node starts it. What an older Node cannot read is imported after that. */
import { fileURLToPath } from 'node:url'
import { useRuntime } from './node-runtime.mjs'

await useRuntime(fileURLToPath(import.meta.url))
await import('./commands/command-line.ts')
