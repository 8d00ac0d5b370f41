import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { joined } from '../../server/clip/live/concat-buffers.ts'
import { createLiveWindow } from '../../server/clip/live/live-window.ts'
import { createFrameSlab, createSlabPool } from '../../server/clip/record/rtsp/frame-slab.ts'
import { type Picture, UnfitForRtp, createRtpPictures } from '../../server/clip/record/rtsp/rtp-pictures.ts'
import { type RtspAnswer, createRtspWire } from '../../server/tools/rtsp/rtsp-wire.ts'
import { createStreamFollower } from '../../server/clip/record/stream-follower.ts'
import { controlAddress, describedSets, readDescription } from '../../server/tools/rtsp/session-description.ts'

/** The same numbers in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe('the wire', () => {
  const packet = (channel: number, bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.of(0x24, channel, bytes.length >> 8, bytes.length & 0xff), bytes])
  const SENT = Buffer.concat([
    Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nv=0\r\n'),
    packet(0, Buffer.alloc(1400, 7)),
    packet(1, Buffer.alloc(0)),
    Buffer.from(
      '\r\nRTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="a"\r\nWWW-Authenticate: Basic realm="a"\r\n\r\n',
    ),
    Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n'),
    packet(0, Buffer.from('$RTSP/1.0')),
    packet(2, Buffer.alloc(65_535, 9)),
  ])
  function read(chunks: Buffer[]) {
    const answers: RtspAnswer[] = []
    const packets: string[] = []
    const wire = createRtspWire({
      onAnswer: (answer) => answers.push(answer),
      onPacket: (channel, bytes, from, to) => packets.push(`${channel}:${bytes.toString('hex', from, to)}`),
    })
    for (const chunk of chunks) {
      // The socket's buffer is used again: nothing may be kept that points into it.
      const used = Buffer.from(chunk)
      wire.push(used)
      used.fill(0xee)
    }
    return { answers, packets }
  }
  test('brings answers and packets in their order, and passes over what a camera asks', () => {
    const { answers, packets } = read([SENT])
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, 'v=0\r\n'],
      [401, ''],
    ])
    expect(answers[1]?.headers.get('www-authenticate')).toHaveLength(2)
    expect(packets.map((text) => [text[0], (text.length - 2) / 2])).toEqual([
      ['0', 1400],
      ['1', 0],
      ['0', 9],
      ['2', 65_535],
    ])
  })
  test('any split of the bytes yields the same (200 random splits)', () => {
    const whole = read([SENT])
    const next = random(5)
    for (let i = 0; i < 200; i += 1) {
      const chunks: Buffer[] = []
      for (let at = 0; at < SENT.length;) {
        const size = 1 + Math.floor(next() ** 3 * 4000)
        chunks.push(SENT.subarray(at, at + size))
        at += size
      }
      expect(read(chunks)).toEqual(whole)
    }
  })
  test(
    'bytes between packets that belong to nothing end the connection when they are ' +
      'more than the packets, however many packets stand among them',
    () => {
      const wire = createRtspWire({ onPacket: () => {} })
      const rtcp = Buffer.concat([Buffer.of(0x80, 200), Buffer.alloc(26)])
      wire.push(packet(0, rtcp))
      const stray = Buffer.alloc(100_000, 'R')
      expect(() => {
        for (let i = 0; i < 20; i += 1) wire.push(Buffer.concat([stray, packet(0, rtcp)]))
      }).toThrow(/no RTSP/)
    },
  )
  test('a camera whose bytes are lost now and then is read for ever', () => {
    let read = 0
    const wire = createRtspWire({ onPacket: () => (read += 1) })
    for (let i = 0; i < 2000; i += 1)
      wire.push(
        Buffer.concat([packet(0, Buffer.concat([Buffer.of(0x80, 96), Buffer.alloc(1400)])), Buffer.alloc(900, 1)]),
      )
    expect(read).toBe(2000)
  })
  test('one byte at a time is enough', () =>
    expect(read([...SENT].map((byte) => Buffer.of(byte)))).toEqual(read([SENT])))
  test.each([
    ['no RTSP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /no RTSP/],
    ['without end', Buffer.alloc(70_000, 'a'), /no end/],
    ['all headers', Buffer.from(`RTSP/1.0 200 OK\r\n${'a:b\r\n'.repeat(20_000)}\r\n`), /too large/],
    ['of a monstrous size', Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n'), /too large/],
    [
      'a description without end',
      Buffer.from(`RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\n\r\n${'a=x\r\n'.repeat(20_000)}`),
      /too large/,
    ],
  ])('an answer that is %s is refused at once, not collected', (_, bytes, words) =>
    expect(() => read([bytes])).toThrow(words),
  )
})

describe('a description', () => {
  const SDP =
    'v=0\r\no=- 0 0 IN IP4 10.0.0.9\r\ns=x\r\na=control:*\r\nm=audio 0 RTP/AVP 8\r\na=control:track2\r\n' +
    'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1; ' +
    'sprop-parameter-sets=Z0LAHg==,aM48gA==;profile-level-id=42C01E\r\na=control:trackID=1\r\n'
  test('names each medium with its format and where it is set up', () => {
    const [audio, video] = readDescription(SDP)
    expect(audio).toMatchObject({ kind: 'audio', payload: 8, control: 'track2' })
    expect(video).toMatchObject({
      kind: 'video',
      payload: 96,
      encoding: 'H264',
      clockRate: 90_000,
      control: 'trackID=1',
    })
    expect(video?.format.get('packetization-mode')).toBe('1')
    expect(video && describedSets(video).map((set) => set.toString('hex'))).toEqual(['6742c01e', '68ce3c80'])
  })
  test('that is nonsense names nothing', () => expect(readDescription('hello\nm=video\nm=')).toEqual([]))
  test.each([
    ['rtsp://c/stream', 'track1', 'rtsp://c/stream/track1'],
    ['rtsp://c/stream/', '/track1', 'rtsp://c/stream/track1'],
    ['rtsp://c/s?profile=1', 'rtsp://c/s/track1', 'rtsp://c/s/track1'],
    ['rtsp://c/stream', '*', 'rtsp://c/stream'],
    ['rtsp://c/stream', '', 'rtsp://c/stream'],
  ])('%s with %s is set up at %s', (base, control, address) => expect(controlAddress(base, control)).toBe(address))
})

describe('pictures out of packets', () => {
  const SPS = Buffer.from('6742c01ed9', 'hex')
  const PPS = Buffer.from('68ce3c80', 'hex')
  /** A slice is the first of its picture: its first bit is set. */
  const nal = (kind: number, fill: number, size = 20): Buffer =>
    Buffer.concat([Buffer.of(0x60 | kind, fill | 0x80), Buffer.alloc(size - 1, fill)])
  const laterSlice = (kind: number, fill: number, size = 20): Buffer =>
    Buffer.concat([Buffer.of(0x60 | kind), Buffer.alloc(size, fill)])
  let sequence = 65_530
  const rtp = (stamp: number, payload: Buffer, { skip = 0, extra = false, mark = false } = {}): Buffer => {
    sequence = (sequence + 1 + skip) & 0xffff
    const head = Buffer.alloc(12)
    head[0] = extra ? 0xb1 : 0x80
    head[1] = 96 | (mark ? 0x80 : 0)
    head.writeUInt16BE(sequence, 2)
    head.writeUInt32BE(stamp >>> 0, 4)
    // A contributing source, a header extension of one word, three bytes of padding.
    return extra
      ? Buffer.concat([head, Buffer.alloc(4), Buffer.of(0xbe, 0xde, 0, 1, 1, 2, 3, 4), payload, Buffer.of(0, 0, 3)])
      : Buffer.concat([head, payload])
  }
  /** Fragments of a NAL unit, as FU-A. */
  const cut = (unit: Buffer, pieces: number): Buffer[] => {
    const size = Math.ceil((unit.length - 1) / pieces)
    return Array.from({ length: pieces }, (_, i) =>
      Buffer.concat([
        Buffer.of(
          ((unit[0] ?? 0) & 0xe0) | 28,
          (i === 0 ? 0x80 : 0) | (i === pieces - 1 ? 0x40 : 0) | ((unit[0] ?? 0) & 0x1f),
        ),
        unit.subarray(1 + i * size, 1 + (i + 1) * size),
      ]),
    )
  }
  function receive(packets: Buffer[], codec: 'h264' | 'h265' = 'h264') {
    const pictures: (Picture & { nals: string[]; lasted: number | null; toldAt: number })[] = []
    let pushed = 0
    const reader = createRtpPictures({
      codec,
      payload: 96,
      clockRate: 90_000,
      sets: [],
      headroom: 8,
      slabs: createSlabPool(),
      now: () => 1000,
      onPicture: (picture) => {
        const nals: string[] = []
        for (let at = 8; at < picture.bytes.length;) {
          const length = picture.bytes.readUInt32BE(at)
          nals.push(picture.bytes.toString('hex', at + 4, at + 4 + length))
          at += 4 + length
        }
        pictures.push({ ...picture, nals, lasted: null, toldAt: pushed })
      },
      onLasted: (duration) => Object.assign(pictures.at(-1) ?? {}, { lasted: duration }),
    })
    for (const packet of packets) {
      reader.push(packet, 0, packet.length)
      pushed += 1
    }
    const after = reader.finish()
    return { pictures, lost: reader.lost(), after }
  }
  const hex = (...units: Buffer[]): string[] => units.map((unit) => unit.toString('hex'))
  const aggregate = (...units: Buffer[]): Buffer =>
    Buffer.concat([Buffer.of(24), ...units.flatMap((unit) => [Buffer.of(0, unit.length), unit])])

  test('single, aggregated and fragmented units become one picture each, with the sets that came', () => {
    const [key, next] = [nal(5, 1, 3000), nal(1, 2)]
    const { pictures } = receive([
      rtp(0, aggregate(SPS, PPS)),
      ...cut(key, 3).map((piece) => rtp(0, piece)),
      rtp(3600, next),
      rtp(7200, nal(1, 3)),
    ])
    expect(pictures.map(({ nals }) => nals)).toEqual([hex(SPS, PPS, key), hex(next), hex(nal(1, 3))])
    expect(pictures.map(({ keyframe, time, duration }) => [keyframe, time, duration])).toEqual([
      [true, 0, 3600],
      [false, 3600, 3600],
      [false, 7200, 3600],
    ])
    expect(pictures[0]?.sets).toEqual({ vps: null, sps: SPS, pps: [PPS] })
  })
  test('contributing sources, header extensions and padding are left out', () =>
    expect(receive([rtp(0, nal(5, 1), { extra: true })]).pictures[0]?.nals).toEqual(hex(nal(5, 1))))
  test('the 32-bit clock wraps without a step', () => {
    const start = 2 ** 32 - 3600
    const { pictures } = receive([rtp(start, nal(5, 1)), rtp(start + 3600, nal(1, 2)), rtp(start + 7200, nal(1, 3))])
    expect(pictures.map(({ time, duration }) => [time, duration])).toEqual([
      [0, 3600],
      [3600, 3600],
      [7200, 3600],
    ])
  })
  test.each([
    ['ahead an hour', 3600 * 90_000],
    ['back an hour', -3600 * 90_000],
    ['back a little, once', -9000],
  ])('a clock that is set %s costs no picture: they still follow one another', (_, jump) => {
    const { pictures } = receive([
      rtp(1e9, nal(5, 1)),
      rtp(1e9 + 3600, nal(1, 2)),
      rtp(1e9 + 3600 + jump, nal(5, 3)),
      rtp(1e9 + 7200 + jump, nal(1, 4)),
    ])
    expect(pictures.map(({ duration }) => duration)).toEqual([3600, 3600, 3600, 3600])
    expect(pictures.map(({ time }) => time)).toEqual([0, 3600, 7200, 10_800])
  })
  test('a lost packet costs the unit it belongs to, is counted, and nothing of half a unit is kept', () => {
    const [first, , third] = cut(nal(5, 1, 3000), 3)
    if (!first || !third) throw new Error('three pieces')
    const { pictures, lost } = receive([
      rtp(0, first),
      rtp(0, third, { skip: 1 }),
      rtp(0, nal(5, 9)),
      rtp(3600, nal(1, 2)),
    ])
    expect(pictures.map(({ nals }) => nals)).toEqual([hex(nal(5, 9)), hex(nal(1, 2))])
    expect(lost).toBe(1)
    expect(pictures.map(({ lostBefore, lostWithin }) => [lostBefore, lostWithin])).toEqual([
      [0, 1],
      [0, 0],
    ])
  })
  test.each([
    ['slices', [laterSlice(5, 2), laterSlice(5, 3)]],
    ['fragments', [...cut(nal(5, 1, 3000), 3).slice(1), laterSlice(5, 3)]],
  ])('a keyframe in whose %s we came is none: its beginning was sent before', (_, rest) => {
    const { pictures } = receive([
      ...rest.map((packet) => rtp(0, packet)),
      rtp(3600, nal(1, 4)),
      rtp(7200, nal(5, 5)),
      rtp(7200, laterSlice(5, 6)),
    ])
    expect(pictures.map(({ keyframe }) => keyframe)).toEqual([false, false, true])
  })
  test('nor one of H.265 in whose slices we came', () => {
    const unit = (kind: number, first: boolean): Buffer =>
      Buffer.concat([Buffer.of(kind << 1, 1, first ? 0x80 : 0), Buffer.alloc(20, 5)])
    const { pictures } = receive(
      [rtp(0, unit(20, false)), rtp(3600, unit(1, true)), rtp(7200, unit(20, true)), rtp(7200, unit(20, false))],
      'h265',
    )
    expect(pictures.map(({ keyframe }) => keyframe)).toEqual([false, false, true])
  })
  test('a picture whose first slice was lost is not whole, and says so itself', () => {
    const { pictures, lost } = receive([
      rtp(0, nal(5, 1)),
      rtp(3600, laterSlice(5, 2), { skip: 2 }),
      rtp(7200, nal(1, 3)),
    ])
    expect(pictures.map(({ lostBefore, lostWithin }) => [lostBefore, lostWithin])).toEqual([
      [0, 0],
      [1, 1],
      [0, 0],
    ])
    expect(lost).toBe(2)
  })
  test('packets that are lost between two pictures are told with the second; a picture that is lost whole, with the next', () => {
    const { pictures, lost } = receive([
      rtp(0, nal(5, 1)),
      rtp(3600, nal(1, 2), { skip: 2 }),
      ...cut(nal(1, 3, 900), 3)
        .slice(1)
        .map((piece) => rtp(7200, piece, { skip: 1 })),
      rtp(10_800, nal(1, 4)),
    ])
    expect(pictures.map(({ nals, lostBefore, lostWithin }) => [nals, lostBefore, lostWithin])).toEqual([
      [hex(nal(5, 1)), 0, 0],
      [hex(nal(1, 2)), 2, 0],
      [hex(nal(1, 4)), 1, 1],
    ])
    expect(lost).toBe(4)
  })
  test('parameter sets that come with a time of their own belong to the picture they precede', () => {
    const { pictures } = receive([rtp(0, SPS), rtp(10, PPS), rtp(20, nal(5, 1)), rtp(3620, nal(1, 2))])
    expect(pictures[0]?.nals).toEqual(hex(SPS, PPS, nal(5, 1)))
    expect(pictures).toHaveLength(2)
  })
  test('several picture parameter sets are all kept, one for each id, the newest of each', () => {
    const other = Buffer.from('684e3c80', 'hex')
    const newer = Buffer.from('68ce3c81', 'hex')
    const { pictures } = receive([
      rtp(0, aggregate(SPS, PPS, other)),
      rtp(0, nal(5, 1)),
      rtp(3600, newer),
      rtp(3600, nal(5, 2)),
    ])
    expect(pictures.map(({ sets }) => sets?.pps.map((set) => set.toString('hex')))).toEqual([
      hex(PPS, other),
      hex(other, newer),
    ])
  })
  test('H.265 in aggregates and fragments', () => {
    const unit = (kind: number, fill: number, size: number): Buffer =>
      Buffer.concat([Buffer.of(kind << 1, 1, fill | 0x80), Buffer.alloc(size - 1, fill)])
    const [vps, sps, pps, key] = [unit(32, 1, 9), unit(33, 2, 20), unit(34, 3, 5), unit(20, 4, 2000)]
    const all = Buffer.concat([
      Buffer.of(48 << 1, 1),
      ...[vps, sps, pps].flatMap((each) => [Buffer.of(0, each.length), each]),
    ])
    const pieces = [0, 1000].map((at, i) =>
      Buffer.concat([Buffer.of(49 << 1, 1, (i === 0 ? 0x80 : 0x40) | 20), key.subarray(2 + at, 2 + at + 1000)]),
    )
    const { pictures } = receive(
      [rtp(0, all), ...pieces.map((piece) => rtp(0, piece)), rtp(3600, unit(1, 5, 30))],
      'h265',
    )
    expect(pictures.map(({ nals, keyframe }) => [nals.length, keyframe])).toEqual([
      [4, true],
      [1, false],
    ])
    expect(pictures[0]?.nals[3]).toBe(key.toString('hex'))
    expect(pictures[0]?.sets).toEqual({ vps, sps, pps: [pps] })
  })
  test('pictures that come in another order than they are shown are for ffmpeg', () =>
    expect(() =>
      receive([
        rtp(0, nal(5, 1)),
        rtp(10_800, nal(1, 2)),
        rtp(3600, nal(1, 3)),
        rtp(7200, nal(1, 4)),
        rtp(21_600, nal(1, 5)),
        rtp(14_400, nal(1, 6)),
      ]),
    ).toThrow(UnfitForRtp))
  test('a picture without end is no picture', () => {
    const [first] = cut(nal(5, 1, 100), 2)
    const middle = Buffer.concat([Buffer.of(0x60 | 28, 5), Buffer.alloc(60_000)])
    expect(() => receive([rtp(0, first ?? middle), ...Array.from({ length: 300 }, () => rtp(0, middle))])).toThrow(
      /has no end/,
    )
  })
  test('fragments that carry nothing take nothing away from what is whole', () => {
    const key = nal(5, 1, 300)
    const bare = [Buffer.of(0x60 | 28), Buffer.of(0x60 | 28, 0x05), Buffer.of(0x60 | 28, 0x85)]
    const middles = () =>
      cut(nal(1, 2, 300), 3).flatMap((piece, i) => [
        rtp(7200, piece),
        ...(i < 2 ? [rtp(7200, Buffer.of(0x60 | 28, 0x01))] : []),
      ])
    const { pictures } = receive([
      rtp(0, key),
      ...Array.from({ length: 50 }, (_, i) => rtp(3600, bare[i % 2] ?? key)),
      ...middles(),
      rtp(10_800, nal(1, 3)),
    ])
    expect(pictures.map(({ nals }) => nals)).toEqual([hex(key), hex(nal(1, 2, 300)), hex(nal(1, 3))])
  })
  test('a fragment that was cut down to its first byte is a hole in its picture: that one is lost, and counted', () => {
    const [first, , last] = cut(nal(1, 2, 300), 3) as [Buffer, Buffer, Buffer]
    const { pictures, lost } = receive([
      rtp(0, nal(5, 1, 300)),
      rtp(3600, first),
      rtp(3600, Buffer.of(0x60 | 28)),
      rtp(3600, last),
      rtp(7200, nal(5, 3)),
      rtp(10_800, nal(1, 4)),
    ])
    expect(pictures.map(({ nals }) => nals)).not.toContainEqual(expect.arrayContaining(hex(nal(1, 2, 300))))
    expect(pictures.length).toBe(3)
    expect(lost).toBeGreaterThan(0)
  })
  test('numbers that are given twice, to a later picture, are a loss that is counted', () => {
    const again = (stamp: number, fill: number, sequence: number): Buffer => {
      const packet = rtp(stamp, nal(1, fill))
      packet.writeUInt16BE(sequence, 2)
      return packet
    }
    const packets = [rtp(0, nal(5, 1)), rtp(3600, nal(1, 2)), rtp(7200, nal(1, 3))]
    const { lost } = receive([...packets, again(10_800, 4, packets[2]?.readUInt16BE(2) ?? 0), rtp(14_400, nal(1, 5))])
    expect(lost).toBeGreaterThan(0)
  })
  /**
   * Pictures of two packets each, a keyframe every ten; `step` ticks from one to the next.
   * @param mark which packets say that they are a picture's last
   */
  const film = (
    count: number,
    {
      step = () => 3600,
      mark = (_: number, last: boolean) => last,
    }: { step?(i: number): number; mark?(i: number, last: boolean): boolean } = {},
  ): Buffer[] => {
    let stamp = 0
    return Array.from({ length: count }, (_, i) => {
      const [first, second] = cut(nal(i % 10 === 0 ? 5 : 1, i, 600), 2) as [Buffer, Buffer]
      const packets = [rtp(stamp, first, { mark: mark(i, false) }), rtp(stamp, second, { mark: mark(i, true) })]
      stamp += step(i)
      return packets
    }).flat()
  }
  test(
    'a camera that marks the last packet of each picture is not waited for once it is known: ' +
      'the picture is told with that packet, and afterwards how long it lasted',
    () => {
      const jitter = (i: number): number => 3600 + ((i * 37) % 200) - 100
      const { pictures } = receive(film(60, { step: jitter }))
      expect(pictures.slice(0, 25).every(({ early }) => !early)).toBe(true)
      const early = pictures.slice(30)
      expect(early.every(({ early, toldAt }, i) => early && toldAt === (30 + i) * 2 + 1)).toBe(true)
      expect(early.slice(0, -1).map(({ lasted }) => lasted)).toEqual(early.slice(0, -1).map((_, i) => jitter(30 + i)))
      // All in all it is the same film as that of a camera that marks nothing.
      const waited = receive(film(60, { step: jitter, mark: () => false })).pictures
      expect(waited.every(({ early }) => !early)).toBe(true)
      expect(
        pictures
          .map(({ nals, time, keyframe, lasted, duration }) => [nals, time, keyframe, lasted ?? duration])
          .slice(0, -1),
      ).toEqual(waited.map(({ nals, time, keyframe, duration }) => [nals, time, keyframe, duration]).slice(0, -1))
    },
  )
  test.each([
    ['marks nothing', { mark: () => false }],
    ['marks every packet', { mark: () => true }],
    ['marks every packet of a keyframe', { mark: (i: number, last: boolean) => last || i % 10 === 0 }],
    ['sends its pictures unevenly', { step: (i: number) => (i % 5 === 0 ? 7200 : 3600) }],
  ])('a camera that %s is waited for', (_, kind) =>
    expect(receive(film(100, kind)).pictures.filter(({ early }) => early)).toEqual([]),
  )
  test('a camera that slows down is waited for from then on; the picture at which it did so has its true length', () => {
    const { pictures } = receive(film(60, { step: (i) => (i < 40 ? 3600 : 36_000) }))
    expect(pictures[40]).toMatchObject({ early: true, duration: 3600, lasted: 36_000 })
    expect(pictures.slice(41, 49).every(({ early, duration }) => !early && duration === 36_000)).toBe(true)
    expect(pictures[55]?.early).toBe(true)
  })
  test('what comes of a picture after its mark is counted as missing, told with the next, and the marks are not believed any more', () => {
    const { pictures, lost } = receive([
      ...film(51),
      rtp(50 * 3600, laterSlice(1, 9), { mark: true }),
      ...film(30).map((packet) => (packet.writeUInt32BE(packet.readUInt32BE(4) + 51 * 3600, 4), packet)),
    ])
    expect(lost).toBe(1)
    expect(pictures[50]).toMatchObject({ early: true, lostBefore: 0 })
    expect(pictures[51]).toMatchObject({ early: false, lostBefore: 1 })
    expect(pictures).toHaveLength(81)
    expect(pictures.slice(51).filter(({ early }) => early)).toEqual([])
  })
  test(
    'the last picture of a stream that broke off in it is not whole; one that ends with ' +
      'its mark is, and so is what a camera sends that marks nothing',
    () => {
      const slices = [nal(1, 7), laterSlice(1, 8)] as const
      const end = (mark?: () => boolean, whole = false) => {
        const { pictures, lost, after } = receive([
          ...film(50, mark ? { mark } : {}),
          rtp(50 * 3600, slices[0]),
          ...(whole ? [rtp(50 * 3600, slices[1], { mark: true })] : []),
        ])
        return [pictures.length, pictures.at(-1)?.lostWithin, lost, after]
      }
      expect(end()).toEqual([51, 1, 1, 0])
      expect(end(undefined, true)).toEqual([51, 0, 0, 0])
      expect(end(() => false)).toEqual([51, 0, 0, 0])
    },
  )
  test('what came too late for the last picture of all is told when the stream ends', () => {
    const { pictures, after } = receive([...film(51), rtp(50 * 3600, laterSlice(1, 9))])
    expect([pictures.length, pictures.at(-1)?.early, after]).toEqual([51, true, 1])
  })
  test('a picture whose marked packet never came is told when the next begins, which tells the loss', () => {
    const slices = [nal(1, 7), nal(1, 8)] as const
    const packets = [
      ...film(50),
      rtp(50 * 3600, slices[0]),
      rtp(50 * 3600, slices[1], { mark: true }),
      ...film(5).map((packet) => (packet.writeUInt32BE(packet.readUInt32BE(4) + 51 * 3600, 4), packet)),
    ]
    packets.splice(101, 1)
    const { pictures, lost } = receive(packets)
    expect(lost).toBe(1)
    expect(pictures[49]?.early).toBe(true)
    expect(pictures[50]).toMatchObject({ early: false, nals: hex(slices[0]), lostBefore: 0 })
    expect(pictures[51]).toMatchObject({ early: true, lostBefore: 1 })
    expect(pictures).toHaveLength(56)
  })
  test('what is no picture and comes after the mark is kept with the next one; the camera is waited for from then on', () => {
    const sei = nal(6, 3)
    const { pictures, lost } = receive([
      ...film(50),
      rtp(49 * 3600, sei),
      ...film(80).map((packet) => (packet.writeUInt32BE(packet.readUInt32BE(4) + 50 * 3600, 4), packet)),
    ])
    expect(lost).toBe(0)
    expect(pictures[50]?.nals[0]).toBe(sei.toString('hex'))
    expect(pictures.slice(50).filter(({ early }) => early)).toEqual([])
    expect(pictures).toHaveLength(130)
  })
  test('packets that are lost between a told picture’s mark and the rest of it are told once, with the next picture', () => {
    const { pictures, lost } = receive([
      ...film(51),
      rtp(50 * 3600, laterSlice(1, 9), { skip: 3 }),
      ...film(3).map((packet) => (packet.writeUInt32BE(packet.readUInt32BE(4) + 51 * 3600, 4), packet)),
    ])
    expect(lost).toBe(4)
    expect(pictures[51]).toMatchObject({ lostBefore: 4, lostWithin: 0 })
  })
  describe('two pictures with one timestamp', () => {
    /** A slice that begins a picture, and one that goes on with it. */
    const first = (kind: number, fill: number, size = 20): Buffer =>
      Buffer.concat([Buffer.of(0x60 | kind, 0x88), Buffer.alloc(size, fill)])
    const further = (kind: number, fill: number): Buffer =>
      Buffer.concat([Buffer.of(0x60 | kind, 0x40), Buffer.alloc(20, fill)])
    const AUD = Buffer.of(9, 0xf0)
    const times = (pictures: { time: number; duration: number }[]) =>
      pictures.map(({ time, duration }) => [time, duration])
    test('are two, and share the time until the next; slices of one picture stay together', () => {
      const [a, b, c, d] = [first(5, 1), first(1, 2), first(1, 3), first(1, 4)]
      const { pictures, lost } = receive([
        rtp(0, a),
        rtp(0, further(5, 1)),
        rtp(0, b),
        rtp(0, further(1, 2)),
        rtp(3600, c),
        rtp(7200, d),
      ])
      expect(pictures.map(({ nals }) => nals)).toEqual([hex(a, further(5, 1)), hex(b, further(1, 2)), hex(c), hex(d)])
      expect(lost).toBe(0)
      expect(times(pictures).slice(0, 3)).toEqual([
        [0, 1800],
        [1800, 1800],
        [3600, 3600],
      ])
    })
    test.each([1, 20])('each second, or one in %i, is a film of the same length', (every) => {
      let stamp = 0
      const packets: Buffer[] = []
      for (let i = 0; i < 120; i += 1) {
        packets.push(rtp(stamp, first(i % 10 === 0 ? 5 : 1, i % 100)))
        if (i % every === 0 || i % 2 === 0) stamp += every === 1 && i % 2 === 0 ? 0 : 3600
      }
      const { pictures, lost } = receive(packets)
      expect([pictures.length, lost]).toEqual([120, 0])
      for (let i = 1; i < pictures.length; i += 1)
        expect(pictures[i]?.time).toBe((pictures[i - 1]?.time ?? 0) + (pictures[i - 1]?.duration ?? 0))
      expect(pictures.every(({ duration }) => duration >= 270)).toBe(true)
    })
    test('parameter sets and delimiters between them are the second one’s', () => {
      const { pictures } = receive([
        rtp(0, first(1, 1)),
        rtp(0, AUD),
        rtp(0, SPS),
        rtp(0, PPS),
        rtp(0, first(5, 2)),
        rtp(3600, first(1, 3)),
      ])
      expect(pictures.map(({ nals, keyframe }) => [nals, keyframe])).toEqual([
        [hex(first(1, 1)), false],
        [hex(AUD, SPS, PPS, first(5, 2)), true],
        [hex(first(1, 3)), false],
      ])
    })
    test('parameter sets between slices of one picture stay in it', () => {
      const { pictures } = receive([rtp(0, first(5, 1)), rtp(0, PPS), rtp(0, further(5, 1)), rtp(3600, first(1, 3))])
      expect(pictures[0]?.nals).toEqual(hex(first(5, 1), PPS, further(5, 1)))
    })
    test('in fragments, aggregated, and after a picture that was told early, are two as well', () => {
      const [long, other] = [first(5, 1, 3000), first(1, 2, 3000)]
      expect(
        receive([
          ...cut(long, 3).map((piece) => rtp(0, piece)),
          ...cut(other, 3).map((piece) => rtp(0, piece)),
          rtp(3600, first(1, 3)),
        ]).pictures.map(({ nals }) => nals),
      ).toEqual([hex(long), hex(other), hex(first(1, 3))])
      expect(
        receive([rtp(0, aggregate(first(5, 1), further(5, 1), first(1, 2))), rtp(3600, first(1, 3))]).pictures.map(
          ({ nals }) => nals,
        ),
      ).toEqual([hex(first(5, 1), further(5, 1)), hex(first(1, 2)), hex(first(1, 3))])
      const { pictures, lost } = receive([
        ...film(50),
        rtp(50 * 3600, first(1, 7), { mark: true }),
        rtp(50 * 3600, first(1, 8), { mark: true }),
        rtp(51 * 3600, first(1, 9), { mark: true }),
      ])
      expect(pictures.slice(50).map(({ nals }) => nals)).toEqual([hex(first(1, 7)), hex(first(1, 8)), hex(first(1, 9))])
      expect([lost, pictures[50]?.early, pictures[51]?.time]).toEqual([0, true, 50 * 3600 + 1800])
    })
    test('of H.265 are two', () => {
      const unit = (kind: number, begins: boolean, fill: number): Buffer =>
        Buffer.concat([Buffer.of(kind << 1, 1, begins ? 0x80 : 0), Buffer.alloc(20, fill)])
      const { pictures } = receive(
        [rtp(0, unit(19, true, 1)), rtp(0, unit(19, false, 1)), rtp(0, unit(1, true, 2)), rtp(3600, unit(1, true, 3))],
        'h265',
      )
      expect(pictures.map(({ nals }) => nals.length)).toEqual([2, 1, 1])
    })
    test('two fields of one frame are one picture', () => {
      // Main profile, frame_num of 4 bits, order type 2, frame_mbs_only_flag 0: fields may be pictures of their own.
      const bits = (text: string): Buffer =>
        Buffer.from(
          (
            text
              .replaceAll(' ', '')
              .padEnd(Math.ceil(text.replaceAll(' ', '').length / 8) * 8, '0')
              .match(/.{8}/g) ?? []
          ).map((byte) => Number.parseInt(byte, 2)),
        )
      const sps = Buffer.concat([Buffer.of(0x67, 77, 0, 30), bits('1 1 011 010 0 0000001011001 000010001 0 0 1 0 0 1')])
      const slice = (frame: string, bottom: 0 | 1, kind = 1): Buffer =>
        Buffer.concat([Buffer.of(0x60 | kind), bits(`1 00111 1 ${frame} 1 ${bottom}`), Buffer.alloc(10, 7)])
      const { pictures } = receive([
        rtp(0, sps),
        rtp(0, PPS),
        rtp(0, slice('0000', 0, 5)),
        rtp(0, slice('0000', 1)),
        rtp(3600, slice('0001', 0)),
        rtp(3600, slice('0001', 1)),
        rtp(7200, slice('0010', 0)),
        rtp(7200, slice('0011', 0)),
      ])
      expect(pictures.map(({ nals }) => nals.length)).toEqual([4, 2, 1, 1])
    })
    test('and one picture with two timestamps is one, of a camera whose marks are right', () => {
      const { pictures, lost } = receive([
        ...film(50),
        rtp(50 * 3600, first(1, 7)),
        rtp(50 * 3600 + 9, further(1, 7), { mark: true }),
        rtp(51 * 3600, first(1, 9), { mark: true }),
      ])
      expect(pictures.slice(50).map(({ nals }) => nals)).toEqual([hex(first(1, 7), further(1, 7)), hex(first(1, 9))])
      expect(lost).toBe(0)
    })
  })
  describe('what goes astray is counted', () => {
    test('a fragment without its end, or without its beginning, though no number is missing', () => {
      const pieces = cut(nal(1, 2, 900), 3) as [Buffer, Buffer, Buffer]
      expect(
        receive([
          rtp(0, nal(5, 1)),
          rtp(3600, pieces[0]),
          rtp(3600, pieces[1]),
          rtp(7200, nal(1, 3)),
          rtp(10_800, nal(1, 4)),
        ]).lost,
      ).toBe(1)
      expect(
        receive([
          rtp(0, nal(5, 1)),
          rtp(3600, pieces[1]),
          rtp(3600, pieces[2]),
          rtp(7200, nal(1, 3)),
          rtp(10_800, nal(1, 4)),
        ]).lost,
      ).toBe(1)
    })
    test('an aggregate that is longer than its packet, padding that is longer, a kind that nobody knows', () => {
      const broken = Buffer.concat([Buffer.of(24, 0, 200), nal(1, 2)])
      const padded = (packet: Buffer): Buffer => {
        packet[0] = 0xa0
        packet[packet.length - 1] = 255
        return packet
      }
      const { lost, pictures } = receive([
        rtp(0, nal(5, 1)),
        rtp(3600, broken),
        padded(rtp(7200, nal(1, 2))),
        rtp(10_800, Buffer.of(31, 1, 2)),
        rtp(14_400, nal(1, 5)),
        rtp(18_000, nal(1, 6)),
      ])
      expect(lost).toBe(3)
      expect(pictures.length).toBeGreaterThan(1)
    })
    test('a packet that comes twice or late is not put down again, and not counted', () => {
      const [a, b, c] = [rtp(0, nal(5, 1)), rtp(3600, nal(1, 2)), rtp(7200, nal(1, 3))]
      const { pictures, lost } = receive([a, b, b, a, c])
      expect([pictures.map(({ nals }) => nals), lost]).toEqual([[hex(nal(5, 1)), hex(nal(1, 2)), hex(nal(1, 3))], 0])
    })
    test('a camera that does not count its packets is read all the same, and is not said to be whole', () => {
      const { pictures, lost } = receive(
        Array.from({ length: 100 }, (_, i) => {
          const packet = rtp(i * 3600, nal(i % 10 === 0 ? 5 : 1, 3))
          packet.writeUInt16BE(7, 2)
          return packet
        }),
      )
      expect(pictures.length).toBeGreaterThan(60)
      expect(lost).toBeGreaterThan(0)
    })
    test('packets of only such a kind are for ffmpeg', () =>
      expect(() => receive(Array.from({ length: 50 }, (_, i) => rtp(i * 3600, Buffer.of(29, 1, 2, 3))))).toThrow(
        UnfitForRtp,
      ))
  })
  test('a camera that sends by another payload number than it announced is read', () => {
    const { pictures } = receive(
      Array.from({ length: 100 }, (_, i) => {
        const packet = rtp(i * 3600, nal(i % 10 === 0 ? 5 : 1, 3))
        packet[1] = 98
        return packet
      }),
    )
    expect(pictures.length).toBeGreaterThan(40)
  })
  test('numbers that begin anew in the middle are one packet that is missing, not tens of thousands', () => {
    expect(receive([rtp(0, nal(5, 1)), rtp(3600, nal(1, 2), { skip: 40_000 }), rtp(7200, nal(1, 3))]).lost).toBe(1)
  })
  test('no packet, however broken, brings a picture out of its shape (3,000 random ones)', () => {
    const next = random(23)
    const packets = Array.from({ length: 3000 }, (_, i) =>
      rtp(
        i * 3600,
        Buffer.concat([
          Buffer.of([0x61, 0x65, 0x7c, 0x7c, 0x78, 0x67, 0x68, 0x06][Math.floor(next() * 8)] ?? 0x61),
          Buffer.from(Array.from({ length: Math.floor(next() ** 3 * 40) }, () => Math.floor(next() * 256))),
        ]),
        { skip: next() < 0.05 ? 1 : 0 },
      ),
    )
    const { pictures } = receive(packets)
    expect(pictures.length).toBeGreaterThan(500)
    for (const { nals } of pictures) for (const unit of nals) expect(unit.length).toBeGreaterThan(0)
  })
  test('whole units without end are no picture either', () => {
    const unit = laterSlice(1, 1, 60_000)
    expect(() => receive(Array.from({ length: 300 }, () => rtp(0, unit)))).toThrow(/has no end/)
  })
  test('packets of another payload, or too short to be any, are passed over', () => {
    const other = rtp(0, nal(5, 1))
    other[1] = 97
    expect(receive([other, Buffer.alloc(5)]).pictures).toEqual([])
  })
})

describe('the place where pictures are put together', () => {
  test('slices of one slab are joined without a copy, others with one', () => {
    const slab = createFrameSlab(createSlabPool({ size: 64 }))
    const pictures = [10, 20, 50].map((size) => {
      slab.add(Buffer.alloc(size, size), 0, size)
      return slab.take().bytes
    })
    const [a, b, c] = pictures as [Buffer, Buffer, Buffer]
    expect(joined([a, b]).buffer).toBe(a.buffer)
    expect(joined([a, b, c])).toEqual(Buffer.concat([a, b, c]))
    expect([a, b, c].map((bytes) => [...new Set(bytes)])).toEqual([[10], [20], [50]])
  })
  test('is kept for a picture that was told early, until it is known how long it lasted, and then given back', () => {
    const pool = createSlabPool({ size: 4096 })
    let given = 0
    const counting = { ...pool, give: (bytes: Buffer) => ((given += 1), pool.give(bytes)) }
    const told: { bytes: Buffer; was: string }[] = []
    let checked = 0
    const reader = createRtpPictures({
      codec: 'h264',
      payload: 96,
      clockRate: 90_000,
      sets: [],
      headroom: 8,
      slabs: counting,
      now: () => 0,
      onPicture: ({ bytes, early }) => void (early && told.push({ bytes, was: bytes.toString('hex', 8) })),
      onLasted: () => {
        const newest = told.at(-1)
        expect(newest?.bytes.toString('hex', 8)).toBe(newest?.was)
        checked += 1
      },
    })
    for (let i = 0; i < 200; i += 1) {
      const packet = Buffer.concat([
        Buffer.of(0x80, 0x80 | 96),
        Buffer.alloc(10),
        Buffer.of(i % 10 === 0 ? 0x65 : 0x61),
        Buffer.alloc(900, i),
      ])
      packet.writeUInt16BE(i, 2)
      packet.writeUInt32BE(i * 3600, 4)
      reader.push(packet, 0, packet.length)
      // Another camera of this thread takes what was given back, and writes over it.
      const other = counting.take(4096).fill(0xee)
      pool.give(other)
    }
    expect(checked).toBeGreaterThan(150)
    reader.finish()
    expect(given).toBeGreaterThan(40)
  })
  test('a picture that outgrows its slab is moved whole', () => {
    const slab = createFrameSlab(createSlabPool({ size: 16 }))
    slab.skip(4)
    for (let i = 0; i < 100; i += 1) slab.byte(i)
    slab.writeLength(0, 100)
    const { bytes } = slab.take()
    expect(bytes.readUInt32BE(0)).toBe(100)
    expect([...bytes.subarray(4)]).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})

describe('memory that is used again', () => {
  test('is never written over while a segment in it is still read: a slow disk and a live window, 300 random segments', async () => {
    const next = random(11)
    const pool = createSlabPool({ size: 16_384 })
    const slab = createFrameSlab(pool)
    const window = createLiveWindow()
    const digest = (chunks: readonly Uint8Array[]): string =>
      chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest('hex')
    const buffers = new Set<unknown>()
    const wrong: number[] = []
    const writing: Promise<void>[] = []
    let number = 0
    const follower = createStreamFollower({
      now: () => 0,
      onPicture: () => {},
      onUnfit: () => {},
      window,
      store: {
        beginRun: () => 0,
        nextNumber: () => number,
        append({ chunks, sha256, start, duration }) {
          const mine = number
          number += 1
          // Some writes take as long as several segments.
          const written = (async () => {
            for (let turns = Math.floor(next() * 40); turns > 0; turns -= 1)
              await new Promise((resolve) => setImmediate(resolve))
            if (digest(chunks) !== sha256) wrong.push(mine)
          })()
          writing.push(written)
          return {
            segment: {
              number: mine,
              run: 0,
              start,
              duration,
              bytes: chunks.reduce((sum, { length }) => sum + length, 0),
              sha256,
            },
            written,
          }
        },
      },
    })
    const kept: { number: number; sha256: string }[] = []
    for (let i = 0; i < 300 * 12; i += 1) {
      const size = 20 + Math.floor(next() ** 4 * 6000)
      slab.add(Buffer.alloc(size, i), 0, size)
      const { bytes, lease } = slab.take()
      buffers.add(bytes.buffer)
      follower.take({ bytes, lease, video: true, keyframe: i % 12 === 0, decodeTime: i / 12, duration: 1 / 12 }, i * 83)
      const newest = window.newest()
      if (newest && i % 12 === 11)
        kept.push({ number: newest.number, sha256: digest(newest.parts.map((part) => part.bytes)) })
      if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    follower.finish()
    await Promise.all(writing)
    expect(wrong).toEqual([])
    expect(number).toBe(300)
    // It really was used again, or this proves nothing.
    expect(buffers.size).toBeLessThan(100)
    expect(kept.length).toBeGreaterThan(200)
  })
  test('comes back once, however often it is let go, and not while its slab is filled', () => {
    const given: Buffer[] = []
    const pool = { ...createSlabPool({ size: 100 }), give: (bytes: Buffer) => void given.push(bytes) }
    const slab = createFrameSlab(pool)
    slab.add(Buffer.alloc(40, 1), 0, 40)
    const { bytes, lease } = slab.take()
    const [first, second] = [lease.keep(), lease.keep()]
    first()
    first()
    expect(given).toEqual([])
    slab.add(Buffer.alloc(80, 2), 0, 80)
    expect(given).toEqual([])
    second()
    expect(given).toHaveLength(1)
    expect(given[0]?.buffer).toBe(bytes.buffer)
  })
})

test('a description of tens of thousands of formats and lines is read in no time', () => {
  const formats = Array.from({ length: 16_000 }, (_, i) => i % 128).join(' ')
  const begun = performance.now()
  const [track] = readDescription(
    `v=0\r\nm=audio 0 RTP/AVP ${formats}\r\na=rtpmap:0 PCMU/8000\r\n${'\r\n'.repeat(20_000)}`,
  )
  expect(track?.offers[0]).toEqual({ payload: 0, encoding: 'PCMU', clockRate: 8000 })
  // Seconds, where each format looks through each line.
  expect(performance.now() - begun).toBeLessThan(1000)
})
