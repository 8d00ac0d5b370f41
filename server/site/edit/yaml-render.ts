/** Writes a new value as somebody would in a site file: short things on one line, long ones below each other. Pure. */
import { Document, Scalar, isCollection, isScalar, visit } from 'yaml'
import { isHollow, isNested } from './values.ts'

/** A thing of one line is at most so long. */
const ONE_LINE = 100
const AS_WRITTEN = {
  lineWidth: 0,
  flowCollectionPadding: true,
  singleQuote: false,
  doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
} as const
export type Indents = {
  /** Blanks of one step. */
  step: number
  /** Lists stand deeper than what they belong to. */
  lists: boolean
}

/** A value, or a scalar node that says how it is to be quoted. */
function documentOf(value: unknown): Document {
  const document = new Document(value)
  visit(document, {
    Scalar(_, scalar) {
      // On several lines it would depend on the indentation around it.
      if (scalar.type === undefined && typeof scalar.value === 'string' && scalar.value.includes('\n'))
        scalar.type = Scalar.QUOTE_DOUBLE
    },
  })
  return document
}
/** On one line, in any place of a document: what has braces and brackets around it may stand there, too. */
export function onOneLine(value: unknown): string {
  const document = documentOf([value])
  if (isCollection(document.contents)) document.contents.flow = true
  return document.toString(AS_WRITTEN).trim().replace(/^\[ /, '').replace(/ \]$/, '')
}
/** A text or number as a value of a block; quoted as the one before it was, where it needs no other way. */
export function scalarText(value: unknown, like: unknown): string {
  const scalar = new Scalar(value)
  const quoted = isScalar(like) && typeof value === 'string' && !value.includes('\n')
  if (quoted && (like.type === 'QUOTE_DOUBLE' || like.type === 'QUOTE_SINGLE')) scalar.type = like.type
  return documentOf(scalar).toString(AS_WRITTEN).trimEnd()
}

/** What stands on one line in a block: what says little, and no list of things. */
export const fitsOneLine = (value: unknown): boolean =>
  !isNested(value) || isHollow(value) || onOneLine(value).length <= ONE_LINE

/**
 * Below each other, each line at `indent` blanks; no line's end at the end.
 * @param levels so many of its levels stand below each other, however short they are
 */
export function inBlock(value: unknown, indent: number, { step, lists }: Indents, levels: number): string {
  const document = documentOf(value)
  visit(document, {
    Collection(_, node, path) {
      if (path.filter(isCollection).length < levels || !fitsOneLine(node.toJSON())) return undefined
      node.flow = true
      return visit.SKIP
    },
  })
  const blanks = ' '.repeat(indent)
  return document
    .toString({ ...AS_WRITTEN, indent: step, indentSeq: lists })
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? line : blanks + line))
    .join('\n')
}
