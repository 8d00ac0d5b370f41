/** The simulated town's people: one token per role, written where scripts find them, and kept from start to start. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type Person, ROLES, type Role } from '../../glossary/people.ts'
import { newToken } from './people-file.ts'

export type DemoCredentials = {
  url: string
  tokens: Record<Role, string>
  simulator: { username: string; password: string }
}

const NAMES: Record<Role, string> = {
  operator: 'Demo operator',
  engineer: 'Demo engineer',
  evidence: 'Demo evidence officer',
  supervisor: 'Demo supervisor',
  press: 'Demo help point',
}

export function readDemoCredentials(file: string): DemoCredentials {
  if (existsSync(file)) {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as DemoCredentials
    } catch {
      // Cut short by a crash: make it anew.
    }
  }
  const tokens = Object.fromEntries(ROLES.map((role) => [role, newToken()])) as Record<Role, string>
  return { url: '', tokens, simulator: { username: 'lamppost', password: newToken().slice(0, 16) } }
}

export const writeDemoCredentials = (file: string, credentials: DemoCredentials): void =>
  writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })

export const demoPeople = ({ tokens }: DemoCredentials): Map<string, Person> =>
  new Map(ROLES.map((role) => [tokens[role], { name: NAMES[role], role, helpPoints: null }]))
