/** What `test/matrix/examples` has installed, for the tests, which are no part of that package. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT } from '../../../support/root'

export const EXAMPLE_NODES = join(ROOT, 'test', 'matrix', 'examples')

/** The packages of Node-RED nodes there. */
export const NODE_PACKAGES = [
  '@flowfuse/node-red-dashboard',
  'node-red-contrib-modbus',
  'node-red-contrib-s7',
  'node-red-node-email',
  'node-red-node-mysql'
] as const

const load = createRequire(join(EXAMPLE_NODES, 'package.json'))

export function installed(name: string): unknown {
  return load(name)
}

/** The S7 server is compiled on this machine, if it can be. */
export function hasS7Server(): boolean {
  return existsSync(join(EXAMPLE_NODES, 'node_modules', 'node-snap7', 'build', 'Release', 'node_snap7.node'))
}
