/** What a server is opened with, and what whoever opened it has of it. Types only. */
import type { PublicAddress } from './door/public-address.ts'
import type { Append } from './glossary/ledger.ts'
import type { AcceptPress } from './glossary/press.ts'
import type { Leading } from './members/leading.ts'
import type { DemoCredentials } from './people/accounts/demo-people.ts'
import type { Practice } from './simulator/night.ts'

export type HouseOptions = {
  /** Null starts a simulated town. */ siteFile: string | null
  /** Which one; left out, Darlington. */ practice?: Practice
  dataFolder: string
  port: number
  host: string
  /** PEM texts. */ tls?: { cert: string; key: string } | null
  /** Where cameras push to, when the town has such; 0 picks a free one. */
  rtmpPort: number
  /** The simulated town's help point telephones, where the engines for it are there. */ demoVoice?: boolean
  /** Where the server is to its users; left out: at the root of each request's host. */
  address?: PublicAddress
  /** Where references of the site file are looked up. */ environment?: NodeJS.ProcessEnv
  /** In a town on several machines: what this server leads it with. */ leads?: Leading
}
export type House = {
  url: string
  demo: DemoCredentials | null
  /** For connections from then on. */ renewCertificate(pems: { cert: string; key: string }): void
  /** A press that was taken in elsewhere. */ accept: AcceptPress
  append: Append
  close(): Promise<void>
}
