/** A certificate that signs itself, made by openssl here and now. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** @returns the paths of two PEM files in this folder */
export function selfSigned(folder: string, name = 'localhost', days = 2): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days)]
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, '-subj', `/CN=${name}`], { stdio: 'ignore' })
  return { cert, key }
}
