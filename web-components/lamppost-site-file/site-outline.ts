/** Where things stand in a site file's text: for who looks for a camera in two thousand lines. Pure. */

export type Heading = { line: number; name: string; isThing: boolean }

/** Top-level keys, and what has an id below them. Lines count from 1. */
export function outlineOf(text: string): Heading[] {
  return text.split('\n').flatMap((line, i): Heading[] => {
    const key = /^([A-Za-z][\w-]*):/.exec(line)?.[1]
    if (key) return [{ line: i + 1, name: key, isThing: false }]
    const id = /^\s*-\s*(?:\{\s*)?id:\s*["']?([\w-]+)/.exec(line)?.[1]
    return id ? [{ line: i + 1, name: id, isThing: true }] : []
  })
}

/** Where a line begins, and where it ends. */
export function spanOfLine(text: string, line: number): { from: number; to: number } {
  const lines = text.split('\n')
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  return { from: before, to: before + (lines[line - 1]?.length ?? 0) }
}
