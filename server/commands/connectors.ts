/**
 * `lamppost connectors test [ID] --site FILE [--press] [--json]`: would this VMS hear a press? And
 * `lamppost connectors cameras ID --site FILE [--json]`: which of its cameras is which. Needs no running server.
 */
import { readFile } from 'node:fs/promises'
import { makeConnector } from '../connectors/connector-kinds.ts'
import { matchCameras } from '../connectors/camera-matching.ts'
import { tryConnector } from '../connectors/connector-trial.ts'
import { troubleText } from '../connectors/vms-http.ts'
import type { CameraMatch, ConnectorTrial } from '../glossary/connector.ts'
import type { ConnectorSite, Site } from '../glossary/site.ts'
import { readSite } from '../site/site-check.ts'
import { problemLine } from '../site/site-file.ts'
import { createResolver } from '../site/site-references.ts'
import { realClock } from '../tools/clock.ts'
import { messageOf } from '../tools/failure.ts'
import { utf8Text } from '../tools/utf8-text.ts'

const WITHIN_MS = 60_000
/** What a camera's stream is, it says by ONVIF; this command asks the VMS alone. */
const HINT =
  ' by its address: a running server matches by streams, too (its page /connectors), or the site file says which is which'
type Values = { site?: string; press?: boolean; json?: boolean }

export async function connectorsCommand([what, id, ...more]: string[], values: Values): Promise<number> {
  if ((what !== 'test' && what !== 'cameras') || more.length > 0 || (what === 'cameras' && id === undefined))
    throw new Error('connectors takes: test [ID] --site FILE [--press] [--json], or cameras ID --site FILE [--json]')
  if (values.site === undefined) throw new Error('connectors needs the town: --site FILE')
  const site = await siteOf(values.site)
  const wanted = site.connectors.filter((each) => id === undefined || each.id === id)
  if (wanted.length === 0)
    throw new Error(
      id === undefined ? `${values.site} names no connectors` : `${values.site} names no connector "${id}"`,
    )
  const say = (words: string): void => void process.stdout.write(`${words}\n`)
  if (what === 'cameras') {
    const matches = await matchesOf(site, wanted[0] as ConnectorSite, AbortSignal.timeout(WITHIN_MS)).catch(
      (error: unknown) => {
        throw new Error(`the VMS cannot be asked for its cameras: ${troubleText(error)}`, { cause: error })
      },
    )
    say(values.json ? JSON.stringify({ items: matches }) : matches.map(matchLine).join('\n'))
    return matches.every(({ theirs, problem }) => theirs !== null && problem === null) ? 0 : 1
  }
  const trials: ConnectorTrial[] = []
  for (const each of wanted) {
    const signal = AbortSignal.timeout(WITHIN_MS)
    const vms = makeConnector(each, realClock)
    const match = (stop: AbortSignal): Promise<CameraMatch[]> => matchesOf(site, each, stop)
    trials.push(
      await tryConnector(
        { clock: realClock, site: each, vms, town: site.id, hint: HINT, match, signal },
        values.press ?? false,
      ),
    )
  }
  if (values.json) say(JSON.stringify({ items: trials }))
  else for (const trial of trials) say(trialText(trial))
  return trials.every(({ ok }) => ok) ? 0 : 1
}

async function siteOf(file: string): Promise<Site> {
  const text = await readFile(file)
    .then(utf8Text)
    .catch((error: unknown) => {
      throw new Error(`${file} cannot be read: ${messageOf(error)}`, { cause: error })
    })
  const { site, problems } = readSite(text, createResolver(process.env))
  if (!site) throw new Error(problems.map((problem) => problemLine(file, problem)).join('\n'))
  return site
}
async function matchesOf(site: Site, connector: ConnectorSite, signal: AbortSignal): Promise<CameraMatch[]> {
  const theirs = await makeConnector(connector, realClock).cameras(signal)
  return matchCameras(site.cameras, theirs, connector.cameras)
}

function matchLine({ camera, theirs, theirName, how, problem, candidates }: CameraMatch): string {
  const could = candidates.map(({ id, name, why }) => `${id} "${name}" (${why})`).join(', ')
  const whom = theirs === null ? 'not matched' : `${theirs} "${theirName}" (${how})`
  return `${camera}: ${whom}${problem === null ? '' : `: ${problem}`}${could === '' ? '' : ` It could be ${could}.`}`
}
function trialText({ connector, product, ok, pressed, steps }: ConnectorTrial): string {
  const lines = steps.map((step) => `  ${step.ok ? 'ok    ' : 'FAILED'} ${step.step}: ${step.words}`)
  const verdict = ok ? (pressed ? 'hears a press' : 'is ready') : 'would not hear a press'
  const hint = ok && !pressed ? '; --press raises a DRILL alarm to prove it' : ''
  return `${product} (${connector})\n${lines.join('\n')}\n  ${connector} ${verdict}${hint}`
}
