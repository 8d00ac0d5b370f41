/** Welsh: what is said of links by which an incident is lent to somebody outside the room. */
import type { Words } from './en.ts'

export const lendingText: Pick<Words, 'lending'> = {
  lending: {
    title: 'Rhannwyd drwy ddolen',
    lend: 'Dolen…',
    lendTo: (name) => `Rhoi’r digwyddiad ar fenthyg i ${name} drwy ddolen`,
    howLong: 'Am faint?',
    minutes: (minutes) => (minutes < 120 ? `${minutes} mun` : `${minutes / 60} awr`),
    make: 'Creu dolen',
    copy: 'Copïo’r ddolen',
    copied: 'Wedi’i chopïo',
    qr: (name) => `Cod QR y ddolen ar gyfer ${name}`,
    sms: (number) => (number === null ? 'Neges destun' : `Tecstio ${number}`),
    mail: (address) => (address === null ? 'E-bost' : `E-bostio ${address}`),
    subject: 'Ystafell reoli TCC',
    message: (place, until, url) =>
      `Ystafell reoli TCC: pwyswyd botwm man cymorth, ${place}. Llun byw tan ${until}: ${url}`,
    once: 'Anfonwch hi at y cyswllt hwn yn unig. Ni ellir ei dangos eto.',
    until: (at) => `tan ${at}`,
    over: 'wedi dod i ben',
    opened: (times) => (times === 0 ? 'heb ei hagor' : times === 1 ? 'agorwyd unwaith' : `agorwyd ${times} gwaith`),
    noAnswer: 'Dim ateb eto',
    answers: { 'on-my-way': 'Ar eu ffordd', arrived: 'Wedi cyrraedd', 'needs-more': 'Angen rhagor' },
    revoke: 'Gorffen y ddolen',
    ended: (count) => (count === 1 ? 'Daeth un ddolen i ben heb ateb' : `Daeth ${count} dolen i ben heb ateb`),
    share: 'Rhannu',
    shared: 'Wedi’i rannu',
  },
}
