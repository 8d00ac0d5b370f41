/**
 * Whether what a package says of itself agrees with what is in it: manifest.json against the files and against the
 * ledger's proof.
 */
import type { InclusionProof } from '../../glossary/evidence.ts'
import type { Finding } from '../verify/package-verdict.ts'
import { inclusionProblem } from '../verify/inclusion.ts'

/** SHA-256, piece by piece. */
export type Hasher = { update(bytes: Uint8Array): void; /** Hex. */ digest(): string }
type Statement = {
  format?: unknown
  exportId?: unknown
  kind?: unknown
  cameras?: {
    id: string
    segments: { file: string; sha256: string }[]
    viewCopy: { file: string; subtitles: string; sha256: string }[]
  }[]
  calls?: { file: string; sha256: string }[]
  contents?: { contents: string; segments: number }
  ledger?: InclusionProof
}
const MANIFEST = 'data/manifest.json'
const AUDIO = 'data/audio/'
const FORMAT = /^lamppost-evidence\/1$/

export async function statementProblems({
  id,
  text,
  payload,
  hasher,
}: {
  id: string
  text: Uint8Array
  payload: ReadonlyMap<string, string>
  hasher(): Hasher
}): Promise<{ manifest: Record<string, unknown> | null; problems: Finding[] }> {
  const problems: Finding[] = []
  const wrong = (problem: string, file = MANIFEST): void => void problems.push({ file, problem })
  let statement: Statement
  try {
    statement = JSON.parse(new TextDecoder().decode(text)) as Statement
  } catch {
    return { manifest: null, problems: [{ file: MANIFEST, problem: 'it is no JSON' }] }
  }
  if (typeof statement.format !== 'string' || !FORMAT.test(statement.format))
    wrong('it is of a format that is not known here')
  if (statement.exportId !== id) wrong(`it is of export ${String(statement.exportId)}, and the folder is called ${id}`)
  const named = new Set<string>()
  const name = ({ file, sha256 }: { file: string; sha256: string }): void => {
    named.add(file)
    if (payload.get(file) !== sha256) wrong('manifest.json gives it another hash than manifest-sha256.txt', file)
  }
  for (const { segments, viewCopy } of statement.cameras ?? []) {
    for (const each of [...segments, ...viewCopy]) name(each)
    for (const { subtitles } of viewCopy) named.add(subtitles)
  }
  for (const call of statement.calls ?? []) name(call)
  for (const file of payload.keys())
    if (/^data\/(native|view)\/.*\.(m4s|srt)$|^data\/(view|audio)\//.test(file) && !named.has(file))
      wrong('manifest.json does not speak of this file', file)
  const sealed = statement.kind === 'redacted' ? 'data/view/' : 'data/native/'
  const hash = hasher()
  for (const path of [...payload.keys()].filter((each) => each.startsWith(sealed) || each.startsWith(AUDIO)).sort())
    hash.update(new TextEncoder().encode(`${payload.get(path)}  ${path}\n`))
  const contents = hash.digest()
  if (statement.contents?.contents !== contents) wrong('its own hash of the recorded files is another')
  if (statement.ledger) {
    const problem = await inclusionProblem(statement.ledger).catch(() => 'it cannot be read')
    if (problem) wrong(`the ledger’s proof is not good: ${problem}`)
    else if (!statesContents(statement.ledger.entry.body, id, contents))
      wrong('the ledger’s entry is of another export, or of other recordings')
  } else wrong('the ledger’s proof is missing')
  return { manifest: statement, problems }
}

function statesContents(body: string, id: string, contents: string): boolean {
  try {
    const entry = JSON.parse(body) as { export?: string; contents?: string }
    return entry.export === id && entry.contents === contents
  } catch {
    return false
  }
}
