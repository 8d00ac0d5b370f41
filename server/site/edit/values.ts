/** Values as a YAML file has them. Pure. */
export type Plain = Record<string, unknown>
export const isPlain = (value: unknown): value is Plain =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
export const isNested = (value: unknown): value is Plain | unknown[] => isPlain(value) || Array.isArray(value)
export const isHollow = (value: unknown): boolean => isNested(value) && Object.keys(value).length === 0
/** A list of things, each with names of its own. */
export const isListOfMaps = (value: unknown): boolean => Array.isArray(value) && value.some(isPlain)
export const sameValue = (one: unknown, other: unknown): boolean => {
  if (isPlain(one) && isPlain(other)) {
    const keys = Object.keys(one)
    return (
      keys.length === Object.keys(other).length &&
      keys.every((key) => Object.hasOwn(other, key) && sameValue(one[key], other[key]))
    )
  }
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, i) => sameValue(each, other[i]))
  return Object.is(one, other)
}
