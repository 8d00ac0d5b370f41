/** `lamppost check FILE`: is this a town? */
import { readFile } from 'node:fs/promises'
import { readSite } from '../site/site-check.ts'
import { problemLine } from '../site/site-file.ts'
import { loadStreets } from '../site/street-map.ts'
import { wordsOf } from '../tools/failure.ts'

export async function checkCommand([file, ...more]: string[]): Promise<number> {
  if (file === undefined || more.length > 0) throw new Error('check takes one site file: lamppost check FILE')
  // Secrets are the running server's: here a reference only has to look like one.
  const { site, problems } = readSite(await readFile(file, 'utf8'), (text) => ({ value: text.replaceAll(/\$\{[A-Za-z_][A-Za-z0-9_]*\}/g, '1') }))
  for (const problem of problems) process.stderr.write(`${problemLine(file, problem)}\n`)
  if (!site) return 1
  const streets = await loadStreets(file, site.streets).catch((error: unknown) => {
    process.stderr.write(`${wordsOf(error)}\n`)
    return undefined
  })
  if (streets === undefined) return 1
  process.stdout.write(`${file}: ${site.name}: ${site.helpPoints.length} help points, ${site.cameras.length} cameras, ${site.cameras.reduce((sum, { presets }) => sum + presets.size, 0)} presets\n`)
  for (const { id, name } of site.helpPoints) if (!site.cameras.some(({ presets }) => presets.has(id))) process.stdout.write(`${file}: warning: no camera has a preset for ${id} (${name})\n`)
  for (const { id, mqtt } of site.helpPoints) if (mqtt.length > 0 && !site.mqtt) process.stdout.write(`${file}: warning: ${id} presses over MQTT, and there is no broker (mqtt: { url: … })\n`)
  return 0
}
