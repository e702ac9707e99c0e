/**
 * Makes a fresh clone usable with nothing but Node.js and npm: installs what the lock file names where it is missing or
 * out of date, and builds. `npm start` and `npm test` begin here. Uses no dependency.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build, ROOT } from './build.mjs'

const NODE_MAJOR_MIN = 20

/** The folder whose lock file pins the other Node-RED that the tests run against. */
export const NODE_RED_5 = join(ROOT, 'test', 'matrix', 'node-red-5')

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

/** How npm is called to install the lock file of `folder`: a command and its arguments, and options for spawn. */
function installCommand(folder) {
  console.log(`Installing the packages of ${relative(ROOT, folder) || 'this checkout'} ...`)
  // Install scripts stay off: nothing here needs one, and none may fetch from elsewhere.
  const args = [
    'ci',
    '--prefix',
    folder,
    '--include=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error'
  ]
  const viaNpm = process.env.npm_execpath?.endsWith('.js') === true
  const options = { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] }
  return viaNpm
    ? [process.execPath, [process.env.npm_execpath, ...args], options]
    : ['npm', args, { ...options, shell: process.platform === 'win32' }]
}

const failed = (folder) => new Error(`npm ci failed in ${folder}`)

/** Installs the lock file of `folder` if need be. Errors: throws when npm fails. */
export function ensureInstalled(folder = ROOT) {
  if (isInstalled(folder)) return
  const run = spawnSync(...installCommand(folder))
  if (run.error) throw run.error
  if (run.status !== 0) throw failed(folder)
}

/** The same, while this process does something else. Errors: rejects when npm fails. */
export function installBeside(folder) {
  if (isInstalled(folder)) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const child = spawn(...installCommand(folder))
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(failed(folder))))
  })
}

export function assertNodeVersion() {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    throw new Error(`Node.js ${NODE_MAJOR_MIN} or later is needed; this is ${process.versions.node}`)
  }
}

/**
 * Installed and built, or an exception that says what is wrong.
 * `further`: trees to build besides the package. `nodeRed5`: also install the Node-RED 5 of the test matrix.
 */
export function bootstrap({ further = [], nodeRed5 = false } = {}) {
  assertNodeVersion()
  ensureInstalled(ROOT)
  if (nodeRed5) ensureInstalled(NODE_RED_5)
  if (build({ further }) !== 0) throw new Error('the code does not compile; see above')
}
