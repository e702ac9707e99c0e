/**
 * Makes a fresh clone usable with nothing but Node.js and npm: installs what the lock file names where it is missing or
 * out of date, and builds. `npm start` and `npm test` begin here. Uses no dependency.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build, ROOT } from './build.mjs'

const NODE_MAJOR_MIN = 20

/** The folder whose lock file pins the other Node-RED that the tests run against. */
export const NODE_RED_5 = join(ROOT, 'test', 'matrix', 'node-red-5')

/**
 * The same of the nodes that some examples need, and of the devices and servers that their tests put in front of them. The
 * Modbus node takes its driver from outside the registry; `overrides` put the registry's own in its place.
 */
const EXAMPLE_NODES = join(ROOT, 'test', 'matrix', 'examples')

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Whether node_modules in `folder` holds what its lock file says (npm keeps its own record of what it installed). */
export function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = readJson(join(folder, 'package-lock.json')).packages
  const installed = readJson(record).packages
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path]
    if (path === '' || entry.link) return true
    if (found === undefined) return entry.optional === true || entry.peer === true
    // npm keeps no integrity of a platform's package that the registry in use did not have when the lock was made.
    return found.version === entry.version && found.integrity === (entry.integrity ?? found.integrity)
  })
}

/** Installs the lock file of `folder` if need be. Errors: throws when npm fails. */
export function ensureInstalled(folder = ROOT) {
  if (isInstalled(folder)) return
  console.log(`Installing the packages of ${relative(ROOT, folder) || 'this checkout'} ...`)
  // Install scripts stay off: nothing here needs one, and none may fetch from elsewhere.
  const { error, status } = npm(folder, 'ci', '--include=dev', '--ignore-scripts')
  if (error) throw error
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`)
}

function npm(folder, ...words) {
  const args = [...words, '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error']
  const options = { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] }
  if (process.env.npm_execpath?.endsWith('.js') === true) {
    return spawnSync(process.execPath, [process.env.npm_execpath, ...args], options)
  }
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

/** Installs what the examples' tests need. The S7 server is compiled here; without a compiler its test says so and is skipped. */
export function ensureExampleNodes() {
  ensureInstalled(EXAMPLE_NODES)
  const server = join(EXAMPLE_NODES, 'node_modules', 'node-snap7')
  if (existsSync(join(server, 'build', 'Release', 'node_snap7.node'))) return
  console.log('Compiling the S7 server of the examples ...')
  // The headers of this Node.js, where they lie beside it, so that nothing is fetched.
  const home = dirname(dirname(realpathSync(process.execPath)))
  const headers = existsSync(join(home, 'include', 'node', 'node.h')) ? [`--nodedir=${home}`] : []
  npm(EXAMPLE_NODES, 'rebuild', 'node-snap7', '--build-from-source', ...headers)
}

/**
 * Installed and built, or an exception that says what is wrong.
 * `further`: trees to build besides the package. `nodeRed5`: also install the Node-RED 5 of the test matrix.
 */
export function bootstrap({ further = [], nodeRed5 = false } = {}) {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    throw new Error(`Node.js ${NODE_MAJOR_MIN} or later is needed; this is ${process.versions.node}`)
  }
  ensureInstalled(ROOT)
  if (nodeRed5) ensureInstalled(NODE_RED_5)
  if (build({ further }) !== 0) throw new Error('the code does not compile; see above')
}
