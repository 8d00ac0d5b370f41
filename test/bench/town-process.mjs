/** Simulated cameras in a process of their own, so that drawing their pictures costs the measured server nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = (path) => import(join(root, 'dist', 'server', path))
const [folder, username, password, file] = process.argv.slice(2)
const { readSite } = await built('site/site-check.js')
const { planTown } = await built('simulator/town-plan.js')
const { startSimulatedTown } = await built('simulator/simulated-town.js')
const darlington = () =>
  planTown(
    readSite(readFileSync(join(root, 'camera-presets', 'darlington.yaml'), 'utf8'), (text) => ({
      value: text.replaceAll(/\$\{\w+\}/g, '1'),
    })).site,
  )
const town = await startSimulatedTown({
  plans: JSON.parse(readFileSync(file, 'utf8')) ?? darlington(),
  folder,
  credentials: { username, password },
  onError: () => {},
})

process.on('disconnect', () => town.close().finally(() => process.exit(0)))
process.on('message', (id) => process.send({ operations: town.camera(id).operations() }))
process.send({ ports: town.ports })
