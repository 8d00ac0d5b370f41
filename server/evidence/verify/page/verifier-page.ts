/**
 * The page that verifies a package in a browser without a network: the same checks as the command line, in plain
 * words.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { Hasher } from '../../package/package-statement.ts'
import { type PackageVerdict, factsOf } from '../package-verdict.ts'
import { crc32 } from './crc32.ts'
import { verifyPackage } from '../package-verification.ts'

const bytesToHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
function hasher(): Hasher {
  const hash = sha256.create()
  return { update: (bytes) => void hash.update(bytes), digest: () => bytesToHex(hash.digest()) }
}
function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found as T
}
/** Everything that comes out of a package is text, never markup. */
function line(parent: HTMLElement, tag: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = text
  if (className) made.className = className
  parent.append(made)
  return made
}

let packageFile: File | null = null
let rootText: string | null = null
let running = 0

async function take(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    if (/\.(pem|crt|cer)$/i.test(file.name)) {
      rootText = await file.text()
      element('root-name').textContent = file.name
    } else {
      packageFile = file
      element('package-name').textContent = file.name
    }
  }
  await check()
}

async function check(): Promise<void> {
  const file = packageFile
  if (!file) return
  running += 1
  const mine = running
  const result = element('result')
  result.replaceChildren()
  const progress = document.createElement('progress')
  progress.max = 1
  progress.setAttribute('aria-label', 'Verifying')
  result.append(progress)
  try {
    const verdict = await verifyPackage(
      {
        size: file.size,
        read: async (offset, length) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
      },
      {
        root: rootText,
        now: Math.round(performance.timeOrigin + performance.now()),
        hasher,
        crc32,
        onProgress: (share) => (progress.value = share),
      },
    )
    if (mine === running) show(verdict)
  } catch (error) {
    if (mine !== running) return
    result.replaceChildren()
    line(result, 'h2', 'It could not be verified', 'bad')
    line(result, 'p', error instanceof Error ? error.message : String(error))
  }
}

function show(verdict: PackageVerdict): void {
  const result = element('result')
  result.replaceChildren()
  const { proven, intact, findings } = verdict
  line(
    result,
    'h2',
    proven
      ? '✓ This package is exactly what the site signed'
      : intact
        ? '? Nothing is wrong with it, and not proven who made it'
        : '✗ This package is NOT what the site signed',
    proven ? 'good' : intact ? 'doubt' : 'bad',
  )
  if (intact && !proven)
    line(
      result,
      'p',
      'Give the site’s root (evidence-root.pem), and compare its fingerprint with the one on the paper receipt.',
    )
  if (findings.length > 0) {
    const list = line(result, 'ul', '')
    for (const { file, problem } of findings) line(list, 'li', file === null ? problem : `${file}: ${problem}`)
  }
  const facts = line(result, 'dl', '')
  for (const [term, value] of factsOf(verdict)) {
    line(facts, 'dt', term)
    line(facts, 'dd', value)
  }
}

for (const id of ['package', 'root'])
  element<HTMLInputElement>(id).addEventListener(
    'change',
    (event) => void take((event.target as HTMLInputElement).files ?? []),
  )
document.addEventListener('dragover', (event) => {
  event.preventDefault()
  document.body.classList.add('over')
})
document.addEventListener('dragleave', () => document.body.classList.remove('over'))
document.addEventListener('drop', (event) => {
  event.preventDefault()
  document.body.classList.remove('over')
  void take(event.dataTransfer?.files ?? [])
})
