import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const MOST_CHARACTERS = 140
const CODE = /\.(?:ts|mjs|cjs|js|css)$/

const codeFiles = (): string[] =>
  ['server', 'web-components', 'test'].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
      .filter((name) => CODE.test(name) && !name.split('/').includes('output'))
      .map((name) => join(folder, name)),
  )

test('no line of code is longer than 140 characters', () => {
  const long = codeFiles().flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, at) => (line.length > MOST_CHARACTERS ? [`${file}:${at + 1}: ${line.length}`] : [])),
  )
  expect(long).toEqual([])
})
