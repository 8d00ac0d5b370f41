/**
 * What a town needs of etcd, by its JSON gateway (etcd 3.4 and newer, "grpc-gateway"): range, transaction, lease, watch.
 * A call that one endpoint does not answer goes to the next, so callers make their calls repeatable. Not here: what a
 * key means (keys.ts), what is in a value (seal.ts).
 */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { messageOf } from '../../tools/failure.ts'
import { createWatch } from './etcd-watch.ts'
import { type KeyValue, type Post, type RawKeyValue, base64, keyValueOf } from './etcd-values.ts'

export type Compare =
  | { key: string; created: string } // the revision at which the key was made; '0': there is none
  | { key: string; modified: string } // the revision of its newest value; '0': there is none
export type Step = { put: string; value: Buffer; lease?: string } | { remove: string } | { get: string }
export type TxnAnswer = { succeeded: boolean; revision: string; found: KeyValue[] }
export type EngineAccess = {
  /** `http://` or `https://`, host and port; one's own member first. */ endpoints: readonly string[]
  user: string | null
  password: string | null
  /** PEM of who signed the endpoints' certificates; null: the system's own. */ ca: string | null
}

/** Nobody answered, or an answer was not in time: whether the call was done is not known. */
export class EngineAway extends Error {}
/** The engine answered, and refused. */
export class EngineRefused extends Error {}

const MOST_ANSWER_BYTES = 64 * 1024 * 1024
type Header = { revision: string }
type RangeAnswer = { header: Header; kvs?: RawKeyValue[]; more?: boolean }
type RawTxnAnswer = { header: Header; succeeded?: boolean; responses?: { response_range?: RangeAnswer }[] }

export function createEtcd({ endpoints, user, password, ca }: EngineAccess, { waitMs = 600 } = {}) {
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true, ...(ca ? { ca } : {}) }),
  }
  let at = 0
  let token: string | null = null
  let signingIn: Promise<void> | null = null

  const post: Post = (endpoint, path, body, withToken) => {
    const data = JSON.stringify(body)
    const secure = endpoint.startsWith('https:')
    const asked = (secure ? httpsRequest : httpRequest)(endpoint + path, {
      method: 'POST',
      agent: secure ? agents.https : agents.http,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(data),
        ...(withToken === null ? {} : { authorization: withToken }),
      },
    })
    asked.end(data)
    return asked
  }
  /** @throws EngineAway, EngineRefused */
  function ask<Answer>(endpoint: string, path: string, body: object, ms: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = post(endpoint, path, body, path === '/v3/auth/authenticate' ? null : token)
      const away = (why: string): void => {
        clearTimeout(timer)
        reject(new EngineAway(`${endpoint} does not answer: ${why}`))
      }
      const timer = setTimeout(() => asked.destroy(new Error(`not within ${ms} ms`)), ms)
      asked.on('error', (error) => away(messageOf(error)))
      asked.on('response', (response: IncomingMessage) => {
        const parts: Buffer[] = []
        let bytes = 0
        response.on('data', (part: Buffer) => {
          parts.push(part)
          if ((bytes += part.length) > MOST_ANSWER_BYTES) response.destroy(new Error('its answer is too long'))
        })
        response.on('error', (error) => away(messageOf(error)))
        response.on('close', () => !response.complete && away('its answer ended early'))
        response.on('end', () => {
          clearTimeout(timer)
          const text = Buffer.concat(parts).toString('utf8')
          try {
            const answer = JSON.parse(text) as Answer & { error?: string }
            if (response.statusCode === 200) return resolve(answer)
            reject(refusalOf(endpoint, response.statusCode ?? 0, answer.error ?? text))
          } catch {
            reject(new EngineRefused(`${endpoint} answers what no etcd does: ${text.slice(0, 100)}`))
          }
        })
      })
    })
  }
  async function signIn(ms: number): Promise<void> {
    if (user === null) return
    signingIn ??= ask<{ token: string }>(
      endpoints[at % endpoints.length] ?? '',
      '/v3/auth/authenticate',
      { name: user, password },
      ms,
    )
      .then((answer) => void (token = answer.token))
      .finally(() => (signingIn = null))
    await signingIn
  }
  /** @throws EngineAway when no endpoint answers, EngineRefused */
  async function call<Answer>(
    path: string,
    body: object,
    { ms = waitMs, tries = endpoints.length * 2 } = {},
  ): Promise<Answer> {
    let last: unknown
    for (let i = 0; i < tries; i += 1) {
      try {
        if (user !== null && token === null) await signIn(ms)
        return await ask<Answer>(endpoints[at % endpoints.length] ?? '', path, body, ms)
      } catch (error) {
        last = error
        if (error instanceof EngineRefused) {
          if (user === null || !/auth token|revision of auth store is old/i.test(error.message)) throw error
          token = null
        } else at += 1
      }
    }
    throw last instanceof Error ? last : new EngineAway('no endpoint answers')
  }

  async function txn(
    compare: readonly Compare[],
    then: readonly Step[],
    otherwise: readonly Step[] = [],
    options: { ms?: number; tries?: number } = {},
  ): Promise<TxnAnswer> {
    const answer = await call<RawTxnAnswer>(
      '/v3/kv/txn',
      { compare: compare.map(rawCompare), success: then.map(rawStep), failure: otherwise.map(rawStep) },
      options,
    )
    return {
      succeeded: answer.succeeded ?? false,
      revision: answer.header.revision,
      found: (answer.responses ?? []).flatMap(({ response_range: range }) => (range?.kvs ?? []).map(keyValueOf)),
    }
  }
  return {
    txn,
    /** Keys in their order. @param options of the first key only, unless `end` is given */
    async range(
      key: string,
      {
        end,
        limit = 0,
        serializable = false,
        ms,
      }: { end?: string; limit?: number; serializable?: boolean; ms?: number } = {},
    ): Promise<{ found: KeyValue[]; revision: string; more: boolean }> {
      const {
        header,
        kvs = [],
        more = false,
      } = await call<RangeAnswer>(
        '/v3/kv/range',
        {
          key: base64(key),
          ...(end === undefined ? {} : { range_end: base64(end) }),
          limit: String(limit),
          serializable,
        },
        ms === undefined ? {} : { ms },
      )
      return { found: kvs.map(keyValueOf), revision: header.revision, more }
    },
    async put(key: string, value: Buffer, lease?: string): Promise<void> {
      await call('/v3/kv/put', {
        key: base64(key),
        value: value.toString('base64'),
        ...(lease === undefined ? {} : { lease }),
      })
    },
    async remove(key: string, end?: string): Promise<void> {
      await call('/v3/kv/deleterange', { key: base64(key), ...(end === undefined ? {} : { range_end: base64(end) }) })
    },
    /** @returns its id */
    grant: async (seconds: number): Promise<string> =>
      (await call<{ ID: string }>('/v3/lease/grant', { TTL: String(seconds) })).ID,
    /** @returns how many seconds it goes on for; 0: it is over */
    keepAlive: async (lease: string, ms: number): Promise<number> =>
      Number(
        (await call<{ result?: { TTL?: string } }>('/v3/lease/keepalive', { ID: lease }, { ms })).result?.TTL ?? 0,
      ),
    async revoke(lease: string): Promise<void> {
      await call('/v3/lease/revoke', { ID: lease }, { tries: 2 })
    },
    async compact(revision: string): Promise<void> {
      await call('/v3/kv/compaction', { revision }, { tries: 1 })
    },
    /** Of one endpoint. `quorum` false: it answers, and has no majority. @throws EngineAway */
    async look(endpoint: string): Promise<{ version: string; bytes: number; leads: boolean; hasMajority: boolean }> {
      if (user !== null && token === null) await signIn(2000).catch(() => {})
      const status = await ask<{ version: string; dbSize?: string; leader?: string; header: { member_id: string } }>(
        endpoint,
        '/v3/maintenance/status',
        {},
        2000,
      )
      const hasMajority = await ask(endpoint, '/v3/kv/range', { key: base64('\u0001') }, 2000).then(
        () => true,
        (error: unknown) => error instanceof EngineRefused,
      )
      const { version, dbSize = '0', leader = '0', header } = status
      return { version, bytes: Number(dbSize), leads: leader !== '0' && leader === header.member_id, hasMajority }
    },
    watch: createWatch({ endpoints, post, token: () => token, signIn: () => signIn(waitMs) }),
    close(): void {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}
export type Etcd = ReturnType<typeof createEtcd>

/** Codes of gRPC that say the same as silence: an election, an overload, a majority that is away. */
function refusalOf(endpoint: string, status: number, words: string): Error {
  const isAway =
    status >= 500 || status === 408 || /no leader|timed out|leader changed|too many requests|stopped/i.test(words)
  return isAway && !/mvcc|compacted|permission|auth token|NOSPACE|lease not found/i.test(words)
    ? new EngineAway(`${endpoint}: ${words}`)
    : new EngineRefused(`${endpoint} refuses: ${words}`)
}

const rawCompare = (compare: Compare): object =>
  'created' in compare
    ? { key: base64(compare.key), target: 'CREATE', result: 'EQUAL', create_revision: compare.created }
    : { key: base64(compare.key), target: 'MOD', result: 'EQUAL', mod_revision: compare.modified }
function rawStep(step: Step): object {
  if ('put' in step)
    return {
      request_put: {
        key: base64(step.put),
        value: step.value.toString('base64'),
        ...(step.lease === undefined ? {} : { lease: step.lease }),
      },
    }
  return 'remove' in step
    ? { request_delete_range: { key: base64(step.remove) } }
    : { request_range: { key: base64(step.get) } }
}
