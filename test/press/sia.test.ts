import { describe, expect, test } from 'vitest'
import { HELP_CODES, eventsOf, isEmpty } from '../../server/press/sources/sia-event.ts'
import {
  type SiaFrame,
  ackOf,
  crc16,
  duhOf,
  nakOf,
  readFrame,
  splitFrames,
} from '../../server/press/sources/sia-frame.ts'

/** As devices and public test suites of other receivers sent them (header, body), with CR and LF left out. */
const PUBLISHED = [
  'A6CC003B"SIA-DCS"1662L0#0000[#0000|Nri0/RP0000]_12:40:52,12-22-2021',
  'CEF0003F"SIA-DCS"0001L#7303658550[#7303658550|NBA4]_11:52:09,05-07-2019',
  '78FC003B"SIA-DCS"0001L#22334455[#22334455|NCQ1]_14:33:53,02-09-2020',
  '12FA0021"SIA-DCS"0014L0#0001[#0001|0|NRP]',
  'B4330036"SIA-DCS"0442L000#36214[36214|NRP]_00:00:00,02-21-2024',
  '3F60003C"SIA-DCS"0001L0#51449[#51449|Nri0000/LR]_21:26:19,12-20-2023',
  '37070047"SIA-DCS"0038R0L0#10303117[#10303117|Nri0001/BH005]_13:44:48,08-17-2022',
  '7C37006b"SIA-DCS"0000RC0FFDL1234#080027E62A64[#080027E62A64|NHB0003][X115000][X115000][X115000]_13:53:11,06-22-2015',
  '7ea80059"SIA-DCS"0000Rc0ffdL1234#080027E62A64[#080027E62A64|NHB0003][E115000]_09:00:13,06-23-2015',
  '68AF0025"SIA-DCS"0001L0#1234[#1234|Nri1/BA12]',
  '73580056"SIA-DCS"0002R1L232#78919[#78919|Nri1/BA012][X012W34.1][Y045N12.2]_14:12:04,09-25-2026',
  'CE110032"SIA-DCS"9876R579BDFL789ABC#12345A[#12345A|NFA129]',
  '87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]',
  'A18D0027"ADM-CID"0001L0#7099[#7099|1131 01 003]',
  '75140027"ADM-CID"0001L0#1002[#1002|3354 00 004]',
  '77880027"ADM-CID"0068R0L0#AAA[#AAA|3401 01 070]',
  '56b8003c"ADM-CID"1569L1#6827[#6827|18160201000D]_00:00:00,02-21-2024',
  'F92F0043"ADM-CID"0020R7896L7896#3456[#3456|1407 00 001]_17:01:14,07-26-2024',
  '85420026"NULL"0000L0#000[]_21:58:31,08-08-2019',
  'FE2E0013"NULL"0000L0#8312[]',
  '821F003A"NULL"0000R0L0#AAAB[#0000|0000 00 000]_18:25:49,07-05-2020',
  'BB86002C"NULL"0001L#7303658550[]_15:39:38,06-07-2019',
  '8a590038"NULL"0000Rc0ffdL1234#080027E62A64[]_15:50:24,06-22-2015',
]
const HEX_KEY = Buffer.from('ABCD'.repeat(8), 'hex')
const read = (text: string, key: Buffer | null = null) => readFrame(Buffer.from(text, 'latin1'), () => key)
const frame = (text: string, key: Buffer | null = null): SiaFrame => {
  const reading = read(text, key)
  if ('fault' in reading) throw new Error(reading.fault)
  return reading.frame
}

describe('frames of SIA DC-09', () => {
  test.each(PUBLISHED)('%s is read', (text) => expect(read(text)).toHaveProperty('frame.account'))
  test('all parts are told apart', () => {
    expect(
      frame(
        '7C37006b"SIA-DCS"0000RC0FFDL1234#080027E62A64[#080027E62A64|NHB0003][X115000][X115000][X115000]_13:53:11,06-22-2015',
      ),
    ).toEqual({
      id: 'SIA-DCS',
      encrypted: false,
      sequence: '0000',
      receiver: 'RC0FFD',
      prefix: 'L1234',
      account: '080027E62A64',
      headerAccount: '080027E62A64',
      innerAccount: '080027E62A64',
      data: '#080027E62A64|NHB0003',
      extended: ['X115000', 'X115000', 'X115000'],
      at: '2015-06-22T13:53:11.000Z',
      binaryCrc: false,
    })
  })
  const framed = (body: string): string =>
    `${crc16(Buffer.from(body)).toString(16).toUpperCase().padStart(4, '0')}0` +
    `${body.length.toString(16).toUpperCase().padStart(3, '0')}${body}`
  test.each([
    ['"SIA-DCS"0001L0[#1234|Nri1/PA005]', ''],
    ['"SIA-DCS"0001L0#[#1234|Nri1/PA005]', ''],
    ['"SIA-DCS"0001R1L0#0000[#1234|Nri1/PA005]', '0000'],
    ['"SIA-DCS"0001L0[1234|Nri1/PA005]', ''],
    ['"ADM-CID"0001L0[#1234|1120 01 005]', ''],
    ['"SIA-DCS"0001L0#1234[Nri1/PA005]', '1234'],
  ])('the account of %s is found, and the reply repeats the header’s', (body, header) => {
    const read = frame(framed(body))
    expect(read).toMatchObject({ account: '1234', headerAccount: header })
    expect(eventsOf(read)).toMatchObject([{ account: '1234', zone: '5' }])
    expect(ackOf(read, 0, null).toString()).toMatch(header ? /L0#\d+\[\]\r$/ : /L0\[\]\r$/)
  })
  test.each([
    ['"SIA-DCS"001L0#1234[#1234|Nri1/PA005]', { sequence: '001', receiver: '', prefix: 'L0' }],
    ['"SIA-DCS"00001L0#1234[#1234|Nri1/PA005]', { sequence: '00001', receiver: '', prefix: 'L0' }],
    ['"SIA-DCS"0001L0R1#1234[#1234|Nri1/PA005]', { sequence: '0001', receiver: 'R1', prefix: 'L0' }],
    ['"SIA-DCS" 0001R1L0#1234[#1234|Nri1/PA005]', { sequence: '0001', receiver: 'R1', prefix: 'L0' }],
    ['"SIA-DCS"00011234[#1234|Nri1/PA005]', { sequence: '0001', headerAccount: '1234' }],
    ['"ACR-SF"0001L0#1234[#1234|Nri1/PA005]', { id: 'ACR-SF', prefix: 'L0' }],
    ['"SIA-DCS"0001R1L0#1234 [#1234|Nri1/PA005]', { receiver: 'R1', prefix: 'L0' }],
  ])('%s has its parts in a way of its own, and is read', (body, parts) =>
    expect(frame(framed(body))).toMatchObject({ account: '1234', ...parts }),
  )
  test('what is whole and of no known shape is told from bytes that are no message', () => {
    expect(read(framed('"SIA-DCS"?1234|PA005'))).toMatchObject({ fault: 'shape', whole: true })
    expect(read('GET / HTTP/1.1')).toEqual({ fault: 'shape', frame: {} })
  })
  test('what a panel adds behind the brackets never costs a message whose check sum is right', () =>
    expect(frame(framed('"SIA-DCS"0001L0#1234[#1234|Nri1/PA005]_7:5:1,1-2-2026'))).toMatchObject({
      account: '1234',
      at: null,
    }))
  test('the check sum of the name is the published one', () =>
    expect(crc16(Buffer.from('123456789')).toString(16)).toBe('bb3d'))
  test('one wrong byte is found', () =>
    expect(read('68AF0025"SIA-DCS"0001L0#1234[#1234|Nri1/BA13]')).toMatchObject({ fault: 'crc' }))
  test('a wrong length is found', () =>
    expect(read('68AF0031"SIA-DCS"0001L0#1234[#1234|Nri1/BA12]')).toMatchObject({ fault: 'length' }))
  test('a check sum of two bytes is read, one that holds a line feed, too', () => {
    const captured = Buffer.concat([
      Buffer.from('C55B', 'hex'),
      Buffer.from('002A"NULL"0000R8L0#41213[]_21:00:10,02-20-2024'),
    ])
    expect(readFrame(captured, () => null)).toMatchObject({ frame: { account: '41213', binaryCrc: true } })
    const event = Buffer.concat([
      Buffer.from('C17E', 'hex'),
      Buffer.from('003E"ADM-CID"0379R0L0#10064[10064|1602 00 000]_00:00:43,02-21-2024'),
    ])
    expect(
      splitFrames(Buffer.concat([Buffer.of(10), captured, Buffer.of(13, 10), event, Buffer.of(13)])).frames,
    ).toEqual([Buffer.concat([captured]), event])
  })
  test('a check sum of two bytes that begins with a line feed or zero is not skipped', () => {
    for (let sequence = 1; sequence < 10_000; sequence += 1) {
      const body = Buffer.from(`"NULL"${String(sequence).padStart(4, '0')}L0#1234[]`)
      const crc = crc16(body)
      if (![0x0a, 0x0d, 0x00].includes(crc >> 8)) continue
      const bytes = Buffer.concat([
        Buffer.of(10, crc >> 8, crc & 255),
        Buffer.from(`00${body.length.toString(16)}`),
        body,
        Buffer.of(13),
      ])
      const [found = Buffer.alloc(0)] = splitFrames(bytes).frames
      expect(readFrame(found, () => null)).toMatchObject({ frame: { account: '1234' } })
    }
  })
  test('a length and a check sum that count the carriage return are accepted', () => {
    expect(splitFrames(Buffer.from('\nF19A002B"ADM-CID"0056L9999#9999[#9999|1900 00 001]\r')).frames).toHaveLength(1)
    expect(read('F19A002B"ADM-CID"0056L9999#9999[#9999|1900 00 001]')).toMatchObject({ frame: { account: '9999' } })
  })
  test('frames come in one piece, in many, and several at once', () => {
    const stream = Buffer.from(PUBLISHED.map((text) => `\n${text}\r`).join(''), 'latin1')
    expect(splitFrames(stream).frames.map((each) => each.toString('latin1'))).toEqual(PUBLISHED)
    let rest: Buffer = Buffer.alloc(0)
    const found: string[] = []
    for (const byte of stream) {
      const split = splitFrames(Buffer.concat([rest, Buffer.of(byte)]))
      rest = split.rest
      found.push(...split.frames.map((each) => each.toString('latin1').replace(/\r$/, '')))
    }
    expect(found.filter(Boolean)).toEqual(PUBLISHED)
  })
  test('an endless frame is not kept', () => expect(splitFrames(Buffer.alloc(100_000, 0x41)).rest).toHaveLength(0))
  test.each([
    [
      'E88800a7"*SIA-DCS"0000RC0FFDL1234#080027E62A64[A054F111518361720BAB126501C6D994' +
        'CD9151D2C84881C0FEA933A0790F49A9236EBD45F2AED32FAA252EB1AA18FC3CDEDE2452F33185E5931D31308D9B9882',
      HEX_KEY,
      '#080027E62A64|NHB0003',
      '2015-06-22T15:12:40.000Z',
    ],
    [
      'CAC10064"*NULL"0000RC0FFDL1234#080027E62A64[70D7DC480FA7DC0DE428CE02447BA2E2981A161EA14CB780D2CD917208059E11',
      HEX_KEY,
      '',
      '2015-06-22T13:43:09.000Z',
    ],
    [
      '85DF0078"*SIA-DCS"4480L0#EA1984[83F153789366885D5F83DD5A8D19F691DE6602D5D71342E244C040C5D10D89040444068312750F38DF7E63AD3DE8AD5A',
      Buffer.from('3BD7E66AA9E2F190'),
      '#EA1984|Nri0/RP0000',
      '2020-08-11T16:57:20.000Z',
    ],
    [
      '76D80055"*NULL"0000R0L0#AAAB[B4BC8B40D0E6D959D6BEA78E88CC0B2155741A3C44FBB96D476A3E557CAD64D9',
      Buffer.from('A'.repeat(16)),
      '',
      '2020-07-05T18:24:52.000Z',
    ],
  ])('%s is deciphered with its published key', (text, key, data, at) =>
    expect(frame(text, key)).toMatchObject({ data, at, encrypted: true }),
  )
  test('an encrypted one without the right key is told apart from a damaged one', () => {
    const text =
      'CAC10064"*NULL"0000RC0FFDL1234#080027E62A64[70D7DC480FA7DC0DE428CE02447BA2E2981A161EA14CB780D2CD917208059E11'
    expect(read(text)).toMatchObject({ fault: 'undecipherable', frame: { account: '080027E62A64' } })
    expect(read(text, Buffer.from('another key 1234'))).toMatchObject({ fault: 'undecipherable' })
  })
})

describe('replies', () => {
  const null1409 = frame('EA740027"NULL"0000L0#1409[]_20:38:07,08-27-2026')
  const now = Date.parse('2015-04-14T16:09:09Z')
  test('ACK and NAK are those that were captured elsewhere', () => {
    expect(ackOf(null1409, now, null).toString()).toBe('\n59890012"ACK"0000L0#1409[]\r')
    expect(nakOf(now, false).toString()).toBe('\n3C830025"NAK"0000R0L0A0[]_16:09:09,04-14-2015\r')
    expect(duhOf({ sequence: '0045', receiver: 'RC0FFD', prefix: 'L1234', account: '080027E62A64' }).toString()).toBe(
      '\n14140023"DUH"0045RC0FFDL1234#080027E62A64[]\r',
    )
  })
  test('an encrypted message is answered in its cipher', () => {
    const asked = frame(
      'CAC10064"*NULL"0000RC0FFDL1234#080027E62A64[70D7DC480FA7DC0DE428CE02447BA2E2981A161EA14CB780D2CD917208059E11',
      HEX_KEY,
    )
    const [answer = Buffer.alloc(0)] = splitFrames(ackOf(asked, now, HEX_KEY)).frames
    expect(answer.toString()).toContain('"*ACK"0000RC0FFDL1234#080027E62A64[')
    expect(answer.toString()).not.toContain('16:09')
    expect(readFrame(answer, () => HEX_KEY)).toMatchObject({
      frame: { id: 'ACK', data: '', at: '2015-04-14T16:09:09.000Z' },
    })
  })
  test('two bytes are answered with two bytes', () => {
    const answer = ackOf({ ...null1409, binaryCrc: true }, now, null)
    expect(answer.subarray(1, 3).toString('hex')).toBe('5989')
  })
})

describe('events', () => {
  test.each([
    [
      '87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]',
      [{ account: '12345A', code: '110', zone: '129', begins: true }],
    ],
    ['75140027"ADM-CID"0001L0#1002[#1002|3354 00 004]', [{ account: '1002', code: '354', zone: '4', begins: false }]],
    [
      '56b8003c"ADM-CID"1569L1#6827[#6827|18160201000D]_00:00:00,02-21-2024',
      [{ account: '6827', code: '602', zone: '0', begins: true }],
    ],
    ['68AF0025"SIA-DCS"0001L0#1234[#1234|Nri1/BA12]', [{ account: '1234', code: 'BA', zone: '12', begins: true }]],
    ['12FA0021"SIA-DCS"0014L0#0001[#0001|0|NRP]', [{ account: '0001', code: 'RP', zone: null, begins: true }]],
    [
      '01CD005F"SIA-DCS"1783L0#000110[#000110|Nri1BA503^Volum.Taverna   Appartam.Giorno ^]_11:49:27,01-20-2022',
      [{ account: '000110', code: 'BA', zone: '503', begins: true }],
    ],
    [
      '953a004c"SIA-DCS"0001L0#7878[#7878|Nri01^TOTAL^/LX901^centrale d\'alarme JA-106K(R)^]',
      [{ account: '7878', code: 'LX', zone: '901', begins: true }],
    ],
    ['821F003A"NULL"0000R0L0#AAAB[#0000|0000 00 000]_18:25:49,07-05-2020', []],
    ['96ED0016"SIA-DCS"0001L0#1234[]', []],
  ])('%s', (text, events) => expect(eventsOf(frame(text))).toEqual(events))
  test.each([
    ['ADM-CID', '#1234|E120 01 005'],
    ['ADM-CID', '#1234|1120 1 005'],
    ['ADM-CID', '#1234|1120 01 5'],
    ['ADM-CID', '#1234|1120  01  005'],
    ['ADM-CID', '#1234|1120|01|005'],
    ['ADM-CID', '1120|01|005'],
    ['ADM-CID', '#1234|1120 01 0005'],
    ['ADM-CID', '#1234|18112001005'],
    ['ADM-CID', ' #1234|1120 01 005 '],
    ['SIA-DCS', '#1234|N PA5'],
    ['SIA-DCS', '#1234|NPA 005'],
    ['SIA-DCS', '#1234|npa5'],
    ['SIA-DCS', '#1234|pa005'],
    ['SIA-DCS', '#1234|Nri1*PA005'],
    ['SIA-DCS', '#1234|nri1/pa005'],
    ['SIA-DCS', '#1234|Nri1/ PA005'],
    ['SIA-DCS', 'NPA005'],
  ])('%s that writes help as %j is understood: zone 5', (id, data) => {
    const found = eventsOf({ ...frame('96ED0016"SIA-DCS"0001L0#1234[]'), id, data })
    expect(found.filter(({ code, begins }) => begins && HELP_CODES.includes(code))).toMatchObject([
      { account: '1234', zone: '5' },
    ])
  })
  test.each([
    'Partition 1 armed',
    'Mains failure',
    'Panel online',
    'main door opened',
    'hard disk ok',
    'ha ha',
    'pa',
    'quarterly test',
  ])('the text %j of a panel is nobody who asks for help', (text) => {
    for (const data of [text, `#1234|${text}`])
      expect(eventsOf({ ...frame('96ED0016"SIA-DCS"0001L0#1234[]'), data })).toEqual([])
  })
  test.each([
    ['ADM-CID', '#1234|1120 01 005C', '120', '5'],
    ['ADM-CID', '#1234|1120 01 005Door', '120', '5'],
    ['ADM-CID', '1234 18 1120 01 005', '120', '5'],
    ['SIA-DCS', '#1234|NPA Bank', 'PA', null],
    ['SIA-DCS', '#1234|NPA5 Bank', 'PA', '5'],
  ])('%s: what stands behind the zone of %j is none of it', (id, data, code, zone) =>
    expect(eventsOf({ ...frame('96ED0016"SIA-DCS"0001L0#1234[]'), id, data })).toMatchObject([{ code, zone }]),
  )
  test.each([
    ['SIA-DCS', '', true],
    ['SIA-DCS', '#1234|', true],
    ['ADM-CID', '#1234|', true],
    ['SIA-DCS', '|', true],
    ['SIA-DCS', '#1234|ti12:00:00', true],
    ['NULL', '#1234|anything', true],
    ['SIA-DCS', '#1234|12 34', false],
    ['SIA-DCS', '#1234|Mains failure', false],
  ])('%s with %j says nothing but that it lives: %s', (id, data, empty) =>
    expect(isEmpty({ ...frame('96ED0016"SIA-DCS"0001L0#1234[]'), id, data })).toBe(empty),
  )
  test.each([
    ['ADM-CID', '#1234|R120 01 005', [{ code: '120', begins: false }]],
    ['ADM-CID', '#1234|3120|1|5', [{ code: '120', begins: false }]],
    ['ADM-CID', '#1234|hello', []],
    ['SIA-DCS', '#1234|12 34', []],
  ])('%s that says %j asks for no help', (id, data, events) =>
    expect(eventsOf({ ...frame('96ED0016"SIA-DCS"0001L0#1234[]'), id, data })).toMatchObject(events),
  )
  test('a panic button and a Contact ID emergency ask for help; a test report does not', () => {
    const code = (data: string, id = 'SIA-DCS') =>
      eventsOf({ ...frame('96ED0016"SIA-DCS"0001L0#1234[]'), id, data })[0]?.code ?? ''
    expect(
      [
        code('#1234|Nri1/PA005'),
        code('#1234|1120 01 005', 'ADM-CID'),
        code('#1234|NRP00'),
        code('#1234|1602 00 000', 'ADM-CID'),
      ].map((each) => HELP_CODES.includes(each)),
    ).toEqual([true, true, false, false])
  })
})
