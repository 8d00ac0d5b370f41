import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ChangedMeanwhile, isReplaceable, replaceText, whyNotReplaced } from '../../server/site/edit/replace-text.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamppost-replace-'))
  file = join(folder, 'site.yaml')
  writeFileSync(file, 'before')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a file that people edit, too', () => {
  test('is replaced whole, with the rights that it had', async () => {
    chmodSync(file, 0o664)
    await replaceText(file, 'before', 'after')
    expect(readFileSync(file, 'utf8')).toBe('after')
    expect(statSync(file).mode & 0o777).toBe(0o664)
    expect(existsSync(`${file}.new`)).toBe(false)
  })
  test('is not replaced when somebody has written it since', async () => {
    writeFileSync(file, 'by hand')
    await expect(replaceText(file, 'before', 'after')).rejects.toBeInstanceOf(ChangedMeanwhile)
    expect(readFileSync(file, 'utf8')).toBe('by hand')
    expect(existsSync(`${file}.new`)).toBe(false)
  })
  test('behind a link is replaced there, and the link stays', async () => {
    mkdirSync(join(folder, 'git'))
    const target = join(folder, 'git', 'town.yaml')
    writeFileSync(target, 'before')
    rmSync(file)
    symlinkSync(target, file)
    await replaceText(file, 'before', 'after')
    expect(readFileSync(target, 'utf8')).toBe('after')
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
  })
  test('is not written through a link that somebody has laid beside it', async () => {
    const other = join(folder, 'other')
    writeFileSync(other, 'another file')
    symlinkSync(other, `${file}.new`)
    await replaceText(file, 'before', 'after')
    expect(readFileSync(other, 'utf8')).toBe('another file')
    expect(readFileSync(file, 'utf8')).toBe('after')
  })
  test('that is not there is said, and nothing is left behind', async () => {
    await expect(replaceText(join(folder, 'no.yaml'), '', 'after')).rejects.toThrow(/ENOENT/)
    expect(await isReplaceable(join(folder, 'no.yaml'))).toBe(false)
    expect(await isReplaceable(file)).toBe(true)
  })
  test('a single file that a container mounts is called that', () => {
    expect(whyNotReplaced('EBUSY')).toContain('mount the folder')
    expect(whyNotReplaced('EACCES')).toContain('the account that the server runs as')
  })
})
