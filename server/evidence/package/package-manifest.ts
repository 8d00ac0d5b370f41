/** manifest.json of a package on disk: of our own making, so that it is read as it is. */
import { Failure } from '../../tools/failure.ts'
import { fileSource } from './file-source.ts'
import { readZip } from './zip-reader.ts'

/** @throws export/changed when the package cannot be read */
export async function statedIn(packageFile: string): Promise<unknown> {
  const source = await fileSource(packageFile)
  try {
    const entry = (await readZip(source)).find(({ name }) => name.endsWith('/data/manifest.json'))
    if (!entry) throw new Failure('export/changed', 'The package has no manifest.json any more.')
    return JSON.parse(Buffer.from(await source.read(entry.start, entry.bytes)).toString())
  } finally {
    await source.close()
  }
}
