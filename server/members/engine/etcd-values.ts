/** How etcd's JSON gateway writes keys and values: base64, numbers as texts. Pure. */
import type { ClientRequest } from 'node:http'

/** A value lies beside its key with the revisions that comparisons are made with; both are decimal texts. */
export type KeyValue = { key: string; value: Buffer; createRevision: string; modRevision: string }
export const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
/** The first key after all that begin with the prefix. */
export const endOf = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

export type RawKeyValue = { key: string; value?: string; create_revision: string; mod_revision: string }
export const keyValueOf = ({ key, value = '', create_revision, mod_revision }: RawKeyValue): KeyValue => ({
  key: Buffer.from(key, 'base64').toString('utf8'),
  value: Buffer.from(value, 'base64'),
  createRevision: create_revision,
  modRevision: mod_revision,
})

/** A body sent to a path of one endpoint. */
export type Post = (endpoint: string, path: string, body: object, token: string | null) => ClientRequest
