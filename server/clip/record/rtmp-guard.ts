/**
 * Checks what a stranger sends before node-media-server reads it, in small pieces. The package's parser throws at a
 * malformed message, which would end its process and every camera that pushes to it, and it reserves as much memory
 * as a message says it will need. Here a message that cannot be read, or that is too large before its stream is let
 * in, ends its own connection only.
 */

/** Of the package's parser, what is used here. */
export type Parser = {
  parserData(bytes: Buffer): string | null
  onPushCallback(): void
  onPlayCallback(): void
  inPackets: Map<number, { capacity: number }>
}
type Guarded = Parser & { guarded?: { before: number; letIn: boolean; refused: boolean } }

/** Before a stream is let in: a handshake, and a few short commands. */
const MOST_BEFORE_BYTES = 64 * 1024
const MOST_CHUNK_STREAMS = 8
/** Small enough that no piece makes room twice before it is looked at. */
const PIECE_BYTES = 8
/** Afterwards: the largest picture that any camera sends. */
const MOST_AFTER_BYTES = 16 * 1024 * 1024

/** Puts itself before the parser of every connection. @param parser the package's class of it */
export function guardParser(parser: { prototype: Parser }): void {
  const parse = parser.prototype.parserData
  parser.prototype.parserData = function parserData(this: Guarded, bytes: Buffer): string | null {
    const state = (this.guarded ??= watched(this))
    if (state.refused) return 'this stream was refused'
    try {
      for (let at = 0; at < bytes.length;) {
        const size = state.letIn ? bytes.length - at : Math.min(PIECE_BYTES, bytes.length - at)
        const problem = parse.call(this, bytes.subarray(at, at + size)) ?? tooMuch(this, state, size)
        at += size
        if (problem !== null || state.refused) {
          state.refused = true
          return problem ?? 'this stream was refused'
        }
      }
      return null
    } catch (error) {
      state.refused = true
      return `a message that makes no sense: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}
/** The stream of this connection was not let in: nothing more of it is read. */
export function refuse(parser: Parser): void {
  const guarded = parser as Guarded
  ;(guarded.guarded ??= watched(guarded)).refused = true
}

function watched(parser: Guarded): NonNullable<Guarded['guarded']> {
  const state = { before: 0, letIn: false, refused: false }
  for (const name of ['onPushCallback', 'onPlayCallback'] as const) {
    const call = parser[name]
    parser[name] = () => {
      call()
      state.letIn = !state.refused
    }
  }
  return state
}
function tooMuch({ inPackets }: Parser, state: { before: number; letIn: boolean }, size: number): string | null {
  const room = [...inPackets.values()].reduce((sum, { capacity }) => sum + capacity, 0)
  if (state.letIn)
    return room > MOST_AFTER_BYTES || inPackets.size > 2 * MOST_CHUNK_STREAMS
      ? 'more than any camera sends at once'
      : null
  state.before += size
  return state.before > MOST_BEFORE_BYTES || room > MOST_BEFORE_BYTES || inPackets.size > MOST_CHUNK_STREAMS
    ? 'more than is needed to begin a stream'
    : null
}
