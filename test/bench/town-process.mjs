/** The simulated town in a process of its own, so that drawing its pictures costs the measured presses nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = (path) => import(join(root, 'dist', 'server', path))
const [folder, username, password] = process.argv.slice(2)
const { readSite } = await built('site/site-check.js')
const { planTown } = await built('simulator/town-plan.js')
const { startSimulatedTown } = await built('simulator/simulated-town.js')
const { site } = readSite(readFileSync(join(root, 'camera-presets', 'darlington.yaml'), 'utf8'), (text) => ({ value: text.replaceAll(/\$\{\w+\}/g, '1') }))
const town = await startSimulatedTown({ plans: planTown(site), folder, credentials: { username, password }, onError: () => {} })

process.on('disconnect', () => town.close().finally(() => process.exit(0)))
process.on('message', (id) => process.send({ operations: town.camera(id).operations() }))
process.send({ ports: town.ports })
