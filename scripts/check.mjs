/**
 * Format, lint and types in one: `npm run check`. Each tool runs, also after another one complained.
 *
 *   npm run check            says what is wrong
 *   npm run check -- --fix   formats, and lets the linter mend what it can, first
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled } from './bootstrap.mjs'
import { build, FURTHER_TREES, ROOT } from './build.mjs'

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** Whether a tool has nothing to complain of; what it complains of is printed. */
function tool(command, args) {
  const script = join(ROOT, 'node_modules', command, 'bin', command)
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd: ROOT, maxBuffer: OUTPUT_BYTES_MAX }, (error, out, err) => {
      if (error) console.log(`${out}${err}`.trimEnd() || String(error))
      resolve(error === null)
    })
  })
}

/** The first one builds what is tested. */
export const CHECKS = [
  { name: 'types', run: () => build({ further: FURTHER_TREES }) === 0 },
  { name: 'format', run: () => tool('oxfmt', ['--check']) },
  {
    name: 'lint',
    run: () => tool('oxlint', ['--type-aware', '--report-unused-disable-directives', '--deny-warnings'])
  }
]

/** Runs one of them, prints a line for it, and returns whether it found nothing. */
export async function runCheck({ name, run }) {
  const startedAt = Date.now()
  const ok = await run()
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
  return ok
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureInstalled()
  if (process.argv.includes('--fix')) {
    await tool('oxlint', ['--fix'])
    await tool('oxfmt', [])
  }
  let bad = 0
  for (const check of CHECKS) if (!(await runCheck(check))) bad++
  process.exitCode = bad === 0 ? 0 : 1
}
