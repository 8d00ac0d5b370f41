/**
 * Makes one package: cuts the master out of the clip buffers, checks every segment against the hash taken when it was recorded,
 * wraps viewing copies, and writes the bag into a ZIP that can be gone on with after a death. Runs in a thread of its own.
 */
import { createHash, createPrivateKey } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cut, ExportCamera, ExportId, PackageFacts, Redaction, Seal, StoredRange, StoredSegment } from '../glossary/evidence.ts'
import { isoTime } from '../tools/clock.ts'
import { Failure, wordsOf } from '../tools/failure.ts'
import { type BagFile, BAGIT_TXT, bagInfo, manifestText, sha256Of } from './bag.ts'
import { fingerprintOf, importSigningKey } from './certificates.ts'
import { signDetached } from './cms-signature.ts'
import { type Stretch, initNames, nativePlaylist, segmentName, stamp, stretchesOf } from './cut-plan.ts'
import { type CameraFacts, type ManifestFacts, type ViewFile, custodyCsv, manifestJson, readMeFirst, verifyTxt } from './export-manifest.ts'
import { type ParentView, redactedView } from './redaction.ts'
import { type AskedTimeStamp, askTimeStamp } from './time-stamp.ts'
import { type ViewingCopy, makeViewingCopy, streamHashes } from './viewing-copy.ts'
import { subtitles } from './wall-clock-subtitles.ts'
import { type ZipWriter, openZipWriter } from './zip-writer.ts'

export type CameraCut = { camera: ExportCamera; cut: Cut; range: StoredRange; /** Of a redacted export. */ parent: { file: string; views: ParentView[]; redactions: Redaction[] } | null }
export type ExportPlan = { id: ExportId; folder: string; at: number; timezone: string; cameras: CameraCut[] }
export type CutOutcome = { cameras: CameraFacts[]; seal: Seal }
type NativeNames = { inits: Map<number, string>; segments: Map<number, string> }
export type Signing = { chain: string[]; key: string; timeStamp: AskedTimeStamp | null }

export const packageFile = (folder: string): string => join(folder, 'package.zip')
const partFile = (folder: string): string => join(folder, 'package.zip.part')
/** None of it may stay: a picture that was to be redacted least of all. */
const SCRATCH = ['view.mp4', 'parent.mp4', 'redacted.mp4', 'redaction.txt', 'sound-hash.txt']
const STAMP_TRIES = 2
/** What the verification takes, too: hundreds of thousands of segments. */
const MOST_MANIFEST = 64 * 1024 * 1024

const planOf = ({ cameras }: ExportPlan): string => sha256Of(JSON.stringify(cameras.map(({ camera, range, cut }) => [camera.id, cut.from, cut.to, range.segments.map(({ number, run, sha256 }) => [number, run, sha256])])))

/** What stays when a run is gone on with; everything after it depends on the moment at which it was made. */
const isPayload = (name: string): boolean => /^[^/]+\/data\/(native|view)\//.test(name)

export function createExportRun(plan: ExportPlan, { signal, onProgress }: { signal: AbortSignal; onProgress(share: number): void }) {
  const { id, folder } = plan
  const inZip = (path: string): string => `${id}/${path}`
  const masterBytes = plan.cameras.reduce((sum, { range }) => sum + range.segments.reduce((all, { bytes }) => all + bytes, 0), 0)
  /** Master, viewing copy, and reading it all back. */
  const work = Math.max(1, masterBytes * 4)
  let done = 0
  const advance = (bytes: number): void => {
    done += bytes
    onProgress(Math.min(0.99, done / work))
  }
  let zip: ZipWriter | null = null
  const zipped = (): ZipWriter => {
    if (!zip) throw new Error('the package is not open')
    return zip
  }

  let stampProblem: string | null = null
  /** An authority that does not answer costs the stamp, and not hours of cutting: the package says that it has none. */
  async function stampOf(asked: AskedTimeStamp, signature: Uint8Array): Promise<{ reply: Uint8Array; at: number } | null> {
    for (let tries = 0; tries < STAMP_TRIES; tries += 1) {
      signal.throwIfAborted()
      try {
        return await askTimeStamp(asked, signature, signal)
      } catch (error) {
        stampProblem = wordsOf(error)
      }
    }
    return null
  }

  async function addText(path: string, text: string | Uint8Array): Promise<BagFile> {
    const bytes = Buffer.from(text as string)
    const { sha256 } = await zipped().add(inZip(path), bytes)
    return { path, bytes: bytes.length, sha256 }
  }

  /** The bytes of one segment, as recorded. @throws export/changed naming it */
  async function segmentBytes(camera: string, segment: StoredSegment): Promise<Buffer> {
    const bytes = Buffer.alloc(segment.bytes)
    const called = `Segment ${segment.number} of ${camera} (${isoTime(segment.start)})`
    const data = await open(segment.file, 'r').catch(() => {
      throw new Failure('export/changed', `${called} is missing from the clip buffer; nothing was exported.`)
    })
    try {
      let read = 0
      while (read < bytes.length) {
        const { bytesRead } = await data.read(bytes, read, bytes.length - read, segment.offset + read)
        if (bytesRead === 0) throw new Failure('export/changed', `${called} is cut short in the clip buffer; nothing was exported.`)
        read += bytesRead
      }
    } finally {
      await data.close()
    }
    if (createHash('sha256').update(bytes).digest('hex') !== segment.sha256) throw new Failure('export/changed', `${called} is not as it was recorded: its bytes do not give the hash that was taken then. Nothing was exported.`)
    return bytes
  }

  /** Into the package, unless it is in it already; and out to whoever wraps the viewing copy. */
  async function* master(camera: string, { run, segments }: Stretch, names: NativeNames, range: StoredRange): AsyncGenerator<Buffer> {
    const initFile = range.inits[run]?.file
    if (initFile === undefined) throw new Failure('export/changed', `The initialisation section of run ${run} of ${camera} is missing; nothing was exported.`)
    const init = await readFile(initFile).catch(() => {
      throw new Failure('export/changed', `The initialisation section of run ${run} of ${camera} is missing; nothing was exported.`)
    })
    const initName = inZip(`data/native/${camera}/${names.inits.get(run)}`)
    if (!zipped().has(initName)) await zipped().add(initName, init)
    yield init
    for (const segment of segments) {
      signal.throwIfAborted()
      const bytes = await segmentBytes(camera, segment)
      const name = inZip(`data/native/${camera}/${names.segments.get(segment.number)}`)
      if (!zipped().has(name)) await zipped().add(name, bytes, { sha256: segment.sha256 })
      advance(segment.bytes)
      yield bytes
    }
  }

  async function viewOf(camera: ExportCamera, stretch: Stretch, names: NativeNames, range: StoredRange): Promise<ViewFile> {
    const first = stretch.segments[0]
    const last = stretch.segments.at(-1)
    if (!first || !last) throw new Error('a stretch without segments')
    const base = `data/view/${id}_${camera.id}_${stamp(first.start)}`
    const text = await addOnce(`${base}.srt`, subtitles(stretch.segments, plan.timezone))
    const known = zipped().has(inZip(`${base}.mp4`))
    const times = { from: isoTime(first.start), to: isoTime(last.start + last.duration * 1000) }
    if (known) {
      for (const { bytes } of stretch.segments) advance(2 * bytes)
      return { file: `${base}.mp4`, subtitles: text.path, ...times, sha256: known.sha256, bytes: known.bytes, stream: known.note as ViewingCopy }
    }
    const form = range.inits[stretch.run] ?? { codec: '', sound: false }
    const copy = { form, folder, name: 'view.mp4', signal }
    const hashes = await makeViewingCopy({ ...copy, chunks: master(camera.id, stretch, names, range) })
    const output = join(folder, copy.name)
    // Hashed again out of what ffmpeg has written, while it is packed.
    const compared = streamHashes(copy).then((view): ViewingCopy => {
      if (hashes.join() !== view.join()) throw new Failure('export/changed', `The viewing copy of ${camera.id} does not hold the same pictures as the master; nothing was exported.`)
      return { codec: form.codec, master: hashes, view, equal: true }
    })
    const [stream, added] = await Promise.all([compared, zipped().addFile(inZip(`${base}.mp4`), output, { note: compared, signal })])
    await rm(output, { force: true })
    for (const { bytes } of stretch.segments) advance(bytes)
    return { file: `${base}.mp4`, subtitles: text.path, ...times, sha256: added.sha256, bytes: added.bytes, stream }
  }
  async function addOnce(path: string, text: string): Promise<BagFile> {
    const known = zipped().has(inZip(path))
    return known ? { path, bytes: known.bytes, sha256: known.sha256 } : addText(path, text)
  }

  async function cutCamera({ camera, cut, range, parent }: CameraCut): Promise<CameraFacts> {
    const requested = { from: cut.from, to: cut.to }
    if (parent) return cutRedacted(camera, requested, parent)
    const { segments } = range
    const [first, last] = [segments[0], segments.at(-1)]
    if (!first || !last) throw new Failure('clip/none', `The clip buffer of ${camera.id} has no picture between ${cut.from} and ${cut.to}.`)
    const views: ViewFile[] = []
    const names: NativeNames = { inits: initNames(segments), segments: new Map(segments.map(({ number }, i) => [number, segmentName(i)])) }
    for (const stretch of stretchesOf(segments)) views.push(await viewOf(camera, stretch, names, range))
    await addOnce(`data/native/${camera.id}/index.m3u8`, nativePlaylist(segments))
    return {
      ...camera,
      requested,
      actual: { from: isoTime(first.start), to: isoTime(segments.reduce((end, { start, duration }) => Math.max(end, start + duration * 1000), 0)) },
      segments: segments.map(({ start, duration, bytes, sha256 }, i) => ({ file: `data/native/${camera.id}/${segmentName(i)}`, start: isoTime(start), duration, bytes, sha256 })),
      gaps: range.gaps.map(({ from, to }) => ({ from: isoTime(from), to: isoTime(to) })),
      views,
      codecs: [...new Set(Object.values(range.inits).map(({ codec }) => codec))],
      redacted: null,
    }
  }

  async function cutRedacted(camera: ExportCamera, requested: { from: string; to: string }, parent: NonNullable<CameraCut['parent']>): Promise<CameraFacts> {
    const views: ViewFile[] = []
    for (const view of parent.views) {
      const from = Math.max(Date.parse(view.from), Date.parse(requested.from))
      if (from >= Math.min(Date.parse(view.to), Date.parse(requested.to))) continue
      const made = await redactedView({ packageFile: parent.file, view, requested, redactions: parent.redactions, folder, signal })
      const base = `data/view/${id}_${camera.id}_${stamp(made.start)}`
      const text = await addText(`${base}.srt`, subtitles(made.clock, plan.timezone))
      const added = await zipped().addFile(inZip(`${base}.mp4`), made.file, { signal })
      await rm(made.file, { force: true })
      views.push({ file: `${base}.mp4`, subtitles: text.path, from: isoTime(made.start), to: isoTime(made.clock.reduce((end, { start, duration }) => Math.max(end, start + duration * 1000), made.start)), sha256: added.sha256, bytes: added.bytes, stream: { codec: 'avc1', master: [], view: made.streams, equal: false } })
    }
    const [first, last] = [views[0], views.at(-1)]
    if (!first || !last) throw new Failure('clip/none', `The parent export has no picture of ${camera.id} between ${requested.from} and ${requested.to}.`)
    return { ...camera, requested, actual: { from: first.from, to: last.to }, segments: [], gaps: [], views, codecs: ['avc1'], redacted: { from: parent.views.map(({ file }) => file).join(', '), regions: parent.redactions } }
  }

  return {
    /** Everything that was recorded, and its viewing copies. */
    async cut(): Promise<CutOutcome> {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const redacted = plan.cameras.some(({ parent }) => parent !== null)
      // What was begun is gone on with only when it is of the very same segments: a clip buffer may have changed meanwhile.
      zip = await openZipWriter(partFile(folder), { at: plan.at, plan: planOf(plan), resumable: redacted ? () => false : isPayload })
      const cameras: CameraFacts[] = []
      for (const camera of plan.cameras) cameras.push(await cutCamera(camera))
      const of = redacted ? 'data/view/' : 'data/native/'
      const files = payloadOf(id, zipped()).filter(({ path }) => path.startsWith(of))
      return { cameras, seal: { segments: cameras.reduce((sum, { segments }) => sum + segments.length, 0), bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), contents: sha256Of(manifestText(files)) } }
    },
    /** The bag around it, signed; the package is there when this returns, and not before. */
    async finish(facts: ManifestFacts, { chain, key, timeStamp }: Signing): Promise<PackageFacts> {
      const manifest = manifestJson(facts)
      if (manifest.length > MOST_MANIFEST) throw new Failure('export/too-large', 'This export has too many segments for one package; cut it into several.')
      await addText('data/manifest.json', manifest)
      await addText('data/custody.csv', custodyCsv(facts.custody))
      await addText('data/READ-ME-FIRST.txt', readMeFirst(facts))
      const payload = payloadOf(id, zipped())
      const [signer = '', root = signer] = [chain[0], chain.at(-1)]
      const tags = [
        await addText('bagit.txt', BAGIT_TXT),
        await addText('bag-info.txt', bagInfo([['Source-Organization', facts.site.name], ['Bagging-Date', facts.createdAt.slice(0, 10)], ['External-Identifier', id], ['External-Description', facts.request.reason], ['Bag-Software-Agent', `${facts.software.name} ${facts.software.version}`]], payload)),
        await addText('VERIFY.txt', verifyTxt(id, `sha256 Fingerprint=${fingerprintOf(root)}`)),
        await addText('manifest-sha256.txt', manifestText(payload)),
      ]
      const tagManifest = manifestText(tags)
      await addText('tagmanifest-sha256.txt', tagManifest)
      const signature = await signDetached(Buffer.from(tagManifest), { chain, key: await importSigningKey(createPrivateKey(key)), at: Date.parse(facts.createdAt) })
      await addText('tagmanifest-sha256.txt.p7s', signature)
      const stamped = timeStamp && (await stampOf(timeStamp, signature))
      if (stamped) await addText('tagmanifest-sha256.txt.p7s.tsr', stamped.reply)
      const before = done
      const { bytes, sha256 } = await zipped().finish((read) => {
        done = before + Math.min(read, masterBytes)
        onProgress(Math.min(0.99, done / work))
      }, signal)
      await rename(partFile(folder), packageFile(folder))
      await writeFile(join(folder, 'package.sha256'), `${sha256}  ${id}.zip\n`)
      return { bytes, sha256, tagManifestSha256: sha256Of(tagManifest), signer: fingerprintOf(signer), root: fingerprintOf(root), timeStamped: stamped ? isoTime(stamped.at) : null, stampProblem }
    },
    /** @param keep what was done, to be gone on with. */
    async stop(keep: boolean): Promise<void> {
      await zip?.pause()
      for (const name of SCRATCH) await rm(join(folder, name), { force: true })
      if (!keep) await rm(folder, { recursive: true, force: true })
    },
  }
}

const payloadOf = (id: string, zip: ZipWriter): BagFile[] => zip.entries().flatMap(({ name, bytes, sha256 }) => (name.startsWith(`${id}/data/`) ? [{ path: name.slice(id.length + 1), bytes, sha256 }] : []))
