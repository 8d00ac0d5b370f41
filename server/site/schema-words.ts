/** What is wrong with a site file's shape, in words that say what would be right. Pure. */
import type { TSchema } from 'typebox'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'

/** Each arm of a union has faults of its own: the usual eight would hide the one that was meant. */
Settings.Set({ maxErrors: 200 })

export type Path = readonly (string | number)[]
export type ShapeProblem = { path: Path; problem: string }
type Fault = ReturnType<typeof Value.Errors>[number]
type Schema = {
  description?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  properties?: Record<string, unknown>
}

const partsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
const pathOf = (pointer: string): Path => partsOf(pointer).map((part) => (/^\d+$/.test(part) ? Number(part) : part))
const at = (schema: unknown, pointer: string): Schema =>
  partsOf(pointer).reduce<unknown>(
    (found, part) => (found as Record<string, unknown> | undefined)?.[part],
    schema,
  ) as Schema

/** How many steps into the value a schema's pointer leads. */
function depthOf(pointer: string): number {
  let depth = 0
  const parts = partsOf(pointer)
  for (let i = 0; i < parts.length; i += 1) {
    if (parts[i] === 'items') depth += 1
    if (parts[i] !== 'properties' && parts[i] !== 'patternProperties') continue
    depth += 1
    i += 1
  }
  return depth
}

/** A value in a word, or the keys it has. */
const formOf = ({ enum: values, const: value, properties }: Schema): string =>
  values ? values.join(', ') : value === undefined ? `{ ${Object.keys(properties ?? {}).join(', ')} }` : String(value)

function wordsFor(fault: Fault, schema: Schema): ShapeProblem[] {
  const path = pathOf(fault.instancePath)
  const one = (problem: string): ShapeProblem[] => [{ path, problem }]
  switch (fault.keyword) {
    case 'additionalProperties':
      return fault.params.additionalProperties.map((name) => ({
        path: [...path, name],
        problem: 'this key is not known here',
      }))
    case 'required':
      return one(`${fault.params.requiredProperties.join(', ')} is missing`)
    case 'enum':
      return one(`must be one of ${fault.params.allowedValues.join(', ')}`)
    case 'pattern':
      return one(schema.description ? `must be written so: ${schema.description}` : fault.message)
    case 'type':
      if (path.length === 0) return one('the file is empty, or no site file')
      if (fault.params.type === 'boolean')
        return one('must be true or false, without quotes (yes, no, on and off are text in YAML 1.2)')
      return one(fault.params.type === 'string' ? 'must be text: put it in quotes' : fault.message)
    // Said by the key that is not known, or by the arms of the union.
    case 'boolean':
    case 'anyOf':
      return []
    default:
      return one(fault.message)
  }
}

/**
 * One mistake in a union is one for each of its arms: only those of the arm that was meant are said; where none was,
 * what there is.
 */
function ofUnion(union: Schema, path: string, arms: ReadonlyMap<number, Fault[]>, schema: TSchema): ShapeProblem[] {
  const meant = [...arms.values()].find((faults) => faults.every(({ instancePath }) => instancePath !== path))
  if (meant) return wordsOfFaults(meant, schema, path.length)
  return [{ path: pathOf(path), problem: `must be one of ${(union.anyOf ?? []).map(formOf).join(', ')}` }]
}

/** @param within a union that the faults lie in already: its path's length */
function wordsOfFaults(faults: readonly Fault[], schema: TSchema, within = -1): ShapeProblem[] {
  const unions = new Map<string, { pointer: string; path: string; arms: Map<number, Fault[]> }>()
  const said: (ShapeProblem[] | string)[] = []
  for (const fault of faults) {
    const inUnion = unionsAbove(fault).find(({ pointer }) => pathLengthOf(fault, pointer) > within)
    if (!inUnion) {
      said.push(wordsFor(fault, at(schema, fault.schemaPath)))
      continue
    }
    const { pointer, arm } = inUnion
    const path = fault.instancePath.slice(0, pathLengthOf(fault, pointer))
    const key = `${pointer} ${path}`
    const union = unions.get(key) ?? { pointer, path, arms: new Map<number, Fault[]>() }
    if (!unions.has(key)) said.push(key)
    unions.set(key, union)
    union.arms.set(arm, [...(union.arms.get(arm) ?? []), fault])
  }
  return said.flatMap((each) => {
    if (typeof each !== 'string') return each
    const union = unions.get(each)
    return union ? ofUnion(at(schema, union.pointer), union.path, union.arms, schema) : []
  })
}
/** The outermost first, with the arm that it is in. */
const unionsAbove = ({ schemaPath }: Fault): { pointer: string; arm: number }[] =>
  [...schemaPath.matchAll(/\/anyOf\/(\d+)/g)].map((found) => ({
    pointer: schemaPath.slice(1, found.index),
    arm: Number(found[1]),
  }))
/** Characters of the fault's path that lead to what this schema is for. */
const pathLengthOf = ({ instancePath }: Fault, pointer: string): number =>
  partsOf(instancePath)
    .slice(0, depthOf(pointer))
    .reduce((length, part) => length + 1 + part.replaceAll('~', '~0').replaceAll('/', '~1').length, 0)

/** In the file's order. @param value what its YAML says */
export const shapeProblems = (schema: TSchema, value: unknown): ShapeProblem[] =>
  wordsOfFaults(Value.Errors(schema, value), schema)
