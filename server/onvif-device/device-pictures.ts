/** The pictures of one device, and who reads them. */
import type { Incident } from '../glossary/incident.ts'
import type { DeviceClient } from '../glossary/onvif-device.ts'
import { type Clock, isoTime } from '../tools/clock.ts'
import type { DeviceStream } from './device-plan.ts'
import { pictureFor } from './picture-choice.ts'
import type { Size } from './picture-size.ts'
import { type Board, makeBoard } from './stream/board-picture.ts'
import type { FollowLive } from './stream/camera-source.ts'
import type { Reading } from './stream/rtsp-session.ts'
import { type Missing, type Stage, createStage } from './stream/stage.ts'

export type PicturesPort = {
  streams: readonly DeviceStream[]
  clock: Clock
  follow: FollowLive
  /** The usual size of this town's pictures. */ usualSize(): Promise<Size>
  /** Words of the board; the first is its title. */ board(stream: DeviceStream, missing: Missing): string[]
  /** Somebody looks: for the record. */ onViewed(viewed: { from: string; stream: string }): void
  onChange(): void
  onError(error: unknown): void
}
const MOST_BOARDS = 40
/** Of one address and one picture; a reader that loses its connection comes back every second. */
const VIEWED_EVERY_MS = 10 * 60_000
const MOST_VIEWED = 500

export function createDevicePictures(port: PicturesPort) {
  const { clock } = port
  const opened = new AbortController()
  const boards = new Map<string, Promise<Board>>()
  const viewed = new Map<string, number>()
  let wasToldOfFonts = false
  const readings = new Map<object, { client: DeviceClient; heardAt: number }>()

  function boardOf(stream: DeviceStream, { width, height }: Size, missing: Missing): Promise<Board> {
    const words = port.board(stream, missing)
    const key = JSON.stringify([width, height, words])
    const known = boards.get(key)
    if (known) return known
    const made = makeBoard({ width, height }, words, opened.signal)
    boards.set(key, made)
    made.then(
      ({ legible }) => {
        if (!legible && !wasToldOfFonts)
          port.onError(new Error('This machine has no font: the board of the ONVIF device shows no words.'))
        wasToldOfFonts ||= !legible
      },
      () => boards.delete(key),
    )
    const [oldest] = boards.keys()
    if (boards.size > MOST_BOARDS && oldest !== undefined) boards.delete(oldest)
    return made
  }
  type Shown = { stage: Stage; stream: DeviceStream }
  const stages = new Map<string, Shown>()
  function open(stream: DeviceStream): Shown {
    const shown: Shown = {
      stream,
      stage: createStage({
        clock,
        follow: port.follow,
        board: async (like, missing) => boardOf(shown.stream, like ?? (await port.usualSize()), missing),
        onError: (error) => void (opened.signal.aborted || port.onError(error)),
      }),
    }
    return shown
  }
  /** Those that stay go on; a new name shows when the board is drawn the next time. */
  function follow(wanted: readonly DeviceStream[]): void {
    for (const [token, { stage }] of stages)
      if (!wanted.some((stream) => stream.token === token)) {
        stage.close()
        stages.delete(token)
      }
    for (const stream of wanted) {
      const known = stages.get(stream.token)
      if (known) known.stream = stream
      else stages.set(stream.token, open(stream))
    }
  }
  follow(port.streams)
  function record(from: string, stream: string): void {
    const key = `${from} ${stream}`
    const now = clock.monotonic()
    if (now - (viewed.get(key) ?? Number.NEGATIVE_INFINITY) < VIEWED_EVERY_MS) return
    viewed.delete(key)
    viewed.set(key, now)
    const [oldest] = viewed.keys()
    if (viewed.size > MOST_VIEWED && oldest !== undefined) viewed.delete(oldest)
    port.onViewed({ from, stream })
  }

  return {
    follow,
    /** Every picture shows what it should as incidents are now. */
    look(incidents: readonly Incident[]): void {
      for (const { stage, stream } of stages.values()) stage.show(pictureFor(stream, incidents))
    },
    stageOf(token: string): { stage: Stage; name: string } | null {
      const found = stages.get(token)
      return found ? { stage: found.stage, name: found.stream.name } : null
    },
    onReading({ from, stream, agent }: { from: string; stream: string; agent: string }): Reading {
      const me = {}
      const at = isoTime(clock.now())
      const client: DeviceClient = {
        address: from,
        agent,
        how: 'stream',
        stream,
        since: at,
        lastHeard: at,
        problem: null,
      }
      const reading = { client, heardAt: clock.now() }
      readings.set(me, reading)
      record(from, stream)
      port.onChange()
      return {
        heard: () => void (reading.heardAt = clock.now()),
        left: () => {
          readings.delete(me)
          port.onChange()
        },
      }
    },
    clients: (): DeviceClient[] =>
      [...readings.values()].map(({ client, heardAt }) => ({ ...client, lastHeard: isoTime(heardAt) })),
    close(): void {
      opened.abort()
      for (const { stage } of stages.values()) stage.close()
    },
  }
}
