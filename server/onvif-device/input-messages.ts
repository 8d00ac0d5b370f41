/** What an input that is pressed or let go is in each dialect (facts: ONVIF Core 9, Imaging and Analytics topics). Pure. */
import type { Dialect } from '../glossary/onvif-device.ts'
import type { HelpPointId } from '../glossary/press.ts'
import { type EventMessage, topicXml } from '../tools/onvif-server/event-service.ts'

export type InputMessage = Omit<EventMessage, 'operation'>

const TOPICS: Record<
  Dialect,
  { path: string; source: { name: string; type: string }[]; data: { name: string; type: string } }
> = {
  input: {
    path: 'Device/Trigger/DigitalInput',
    source: [{ name: 'InputToken', type: 'tt:ReferenceToken' }],
    data: { name: 'LogicalState', type: 'xs:boolean' },
  },
  'motion-rule': {
    path: 'RuleEngine/CellMotionDetector/Motion',
    source: [
      { name: 'VideoSourceConfigurationToken', type: 'tt:ReferenceToken' },
      { name: 'VideoAnalyticsConfigurationToken', type: 'tt:ReferenceToken' },
      { name: 'Rule', type: 'xs:string' },
    ],
    data: { name: 'IsMotion', type: 'xs:boolean' },
  },
  'motion-alarm': {
    path: 'VideoSource/MotionAlarm',
    source: [{ name: 'Source', type: 'tt:ReferenceToken' }],
    data: { name: 'State', type: 'xs:boolean' },
  },
}

/** Tokens of all kinds are the help point's id: they name different things in different places. */
const sourceOf = (dialect: Dialect, token: HelpPointId): EventMessage['source'] => {
  switch (dialect) {
    case 'input':
      return [['InputToken', token]]
    case 'motion-rule':
      return [
        ['VideoSourceConfigurationToken', token],
        ['VideoAnalyticsConfigurationToken', token],
        // Its id: a name that is changed would be another rule to clients, and the old one would stay as it was.
        ['Rule', `Help point ${token}`],
      ]
    case 'motion-alarm':
      return [['Source', token]]
  }
}

/** @param at wall clock, milliseconds */
export const inputMessages = (
  dialects: readonly Dialect[],
  input: HelpPointId,
  isPressed: boolean,
  at: number,
): InputMessage[] =>
  dialects.map((dialect) => ({
    topic: `tns1:${TOPICS[dialect].path}`,
    source: sourceOf(dialect, input),
    data: [[TOPICS[dialect].data.name, String(isPressed)]],
    at,
  }))

/** XML of the topics, for a TopicSet. */
export const topicSet = (dialects: readonly Dialect[]): string =>
  dialects.map((dialect) => topicXml(TOPICS[dialect].path, TOPICS[dialect].source, TOPICS[dialect].data)).join('')
