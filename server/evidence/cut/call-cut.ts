/**
 * The sound of one call in a package: the recording as it was written during the call, byte for byte; or, of a redacted
 * copy, the parent's with stretches in silence.
 */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExportCall, Silence } from '../../glossary/evidence.ts'
import { Failure } from '../../tools/failure.ts'
import { HEADER_BYTES } from '../../tools/media/a-law-wav.ts'
import { FRAME_MS, SAMPLES_PER_MS, SILENCE } from '../../tools/media/g711.ts'
import type { CallFacts } from '../order/export-manifest.ts'
import { fileParts, fileSums } from '../package/file-source.ts'
import type { Packing } from '../package/packing.ts'
import { takeOut } from './redaction.ts'

/** `file`: of the recording; of a redacted copy, `path` in the parent's package `file`. */
export type CallCut = {
  call: ExportCall
  file: string
  parent: { path: string; sha256: string; silences: Silence[] } | null
}

export const audioName = (call: string): string => `data/audio/${call}.wav`

/** @throws export/changed naming the call whose recording is not as it was written */
export async function cutCall(packing: Packing, { call, file, parent }: CallCut): Promise<CallFacts> {
  const { zip, inZip, folder, signal } = packing
  const { id, helpPoint, ringingAt, recording } = call
  const path = audioName(id)
  const silenced = parent?.silences.map(({ from, to }) => ({ from, to })) ?? []
  const own = parent === null ? file : join(folder, 'call.wav')
  if (parent) {
    await takeOut(file, { file: parent.path, sha256: parent.sha256 }, own, signal)
    await silence(own, Date.parse(recording.from), silenced)
  }
  const name = inZip(path)
  const added = zip.has(name) ?? (await pack())
  if (parent) await rm(own, { force: true })
  else if (added.sha256 !== recording.sha256) throw changed()
  return {
    id,
    helpPoint,
    ringingAt,
    from: recording.from,
    to: recording.to,
    file: path,
    sha256: added.sha256,
    bytes: added.bytes,
    gaps: recording.gaps,
    redacted: parent && { from: parent.path, sha256: parent.sha256, silenced },
  }

  async function pack() {
    const sums = await fileSums(own).catch(() => {
      throw new Failure('export/changed', `The recording of call ${id} is missing; nothing was exported.`)
    })
    return zip.addParts(name, sums, fileParts(own), { signal })
  }
  function changed(): Failure {
    return new Failure(
      'export/changed',
      `The recording of call ${id} is not as it was when the call ended: its bytes do not give the hash that was ` +
        'taken then. Nothing was exported.',
    )
  }
}

/** Both sides, to whole packets. */
async function silence(file: string, begin: number, stretches: readonly { from: string; to: string }[]): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    for (const { from, to } of stretches) {
      const place = (moment: number): number =>
        Math.min(size, HEADER_BYTES + 2 * SAMPLES_PER_MS * Math.max(0, moment - begin))
      const [first, last] = [place(Date.parse(from) - FRAME_MS), place(Date.parse(to) + FRAME_MS)]
      const bytes = Buffer.alloc(64 * 1024, SILENCE)
      for (let at = first; at < last;)
        at += (await handle.write(bytes, 0, Math.min(bytes.length, last - at), at)).bytesWritten
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}
