import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type Reporter, type TestCase, type TestSpecification } from 'vitest/node'

/** Real things that need little of the machine: they run two by two. */
const SIDE_BY_SIDE = [
  'test/contracts/{blind-cameras,old-node,faulted-moves,hostile-mutations,camera-desk,full-disk,field-cameras,field-silences,' +
    'field-streams,past-readers,head.contract,onvif-input,hostile-devices,mqtt-source,rtmp-ingest,simulated-camera,' +
    'sia-receiver,loudspeaker,package,evidence-package,evidence-deaths,backup,rtsp-recording,ledger.contract,clock.contract}.test.ts',
  'test/door/{access-table,api,request-ids,fuzz,penetration,second-factor,connectors,room,lists,running-answers,robust}.test.ts',
  'test/door/{responders,site-file,sources,onvif-device,live-hls,live-socket,event-stream,evidence}.test.ts',
  'test/threats/*.test.ts',
  'test/journeys/{responders,wall-many}.test.ts',
  'test/journeys/{cameras,incidents,site-file,training,other-pages,people,second-factor,directory,commands,embedding,help-points}.test.ts',
  'test/journeys/{evidence,lifecycle,sound,wall,wall-looks,wall-hands}.test.ts',
]

/** Of a whole test: longer than what any of its steps may wait for. */
const PATIENCE_MS = 360_000

const output = fileURLToPath(new URL('journeys/output/', import.meta.url))
/**
 * A test with real cameras and browsers is tried twice, because a machine that others use can fail it once; the run
 * names each that needed the second try, for it is to be mended all the same.
 */
const TRIES = { retry: 1 }
class SecondTries implements Reporter {
  readonly #names: string[] = []
  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#names.push(`${test.module.relativeModuleId} > ${test.fullName}`)
  }
  onTestRunEnd(): void {
    if (this.#names.length === 0) return
    mkdirSync(output, { recursive: true })
    writeFileSync(`${output}second-tries.json`, JSON.stringify(this.#names))
  }
}

/** The longest begin first: one that begins last is waited for alone. */
const LONGEST = [
  'rtsp-recording',
  'onvif-device',
  'wall-looks',
  'wall',
  'field-cameras',
  'live-socket',
  'wall-hands',
  'field-streams',
  'sound',
  'rtmp-ingest',
  'evidence',
  'help-points',
  'embedding',
  'old-node',
  'camera-desk',
  'other-pages',
  'api',
]
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return at === -1 ? LONGEST.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

/** Pure tests run side by side; what records and plays video runs one file after the other. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    reporters: ['default', ['json', { outputFile: 'test/journeys/output/results.json' }], new SecondTries()],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'pure',
          // Whatever is in no other folder, so that a new room's tests run without a line here.
          include: ['test/**/*.test.ts'],
          exclude: ['test/{contracts,door,journeys,engines,threats}/**'],
          testTimeout: 120_000,
        },
      },
      { test: { name: 'side', include: SIDE_BY_SIDE, testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS, ...TRIES } },
      {
        test: {
          name: 'real',
          include: ['test/{contracts,door,journeys}/**/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
          ...TRIES,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'engines',
          include: ['test/engines/**/*.test.ts'],
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
          ...TRIES,
        },
      },
    ],
  },
})
