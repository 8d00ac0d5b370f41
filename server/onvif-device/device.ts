/** One ONVIF device of the town: its inputs, its events and its pictures behind one port. */
import type { Incident } from '../glossary/incident.ts'
import type { Entry } from '../glossary/ledger.ts'
import type { DeviceClient, OnvifDeviceState } from '../glossary/onvif-device.ts'
import type { HelpPointId } from '../glossary/press.ts'
import type { OnvifDeviceSite } from '../glossary/site.ts'
import { isoTime } from '../tools/clock.ts'
import { type Notify, type Subscriber, createEventService } from '../tools/onvif-server/event-service.ts'
import { NS, noSuchAction } from '../tools/onvif-server/soap-words.ts'
import { version } from '../tools/package-root.ts'
import { type AnswerSoap, type DoorPort, openDeviceDoor } from './device-door.ts'
import { createDeviceGuests } from './device-guests.ts'
import { type PicturesPort, createDevicePictures } from './device-pictures.ts'
import type { DevicePlan } from './device-plan.ts'
import { type InputMessage, inputMessages, topicSet } from './input-messages.ts'
import { mayBeNotified } from './notify-client.ts'
import { createPressInputs } from './press-inputs.ts'
import { answerDevice, answerDeviceIo } from './soap/device-service.ts'
import { answerMedia } from './soap/media-service.ts'

export type DevicePort = Pick<PicturesPort, 'clock' | 'follow' | 'usualSize' | 'board' | 'onChange' | 'onError'> & {
  plan: DevicePlan
  site: OnvifDeviceSite
  /** Where it listens. */ host: string
  handles: DoorPort['handles']
  unfinished(): readonly Incident[]
  notify: Notify
  probe(to: string): Promise<void>
  /** For the record. */
  onRefused(refused: { from: string; why: string; more: number }): void
  onViewed(viewed: { from: string; stream: string }): void
}
export type OnvifDevice = Awaited<ReturnType<typeof openDevice>>

/** Facts: one recorder may have a subscription for each channel; nobody has more than a few recorders. */
const LIVES = { least: 5 * 60_000, most: 60 * 60_000 }
/** Subscriptions of one address, and of all, beside those for each help point. */
const MOST = { each: 32, all: 256 }
/** A client that has been silent for so long counts as gone. */
const SILENT_MS = 3 * 60_000

/** @throws when it cannot listen */
export async function openDevice(port: DevicePort) {
  const { site, clock, host } = port
  let { plan } = port
  const opened = new AbortController()
  const messagesOf = (helpPoint: HelpPointId, isPressed: boolean, at: number): InputMessage[] =>
    inputMessages(site.dialects, helpPoint, isPressed, at)
  const inputs = createPressInputs({
    clock,
    activeMs: site.activeMs,
    unfinished: port.unfinished,
    isOurs: (helpPoint) => plan.inputs.includes(helpPoint),
    onChange(helpPoint, isPressed, at) {
      for (const message of messagesOf(helpPoint, isPressed, at)) events.say(message)
      // Facts: ZoneMinder 1.36, which is notified, ends its alarm at the first input that is let go.
      if (!isPressed)
        for (const other of plan.inputs.filter(inputs.pressed))
          for (const message of messagesOf(other, true, at)) events.remind(message)
      port.onChange()
    },
  })
  const events = createEventService({
    now: clock.now,
    monotonic: clock.monotonic,
    states: () => plan.inputs.flatMap((each) => messagesOf(each, inputs.pressed(each), clock.now())),
    topicSet: topicSet(site.dialects),
    limits: { each: MOST.each + 2 * plan.inputs.length, all: MOST.all + 8 * plan.inputs.length, life: LIVES },
    notify: port.notify,
    mayNotify: mayBeNotified,
    probe: port.probe,
    sleep: (ms) => clock.sleep(ms, opened.signal),
  })
  const pictures = createDevicePictures({ ...port, streams: plan.streams })
  const guests = createDeviceGuests(clock, (refused) => {
    port.onRefused(refused)
    port.onChange()
  })

  const answer: AnswerSoap = async (request, { rtspBase, ...asked }) => {
    const { path, base } = asked
    if (path.startsWith('/onvif/pull/') || request.namespace === NS.tev || request.namespace === NS.wsnt)
      return events.answer(request, asked)
    switch (request.namespace) {
      case NS.tds:
        return answerDevice(request, {
          plan,
          version,
          username: site.username,
          encrypted: site.tls !== null,
          base,
          now: clock.now(),
        })
      case NS.tmd:
        return answerDeviceIo(request, plan)
      case NS.trt:
        return answerMedia(request, {
          streams: plan.streams,
          size: await port.usualSize(),
          streamUri: (token) => `${rtspBase}/stream/${encodeURIComponent(token)}`,
        })
      default:
        throw noSuchAction(request.operation)
    }
  }
  const door = await openDeviceDoor({
    site,
    host,
    port: plan.port,
    clock,
    guests,
    handles: port.handles,
    answer,
    reading: pictures,
  })
  inputs.begin()
  pictures.look(port.unfinished())

  const clients = (): DeviceClient[] => [...events.subscribers().map(clientOf), ...pictures.clients()]
  function isHeard(): boolean {
    const now = clock.now()
    return events.subscribers().some(({ lastHeard, problem }) => problem === null && now - lastHeard < SILENT_MS)
  }
  return {
    /** Takes other help points or names over without closing: subscriptions and pictures continue. */
    become(next: DevicePlan): void {
      const before = plan.inputs
      for (const leaving of before.filter((each) => !next.inputs.includes(each))) {
        if (inputs.pressed(leaving)) for (const message of messagesOf(leaving, false, clock.now())) events.say(message)
        inputs.forget(leaving)
      }
      plan = next
      for (const fresh of next.inputs.filter((each) => !before.includes(each)))
        events.introduce(messagesOf(fresh, false, clock.now()))
      pictures.follow(plan.streams)
      pictures.look(port.unfinished())
    },
    heard(entry: Entry): void {
      inputs.heard(entry)
      pictures.look(port.unfinished())
    },
    state(): Omit<OnvifDeviceState, 'since'> {
      const isUnheard = !isHeard()
      return {
        device: plan.id,
        name: plan.name,
        state: isUnheard ? 'unheard' : 'well',
        problem: isUnheard ? 'No VMS listens to the ONVIF device: a press would be told to nobody.' : null,
        address: `${host.includes(':') ? `[${host}]` : host}:${door.port}`,
        encrypted: site.tls !== null,
        helpPoints: plan.inputs,
        active: plan.inputs.filter(inputs.pressed),
        clients: clients(),
        refused: guests.refused(),
      }
    },
    async close(): Promise<void> {
      opened.abort()
      inputs.close()
      events.close()
      pictures.close()
      await door.close()
    },
  }
}

const clientOf = ({ from, agent, delivery, since, lastHeard, problem }: Subscriber): DeviceClient => ({
  address: from,
  agent,
  how: delivery,
  stream: null,
  since: isoTime(since),
  lastHeard: isoTime(lastHeard),
  problem,
})
