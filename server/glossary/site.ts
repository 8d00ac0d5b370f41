/** Types only: a town as its site file says it, references resolved. */
import type { CameraId, PresetToken } from './camera.ts'
import type { HelpPointId, Place } from './press.ts'

export type HelpPoint = {
  id: HelpPointId
  name: string
  address: string
  location: Place
  instructions: string[]
}

export type OnvifAccess = { url: string; username: string; password: string }

export type SiteCamera = {
  id: CameraId
  name: string
  location: Place | null
  onvif: OnvifAccess | null
  rtmp: { streamKey: string } | null
  /** Which preset shows which help point. */
  presets: ReadonlyMap<HelpPointId, { token: PresetToken; name: string }>
  buffer: { mode: 'always' | 'on-press'; preRollMs: number; keepMs: number; /** Bytes, held ones not counted; null for no limit. */ mostBytes: number | null; /** Recorded only where the site says so. */ sound: 'drop' | 'keep' }
}

export type SafePlace = { name: string; address: string; location: Place; open: { days: string[]; from: string; to: string }[] }
export type Contact = { id: string; name: string; phone: string; urgent: string | null }

export type Site = {
  id: string
  name: string
  timezone: string
  helpPoints: HelpPoint[]
  cameras: SiteCamera[]
  safePlaces: SafePlace[]
  contacts: Contact[]
  /** Bytes: all clip buffers together (null: no limit), and what stays free for the ledger. */
  storage: { most: number | null; reserve: number }
}
