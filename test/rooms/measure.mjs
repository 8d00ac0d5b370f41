/**
 * Figures of the code's shape, the same for any commit: `node test/rooms/measure.mjs [folder of a checkout]`.
 * Lines are counted as Prettier writes them at 120 columns, so that a commit from before the formatter compares.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import prettier from 'prettier'
import * as typescript from 'prettier/plugins/typescript'

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
const OPTIONS = { parser: 'typescript', printWidth: 120, semi: false, singleQuote: true }
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])
const DECIDES = new Set([
  'IfStatement',
  'ConditionalExpression',
  'LogicalExpression',
  'SwitchStatement',
  'ForOfStatement',
  'ForStatement',
  'WhileStatement',
  'TryStatement',
])

function* children(node) {
  for (const [name, value] of Object.entries(node)) {
    if (['parent', 'loc', 'range', 'tokens', 'comments'].includes(name)) continue
    for (const each of [value].flat()) if (each !== null && typeof each === 'object' && 'type' in each) yield each
  }
}
function* walk(node, depth = 0) {
  yield { node, depth }
  for (const child of children(node)) yield* walk(child, depth + (FUNCTIONS.has(node.type) ? 1 : 0))
}
/** Whether anything between its braces decides: closures inside it count for themselves. */
function decides(node) {
  for (const child of children(node)) {
    if (FUNCTIONS.has(child.type)) continue
    if (DECIDES.has(child.type) || decides(child)) return true
  }
  return false
}
const quantile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * share)] ?? 0
const isComposition = (file) =>
  /^server\/(?:house(?:-\w+)?|foundation)\.ts$/.test(file) || basename(file).endsWith('-wing.ts')

const files = execFileSync('git', ['ls-files', 'server', 'web-components'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && existsSync(join(root, file)))
const figures = { lines: [], functions: [], over140: 0, closures: 0, inHouse: 0, longest: { lines: 0, file: '' } }
const folders = new Map()
for (const file of files) {
  const written = readFileSync(join(root, file), 'utf8')
  figures.over140 += written.split('\n').filter((line) => line.length > 140).length
  const text = await prettier.format(written, OPTIONS)
  const lines = text.split('\n').length - 1
  figures.lines.push(lines)
  folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1)
  if (file === 'server/house.ts') figures.inHouse = lines
  for (const { node, depth } of walk(typescript.parsers.typescript.parse(text, { filepath: file }))) {
    if (!FUNCTIONS.has(node.type)) continue
    const length = node.loc.end.line - node.loc.start.line + 1
    figures.functions.push(length)
    if (isComposition(file) && length > figures.longest.lines) figures.longest = { lines: length, file }
    if (isComposition(file) && depth > 0 && decides(node)) figures.closures += 1
  }
}
const rows = {
  'files of the product': files.length,
  'lines, p50 / p90 of a file': `${quantile(figures.lines, 0.5)} / ${quantile(figures.lines, 0.9)}`,
  'lines of a function, p50 / p90 / most': [0.5, 0.9, 1].map((share) => quantile(figures.functions, share)).join(' / '),
  'lines over 140 characters': figures.over140,
  'files in the fullest folder': Math.max(...folders.values()),
  'lines of house.ts': figures.inHouse,
  'closures that decide in house, foundation and wings': figures.closures,
  'longest function of house, foundation and wings': `${figures.longest.lines} (${figures.longest.file})`,
}
for (const [what, figure] of Object.entries(rows)) console.log(`| ${what} | ${figure} |`)
