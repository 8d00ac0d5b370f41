/** What the product is made of: every package that it brings along may be given on under its licence. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../server/tools/package-root.ts'

type Locked = { version?: string; license?: string; dev?: boolean; devOptional?: boolean; link?: boolean }
const { packages } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>
}
const product = Object.entries(packages).filter(([name, { dev = false }]) => name !== '' && !dev)

/** Each asks for no more than its name and text beside what is given on. */
const PERMISSIVE = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
])
/** Others, each looked at: libvips is a library of its own that anybody can exchange, beside sharp. */
const LOOKED_AT: Readonly<Record<string, string>> = {
  '@img/sharp-': 'LGPL-3.0-or-later',
  // Its package.json of 2013 names none; its LICENSE is MIT.
  'node_modules/async': '',
}

/** One of several (OR) is enough; of those joined by AND each must be. */
const isPermissive = (licence: string): boolean =>
  licence
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((way) => way.split(' AND ').every((each) => PERMISSIVE.has(each)))
const isLookedAt = (name: string, licence: string): boolean =>
  Object.entries(LOOKED_AT).some(([begins, allowed]) => name.includes(begins) && licence.includes(allowed))

test('every package of the product says its licence, and may be given on under it', () => {
  const others = product
    .filter(([name, { license = '' }]) => !isPermissive(license) && !isLookedAt(name, license))
    .map(([name, { license }]) => `${name}: ${license ?? 'says none'}`)
  expect(others).toEqual([])
  expect(product.length).toBeGreaterThan(100)
})
test('every package that is named is pinned to one version', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  )
  expect(loose).toEqual([])
})
