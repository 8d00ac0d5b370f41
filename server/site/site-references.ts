/** Secrets stand in a site file only by reference: `${NAME}` of the environment, or `file:/run/secrets/x`. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

export type Resolve = (text: string) => { value: string } | { missing: string }

/** A key with its chain of certificates is shorter. */
const LONGEST_SECRET = 64 * 1024
/** Of a plain file only: a pipe or a device would be waited for. @throws when there is none, or it is longer than a secret */
function secretOf(file: string): string {
  const handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = fstatSync(handle)
    if (!found.isFile()) throw new Error('it is no plain file')
    if (found.size > LONGEST_SECRET) throw new Error('it is longer than a secret')
    return readFileSync(handle, 'utf8').trim()
  } finally {
    closeSync(handle)
  }
}

/** @param environment where `${NAME}` is looked up; the demo adds its simulated cameras' here. */
export const createResolver =
  (environment: Readonly<Record<string, string | undefined>>): Resolve =>
  (text) => {
    if (text.startsWith('file:')) {
      try {
        return { value: secretOf(text.slice('file:'.length)) }
      } catch {
        return { missing: `the file ${text.slice('file:'.length)} cannot be read` }
      }
    }
    const absent: string[] = []
    const value = text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const found = Object.hasOwn(environment, name) ? environment[name] : undefined
      if (found === undefined) absent.push(name)
      return found ?? ''
    })
    return absent.length === 0 ? { value } : { missing: `the environment has no ${absent.join(', ')}` }
  }

/** What a check of the file alone has in the place of what is referred to. */
export const isPlaceholder = (text: string): boolean => text === '1' || text.startsWith('file:')
