/**
 * What was last heard of each wired input, kept over restarts of the server: a button that was pressed meanwhile, and is
 * still held, would otherwise be taken for the input's state. Beside the data, rewritten as a whole; without it
 * everything is heard anew.
 */
import { readFileSync } from 'node:fs'
import { replaceFileSoon } from '../../tools/process/replace-file.ts'

/**
 * What is known of one input. `heardAt`: milliseconds since 1970. `spent`: how often it changed at the very time at
 * which it had changed before: its clock stands still.
 */
export type KnownInput = { active: boolean; heardAt: number; changedAt: string | null; spent: number }
export type InputMemory = ReturnType<typeof openInputMemory>

/** @param file null: for as long as this process lives */
export function openInputMemory({ file, onError }: { file: string | null; onError(error: unknown): void }) {
  const inputs = new Map<string, KnownInput>(file === null ? [] : read(file))
  let saving: Promise<void> | null = null
  let isNew = false

  async function save(to: string): Promise<void> {
    while (isNew) {
      isNew = false
      await replaceFileSoon(to, JSON.stringify(Object.fromEntries(inputs))).catch(onError)
    }
    saving = null
  }
  function saveSoon(): void {
    isNew = true
    if (file !== null) saving ??= save(file)
  }
  return {
    of: (name: string): KnownInput | undefined => inputs.get(name),
    set(name: string, known: KnownInput): void {
      inputs.set(name, known)
      saveSoon()
    },
    async close(): Promise<void> {
      await saving
    },
  }
}

function read(file: string): [string, KnownInput][] {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Partial<KnownInput>>
    return Object.entries(found).flatMap(([name, { active, heardAt, changedAt = null, spent = 0 }]) =>
      typeof active === 'boolean' && typeof heardAt === 'number' ? [[name, { active, heardAt, changedAt, spent }]] : [],
    )
  } catch {
    return []
  }
}
