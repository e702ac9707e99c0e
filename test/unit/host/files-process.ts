/** Asks for the pair files of a folder and says what becomes of it: `node files-process.js <folder> <ms between tries>`. */
import cluster from 'node:cluster'
import { PairFiles } from '../../../src/host/pair-files'

const [, , folder, roundMs] = process.argv as [string, string, string, string]
if (cluster.isPrimary && process.env['IN_CLUSTER'] !== undefined) {
  for (let i = 0; i < 2; i++) cluster.fork({ IN_CLUSTER: '' })
} else {
  const go = (): void => {
    const files = new PairFiles(folder, () => console.log(JSON.stringify(files.state)), Number(roundMs))
  }
  if (cluster.isPrimary) process.stdin.once('data', go)
  else go()
  setInterval(() => {}, 1000)
  console.log('ready')
}
