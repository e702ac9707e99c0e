/** What is made once for all processes of one `npm test`, because it costs seconds: whichever comes first makes it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually'

const MAKE_LIMIT_MS = 120_000

/** scripts/test.mjs makes it and removes it; a test file that is run by hand has one of its own. */
let runFolder = process.env['HA_PAIR_RUN_FOLDER']

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-run-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/**
 * The folder of this name, filled by `make`, which runs in one process only; the others wait until it has ended.
 * Errors: throws in all of them when it fails.
 */
export async function onceInRun(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  runFolder ??= ownFolder()
  const folder = join(runFolder, name)
  const outcome = `${folder}.outcome`
  if (mkdirSync(folder, { recursive: true }) === undefined) {
    await eventually(`${name} is made`, MAKE_LIMIT_MS, () => existsSync(outcome))
    const failure = readFileSync(outcome, 'utf8')
    if (failure !== '') throw new Error(failure)
    return folder
  }
  let failure = ''
  try {
    await make(folder)
  } catch (error) {
    failure = `${name} could not be made: ${String(error)}`
  }
  writeFileSync(`${outcome}.part`, failure)
  renameSync(`${outcome}.part`, outcome)
  if (failure !== '') throw new Error(failure)
  return folder
}
