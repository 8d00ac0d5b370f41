/**
 * Makes one package: cuts the master out of the clip buffers, checks every segment against the hash taken when it was
 * recorded, wraps viewing copies, and writes the bag into a ZIP that can be gone on with after a death. Runs in a
 * thread of its own.
 */
import { createPrivateKey } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ExportId, PackageFacts, Seal } from '../../glossary/evidence.ts'
import { isoTime } from '../../tools/clock.ts'
import { Failure, messageOf } from '../../tools/failure.ts'
import { builtEntry } from '../../tools/package-root.ts'
import { callWorker } from '../../tools/process/worker-calls.ts'
import { BAGIT_TXT, bagInfo, manifestText, sha256Of } from '../package/bag.ts'
import { type CallCut, cutCall } from '../cut/call-cut.ts'
import { type CameraCut, cutCamera } from '../cut/camera-cut.ts'
import { fingerprintOf, importSigningKey } from '../sign/certificates.ts'
import { signDetached } from '../sign/cms-signature.ts'
import {
  type CallFacts,
  type CameraFacts,
  type ManifestFacts,
  custodyCsv,
  manifestJson,
  readMeFirst,
  verifyTxt,
} from './export-manifest.ts'
import { type Packing, clearScratch, createPacking, partFile } from '../package/packing.ts'
import type { PackageReread } from '../package/package-reread.ts'
import { type AskedTimeStamp, askTimeStamp } from '../sign/time-stamp.ts'
import { syncFolder } from '../package/zip-journal.ts'
import { openZipWriter } from '../package/zip-writer.ts'

export type ExportPlan = {
  id: ExportId
  folder: string
  at: number
  timezone: string
  cameras: CameraCut[]
  calls: CallCut[]
}
export type CutOutcome = { cameras: CameraFacts[]; calls: CallFacts[]; seal: Seal }
export type Signing = { chain: string[]; key: string; timeStamp: AskedTimeStamp | null }

export const packageFile = (folder: string): string => join(folder, 'package.zip')
const STAMP_TRIES = 2
/** What the verification takes, too: hundreds of thousands of segments. */
const MOST_MANIFEST = 64 * 1024 * 1024
/** So many fit: known before hours of cutting. */
const MOST_SEGMENTS = 250_000
const tooLarge = (): Failure =>
  new Failure('export/too-large', 'This export has too many segments for one package; cut it into several.')

/** In a thread of its own: hashing what was written takes as long as writing it. */
function reread(file: string): PackageReread {
  const { calls, terminate } = callWorker<PackageReread>(builtEntry('evidence/package/package-reread-thread.js'), file)
  return {
    upTo: calls.upTo,
    beginEntry: calls.beginEntry,
    endEntry: calls.endEntry,
    digest: calls.digest,
    close: terminate,
  }
}

/** Another number whenever the same recordings become other files: what an older version began is not gone on with. */
const WAY_OF_PACKING = 3
const planOf = ({ cameras, calls }: ExportPlan): string =>
  sha256Of(
    JSON.stringify([
      WAY_OF_PACKING,
      ...cameras.map(({ camera, range, cut }) => [
        camera.id,
        cut.from,
        cut.to,
        range.segments.map(({ number, run, sha256 }) => [number, run, sha256]),
      ]),
      calls.map(({ call }) => [call.id, call.recording.sha256]),
    ]),
  )

/** What stays when a run is gone on with; everything after it depends on the moment at which it was made. */
const isPayload = (name: string): boolean => /^[^/]+\/data\/(native|view|audio)\//.test(name)

export function createExportRun(
  plan: ExportPlan,
  { signal, onProgress }: { signal: AbortSignal; onProgress(share: number): void },
) {
  const { id, folder } = plan
  const masterBytes = plan.cameras.reduce(
    (sum, { range }) => sum + range.segments.reduce((all, { bytes }) => all + bytes, 0),
    0,
  )
  /** Master, viewing copy, and its proof. */
  const work = Math.max(1, masterBytes * 3)
  let done = 0
  const advance = (bytes: number): void => {
    done += bytes
    onProgress(Math.min(0.99, done / work))
  }
  let packing: Packing | null = null

  let stampProblem: string | null = null
  /** An authority that does not answer costs the stamp, and not hours of cutting: the package says that it has none. */
  async function stampOf(
    asked: AskedTimeStamp,
    signature: Uint8Array,
  ): Promise<{ reply: Uint8Array; at: number } | null> {
    for (let tries = 0; tries < STAMP_TRIES; tries += 1) {
      signal.throwIfAborted()
      try {
        return await askTimeStamp(asked, signature, signal)
      } catch (error) {
        stampProblem = messageOf(error)
      }
    }
    return null
  }

  return {
    /** Everything that was recorded, and its viewing copies. */
    async cut(): Promise<CutOutcome> {
      if (plan.cameras.reduce((sum, { range }) => sum + range.segments.length, 0) > MOST_SEGMENTS) throw tooLarge()
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await syncFolder(dirname(folder))
      await clearScratch(folder)
      const redacted = [...plan.cameras, ...plan.calls].some(({ parent }) => parent !== null)
      // What was begun is gone on with only when it is of the very same segments: a clip buffer may have changed
      // meanwhile.
      const zip = await openZipWriter(partFile(folder), {
        at: plan.at,
        plan: planOf(plan),
        resumable: redacted ? () => false : isPayload,
        reread,
        signal,
      })
      packing = createPacking({ id, folder, timezone: plan.timezone, zip, signal, advance })
      // First: what is heard beside a picture was found to be as it was written.
      const calls: CallFacts[] = []
      for (const call of plan.calls) calls.push(await cutCall(packing, call))
      const voices = plan.calls.map(({ call: { id: call, recording }, file }) => ({
        call,
        file,
        from: Date.parse(recording.from),
        to: Date.parse(recording.to),
      }))
      const cameras: CameraFacts[] = []
      for (const camera of plan.cameras) cameras.push(await cutCamera(packing, camera, voices))
      const files = [...packing.files('data/audio/'), ...packing.files(redacted ? 'data/view/' : 'data/native/')]
      return {
        cameras,
        calls,
        seal: {
          segments: cameras.reduce((sum, { segments }) => sum + segments.length, 0),
          bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
          contents: sha256Of(manifestText(files)),
        },
      }
    },
    /** The bag around it, signed; the package is there when this returns, and not before. */
    async finish(facts: ManifestFacts, { chain, key, timeStamp }: Signing): Promise<PackageFacts> {
      if (!packing) throw new Error('the package is not open')
      const { addText, zip, files } = packing
      const manifest = manifestJson(facts)
      if (Buffer.byteLength(manifest) > MOST_MANIFEST) throw tooLarge()
      await addText('data/manifest.json', manifest)
      await addText('data/custody.csv', custodyCsv(facts.custody))
      await addText('data/READ-ME-FIRST.txt', readMeFirst(facts))
      const payload = files('data/')
      const [signer = '', root = signer] = [chain[0], chain.at(-1)]
      const tags = [
        await addText('bagit.txt', BAGIT_TXT),
        await addText(
          'bag-info.txt',
          bagInfo(
            [
              ['Source-Organization', facts.site.name],
              ['Bagging-Date', facts.createdAt.slice(0, 10)],
              ['External-Identifier', id],
              ['External-Description', facts.request.reason],
              ['Bag-Software-Agent', `${facts.software.name} ${facts.software.version}`],
            ],
            payload,
          ),
        ),
        await addText('VERIFY.txt', verifyTxt(id, `sha256 Fingerprint=${fingerprintOf(root)}`)),
        await addText('manifest-sha256.txt', manifestText(payload)),
      ]
      const tagManifest = manifestText(tags)
      await addText('tagmanifest-sha256.txt', tagManifest)
      const signature = await signDetached(Buffer.from(tagManifest), {
        chain,
        key: await importSigningKey(createPrivateKey(key)),
        at: Date.parse(facts.createdAt),
      })
      await addText('tagmanifest-sha256.txt.p7s', signature)
      const stamped = timeStamp && (await stampOf(timeStamp, signature))
      if (stamped) await addText('tagmanifest-sha256.txt.p7s.tsr', stamped.reply)
      signal.throwIfAborted()
      const { bytes, sha256 } = await zip.finish(packageFile(folder))
      await writeFile(join(folder, 'package.sha256'), `${sha256}  ${id}.zip\n`)
      return {
        bytes,
        sha256,
        tagManifestSha256: sha256Of(tagManifest),
        signer: fingerprintOf(signer),
        root: fingerprintOf(root),
        timeStamped: stamped ? isoTime(stamped.at) : null,
        stampProblem,
      }
    },
    /** @param keep what was done, to be gone on with. */
    async stop(keep: boolean): Promise<void> {
      await packing?.zip.pause()
      await clearScratch(folder)
      if (!keep) await rm(folder, { recursive: true, force: true })
    },
  }
}
