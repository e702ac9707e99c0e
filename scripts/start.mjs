/**
 * `npm start`: makes a fresh clone usable, then runs two Node-RED instances on this machine as a pair.
 * `npm start -- --help` says what else it takes.
 */
import { bootstrap } from './bootstrap.mjs'

try {
  console.log('Making sure that everything is installed and built ...')
  bootstrap({ further: ['demo'] })
  await import('../dist/demo/cli.js')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
