/**
 * Reads a stored ZIP that somebody else may have made, and refuses everything that a package never has: compression,
 * encryption, names that lead out of its folder or stand twice, links, bytes that belong to no entry. Runs in the
 * server and in a browser.
 */
import { LARGE, MANY, SIGNATURE } from './zip-signatures.ts'

/** Where the bytes come from: a file on disk, or one that was dropped on a page. */
export type ByteSource = { size: number; read(offset: number, length: number): Promise<Uint8Array> }
export type ReadEntry = { name: string; bytes: number; crc: number; /** Of its first byte. */ start: number }

/** What is wrong with a package: in plain words, with the file that it is about (null: the package as a whole). */
export class PackageProblem extends Error {
  readonly file: string | null
  constructor(file: string | null, message: string) {
    super(message)
    this.file = file
  }
}

/** 100 GB in segments of two seconds of a small camera are some hundred thousand. */
const MOST_ENTRIES = 2_000_000
const MOST_DIRECTORY_BYTES = 512 * 1024 * 1024
const LONGEST_NAME = 512
const END_BYTES = 22
const LOCATOR_BYTES = 20
const END64_BYTES = 56
const LOCAL_BYTES = 30
const CENTRAL_BYTES = 46
const UTF8_NAMES = 0x0800
const ZIP64_EXTRA = 1
const LINK = 0o120000
const KIND_OF_FILE = 0o170000
const PLAIN = 0o100000

const utf8 = new TextDecoder('utf-8', { fatal: true })
const whole = (problem: string): never => {
  throw new PackageProblem(null, problem)
}
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
function large(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true)
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? whole('a size in the ZIP directory is impossible') : Number(value)
}

type Directory = { entries: number; bytes: number; offset: number }

async function directoryOf(source: ByteSource): Promise<Directory> {
  if (source.size < END_BYTES) return whole('this is no ZIP file: it is too short')
  const end = viewOf(await source.read(source.size - END_BYTES, END_BYTES))
  if (end.getUint32(0, true) !== SIGNATURE.end)
    return whole('this is no ZIP file, or something was added behind its end')
  const [disk, entries, bytes, offset, comment] = [
    end.getUint16(4, true),
    end.getUint16(10, true),
    end.getUint32(12, true),
    end.getUint32(16, true),
    end.getUint16(20, true),
  ]
  if (disk !== 0 || end.getUint16(6, true) !== 0 || end.getUint16(8, true) !== entries || comment !== 0)
    return whole('the ZIP directory is not one of a package')
  const at = source.size - END_BYTES - LOCATOR_BYTES - END64_BYTES
  const tail = at >= 0 ? viewOf(await source.read(at, END64_BYTES + LOCATOR_BYTES)) : null
  const wide = tail !== null && tail.getUint32(END64_BYTES, true) === SIGNATURE.locator64
  if (!wide) return checked({ entries, bytes, offset }, source.size - END_BYTES)
  if (large(tail, END64_BYTES + 8) !== at || tail.getUint32(0, true) !== SIGNATURE.end64)
    return whole('the ZIP64 directory is not where it should be')
  const found = { entries: large(tail, 32), bytes: large(tail, 40), offset: large(tail, 48) }
  if (
    (entries !== MANY && entries !== found.entries) ||
    (bytes !== LARGE && bytes !== found.bytes) ||
    (offset !== LARGE && offset !== found.offset)
  )
    return whole('the two ZIP directories do not agree')
  return checked(found, at)
}

function checked(directory: Directory, end: number): Directory {
  const { entries, bytes, offset } = directory
  if (entries > MOST_ENTRIES || bytes > MOST_DIRECTORY_BYTES)
    return whole(`the ZIP directory is too large (${entries} entries, ${bytes} bytes)`)
  if (offset + bytes !== end) return whole('bytes lie in the ZIP that belong to no file')
  return directory
}

/** @throws PackageProblem */
export async function readZip(source: ByteSource): Promise<ReadEntry[]> {
  const directory = await directoryOf(source)
  const bytes = await source.read(directory.offset, directory.bytes)
  const view = viewOf(bytes)
  const entries: ReadEntry[] = []
  const names = new Set<string>()
  let at = 0
  let next = 0
  for (let i = 0; i < directory.entries; i += 1) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== SIGNATURE.central)
      return whole(`the ZIP directory breaks off after ${i} of ${directory.entries} files`)
    const [nameBytes, extraBytes, commentBytes] = [
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
      view.getUint16(at + 32, true),
    ]
    const end = at + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes
    if (commentBytes !== 0) return whole('a file in the ZIP has a comment, and no package has one')
    if (end > bytes.length) return whole(`the ZIP directory breaks off after ${i} of ${directory.entries} files`)
    const name = safeName(bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes))
    const key = name.normalize('NFC').toLowerCase()
    if (names.has(key)) throw new PackageProblem(name, 'this name stands in the ZIP twice')
    names.add(key)
    const { size, offset } = sizesOf(view, at, name, at + CENTRAL_BYTES + nameBytes, extraBytes)
    const mode = view.getUint16(at + 40, true)
    if ((mode & KIND_OF_FILE) === LINK) throw new PackageProblem(name, 'this is a link, and a package has files only')
    if ((mode & KIND_OF_FILE) !== PLAIN || name.endsWith('/')) throw new PackageProblem(name, 'this is no plain file')
    if (offset !== next)
      throw new PackageProblem(name, 'its bytes are not where they must be: the ZIP hides or repeats something')
    const crc = view.getUint32(at + 16, true)
    const header = await localOf(
      source,
      offset,
      bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes),
      { size, crc },
      name,
    )
    next = offset + header + size
    if (next > directory.offset) throw new PackageProblem(name, 'its bytes run into the ZIP directory')
    entries.push({ name, bytes: size, crc, start: offset + header })
    at = end
  }
  if (at !== bytes.length || next !== directory.offset) return whole('bytes lie in the ZIP that belong to no file')
  return entries
}

function sizesOf(
  view: DataView,
  at: number,
  name: string,
  extraAt: number,
  extraBytes: number,
): { size: number; offset: number } {
  const [flags, method, packed, size, offset] = [
    view.getUint16(at + 8, true),
    view.getUint16(at + 10, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 24, true),
    view.getUint32(at + 42, true),
  ]
  if ((flags & 1) !== 0) throw new PackageProblem(name, 'this file is encrypted, and a package is not')
  if (flags !== UTF8_NAMES) throw new PackageProblem(name, 'its ZIP flags are not those of a package')
  if (method !== 0)
    throw new PackageProblem(name, 'this file is compressed, and a package stores its files as they are')
  if (packed !== size) throw new PackageProblem(name, 'its two sizes do not agree')
  let wide = { size, offset }
  // Other programs believe other extra fields, such as a second name: there is none but the large sizes.
  const fields = [...(size === LARGE ? ['size', 'size'] : []), ...(offset === LARGE ? ['offset'] : [])]
  const expected = fields.length === 0 ? 0 : 4 + fields.length * 8
  if (
    extraBytes !== expected ||
    (expected > 0 &&
      (view.getUint16(extraAt, true) !== ZIP64_EXTRA || view.getUint16(extraAt + 2, true) !== expected - 4))
  )
    throw new PackageProblem(name, 'it has ZIP fields that no package has')
  fields.forEach((field, i) => (wide = { ...wide, [field]: large(view, extraAt + 4 + i * 8) }))
  return wide
}

/** Its own header must say what the directory says: programs differ in which of the two they believe. */
async function localOf(
  source: ByteSource,
  offset: number,
  name: Uint8Array,
  { size, crc }: { size: number; crc: number },
  called: string,
): Promise<number> {
  const bytes = await source.read(offset, Math.min(LOCAL_BYTES + name.length + 20, source.size - offset))
  const view = viewOf(bytes)
  if (bytes.length < LOCAL_BYTES + name.length || view.getUint32(0, true) !== SIGNATURE.local)
    throw new PackageProblem(called, 'its header is missing')
  const extra = view.getUint16(28, true)
  const same = view.getUint16(26, true) === name.length && name.every((byte, i) => bytes[LOCAL_BYTES + i] === byte)
  const [packed, stated] = [view.getUint32(18, true), view.getUint32(22, true)]
  const at = LOCAL_BYTES + name.length
  const wide =
    stated === LARGE &&
    extra === 20 &&
    bytes.length >= at + 20 &&
    view.getUint16(at, true) === ZIP64_EXTRA &&
    view.getUint16(at + 2, true) === 16
  const sizes = wide ? [large(view, at + 4), large(view, at + 12)] : [packed, stated]
  if (
    !same ||
    view.getUint16(8, true) !== 0 ||
    view.getUint16(6, true) !== UTF8_NAMES ||
    view.getUint32(14, true) !== crc ||
    sizes.some((each) => each !== size) ||
    extra !== (wide ? 20 : 0)
  )
    throw new PackageProblem(called, 'its header does not say what the ZIP directory says')
  return LOCAL_BYTES + name.length + extra
}

function safeName(bytes: Uint8Array): string {
  let name: string
  try {
    name = utf8.decode(bytes)
  } catch {
    return whole('a file name in the ZIP is not UTF-8')
  }
  const parts = name.split('/')
  if (
    name.length === 0 ||
    name.length > LONGEST_NAME ||
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    /[\u0000-\u001f\\:*?"<>|]/.test(name) ||
    parts.some((part) => part === '' || part === '.' || part === '..')
  )
    throw new PackageProblem(name, 'this name leads out of the package, or no system can store it')
  if (parts.length < 2) throw new PackageProblem(name, 'this file lies beside the package’s folder')
  return name
}
