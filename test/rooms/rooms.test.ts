import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = (folder: string): string[] =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
const importsOf = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s+'(\.[^']+)'/g)].map(([, path = '']) =>
    relative(root, resolve(root, dirname(file), path)),
  )
}
const roomOf = (file: string): string => file.split('/')[1] ?? ''
const server = files('server')

describe('the house', () => {
  const arrows = (from: readonly string[]): { file: string; target: string }[] =>
    from.flatMap((file) => importsOf(file).map((target) => ({ file, target })))
  const atTheTop = (file: string): boolean => /^server\/\w+\.ts$/.test(file)

  test('a room imports itself, the glossary, the tools and the door; only the house and the commands know them all', () => {
    const rooms = server.filter((file) => !atTheTop(file) && roomOf(file) !== 'commands')
    const wrong = arrows(rooms).filter(
      ({ file, target }) => ![roomOf(file), 'glossary', 'tools', 'door'].includes(roomOf(target)),
    )
    expect(wrong).toEqual([])
  })
  test('the door imports no room', () => {
    const door = server.filter((file) => roomOf(file) === 'door')
    expect(arrows(door).filter(({ target }) => !['door', 'glossary', 'tools'].includes(roomOf(target)))).toEqual([])
  })
  test('the foundation knows no room, not by type either', () => {
    const targets = importsOf('server/foundation.ts').filter((target) => !/^server\/(?:glossary|tools)\//.test(target))
    expect(targets).toEqual([])
  })
  test('only the house imports wings', () => {
    const isWing = (file: string): boolean => file.endsWith('-wing.ts')
    expect(arrows(server).filter(({ file, target }) => isWing(target) && file !== 'server/house.ts')).toEqual([])
  })
  test('tools import only tools and the glossary; the glossary only itself', () => {
    const wrong = server
      .flatMap((file) => importsOf(file).map((target) => `${roomOf(file)} -> ${roomOf(target)}`))
      .filter((arrow) => /^(tools -> (?!tools|glossary)|glossary -> (?!glossary))/.test(arrow))
    expect(wrong).toEqual([])
  })
  test('web components import the server’s glossary as types, and nothing else of it', () => {
    const wrong = files('web-components').flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('server/') && !target.startsWith('server/glossary/'))
        .map((target) => `${file} -> ${target}`),
    )
    expect(wrong).toEqual([])
  })
  test('there are no import cycles', () => {
    const graph = new Map(
      [...server, ...files('web-components')].map((file) => [
        file,
        importsOf(file).filter(
          (target) =>
            !/import type/.test(
              readFileSync(join(root, file), 'utf8')
                .split('\n')
                .find((line) => line.includes(target.split('/').at(-1) ?? '')) ?? '',
            ),
        ),
      ]),
    )
    const cycles: string[][] = []
    const done = new Set<string>()
    const walk = (file: string, path: string[]): void => {
      if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file])
      if (done.has(file)) return
      for (const target of graph.get(file) ?? []) walk(target, [...path, file])
      done.add(file)
    }
    for (const file of graph.keys()) walk(file, [])
    expect(cycles).toEqual([])
  })
  test('there are no barrels', () => {
    expect([...server, ...files('web-components')].filter((file) => file.endsWith('/index.ts'))).toEqual([])
  })
  test('time is injected: no room asks the system for it, but the simulator, whose cameras have clocks of their own', () => {
    const asks = server.filter(
      (file) =>
        !['tools', 'simulator'].includes(roomOf(file)) &&
        /Date\.now\(\)|new Date\(\)/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(asks).toEqual([])
  })
})
