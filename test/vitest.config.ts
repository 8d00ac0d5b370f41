import { defineConfig } from 'vitest/config'

/** Pure tests run side by side; what starts cameras, servers and browsers runs one file after the other. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    reporters: ['default', ['json', { outputFile: 'test/journeys/output/results.json' }]],
    projects: [
      { test: { name: 'pure', include: ['test/{rooms,camera,clip,incident,ledger,outbox,people,press,proof,shift,site,simulator,tools,web-components}/**/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'real', include: ['test/{contracts,door,journeys}/**/*.test.ts'], testTimeout: 90_000, hookTimeout: 90_000, fileParallelism: false } },
    ],
  },
})
