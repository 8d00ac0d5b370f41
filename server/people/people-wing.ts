/** People: who they are, what they have open, and what they look at. */
import { join } from 'node:path'
import type { Door } from '../door/door.ts'
import { peopleRoutes } from './people-routes.ts'
import type { PublicAddress } from '../door/public-address.ts'
import { createSignIn, sessionRoutes } from './sign-in/session-routes.ts'
import type { CameraId } from '../glossary/camera.ts'
import type { IncidentId } from '../glossary/incident.ts'
import type { Append } from '../glossary/ledger.ts'
import type { LiveNews } from '../glossary/news.ts'
import type { Person } from '../glossary/people.ts'
import type { Site } from '../glossary/site.ts'
import type { Clock } from '../tools/clock.ts'
import type { DemoCredentials } from './accounts/demo-people.ts'
import { openIdentities } from './sign-in/identities.ts'
import { createPresence } from './presence.ts'
import { createViewing } from './viewing.ts'

export type PeopleNeeds = {
  clock: Clock
  dataFolder: string
  news: { publish(news: LiveNews): void }
  closing: { add(what: string, close: () => unknown): void }
  address: PublicAddress
  /** Of the simulated town; null in a real one. */
  demo: DemoCredentials | null
  town: { site(): Site }
  ledger: { append: Append; whenDurable(seq: number): Promise<void> }
  cameras: {
    heldBy(camera: CameraId): IncidentId | null
    /** @throws camera/unknown */
    knows(camera: string): CameraId
  }
  incidents: { book: { isOpen(id: IncidentId): boolean; showing(camera: CameraId): IncidentId | null } }
}

export function openPeople(needs: PeopleNeeds) {
  const { clock, dataFolder, news, closing, address, demo, town, ledger, cameras, incidents } = needs
  const { append, whenDurable } = ledger
  const { book } = incidents
  const identities = openIdentities({ file: join(dataFolder, 'people.json'), now: clock.now, demo })
  const { people, sessions, wallTokens, byToken, whoHas } = identities
  const signIn = createSignIn({ byPassword: people.byPassword, byToken })
  const presence = createPresence({
    clock,
    known: (id) => book.isOpen(id as IncidentId),
    onChange: (present) => news.publish({ event: 'people.present', data: { items: present } }),
  })
  closing.add('presence', presence.close)
  const viewing = createViewing({
    clock,
    append,
    whenDurable,
    incidentOf: (camera) => cameras.heldBy(camera) ?? book.showing(camera),
    reasonWanted: () => town.site().viewReason === 'required',
  })
  return {
    whoHas,
    isConfirmed: sessions.isConfirmed,
    signIn,
    admit: viewing.admit,
    played: viewing.played,
    enter: presence.enter,
    routes({ app }: Door): void {
      peopleRoutes(app, {
        present: presence.view,
        giveReason: (person, reason, camera) =>
          viewing.give(person, reason, camera === null ? null : cameras.knows(camera)),
        issue: (holder, minutes, by) => wallTokens.issue(holder, minutes, identities.stillHeld(by)),
        onIssued: async ({ name, role }, through, until, actor) => {
          const body = { name, role, through, until }
          await append([{ kind: 'token.issued', actor, subject: 'session', body }]).durable
        },
      })
      const port = {
        byPassword: people.byPassword,
        byToken,
        open: identities.openSession,
        close: sessions.close,
        confirm: sessions.confirm,
        onOpened: async ({ name, role }: Person) => {
          const actor = `${role}:${name}`
          await append([{ kind: 'session.opened', actor, subject: 'session', body: { name, role } }]).durable
        },
        demoTokens: demo?.tokens ?? null,
      }
      sessionRoutes(app, port, signIn, address)
    },
  }
}
