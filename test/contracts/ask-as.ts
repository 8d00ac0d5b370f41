/** Asks a running server as somebody with a token, and reads the answer as what it is. */

// oxlint-disable-next-line no-explicit-any -- answers are looked at field by field
export type Answer = { status: number; bytes: Buffer; body: any; headers: Headers }

/** In the answer `body` is null where it is no JSON. */
export async function askAs(
  url: string,
  token: string | null,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const isJson = /json/.test(answer.headers.get('content-type') ?? '') && bytes.length > 0
  return { status: answer.status, bytes, body: isJson ? JSON.parse(bytes.toString()) : null, headers: answer.headers }
}
