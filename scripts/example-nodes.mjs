/**
 * What the tests of the examples need: the Node-RED nodes that some examples are for, and the devices and servers that are put
 * in front of them. The lock file of test/matrix/examples pins them. The Modbus node takes its driver from outside the
 * registry; `overrides` there put the registry's own in its place.
 */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installBeside } from './bootstrap.mjs'
import { ROOT } from './build.mjs'

const FOLDER = join(ROOT, 'test', 'matrix', 'examples')

/**
 * Installs them, while this process does something else. The S7 server is compiled here; where there is no compiler the tests say so, and count
 * as skipped. Errors: rejects when npm cannot install.
 */
export async function ensureExampleNodes() {
  await installBeside(FOLDER)
  if (existsSync(join(FOLDER, 'node_modules', 'node-snap7', 'build', 'Release', 'node_snap7.node'))) return
  console.log('Compiling the S7 server of the examples ...')
  // The headers of this Node.js, where they lie beside it, so that nothing is fetched.
  const home = dirname(dirname(realpathSync(process.execPath)))
  const headers = existsSync(join(home, 'include', 'node', 'node.h')) ? [`--nodedir=${home}`] : []
  const args = ['rebuild', 'node-snap7', '--build-from-source', ...headers, '--loglevel=error']
  // It serves a handful of variables: what takes the compiler's time is of no use here.
  const env = { ...process.env, CFLAGS: '-O0', CXXFLAGS: '-O0' }
  const options = { cwd: FOLDER, env, stdio: ['ignore', 'ignore', 'inherit'] }
  const viaNpm = process.env.npm_execpath?.endsWith('.js') === true
  const child = viaNpm
    ? spawn(process.execPath, [process.env.npm_execpath, ...args], options)
    : spawn('npm', args, { ...options, shell: process.platform === 'win32' })
  await new Promise((resolve) => child.on('error', resolve).on('exit', resolve))
}
