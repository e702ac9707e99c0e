/**
 * Format, lint and types in one: `npm run check`. Each tool runs, also after another one complained.
 *
 *   npm run check            says what is wrong
 *   npm run check -- --fix   formats, and lets the linter mend what it can, first
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled } from './bootstrap.mjs'
import { build, FURTHER_TREES, ROOT } from './build.mjs'

function tool(command, args) {
  const run = spawnSync(process.execPath, [join(ROOT, 'node_modules', command, 'bin', command), ...args], {
    cwd: ROOT,
    encoding: 'utf8'
  })
  if (run.error) throw run.error
  if (run.status !== 0) console.log(`${run.stdout}${run.stderr}`.trimEnd())
  return run.status === 0
}

const CHECKS = [
  { name: 'format', run: () => tool('oxfmt', ['--check']) },
  {
    name: 'lint',
    run: () => tool('oxlint', ['--type-aware', '--report-unused-disable-directives', '--deny-warnings'])
  },
  { name: 'types', run: () => build({ further: FURTHER_TREES }) === 0 }
]

/** Runs every check, prints one line for each, and returns `{ name, ok }` of each. */
export function runChecks() {
  return CHECKS.map(({ name, run }) => {
    const startedAt = Date.now()
    const ok = run()
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
    return { name, ok }
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureInstalled()
  if (process.argv.includes('--fix')) {
    tool('oxlint', ['--fix'])
    tool('oxfmt', [])
  }
  process.exitCode = runChecks().every(({ ok }) => ok) ? 0 : 1
}
