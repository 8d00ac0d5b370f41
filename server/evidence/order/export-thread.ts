/**
 * The thread that packages are made in: reading, hashing and wrapping gigabytes costs neither a press nor a
 * recording.
 */
import type { ExportId } from '../../glossary/evidence.ts'
import { lowerPriority } from '../../tools/process/thread-priority.ts'
import { answerCalls, publishToMain } from '../../tools/process/worker-calls.ts'
import type { ManifestFacts } from './export-manifest.ts'
import { type CutOutcome, type ExportPlan, type Signing, createExportRun } from './export-run.ts'

export type ExportNews = { export: ExportId; progress: number }
type Running = { run: ReturnType<typeof createExportRun>; stop: AbortController }

/** Presses, cameras and recorders come first. */
lowerPriority(10)
const running = new Map<ExportId, Running>()
const TELL_EVERY = 0.01

function runOf(id: ExportId): Running {
  const found = running.get(id)
  if (!found) throw new Error(`export ${id} is not being made`)
  return found
}

const calls = {
  /** Cuts everything that was recorded; the bag around it follows with `finish`. */
  async cut(plan: ExportPlan): Promise<CutOutcome> {
    const stop = new AbortController()
    let told = 0
    const run = createExportRun(plan, {
      signal: stop.signal,
      onProgress(share) {
        if (share - told < TELL_EVERY) return
        told = share
        publishToMain({ export: plan.id, progress: share } satisfies ExportNews)
      },
    })
    running.set(plan.id, { run, stop })
    return run.cut()
  },
  async finish(facts: ManifestFacts, signing: Signing) {
    const made = await runOf(facts.id).run.finish(facts, signing)
    running.delete(facts.id)
    return made
  },
  /** Whatever is under way ends with an error. */
  abort: (id: ExportId): void => running.get(id)?.stop.abort(),
  /** After an end that was none. @param keep what was done, to be gone on with */
  async drop(id: ExportId, keep: boolean): Promise<void> {
    const found = running.get(id)
    running.delete(id)
    await found?.run.stop(keep)
  },
}
export type ExportThread = typeof calls

answerCalls(calls)
