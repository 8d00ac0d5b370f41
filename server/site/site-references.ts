/** Secrets stand in a site file only by reference: `${NAME}` of the environment, or `file:/run/secrets/x`. */
import { readFileSync } from 'node:fs'

export type Resolve = (text: string) => { value: string } | { missing: string }

/** @param environment where `${NAME}` is looked up; the demo adds its simulated cameras' here. */
export const createResolver =
  (environment: Readonly<Record<string, string | undefined>>): Resolve =>
  (text) => {
    if (text.startsWith('file:')) {
      try {
        return { value: readFileSync(text.slice('file:'.length), 'utf8').trim() }
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
