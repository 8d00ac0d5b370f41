/** One simulated camera: a head with motors, a lens over a street, an ONVIF device and an RTSP server. */
import { join } from 'node:path'
import { type Landmark, PIXELS_PER_DEGREE } from './picture/street-drawing.ts'
import { startEncoder } from './picture/camera-encoder.ts'
import { FRAME, type Frame, type PictureFault, createCameraPicture } from './picture/camera-picture.ts'
import { type HeadFault, createHeadTelling } from './head-faults.ts'
import { type Pose, createMotors } from './motors.ts'
import { startOnvifDevice } from './onvif/onvif-device.ts'
import type { Trap } from './onvif/onvif-traps.ts'
import { createCameraEvents } from './onvif/camera-events.ts'
import { populate } from './picture/picture-figures.ts'
import type { Glyphs } from './picture/picture-text.ts'
import { type StoredPreset, createPresetStore } from './preset-store.ts'
import { createLoudspeaker } from './stream/loudspeaker.ts'
import { type Flow, type Loudspeaker, startRtspServer } from './stream/rtsp-server.ts'
import { loadStreet } from './picture/street-picture.ts'

export type CameraPlan = {
  id: string
  name: string
  seed: number
  ptz: boolean
  home: Pose
  presets: readonly StoredPreset[]
  landmarks: readonly Landmark[]
  /** It has no ONVIF and no RTSP: it pushes. */ pushes: boolean
  /** It has no ONVIF: its stream is written in the site file. */ streamOnly?: boolean
  /** It is one channel of a recorder or an encoder with so many; counted from 1. */ channel?: {
    number: number
    of: number
  }
  frame?: Frame
  /** A second, smaller stream beside it, always H.264. */ substream?: Frame
  /** It has a loudspeaker. */ speaker?: boolean
}
export type Credentials = { username: string; password: string }
export type SimulatedCamera = Awaited<ReturnType<typeof startSimulatedCamera>>

export async function startSimulatedCamera(options: {
  plan: CameraPlan
  folder: string
  credentials: Credentials
  ports: { onvif: number; rtsp: number }
  glyphs: Glyphs
  onError(words: string): void
}) {
  const { plan, folder, credentials, ports, glyphs, onError } = options
  let frame = plan.frame ?? FRAME
  const motors = createMotors(plan.home, () => performance.now())
  const events = createCameraEvents({ now: () => Date.now() })
  const waiting = plan.landmarks.flatMap(({ helpPoint, bearing }) => (helpPoint ? [bearing] : []))
  const operations: { operation: string; at: number }[] = []
  let picture: Promise<ReturnType<typeof createCameraPicture>> | null = null
  let fault: PictureFault = 'none'
  let clockOffsetMs = 0
  let trap: Trap | null = null
  let headFault: HeadFault | null = null
  let headFaultForLife: HeadFault | null = null
  const deviceNow = (): number => Date.now() + clockOffsetMs

  const presets = plan.ptz
    ? createPresetStore({ file: join(folder, `${plan.id}.presets.json`), factory: plan.presets, home: plan.home })
    : null
  const head = presets && {
    motors,
    presets,
    deviceNow,
    view: () => ({ width: frame.width / PIXELS_PER_DEGREE, height: frame.height / PIXELS_PER_DEGREE }),
    onPreset: events.presetReached,
    tour: { on: false },
    faults: {
      now: () => headFault,
      forLife: () => headFaultForLife,
      telling: createHeadTelling(() => performance.now()),
    },
  }

  type Lens = Promise<ReturnType<typeof createCameraPicture>>
  const draw = (size: Frame, { name, seed }: { name: string; seed: number } = plan): Lens =>
    loadStreet(folder, seed, plan.landmarks).then((street) =>
      createCameraPicture({ street, figures: populate(seed, waiting), glyphs, name, frame: size }),
    )
  /** One stream: drawn when somebody first watches, in the size of now. */
  const startStream = (port: number, load: () => Lens, size: () => Frame, loudspeaker: Loudspeaker | null = null) =>
    startRtspServer({
      port,
      credentials,
      loudspeaker,
      startEncoder(publishTo) {
        let stop: (() => Promise<void>) | null = null
        let stopped = false
        load().then(
          (lens) => {
            if (!stopped)
              stop = startEncoder(
                publishTo,
                () => lens.draw(motors.place().pose, Date.now(), fault),
                onError,
                () => {},
                size(),
              )
          },
          (error: unknown) => onError(String(error)),
        )
        return async () => {
          stopped = true
          await stop?.()
        }
      },
    })
  const loudspeaker = createLoudspeaker(join(folder, `${plan.id}.heard.wav`), onError)
  const startRtsp = (port: number) =>
    startStream(
      port,
      () => (picture ??= draw(frame)),
      () => frame,
      plan.speaker ? loudspeaker : null,
    )
  let small: Lens | null = null
  const startSubstream = (size: Frame) =>
    startStream(
      0,
      () => (small ??= draw(size)),
      () => size,
    )
  /** The other channels of its recorder, each with a picture of its own, from when it is first asked for. */
  const others = new Map<number, ReturnType<typeof startRtspServer>>()
  async function channelUri(number: number, streamPort: number): Promise<string> {
    if (number === plan.channel?.number) return `rtsp://127.0.0.1:${streamPort}/stream`
    let lens: Lens | null = null
    const server =
      others.get(number) ??
      startStream(
        0,
        () => (lens ??= draw(frame, { name: `${plan.name}, channel ${number}`, seed: plan.seed + number })),
        () => frame,
      )
    others.set(number, server)
    return `rtsp://127.0.0.1:${(await server).port}/stream`
  }
  const startOnvif = (port: number, streamPort: number) =>
    startOnvifDevice({
      channels: plan.channel ? { count: plan.channel.of, streamUri: (number) => channelUri(number, streamPort) } : null,
      port,
      name: plan.name,
      serial: `SIM-${plan.id}`,
      credentials,
      head,
      events,
      streamUri: () => `rtsp://127.0.0.1:${streamPort}/stream`,
      substreamUri: () => (substream ? `rtsp://127.0.0.1:${substream.port}/stream` : null),
      substreamSize: plan.substream,
      codec: () => frame.codec,
      deviceNow,
      trap: () => trap,
      onOperation: (operation, at) => {
        operations.push({ operation, at })
        if (operations.length > 1000) operations.shift()
      },
    })

  const substream = plan.substream ? await startSubstream(plan.substream) : null
  let rtsp: Awaited<ReturnType<typeof startRtsp>> | null = await startRtsp(ports.rtsp)
  let onvif: Awaited<ReturnType<typeof startOnvif>> | null = plan.streamOnly
    ? null
    : await startOnvif(ports.onvif, rtsp.port)
  const stable = { rtsp: rtsp.port, onvif: onvif?.port ?? 0 }

  return {
    id: plan.id,
    ports: stable,
    url: `http://127.0.0.1:${stable.onvif}/onvif/device_service`,
    pose: (): Pose => motors.place().pose,
    /** What was asked of it, oldest first. */
    operations: (): readonly { operation: string; at: number }[] => operations,
    setInput: events.setInput,
    setFault: (next: PictureFault): void => void (fault = next),
    /** Another resolution, rate or codec, from the next time the picture is asked for. */
    setFrame(next: Partial<Frame>): void {
      frame = { ...frame, ...next }
      picture = null
    },
    /** What its loudspeaker has said so far, A-law at 8,000 a second; at most the newest minute. */
    said: loudspeaker.said,
    /** Whether somebody speaks through it. */
    spokenThrough: (): boolean => rtsp?.spokenThrough() ?? false,
    setFlow: (next: Flow): void => rtsp?.setFlow(next),
    setTrap: (next: Trap | null): void => void (trap = next),
    /** What its motors do wrong, or what it says wrongly of them, from now on. */
    setHeadFault(next: HeadFault | null, forLife = false): void {
      headFault = next
      if (forLife) headFaultForLife = next
    },
    /** Whether its motors run. */
    moving: (): boolean => motors.place().moving,
    losePresets: (): void => presets?.lose(),
    touring: (): boolean => head?.tour.on ?? false,
    setClock: (offsetMs: number): void => void (clockOffsetMs = offsetMs),
    /** The cable is pulled: nothing answers on its ports any more. */
    async unplug(): Promise<void> {
      await Promise.all([rtsp?.close(), onvif?.close()])
      rtsp = null
      onvif = null
    },
    async plugIn(): Promise<void> {
      rtsp ??= await startRtsp(stable.rtsp)
      if (!plan.streamOnly) onvif ??= await startOnvif(stable.onvif, stable.rtsp)
    },
    async close(): Promise<void> {
      await Promise.all([
        rtsp?.close(),
        onvif?.close(),
        substream?.close(),
        ...[...others.values()].map(async (server) => (await server).close()),
      ])
    },
  }
}
