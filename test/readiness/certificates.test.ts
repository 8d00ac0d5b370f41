import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSite } from '../../server/site/site-check.ts'
import { type Certificate, endOf, endingOf, shownTo } from '../../server/readiness/certificates/certificate-plan.ts'
import { createCertificateWatch, lookAt } from '../../server/readiness/certificates/certificate-watch.ts'
import { selfSigned } from '../contracts/certificate.ts'
import { createFakeClock } from '../fakes/fake-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'lamppost-certificates-'))
afterAll(() => rmSync(folder, { recursive: true }))
function pemsFor(days: number): { cert: string; key: string } {
  const { cert, key } = selfSigned(folder, 'localhost', days)
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}
const NOW = Date.parse('2026-11-30T22:30:00Z')
const DAY = 86_400_000
const SITE = `site: { id: town, name: Town, timezone: Europe/London }
helpPoints: [{ id: bar, name: Bar, location: { lat: 54.5, lon: -1.5 } }]
cameras:
  - { id: one, name: One, onvif: { url: "https://10.0.4.1/onvif", username: a, password: "\${P}", source: v1 } }
  - { id: two, name: Two, onvif: { url: "https://10.0.4.1:443/onvif", username: a, password: "\${P}", source: v2 } }
  - { id: three, name: Three, stream: { url: "rtsps://10.0.4.3/x" } }
  - { id: four, name: Four, stream: { url: "rtsp://10.0.4.4/x" } }
destinations: [{ id: police, webhook: { url: "https://police.example:8443/x", secret: "\${P}" } }]
mqtt: { url: "mqtts://broker.example" }
directory: { name: Council, oidc: { issuer: "https://login.example", client: l, secret: "\${P}" }, roles: { operator: [x] } }
`

describe('the certificates of a town', () => {
  test('are looked at where they are shown, each place once, and nothing that has none', () => {
    const { site, problems } = readSite(SITE, (text) => ({ value: text.replace('${P}', 'a secret of sixteen') }))
    expect(problems).toEqual([])
    expect(site && shownTo(site).map(({ kind, subject, host, port }) => `${kind} ${subject} ${host}:${port}`)).toEqual([
      'camera one 10.0.4.1:443',
      'camera three 10.0.4.3:322',
      'destination police police.example:8443',
      'directory Council login.example:443',
      'broker  broker.example:8883',
    ])
  })
  test('end when the first of a chain does; what is none has no end', () => {
    const { cert } = pemsFor(90)
    const until = endOf(cert) ?? 0
    expect(Math.abs(until - Date.now() - 90 * DAY)).toBeLessThan(2 * DAY)
    expect(endOf(`${cert}\n${pemsFor(5).cert}`)).toBeLessThan(Date.now() + 7 * DAY)
    expect([endOf(''), endOf('-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----')]).toEqual([null, null])
  })
  test('are named 30 days before they end, and after; cameras in one line', () => {
    const camera = (subject: string, days: number): Certificate => ({
      kind: 'camera',
      subject,
      until: NOW + days * DAY,
    })
    const all: Certificate[] = [
      { kind: 'server', subject: '', until: NOW + 29 * DAY },
      { kind: 'vms', subject: 'recorder', until: NOW + 31 * DAY },
      ...[camera('d', 4), camera('a', -40), camera('b', 2), camera('c', 3), camera('far', 400)],
    ]
    expect(endingOf(all, NOW)).toEqual([
      { kind: 'server', subject: '', detail: 'It ends on 2026-12-29.' },
      { kind: 'camera', subject: 'a, b, c and 1 more', detail: 'It ended on 2026-10-21.' },
    ])
    expect(endingOf([], NOW)).toEqual([])
  })
})

describe('the look at a certificate', () => {
  const { cert, key } = pemsFor(12)
  const server = createServer({ cert, key })
  let port = 0
  beforeAll(
    () =>
      new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', () => {
          port = (server.address() as AddressInfo).port
          resolve()
        })
      }),
  )
  afterAll(() => void server.close())
  const at = (where: number) => ({ kind: 'camera' as const, subject: 'one', host: '127.0.0.1', port: where })

  test('says when it ends, though nobody has signed it; of what shows none, nothing', async () => {
    expect(await lookAt(at(port))).toBe(endOf(cert))
    expect(await lookAt(at(1))).toBeNull()
  })
  test('keeps what it has seen while the other is away, and forgets what is not in the site file any more', async () => {
    const answers: (number | null)[] = [NOW, null]
    let shown = [at(1)]
    const clock = createFakeClock()
    const watch = createCertificateWatch({ clock, shown: () => shown, look: async () => answers.shift() ?? null })
    const look = async (): Promise<void> => {
      const looking = watch.lookAtAll()
      await clock.advance(1000)
      await looking
    }
    await look()
    await look()
    expect(watch.seen()).toEqual([{ kind: 'camera', subject: 'one', until: NOW }])
    shown = []
    await look()
    expect(watch.seen()).toEqual([])
  })
})
