/** `npm run bench`: installs and builds what is missing, then runs the benchmark (bench/run.ts says what it takes). */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { FURTHER_TREES, ROOT } from './build.mjs'

bootstrap({ further: FURTHER_TREES })
const run = spawnSync(process.execPath, [join(ROOT, 'dist', 'bench', 'run.js'), ...process.argv.slice(2)], {
  cwd: ROOT,
  // A thousand pairs take more ports than one of many processes gets (test/support/ports.ts).
  env: { ...process.env, HA_PAIR_PORTS: 'all' },
  stdio: 'inherit'
})
process.exit(run.status ?? 1)
