import { describe, expect, test } from 'vitest'
import { TROUBLES, troubleOf, troubleSentence } from '../../server/camera/camera-trouble.ts'

describe('what the operator reads of a camera that cannot be used', () => {
  test.each([
    ['unreachable', /does not answer/],
    ['password', /refused our user name and password/],
    ['certificate', /another certificate than the site file names/],
    ['web-page', /a web page instead of ONVIF/],
  ] as const)('%s has a sentence of its own, whatever the camera’s words are', (trouble, words) => {
    expect(troubleSentence(trouble, 'ECONNREFUSED 10.0.0.5:80')).toMatch(words)
  })
  test('a missing answer is told as it is: what is missing stands in the words', () =>
    expect(troubleSentence('missing-answer', 'It names no stream address.')).toBe('It names no stream address.'))
  test('each says another thing', () =>
    expect(new Set(TROUBLES.map((trouble) => troubleSentence(trouble, 'own words'))).size).toBe(TROUBLES.length))
  test('what is no trouble that we know is told in its own words', () => {
    expect(troubleOf('constructor')).toBeNull()
    expect(troubleOf(undefined)).toBeNull()
    expect(troubleSentence(null, 'own words')).toBe('own words')
  })
})
