/**
 * Requests that an API does not expect, made from its own description: values that are right, nearly right, and
 * nothing of the kind. A fake of chance: the same ones for the same seed.
 */
import type { Random } from './seeded-random.ts'

export type Schema = Record<string, unknown>
export type Operation = { method: string; path: string; parameters: Schema[]; body: Schema | null }
export type FuzzRequest = { method: string; path: string; headers: Record<string, string>; body: string | null }

type Document = {
  paths: Record<
    string,
    Record<string, { parameters?: Schema[]; requestBody?: { content?: Record<string, { schema?: Schema }> } }>
  >
}
export function operationsOf({ paths }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      ...{ method: method.toUpperCase(), path, parameters },
      body: Object.values(requestBody?.content ?? {})[0]?.schema ?? null,
    })),
  )
}

/** What has broken servers before. */
const ODD_TEXTS = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    'null',
    'true',
    'NaN',
    '1e999',
    '../../etc/passwd',
    '..%2f..%2f',
    '%00',
    '%',
    '%ff',
    'a\u0000b',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '\uD800',
    '\u202Eabc',
    '𝔘𝔫𝔦𝔠𝔬𝔡𝔢',
    '<img src=x onerror=1>',
    "' OR 1=1 --",
  ],
  ...[
    '9'.repeat(400),
    'x'.repeat(5000),
    '2026-13-45T99:99:99Z',
    '0000-00-00',
    '+275760-09-13T00:00:00.001Z',
    '*',
    '{}',
    '[]',
  ],
  ...['169.254.169.254', 'file:///etc/passwd', 'javascript:1', '\r\nX: y', '🙂'.repeat(300)],
]
const ODD_VALUES: unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -1e308, Number.MAX_SAFE_INTEGER + 1, 2 ** 31, 2 ** 53],
  ...[[], {}, [[]], [null], { a: { b: { c: {} } } }, Array.from({ length: 200 }, (_, i) => i)],
]
const HEADERS: Record<string, string>[] = [
  ...[
    {},
    {},
    {},
    {},
    {},
    {},
    { accept: 'x/y' },
    { range: 'bytes=0-' },
    { range: 'bytes=-5' },
    { range: 'bytes=9-1,3-2' },
  ],
  ...[
    { 'if-none-match': '"x"' },
    { 'last-event-id': 'x' },
    { 'last-event-id': '-1' },
    { origin: 'null' },
    { 'x-forwarded-for': 'x' },
  ],
  ...[{ cookie: 'lamppost_session=%00; a' }, { 'x-lamppost-signature': 'x' }, { 'content-encoding': 'gzip' }],
]

export function createFuzz({
  operations,
  ids,
  random,
}: {
  operations: readonly Operation[]
  ids: readonly string[]
  random: Random
}) {
  const of = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const perhaps = (share: number): boolean => random() < share

  function textFor({
    pattern,
    minLength = 0,
    maxLength = 40,
    format,
  }: {
    pattern?: string
    minLength?: number
    maxLength?: number
    format?: string
  }): string {
    if (format === 'date-time') return new Date(1_780_000_000_000 + Math.floor(random() * 1e10)).toISOString()
    if (perhaps(0.5)) return of(ids)
    if (pattern !== undefined && perhaps(0.3)) return of(['bytes=0-', '1', 'true', 'abc', 'incident.*'])
    return 'abcdefgh '.repeat(12).slice(0, Math.max(minLength, Math.floor(random() * Math.min(maxLength, 100))))
  }
  /** One that the schema takes, as far as this knows. */
  function fitting(schema: Schema, depth = 0): unknown {
    if (depth > 6) return null
    const several = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined
    if (several) return fitting(of(several), depth + 1)
    if ('const' in schema) return schema.const
    if (Array.isArray(schema.enum)) return of(schema.enum)
    switch (schema.type) {
      case 'object': {
        const required = new Set((schema.required ?? []) as string[])
        return Object.fromEntries(
          Object.entries((schema.properties ?? {}) as Record<string, Schema>)
            .filter(([name]) => required.has(name) || perhaps(0.5))
            .map(([name, of_]) => [name, value(of_, depth + 1)]),
        )
      }
      case 'array':
        return Array.from({ length: Math.floor(random() * 4) }, () => value((schema.items ?? {}) as Schema, depth + 1))
      case 'integer':
        return Math.floor(Number(schema.minimum ?? 0) + random() * 100)
      case 'number':
        return Number(schema.minimum ?? 0) + random() * 100
      case 'boolean':
        return perhaps(0.5)
      case 'null':
        return null
      case 'string':
        return textFor(schema)
      default:
        return of(ODD_VALUES)
    }
  }
  const value = (schema: Schema, depth = 0): unknown =>
    perhaps(0.12) ? (perhaps(0.5) ? of(ODD_TEXTS) : of(ODD_VALUES)) : fitting(schema, depth)

  function bodyFor(schema: Schema | null): string | null {
    if (schema === null) return perhaps(0.05) ? '{}' : null
    if (perhaps(0.04))
      return of([
        '',
        '{',
        '[]',
        '"x"',
        'null',
        '\u0000',
        '{"a":1e999}',
        '['.repeat(5000),
        '{"__proto__":{"role":"supervisor"}}',
      ])
    const made = value(schema)
    // A copy: what is odd is odd for all who come later, too.
    const isPlain = typeof made === 'object' && made !== null && !Array.isArray(made)
    return JSON.stringify(isPlain && perhaps(0.05) ? { ...made, extra: of(ODD_VALUES) } : made)
  }
  const escaped = (text: string): string => {
    try {
      return perhaps(0.9) ? encodeURIComponent(text) : text.replaceAll(/[^!-~]|[?#/\\]/g, '_')
    } catch {
      return '%ED%A0%80'
    }
  }
  return function next(): FuzzRequest {
    const { method, path, parameters, body } = of(operations)
    const there = path.replaceAll(/\{(\w+)\}/g, () => escaped(perhaps(0.75) ? of(ids) : of(ODD_TEXTS)) || '_')
    const query = parameters
      .filter((each) => each.in === 'query' && (each.required === true || perhaps(0.4)))
      .map(({ name, schema }) => `${String(name)}=${escaped(String(value((schema ?? {}) as Schema)))}`)
    if (perhaps(0.03)) query.push(`${escaped(of(ODD_TEXTS))}=${escaped(of(ODD_TEXTS))}`)
    const text = bodyFor(body)
    return {
      method,
      path: `${there}${query.length > 0 ? `?${query.join('&')}` : ''}`,
      headers: {
        ...of(HEADERS),
        ...(text === null ? {} : { 'content-type': perhaps(0.97) ? 'application/json' : 'text/plain' }),
      },
      body: text,
    }
  }
}
