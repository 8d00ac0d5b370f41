/** What people see and take of the clip buffers: live, the clips that incidents hold, and downloads of them. */
import { type ClipPort, clipRoutes } from './clip-routes.ts'
import type { App, Door } from '../door/door.ts'
import { type LivePort, type PicturePlace, livePicture, liveRoutes, stillPicture } from './live/live-routes.ts'
import { LIVE_SOCKET_PATH, type LiveSocketPort, liveSocket } from './live/live-socket.ts'
import type { Append } from '../glossary/ledger.ts'
import type { Clock } from '../tools/clock.ts'

export type PlaybackNeeds = {
  clock: Clock
  ledger: { append: Append }
  clips: Omit<LivePort, 'admit' | 'knows'> &
    Pick<LiveSocketPort, 'watchLive'> &
    Omit<ClipPort, 'incident' | 'now' | 'played' | 'unmasked' | 'onDownload'>
  cameras: Pick<LivePort, 'knows'>
  incidents: { book: { load: ClipPort['incident'] } }
}

export function openPlayback({ clock, ledger, clips, cameras, incidents }: PlaybackNeeds) {
  const { now } = clock
  const { knows } = cameras
  return {
    /** Live and still pictures at another place, for who is let in there. */
    picturesAt(app: App, place: PicturePlace): void {
      livePicture(app, clips, place)
      stillPicture(app, clips, place)
    },
    routes({ app, whoHas, admit, played, unmasked, enter, socket }: Door): void {
      liveRoutes(app, { ...clips, admit, knows })
      socket(LIVE_SOCKET_PATH, liveSocket({ whoHas, admit, knows, watchLive: clips.watchLive, now, enter }))
      clipRoutes(app, {
        ...clips,
        played,
        unmasked,
        incident: incidents.book.load,
        now,
        onDownload: async ({ incident, actor, ...download }) => {
          const body = { incident: incident.id, ...download }
          await ledger.append([{ kind: 'clip.downloaded', actor, subject: incident.id, body }]).durable
        },
      })
    },
  }
}
