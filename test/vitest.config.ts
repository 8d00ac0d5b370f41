import { defineConfig } from 'vitest/config'

/** Real things that need little of the machine: they run two by two. */
const SIDE_BY_SIDE = [
  'test/contracts/{blind-cameras,old-node,faulted-moves,hostile-mutations,camera-desk,full-disk,field-cameras,field-streams,' +
    'past-readers,head.contract,onvif-input,deaths,hostile-devices,mqtt-source,rtmp-ingest,simulated-camera,' +
    'sia-receiver,package,evidence-package,evidence-deaths,rtsp-recording,ledger.contract,clock.contract}.test.ts',
  'test/door/{access-table,api,room,lists,running-answers,sources,live-hls,live-socket,event-stream,evidence}.test.ts',
  'test/journeys/{cameras,other-pages,embedding,help-points,evidence,lifecycle,sound,wall,wall-looks,wall-hands}.test.ts',
]

/** Of a whole test: longer than what any of its steps may wait for. */
const PATIENCE_MS = 360_000

/** Pure tests run side by side; what records and plays video runs one file after the other. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    reporters: ['default', ['json', { outputFile: 'test/journeys/output/results.json' }]],
    projects: [
      {
        test: {
          name: 'pure',
          // Whatever is in no other folder, so that a new room's tests run without a line here.
          include: ['test/**/*.test.ts'],
          exclude: ['test/{contracts,door,journeys,engines}/**'],
          testTimeout: 120_000,
        },
      },
      { test: { name: 'side', include: SIDE_BY_SIDE, testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS } },
      {
        test: {
          name: 'real',
          include: ['test/{contracts,door,journeys}/**/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'engines',
          include: ['test/engines/**/*.test.ts'],
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
          fileParallelism: false,
        },
      },
    ],
  },
})
