/** Certificates that a town lives by, ours and others', and which of them end soon. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Site } from '../../glossary/site.ts'
import type { Clock } from '../../tools/clock.ts'
import {
  type Certificate,
  type CertificateKind,
  type EndingCertificate,
  endOf,
  endingOf,
  shownTo,
} from './certificate-plan.ts'
import { createCertificateWatch } from './certificate-watch.ts'

export type CertificateNeeds = {
  clock: Clock
  dataFolder: string
  closing: { add(what: string, close: () => unknown): void }
  /** The server's own, as it is now; null: it speaks plain HTTP. */
  tls: { cert: string } | null
  town: { site(): Site }
}

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
/** PEM texts, or the names of files that have them. */
const pemOf = (given: string): string => (given.includes('-----BEGIN') ? given : textOf(given))

export function openCertificates({ clock, dataFolder, closing, tls, town }: CertificateNeeds) {
  const watch = createCertificateWatch({ clock, shown: () => shownTo(town.site()) })
  closing.add('the look at certificates', watch.close)
  const ours = (kind: CertificateKind, subject: string, pem: string | null | undefined): Certificate[] => {
    const until = pem ? endOf(pem) : null
    return until === null ? [] : [{ kind, subject, until }]
  }
  function all(): Certificate[] {
    const { onvifDevice, voice, evidence } = town.site()
    return [
      ...ours('server', '', tls?.cert),
      ...ours('device', '', onvifDevice?.tls && pemOf(onvifDevice.tls.certificate)),
      ...(voice?.edge.listen ?? []).flatMap(({ certificate, clients, address }) => [
        ...ours('edge', address, certificate && pemOf(certificate)),
        ...ours('edge', `${address}, of help points' certificates`, clients && pemOf(clients)),
      ]),
      ...(evidence.signer
        ? ours('evidence', 'signer', `${pemOf(evidence.signer.certificate)}\n${pemOf(evidence.signer.root)}`)
        : ours('evidence', 'root', textOf(join(dataFolder, 'evidence-keys', 'root.pem')))),
      ...watch.seen(),
    ]
  }
  return {
    begin: watch.begin,
    certificates: all,
    ending: (): EndingCertificate[] => endingOf(all(), clock.now()),
  }
}
