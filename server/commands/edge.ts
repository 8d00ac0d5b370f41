/** `lamppost edge`: the voice edge apart from the server, so that calls reach the desk while the server is not there. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { enginesMissing } from '../call/edge/edge-run.ts'
import { type EdgeWish, runEdge } from '../call/edge/edge-process.ts'
import type { Site } from '../glossary/site.ts'
import { openSiteFile } from '../site/site-file.ts'
import { createResolver } from '../site/site-references.ts'
import { realClock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { packageRoot } from '../tools/package-root.ts'
import { takeEnvironment } from '../tools/process/own-environment.ts'

export type EdgeOptions = { site?: string | undefined; data?: string | undefined; child?: boolean | undefined }
/**
 * In the place of a reference that this process has no value for: cameras' passwords are no concern of the edge. Nobody
 * can guess it, so that nobody calls by it.
 */
const ABSENT = randomBytes(24).toString('hex')

/** @throws when the site has no voice any more, or the password of a help point is not here */
function wishOf({ voice, helpPoints }: Site): EdgeWish {
  if (!voice) throw new Error('the site file has no voice: there is nothing for an edge to do')
  const identities = helpPoints.flatMap(({ sip }) => (sip === null ? [] : [sip]))
  const absent = identities.filter(({ password }) => password === ABSENT).map(({ user }) => user)
  if (absent.length > 0)
    throw new Error(
      `the password of ${absent.join(', ')} is not here: this process needs the same environment as the server`,
    )
  return { voice, identities }
}

export async function edgeCommand({ site: file, data, child = false }: EdgeOptions): Promise<number> {
  if (file === undefined || !existsSync(file))
    throw new Error(file === undefined ? 'edge needs --site FILE' : `the site file ${file} does not exist`)
  const missing = enginesMissing()
  if (missing !== null) throw new Error(missing)
  const dataFolder = resolve(data ?? join(packageRoot, 'data'))
  const say = (words: string): void => void process.stderr.write(`lamppost edge: ${words}\n`)
  const known = createResolver(takeEnvironment())
  const stopped = new Promise<void>((done) => {
    process.once('SIGINT', () => done())
    process.once('SIGTERM', () => done())
    process.once('SIGHUP', () => done())
    // A child ends with the house, however that ends: the kernel closes this pipe.
    if (child)
      process.stdin
        .on('end', () => done())
        .on('error', () => done())
        .resume()
  })
  let follow: (site: Site) => Promise<void> = () => Promise.resolve()
  const siteFile = await openSiteFile({
    keptIn: null,
    file: resolve(file),
    resolve: (text) => {
      const found = known(text)
      return 'value' in found ? found : { value: ABSENT }
    },
    clock: realClock,
    onChange: async (site) => {
      await follow(site)
      return []
    },
    onProblem: (problem) => problem !== null && say(problem),
  })
  const first = wishOf(siteFile.site())
  const edge = await runEdge({ dataFolder, first, onWords: say })
  follow = (site) =>
    Promise.resolve(site)
      .then(wishOf)
      .then(edge.follow)
      .catch((error: unknown) => say(messageOf(error)))
  // It may have been changed while the engines started.
  await follow(siteFile.site())
  if (!child) say(`it answers for ${dataFolder}; it goes on while the server is stopped`)
  await stopped
  await siteFile.close()
  await edge.close()
  return 0
}
