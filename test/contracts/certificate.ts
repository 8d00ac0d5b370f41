/** A certificate that signs itself, made by openssl here and now. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** @param address of numbers that it is for as well. @returns the paths of two PEM files in this folder */
export function selfSigned(
  folder: string,
  name = 'localhost',
  days = 2,
  address: string | null = null,
): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days)]
  const also = address === null ? [] : ['-addext', `subjectAltName=DNS:${name},IP:${address}`]
  const files = ['-keyout', key, '-out', cert, '-subj', `/CN=${name}`]
  execFileSync('openssl', ['req', ...kind, ...files, ...also], { stdio: 'ignore' })
  return { cert, key }
}
