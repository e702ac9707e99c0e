/** The Node-RED versions under test, each with the Node.js that runs it. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root'

const MATRIX = join(ROOT, 'test', 'matrix')

export interface NodeRed {
  readonly name: string
  readonly nodeBinary: string
  /** Folder whose node_modules holds Node-RED. */
  readonly home: string
  readonly script: string
}

function nodeRedIn(home: string, major: number, nodeBinary: string): NodeRed {
  const folder = join(home, 'node_modules', 'node-red')
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  if (!manifest.version.startsWith(`${major}.`)) throw new Error(`Node-RED ${manifest.version} is no ${major}.x`)
  const nodeVersion = execFileSync(nodeBinary, ['--version'], { encoding: 'utf8' }).trim()
  return {
    name: `Node-RED ${manifest.version} on Node.js ${nodeVersion}`,
    nodeBinary,
    home,
    script: join(folder, 'red.js')
  }
}

/** Node-RED 4 of the development dependencies, on the Node.js that runs the tests. */
export function nodeRed4(): NodeRed {
  return nodeRedIn(ROOT, 4, process.execPath)
}

/** Node-RED 5 of the matrix, on the Node.js 24 that is installed beside it. */
export function nodeRed5(): NodeRed {
  const home = join(MATRIX, 'node-red-5')
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const command = process.platform === 'win32' ? 'node.exe' : 'node'
  const own = join(home, 'node_modules', `node-${platform}-${process.arch}`, 'bin', command)
  // Where the registry has no Node.js for this platform, the one that runs the tests has to be recent enough.
  const recentEnough = Number(process.versions.node.split('.')[0]) >= 24
  if (!existsSync(own) && !recentEnough) throw new Error(`no Node.js 24 for Node-RED 5 in ${home}`)
  return nodeRedIn(home, 5, existsSync(own) ? own : process.execPath)
}
