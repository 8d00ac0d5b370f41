/** Looks at the certificates of others where they are shown: now and then, one after the other, and no more than that. */
import { connect } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import type { Clock } from '../../tools/clock.ts'
import { tlsNameOf } from '../../tools/tls-peer.ts'
import type { Certificate, Shown } from './certificate-plan.ts'

const EVERY_MS = 12 * 3_600_000
/** A start has better to do. */
const FIRST_MS = 60_000
const WITHIN_MS = 5000
/** Between two looks: hundreds of cameras are not asked at once. */
const APART_MS = 200

/** When the certificate that is shown there ends; null: nobody shows one. */
export const lookAt = (shown: Shown): Promise<number | null> =>
  new Promise((resolve) => {
    const servername = tlsNameOf(shown.host)
    const socket = connect({
      ...{ host: shown.host, port: shown.port, timeout: WITHIN_MS },
      // It is only looked at: what it is trusted for is the business of whoever uses it.
      rejectUnauthorized: false,
      ...(servername === undefined ? {} : { servername }),
    })
    const done = (until: number | null): void => {
      socket.destroy()
      resolve(until)
    }
    socket.once('secureConnect', () => {
      const { raw } = socket.getPeerCertificate() as { raw?: Buffer }
      done(raw ? Date.parse(new X509Certificate(raw).validTo) : null)
    })
    socket.once('timeout', () => done(null))
    socket.once('error', () => done(null))
    socket.once('close', () => done(null))
  })

export function createCertificateWatch({
  clock,
  shown,
  look = lookAt,
}: {
  clock: Pick<Clock, 'sleep'>
  shown(): readonly Shown[]
  look?: typeof lookAt
}) {
  const stopped = new AbortController()
  let seen = new Map<string, Certificate>()
  const nameOf = ({ kind, subject, host, port }: Shown): string => `${kind}\n${subject}\n${host}\n${port}`

  async function lookAtAll(): Promise<void> {
    const found = new Map<string, Certificate>()
    for (const each of shown()) {
      if (stopped.signal.aborted) return
      const name = nameOf(each)
      const until = await look(each)
      const before = seen.get(name)
      // One that is away at this moment is as it was.
      if (until !== null) found.set(name, { kind: each.kind, subject: each.subject, until })
      else if (before) found.set(name, before)
      await clock.sleep(APART_MS, stopped.signal)
    }
    seen = found
  }
  return {
    begin(): void {
      ;(async () => {
        await clock.sleep(FIRST_MS, stopped.signal)
        while (!stopped.signal.aborted) {
          await lookAtAll()
          await clock.sleep(EVERY_MS, stopped.signal)
        }
      })().catch(() => {})
    },
    lookAtAll,
    seen: (): Certificate[] => [...seen.values()],
    close: (): void => stopped.abort(),
  }
}
