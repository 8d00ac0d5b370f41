/**
 * Reads a live playlist as draft-pantos-hls-rfc8216bis describes it, and says what is wrong with it. Knows nothing of
 * who wrote it.
 */

type Part = { duration: number; uri: string; independent: boolean }
type Segment = {
  number: number
  duration: number | null
  uri: string | null
  map: string | null
  at: number | null
  discontinuity: boolean
  parts: Part[]
}
export type Playlist = {
  targetDuration: number
  partTarget: number
  mediaSequence: number
  discontinuitySequence: number
  skipped: number
  control: Map<string, string>
  segments: Segment[]
  hint: string | null
  ended: boolean
}

const attributesOf = (text: string): Map<string, string> =>
  new Map(
    [...text.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll('"', ''),
    ]),
  )

export function parsePlaylist(text: string): Playlist {
  const found: Playlist = {
    targetDuration: 0,
    partTarget: 0,
    mediaSequence: 0,
    discontinuitySequence: 0,
    skipped: 0,
    control: new Map(),
    segments: [],
    hint: null,
    ended: false,
  }
  let next: Segment = { number: 0, duration: null, uri: null, map: null, at: null, discontinuity: false, parts: [] }
  let map: string | null = null
  for (const line of text.split('\n')) {
    const [tag = '', value = ''] = line.startsWith('#')
      ? [line.split(':')[0], line.slice(line.indexOf(':') + 1)]
      : ['', '']
    const attributes = attributesOf(value)
    if (tag === '#EXT-X-TARGETDURATION') found.targetDuration = Number(value)
    else if (tag === '#EXT-X-PART-INF') found.partTarget = Number(attributes.get('PART-TARGET'))
    else if (tag === '#EXT-X-MEDIA-SEQUENCE') found.mediaSequence = Number(value)
    else if (tag === '#EXT-X-DISCONTINUITY-SEQUENCE') found.discontinuitySequence = Number(value)
    else if (tag === '#EXT-X-SKIP') found.skipped = Number(attributes.get('SKIPPED-SEGMENTS'))
    else if (tag === '#EXT-X-SERVER-CONTROL') found.control = attributes
    else if (tag === '#EXT-X-MAP') map = attributes.get('URI') ?? null
    else if (tag === '#EXT-X-PROGRAM-DATE-TIME') next.at = Date.parse(value)
    else if (tag === '#EXT-X-DISCONTINUITY') next.discontinuity = true
    else if (tag === '#EXT-X-PART')
      next.parts.push({
        duration: Number(attributes.get('DURATION')),
        uri: attributes.get('URI') ?? '',
        independent: attributes.get('INDEPENDENT') === 'YES',
      })
    else if (tag === '#EXTINF') next.duration = Number(value.split(',')[0])
    else if (tag === '#EXT-X-PRELOAD-HINT') found.hint = attributes.get('URI') ?? null
    else if (tag === '#EXT-X-ENDLIST') found.ended = true
    else if (line !== '' && !line.startsWith('#')) {
      found.segments.push({ ...next, uri: line, map })
      next = { number: 0, duration: null, uri: null, map: null, at: null, discontinuity: false, parts: [] }
    }
  }
  if (next.parts.length > 0) found.segments.push({ ...next, map })
  found.segments.forEach((segment, i) => (segment.number = found.mediaSequence + found.skipped + i))
  return found
}

/** @param before the playlist this one follows, to check what may not change. */
export function faultsOf(text: string, before: Playlist | null = null): string[] {
  const faults: string[] = []
  const must = (so: boolean, words: string): void => void (so || faults.push(words))
  const playlist = parsePlaylist(text)
  const { segments, targetDuration, partTarget, control } = playlist
  const whole = segments.filter(({ duration }) => duration !== null)
  must(text.startsWith('#EXTM3U\n'), '4.4.1.1: the first line is #EXTM3U')
  must(
    Number(/#EXT-X-VERSION:(\d+)/.exec(text)?.[1]) >= (playlist.skipped > 0 ? 9 : 6),
    '8: the version covers what is used',
  )
  must(Number.isInteger(targetDuration) && targetDuration > 0, '4.4.3.1: TARGETDURATION is a whole number of seconds')
  for (const { number, duration } of whole)
    must(
      Math.round(duration ?? 0) <= targetDuration,
      `4.4.3.1: segment ${number} of ${duration} s is longer than the target duration ${targetDuration}`,
    )
  // A delta update's first segments have the one of the segments it skips.
  must(
    segments.length > 0 && (playlist.skipped > 0 || segments.every(({ map }) => map !== null)),
    '4.4.4.5: every segment has an initialisation section',
  )
  for (const { parts, number, duration } of segments) {
    parts.forEach(({ duration: length }, i) => {
      must(
        length <= partTarget + 1e-4,
        `4.4.3.7: part ${number}.${i} of ${length} s is longer than the part target ${partTarget}`,
      )
      const last = i === parts.length - 1
      must(
        last || length >= partTarget * 0.85,
        `4.4.4.9: part ${number}.${i} of ${length} s is shorter than 85 % of the part target ${partTarget}`,
      )
    })
    if (duration !== null && parts.length > 0)
      must(
        Math.abs(parts.reduce((sum, part) => sum + part.duration, 0) - duration) < 0.01,
        `4.4.4.9: the parts of segment ${number} are as long as it is`,
      )
  }
  must(control.get('CAN-BLOCK-RELOAD') === 'YES', '6.2.5.2: blocking reload is offered')
  must(
    Number(control.get('PART-HOLD-BACK')) >= 3 * partTarget - 1e-4,
    '4.4.3.8: PART-HOLD-BACK is at least three part targets',
  )
  must(
    Number(control.get('CAN-SKIP-UNTIL')) >= 6 * targetDuration,
    '4.4.3.8: CAN-SKIP-UNTIL is at least six target durations',
  )
  must(playlist.hint !== null, '4.4.5.3: the next part is hinted at')
  const times = segments.flatMap(({ at }) => (at === null ? [] : [at]))
  must(
    times.every((at, i) => at >= (times[i - 1] ?? 0)),
    '4.4.4.6: program dates go forward',
  )
  if (!before) return faults
  must(
    targetDuration === before.targetDuration,
    `6.2.1: TARGETDURATION changed from ${before.targetDuration} to ${targetDuration}`,
  )
  must(playlist.mediaSequence >= before.mediaSequence, '4.4.3.2: MEDIA-SEQUENCE never decreases')
  must(
    playlist.discontinuitySequence >= before.discontinuitySequence,
    '4.4.3.3: DISCONTINUITY-SEQUENCE never decreases',
  )
  for (const old of before.segments) {
    const now = segments.find(({ number }) => number === old.number)
    if (!now) continue
    if (old.uri !== null)
      must(now.uri === old.uri && now.duration === old.duration, `6.2.2: segment ${old.number} may not change`)
    old.parts
      .slice(0, now.parts.length)
      .forEach((part, i) =>
        must(
          now.parts[i]?.uri === part.uri && now.parts[i]?.duration === part.duration,
          `6.2.2: part ${old.number}.${i} may not change`,
        ),
      )
  }
  return faults
}
