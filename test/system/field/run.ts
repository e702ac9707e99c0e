/** The field at its full length: `node dist/test/system/field/run.js`, with options for mocha (`-g 'part of the title'`). */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/root'
import { whyNotHere } from '../../support/namespaces/namespaces'

const why = whyNotHere(['ip', 'nft', 'hping3', 'tcpdump'])
if (why === null) {
  const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.js'))
  const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js')
  const { status } = spawnSync(
    process.execPath,
    [mocha, ...process.argv.slice(2), ...files.map((name) => join(__dirname, name))],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, HA_PAIR_FIELD: 'long' } }
  )
  process.exitCode = status ?? 1
} else {
  console.error(`The field cannot be built here: ${why}.`)
  process.exitCode = 2
}
