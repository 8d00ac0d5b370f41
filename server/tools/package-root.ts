import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

/** The folder that holds package.json, whether this runs from `server/` or from `dist/server/`. */
export const packageRoot = findRoot()

export const version: string = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version

/** The built file of a thread or process entry: tests run from sources, threads only from the build. */
export const builtEntry = (path: string): string => join(packageRoot, 'dist', 'server', path)
/** Pages and web components, as they were built. */
export const builtPages = join(packageRoot, 'dist', 'web')
