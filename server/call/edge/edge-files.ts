/**
 * Whether the files of a TLS listener can be used, in words that name the file. kamailio is never asked with files that
 * cannot be: each time it reads them costs it memory that it does not get back, and at a start it would end.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EdgeListen, Trunk } from '../../glossary/call.ts'
import { messageOf } from '../../tools/failure.ts'
import { certificatesIn } from '../../tools/tls-peer.ts'

/** Who vouches for help points is one council, not everybody: a bundle of all authorities takes kamailio's memory. */
const MOST_AUTHORITIES = 20

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
function certificatesOf(file: string): X509Certificate[] {
  const found = certificatesIn(textOf(file))
  if (found.length === 0) throw new Error(`there is no certificate (PEM) in ${file}`)
  return found.map((pem) => {
    try {
      return new X509Certificate(pem)
    } catch (error) {
      throw new Error(`a certificate in ${file} cannot be read: ${messageOf(error)}`, { cause: error })
    }
  })
}
function keyIn(file: string): ReturnType<typeof createPrivateKey> {
  const text = textOf(file)
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw new Error(`there is no private key (PEM, without a password) in ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** What is wrong with a listener's files; null: nothing, or it has none. */
export function fileProblem({ certificate, key, clients }: EdgeListen): string | null {
  try {
    if (certificate !== undefined && key !== undefined) {
      const [own] = certificatesOf(certificate)
      if (own && !own.checkPrivateKey(keyIn(key))) return `the key in ${key} is not the one of ${certificate}`
    }
    return clients === undefined ? null : authorityProblem(clients)
  } catch (error) {
    return messageOf(error)
  }
}
/** What is wrong with a file of authorities; null: nothing. */
function authorityProblem(file: string): string | null {
  try {
    const count = certificatesOf(file).length
    return count > MOST_AUTHORITIES
      ? `${file} has ${count} certificates, and at most ${MOST_AUTHORITIES} authorities can vouch for somebody`
      : null
  } catch (error) {
    return messageOf(error)
  }
}
/** What is wrong with the authority of a trunk or a PBX; null: nothing, or it needs none. */
export const peerProblem = (peer: Pick<Trunk, 'ca' | 'transport'> | null): string | null =>
  peer?.transport === 'tls' ? authorityProblem(peer.ca ?? '') : null
/** Of all listeners, the first. */
export const firstFileProblem = (listen: readonly EdgeListen[]): string | null =>
  listen.map(fileProblem).find((problem) => problem !== null) ?? null
