/**
 * The code of the engine's thread as it was when this process started. An update replaces the files of a package under a running
 * Node-RED; a thread that dies after that is started again with the code that fits the rest of the process.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ThreadCode {
  readonly entry: string
  /** By path. */
  readonly files: ReadonlyMap<string, string>
}

/** Reads everything that the thread may ask for: `entry`, and all of `folders`. */
export function readCode(entry: string, folders: readonly string[]): ThreadCode {
  const files = new Map<string, string>()
  for (const folder of folders) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.js')) files.set(join(folder, name), readFileSync(join(folder, name), 'utf8'))
    }
  }
  return { entry, files }
}

/** Runs in the thread: `require` for modules whose text came along in `workerData.code`. */
export const BOOT = `'use strict'
const { workerData } = require('node:worker_threads')
const { dirname, join } = require('node:path')
const { compileFunction } = require('node:vm')
const { entry, files } = workerData.code
const modules = new Map()
function load(file) {
  let module = modules.get(file)
  if (module !== undefined) return module.exports
  const text = files.get(file)
  if (text === undefined) throw new Error(file + ' is not part of the engine')
  module = { exports: {} }
  modules.set(file, module)
  const ask = (name) => (name.startsWith('.') ? load(join(dirname(file), name + '.js')) : require(name))
  const run = compileFunction(text, ['exports', 'require', 'module', '__filename', '__dirname'], { filename: file })
  run(module.exports, ask, module, file, dirname(file))
  return module.exports
}
load(entry)
`
