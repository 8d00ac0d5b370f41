import { readFile } from 'node:fs/promises'
import { messageOf } from '../tools/failure.ts'
import { utf8Text } from '../tools/utf8-text.ts'

/** The one site file that a command is given. @throws in words when it cannot be read, or is not UTF-8 */
export const siteText = (file: string): Promise<string> =>
  readFile(file)
    .then(utf8Text)
    .catch((error: unknown) => {
      throw new Error(`${file} cannot be read: ${messageOf(error)}`, { cause: error })
    })
