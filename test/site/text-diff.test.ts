import { describe, expect, test } from 'vitest'
import { textDiff, withoutSecrets } from '../../server/site/edit/text-diff.ts'

describe('what changed, for the record', () => {
  test('is the lines between those that stayed, with two around them', () => {
    expect(textDiff('a\nb\nc\nd\ne\nf\n', 'a\nb\nc\nX\ne\nf\n')).toBe('@@ -2,5 +2,5 @@\n b\n c\n-d\n+X\n e\n f')
    expect(textDiff('a\n', 'a\n')).toBe('')
    expect(textDiff('', 'a\n')).toBe('@@ -1,1 +1,2 @@\n+a\n ')
  })
  test('is one hunk for each place, with the lines of before and of now', () => {
    const before = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`)
    const after = before.with(3, 'four').toSpliced(20, 1).toSpliced(25, 0, 'new')
    expect(textDiff(before.join('\n'), after.join('\n'))).toBe(
      [
        '@@ -2,5 +2,5 @@',
        ...[' line 2', ' line 3', '-line 4', '+four', ' line 5', ' line 6'],
        '@@ -19,5 +19,4 @@',
        ...[' line 19', ' line 20', '-line 21', ' line 22', ' line 23'],
        '@@ -25,4 +24,5 @@',
        ...[' line 25', ' line 26', '+new', ' line 27', ' line 28'],
      ].join('\n'),
    )
  })
  test('is cut where it is longer than an entry should be', () => {
    expect(textDiff('', 'x\n'.repeat(30_000)).length).toBeLessThan(20_100)
  })
  test.each([
    ['    streamKey: 0123456789abcdef # c', '    streamKey: *** # c'],
    ['  - { id: a, password: "two words", x: 1 }', '  - { id: a, password: ***, x: 1 }'],
    ["    secret: 'it'", '    secret: ***'],
    ['    password: "${CAM}"', '    password: "${CAM}"'],
    ['    key: file:/run/secrets/x', '    key: file:/run/secrets/x'],
    ['    url: rtsp://me:pass@10.0.0.1/x', '    url: rtsp://***@10.0.0.1/x'],
    ['    keys: { hold: h }', '    keys: { hold: h }'],
    ['    "password": "x"', '    "password": ***'],
  ])('%s stands in it as %s', (line, said) => expect(withoutSecrets(line)).toBe(said))
  test.each([
    ['password: correct horse battery', 'password: ***'],
    ['password: "pa\\"ss, x"', 'password: ***'],
    ['password: &p hunter2', 'password: &p ***'],
    ['password: >-\n  hunter2\nx: 1', 'password: ***\nx: 1'],
    ['password:\n  hunter2', 'password:\n  ***'],
    ['"pass\\u0077ord": hunter2', '"pass\\u0077ord": ***'],
    ['x: &p hunter2\npassword: *p', 'x: &p ***\npassword: *p'],
  ])('%j of a whole file stands in it as %j', (text, said) =>
    expect(textDiff('', `${text}\n`).replaceAll(/^(?:@@.*|[+ -])\n?/gm, '')).toContain(said),
  )
  test('of a secret alone says that it was one', () => {
    expect(textDiff('password: a\n', 'password: b\n')).toBe('a secret that was written out')
  })
  test('of a very long file ends, and one long line hides nothing after it', () => {
    expect(textDiff('', '#\n'.repeat(200_000)).length).toBeLessThan(20_100)
    expect(textDiff('a: 1\nphone: 1\n', `# ${'x'.repeat(30_000)}\na: 1\nphone: 2\n`)).toContain('+phone: 2')
  })
})
