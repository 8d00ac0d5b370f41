/** What a simulated camera tells by events: its digital input, and the presets that it reached. */
import { createEventService, topicXml } from '../../tools/onvif-server/event-service.ts'

const TOPIC_SET =
  topicXml('Device/Trigger/DigitalInput', [{ name: 'InputToken', type: 'tt:ReferenceToken' }], {
    name: 'LogicalState',
    type: 'xs:boolean',
  }) +
  topicXml(
    'PTZController/PTZPresets/Reached',
    [{ name: 'PTZConfigurationToken', type: 'tt:ReferenceToken' }],
    { name: 'PresetToken', type: 'tt:ReferenceToken' },
    false,
  )

export function createCameraEvents({ now }: { now(): number }) {
  let isPressed = false
  const input = () => ({
    topic: 'tns1:Device/Trigger/DigitalInput',
    source: [['InputToken', 'input-1']] as const,
    data: [['LogicalState', String(isPressed)]] as const,
    at: now(),
  })
  const service = createEventService({ now, states: () => [input()], topicSet: TOPIC_SET })
  return {
    answer: service.answer,
    /** The help point's dry contact. */
    setInput(active: boolean): void {
      if (isPressed === active) return
      isPressed = active
      service.say(input())
    },
    presetReached: (token: string): void =>
      service.say({
        topic: 'tns1:PTZController/PTZPresets/Reached',
        source: [['PTZConfigurationToken', 'ptz-1']],
        data: [['PresetToken', token]],
        at: now(),
      }),
  }
}
