/** What a site file may say of voice: how a help point telephones, and the edge. Its sense is voice-check's. */
import { Type } from 'typebox'
import { FILE, ID, REFERENCE, strict } from '../schema-parts.ts'

export const SIP = Type.Object(
  {
    user: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      description: 'The name that it registers and calls by, or its number at the PBX; another one for each help point',
    }),
    via: Type.Optional(
      Type.Enum(['pbx'], { description: 'It is an extension of voice.pbx, which brings its calls and says who calls' }),
    ),
    password: Type.Optional(REFERENCE),
    certificate: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}$',
        description:
          'The name in its own TLS certificate (common name, or first DNS name), which an authority of the tls ' +
          'listener’s clients vouches for',
      }),
    ),
    from: Type.Optional(
      Type.Array(Type.String({ pattern: '^[0-9A-Fa-f.:]{3,45}$' }), {
        minItems: 1,
        maxItems: 8,
        description:
          'Addresses that it may call from. With neither a password nor a certificate, any caller at such an address ' +
          'counts as this help point',
      }),
    ),
  },
  { ...strict, description: 'It telephones (SIP): its call is a press, and the room speaks with it; needs voice' },
)
export const HELP_POINT_VOICE = Type.Object(
  {
    autoAnswer: Type.Optional(
      Type.Boolean({
        description:
          'Whether it answers a call of the room by itself. With true it is called back after a restart of the server ' +
          'that cut its call off; left out, it is asked to answer when an operator calls it; with false it is not asked',
      }),
    ),
    call: Type.Optional(
      Type.String({
        pattern: '^sip:[A-Za-z0-9._-]{1,64}$',
        description: 'By which name the room calls it: sip: and the user that it registers by; may be left out',
      }),
    ),
    gain: Type.Optional(
      Type.Integer({
        minimum: -12,
        maximum: 12,
        description: 'Decibels by which operators hear it louder than it sends, beside the volume that each has set',
      }),
    ),
    pushToTalk: Type.Optional(
      Type.Boolean({
        description: 'The room is heard there only while the operator holds the key: for devices that howl',
      }),
    ),
    keys: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z][A-Za-z0-9 _-]{0,30}$' }),
        Type.String({ pattern: '^[0-9A-D*#]{1,16}$' }),
        {
          description: 'Keys of a telephone that do something there, by name: { gate: "1#" }',
          additionalProperties: false,
        },
      ),
    ),
    drill: Type.Optional(
      Type.Union([Type.Boolean(), Type.Enum(['at-any-hour'])], {
        description:
          'After its daily drill it is called, and a tone of two seconds must come back through its microphone: true ' +
          'between 23:00 and 07:00 only, because the street hears it',
      }),
    ),
  },
  { ...strict, description: 'How the room speaks with it' },
)
const HOST_PORT = Type.String({
  pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[0-9.]+):[0-9]{1,5}$',
  description: 'An IP address of this machine and a port: "10.0.0.5:5060"; port 0 is a free one',
})
const LANGUAGE = Type.String({ pattern: '^[a-z]{2}$' })
export const VOICE = Type.Object(
  {
    edge: Type.Object(
      {
        listen: Type.Array(
          Type.Union([
            Type.Object({ udp: HOST_PORT }, strict),
            Type.Object({ tcp: HOST_PORT }, strict),
            Type.Object(
              {
                tls: HOST_PORT,
                certificate: FILE,
                key: FILE,
                clients: Type.Optional({
                  ...FILE,
                  description:
                    'The authorities (PEM, at most 20) that vouch for help points’ own certificates; whoever shows another ' +
                    'certificate is not let in, also with a password',
                }),
              },
              strict,
            ),
          ]),
          { minItems: 1, maxItems: 8, description: 'Where help points reach it' },
        ),
        media: Type.Optional(
          Type.String({
            pattern: '^[0-9]{4,5}-[0-9]{4,5}$',
            description: 'First and last UDP port of sound: 20000-20999; left out, free ones',
          }),
        ),
        trusted: Type.Optional(
          Type.Array(Type.String({ pattern: '^[0-9A-Fa-f.:]{3,45}$' }), {
            maxItems: 50,
            description: 'Addresses whose many requests are no flood: a PBX that brings all help points',
          }),
        ),
      },
      { ...strict, description: 'The engines that the help points’ network touches: kamailio and rtpengine' },
    ),
    desk: Type.Optional(
      Type.String({
        pattern: '^sips?:[A-Za-z0-9._~%+-]+@[A-Za-z0-9.\\[\\]:-]+(;[A-Za-z0-9=.-]+)*$',
        description: 'The telephone that rings when Lamppost does not: sip:desk@10.0.0.9',
      }),
    ),
    answer: Type.Optional(
      Type.Enum(['operator', 'at-once', 'never'], {
        description:
          'Who answers: the operator (the help point rings meanwhile); the announcement at once, for help points that ring ' +
          'for a short time only; or never: somebody at another telephone of the PBX, and the wall shows the state',
      }),
    ),
    noAnswer: Type.Optional(
      Type.String({ pattern: '^[0-9]+(s|m)$', description: 'So long nobody takes a call, then the desk rings; 30s' }),
    ),
    trunk: Type.Optional(
      Type.Object(
        {
          to: Type.String({
            pattern: '^sip:[A-Za-z0-9.-]+(:[0-9]{1,5})?(;transport=(udp|tcp|tls))?$',
            description: 'The provider, or the PBX, that reaches telephones outside: sip:trunk.example;transport=tls',
          }),
          username: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
          password: Type.Optional(REFERENCE),
          ca: Type.Optional({
            ...FILE,
            description:
              'The authority (PEM) that vouches for it over TLS: the provider’s own, because whatever it signs is taken',
          }),
          callerId: Type.Optional(
            Type.String({ pattern: '^[0-9A-Za-z+._-]{1,40}$', description: 'The number that is shown there' }),
          ),
          address: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 200,
              description:
                'The postal address that the provider has for callerId: what an emergency service sees. Without callerId ' +
                'and address no emergency number is called by the trunk',
            }),
          ),
        },
        {
          ...strict,
          description: 'How telephones outside are called: a contact with sip joins a call of a help point by it',
        },
      ),
    ),
    pbx: Type.Optional(
      Type.Object(
        {
          registrar: Type.String({
            pattern: '^sip:[A-Za-z0-9.-]+(:[0-9]{1,5})?(;transport=(udp|tcp|tls))?$',
            description: 'The council’s PBX: sip:pbx.example:5061;transport=tls',
          }),
          user: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$', description: 'The extension that Lamppost is' }),
          password: Type.Optional(REFERENCE),
          ca: Type.Optional({ ...FILE, description: 'The authority (PEM) that vouches for it over TLS' }),
        },
        { ...strict, description: 'Lamppost is an extension of the council’s PBX, as one of a ring group' },
      ),
    ),
    announcement: Type.Optional(
      Type.Record(LANGUAGE, FILE, {
        additionalProperties: false,
        description:
          'What callers hear while nobody answers, in the order of the languages: WAV, mono, 8,000 samples a second. It ' +
          'must say that the call is recorded, where it is',
      }),
    ),
    phrases: Type.Optional(
      Type.Array(
        Type.Object(
          { id: ID, name: Type.String({ minLength: 1, maxLength: 60 }), say: Type.Record(LANGUAGE, FILE, strict) },
          strict,
        ),
        { maxItems: 20, description: 'What an operator has said to the caller by one key: WAV files by language' },
      ),
    ),
    recorded: Type.Optional(Type.Boolean({ description: 'Whether calls are recorded; true when left out' })),
  },
  { ...strict, description: 'The person at the help point speaks with the room' },
)
