/** npm as a user would call it, from a process that npm itself may have started. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
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

/** Runs `npm pack` in the checkout; returns the path of the package file, in `folder`. */
export async function packInto(folder: string): Promise<string> {
  // The tests have just built the package; `prepare` would do the same again.
  const listed = await npm(ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder)
  const [packed] = JSON.parse(listed) as { filename: string }[]
  if (packed === undefined) throw new Error('npm pack packed nothing')
  return join(folder, packed.filename.replace('@', '').replace('/', '-'))
}

/** Installs a package (a file, or a git address) into a user directory. */
export async function installInto(userDirectory: string, what: string): Promise<void> {
  mkdirSync(userDirectory, { recursive: true })
  // A Node-RED that has run here has written its own.
  const manifest = join(userDirectory, 'package.json')
  if (!existsSync(manifest)) {
    writeFileSync(manifest, JSON.stringify({ name: 'user-directory', version: '0.0.1', private: true }))
  }
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

/** A git repository in `folder` with one commit: the checkout as it is now. Returns its address for npm. */
export async function repositoryIn(folder: string): Promise<string> {
  cpSync(ROOT, folder, { recursive: true, filter: (path) => !NOT_TRACKED.has(basename(path)) })
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
