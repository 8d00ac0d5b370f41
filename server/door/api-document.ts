/** The API as a page for people, written from the same schemas that check it. Pure. */

type Operation = {
  summary?: string
  tags?: string[]
  parameters?: { name: string; in: string; description?: string }[]
  requestBody?: {
    content?: Record<
      string,
      { schema?: { properties?: Record<string, { description?: string }>; required?: string[] } }
    >
  }
  responses?: Record<string, unknown>
  'x-roles'?: readonly string[]
  'x-confirmed'?: boolean
}
type Document = { paths?: Record<string, Record<string, Operation>> }

/** One table per tag: route, what it does, who may, what it takes, what it answers. */
export function describeApi({ paths = {} }: Document): string {
  const tables = new Map<string, string[]>()
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'more'
      const cells = [
        `\`${method.toUpperCase()} ${path}\``,
        operation.summary ?? '',
        who(operation),
        takes(operation),
        Object.keys(operation.responses ?? {})
          .join(', ')
          .toLowerCase(),
      ]
      tables.set(tag, [
        ...(tables.get(tag) ?? []),
        `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
      ])
    }
  const sections = [...tables].map(([tag, rows]) =>
    [
      `## ${tag[0]?.toUpperCase()}${tag.slice(1)}`,
      '',
      '| route | what | who | takes | answers |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  )
  return [
    '# The HTTP API',
    '',
    'Written from the code by `UPDATE_API=1 npm test`; the whole of it, with every shape, is at `/api/v1/openapi.json`.',
    'A bearer token (`Authorization: Bearer …`) or the session cookie opens every route; refusals are RFC 9457 problem',
    'documents with a `code` such as `incident/taken`. Times are UTC ISO 8601 with milliseconds.',
    '',
    ...sections,
  ].join('\n')
}

const who = ({ 'x-roles': roles, 'x-confirmed': confirmed }: Operation): string =>
  `${roles?.join(', ') ?? 'anybody'}${confirmed ? '; a session after its password' : ''}`

function takes({ parameters = [], requestBody }: Operation): string {
  const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => `?${name}`)
  const schema = requestBody?.content?.['application/json']?.schema
  const body = Object.keys(schema?.properties ?? {}).map((name) =>
    schema?.required?.includes(name) ? name : `${name}?`,
  )
  return [...query, ...(body.length > 0 ? [`{ ${body.join(', ')} }`] : [])].join(', ')
}
