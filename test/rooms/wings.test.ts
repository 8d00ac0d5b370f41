import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parsers } from 'prettier/plugins/typescript'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const MOST_LINES = 60
const MOST_LINES_OF_HOUSE = 130
const MOST_FILES = 20

type Node = { type: string; loc: { start: { line: number }; end: { line: number } } }
function* functionsIn(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return
  const node = value as Node
  if (/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) yield node
  for (const [name, child] of Object.entries(value))
    if (!/^(?:parent|tokens|comments)$/.test(name)) yield* functionsIn(child)
}
const wings = (readdirSync(join(root, 'server'), { recursive: true }) as string[]).filter((name) =>
  name.endsWith('-wing.ts'),
)

test.each(['foundation.ts', ...wings])('no function of %s is longer than 60 lines', async (file) => {
  const text = readFileSync(join(root, 'server', file), 'utf8')
  const parsed: unknown = await parsers.typescript.parse(text, { filepath: file } as never)
  const long = [...functionsIn(parsed)]
    .map(({ loc }) => ({ line: loc.start.line, lines: loc.end.line - loc.start.line + 1 }))
    .filter(({ lines }) => lines > MOST_LINES)
  expect(long).toEqual([])
})
test('the house is a list', () => {
  expect(readFileSync(join(root, 'server', 'house.ts'), 'utf8').split('\n').length).toBeLessThanOrEqual(
    MOST_LINES_OF_HOUSE,
  )
})
test('no folder of the product has more than 20 files flat', () => {
  const folders = ['server', 'web-components'].flatMap((top) => [
    top,
    ...(
      readdirSync(join(root, top), { recursive: true, withFileTypes: true }) as {
        name: string
        parentPath: string
        isDirectory(): boolean
      }[]
    )
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
  ])
  const full = folders
    .map((folder) => ({
      folder,
      files: readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isFile()).length,
    }))
    .filter(({ files }) => files > MOST_FILES)
  expect(full).toEqual([])
})
