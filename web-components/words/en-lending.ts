/** English: what is said of links by which an incident is lent to somebody outside the room. */
import type { ResponderLine } from '../wall-client/api-shapes.ts'

type Answer = NonNullable<ResponderLine['answer']>['answer']

export const lendingText = {
  lending: {
    title: 'Lent by link',
    lend: 'Link…',
    lendTo: (name: string) => `Lend the incident to ${name} by a link`,
    howLong: 'For how long?',
    minutes: (minutes: number) => (minutes < 120 ? `${minutes} min` : `${minutes / 60} h`),
    make: 'Make link',
    copy: 'Copy link',
    copied: 'Copied',
    qr: (name: string) => `QR code of the link for ${name}`,
    sms: (number: string | null) => (number === null ? 'Text message' : `Text ${number}`),
    mail: (address: string | null) => (address === null ? 'E-mail' : `E-mail ${address}`),
    subject: 'CCTV control room',
    message: (place: string, until: string, url: string) =>
      `CCTV control room: help point pressed, ${place}. Live picture until ${until}: ${url}`,
    once: 'Send it to this contact only. It cannot be shown again.',
    until: (at: string) => `until ${at}`,
    over: 'ended',
    opened: (times: number) => (times === 0 ? 'not opened' : times === 1 ? 'opened once' : `opened ${times} times`),
    noAnswer: 'No answer yet',
    answers: { 'on-my-way': 'On their way', arrived: 'Arrived', 'needs-more': 'Needs more' } as Record<Answer, string>,
    revoke: 'End link',
    ended: (count: number) =>
      count === 1 ? 'One link ended without an answer' : `${count} links ended without an answer`,
    share: 'Share',
    shared: 'Shared',
  },
}
