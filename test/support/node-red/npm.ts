/** npm as a user would call it, from a process that npm itself may have started. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { onceInRun } from '../once-in-run'
import { ROOT } from '../root'

const run = promisify(execFile)
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']

/** The environment without what an outer `npm test` tells its scripts about itself. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const own = /^npm_(lifecycle|package|command|config_local_prefix|config_prefix)|^INIT_CWD$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const script = process.env['npm_execpath']
  const [command, first] = script?.endsWith('.js') === true ? [process.execPath, [script]] : ['npm', []]
  const { stdout } = await run(command, [...first, ...args, ...QUIET], {
    cwd,
    env: plainEnvironment(),
    shell: command === 'npm' && process.platform === 'win32',
    maxBuffer: 64 * 1024 * 1024
  })
  return stdout
}

export function scratchFolder(purpose: string): string {
  return mkdtempSync(join(tmpdir(), `ha-pair-e2e-${purpose}-`))
}

/** The package file that `npm pack` makes of the checkout, once in a run of the tests, and a user directory in which it is installed. */
const PACKED = 'packed'
const INSTALLED = 'installed'

async function packageFile(): Promise<string> {
  const folder = await onceInRun(PACKED, async (made) => {
    // The tests have just built the package; `prepare` would do the same again.
    await npm(ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', made)
  })
  const [file, ...others] = readdirSync(folder)
  if (file === undefined || others.length > 0) throw new Error('npm pack packed not one file')
  return join(folder, file)
}

/** Puts what `npm pack` makes of the checkout into `folder`; returns the path of the package file. */
export async function packInto(folder: string): Promise<string> {
  const file = await packageFile()
  const copy = join(folder, basename(file))
  cpSync(file, copy)
  return copy
}

/** Installs a package (a file, or a git address) into a user directory. */
export async function installInto(userDirectory: string, what: string): Promise<void> {
  mkdirSync(userDirectory, { recursive: true })
  const manifest = join(userDirectory, 'package.json')
  // A Node-RED that has run here has written its own.
  if (existsSync(manifest)) return npmInstall(userDirectory, what)
  const fresh = JSON.stringify({ name: 'user-directory', version: '0.0.1', private: true })
  const file = existsSync(what) ? await packageFile() : null
  if (file === null || basename(what) !== basename(file)) {
    writeFileSync(manifest, fresh)
    return npmInstall(userDirectory, what)
  }
  const template = await onceInRun(INSTALLED, async (made) => {
    writeFileSync(join(made, 'package.json'), fresh)
    await npmInstall(made, file)
  })
  cpSync(template, userDirectory, { recursive: true })
}

async function npmInstall(userDirectory: string, what: string): Promise<void> {
  await npm(userDirectory, 'install', '--prefer-offline', what)
}

/** Copies the built package into a user directory, with the checkout's dependencies: a build that runs meanwhile does not reach it. */
export function placeBuild(userDirectory: string): void {
  const target = join(userDirectory, 'node_modules', '@ha-pair', 'node-red-ha-pair')
  mkdirSync(target, { recursive: true })
  for (const part of ['package.json', 'dist/nodes', 'dist/context', 'dist/src']) {
    cpSync(join(ROOT, part), join(target, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(target, 'node_modules'), 'junction')
}

const NOT_TRACKED = new Set(['node_modules', 'dist', '.git', '.tmp', '.demo', '.bench', '.verify'])

const copyCheckout = (folder: string): void =>
  cpSync(ROOT, folder, { recursive: true, filter: (path) => !NOT_TRACKED.has(basename(path)) })

/** What `npm pack` puts into the package of a fresh copy of the checkout, in `folder`, after it has run `prepare`. */
export async function filesPackedFrom(folder: string): Promise<string[]> {
  copyCheckout(folder)
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  const said = await npm(folder, 'pack', '--json', '--dry-run', '--foreground-scripts=false')
  const [packed] = JSON.parse(said.slice(said.indexOf('[\n'))) as { files: { path: string }[] }[]
  return packed?.files.map(({ path }) => path) ?? []
}

/** A git repository in `folder` with one commit: the checkout as it is now. Returns its address for npm. */
export async function repositoryIn(folder: string): Promise<string> {
  copyCheckout(folder)
  const git = (...args: string[]): Promise<unknown> => run('git', args, { cwd: folder })
  await git('init', '--quiet')
  await git('add', '--all')
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false']
  await git(...author, 'commit', '--quiet', '--message', 'the work tree')
  return `git+file://${folder}`
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
