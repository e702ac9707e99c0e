/**
 * Compiles the TypeScript (`tsc -b`, incremental) and lays html, locales and icons beside the compiled nodes, where
 * Node-RED looks for them; the editor's code goes into the html. Runs as `npm run build`, as npm's `prepare` (so that an
 * install from a git checkout and `npm pack` carry the compiled package), and from `bootstrap.mjs`.
 *
 *   node scripts/build.mjs           the package
 *   node scripts/build.mjs --all     the tests and the demo too
 *   node scripts/build.mjs --clean   removes dist/
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillPage } from './pages.mjs'

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const DIST = join(ROOT, 'dist')
export const PACKAGE_TREES = ['src', 'nodes', 'context', 'editor']
export const FURTHER_TREES = ['test', 'demo', 'bench']

/** Every file below `folder`, as paths relative to ROOT; nothing when the folder does not exist. */
export function filesBelow(folder) {
  const full = join(ROOT, folder)
  if (!existsSync(full)) return []
  return readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

const isTypeScript = (path) => path.endsWith('.ts') && !path.endsWith('.d.ts')
const isNodeAsset = (path) => !path.endsWith('.ts') && !path.endsWith('tsconfig.json')

/** Path of the compiler's command, or null where the development dependencies are not installed. */
function findCompiler() {
  const require = createRequire(import.meta.url)
  try {
    const manifest = require.resolve('typescript/package.json')
    return join(dirname(manifest), require(manifest).bin.tsc)
  } catch {
    return null
  }
}

/** The output that a source file or an asset becomes, relative to ROOT. */
const outputOf = (path) => join('dist', isTypeScript(path) ? path.replace(/\.ts$/, '.js') : path)

function removeStale(trees) {
  for (const output of trees.flatMap((tree) => filesBelow(join('dist', tree)))) {
    const source = relative('dist', output)
    const compiled = /(\.d)?\.(js|ts)$/
    const origin = compiled.test(source) ? source.replace(compiled, '.ts') : source
    if (!existsSync(join(ROOT, origin))) rmSync(join(ROOT, output))
  }
}

function copyAssets() {
  for (const asset of filesBelow('nodes').filter(isNodeAsset)) {
    const content = contentOf(asset)
    const to = join(ROOT, outputOf(asset))
    if (existsSync(to) && readFileSync(to).equals(content)) continue
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, content)
  }
}

/** A page gets the editor's code; everything else stays as it is. */
function contentOf(asset) {
  const content = readFileSync(join(ROOT, asset))
  if (dirname(asset) !== 'nodes' || !asset.endsWith('.html')) return content
  return Buffer.from(fillPage(content.toString(), 'nodes', readCompiled))
}

const readCompiled = (path) => readFileSync(join(DIST, `${path}.js`), 'utf8')

/**
 * Brings dist/ up to date: the package and, on demand, `further` trees ('test', 'demo', 'bench'). Returns the compiler's exit code; its complaints go to this process's output.
 * Errors: throws where the compiler is not installed.
 */
export function build({ further = [] } = {}) {
  const compiler = findCompiler()
  if (compiler === null) throw new Error('TypeScript is not installed: run `npm ci` first')
  const trees = [...PACKAGE_TREES, ...further]
  removeStale(trees)
  // The compiler trusts its own records, not the folder: an output that somebody removed has to be asked for.
  const sources = trees.flatMap(filesBelow).filter(isTypeScript)
  const incomplete = sources.some((source) => !existsSync(join(ROOT, outputOf(source))))
  // These refer to all of src/.
  const projects = ['nodes', 'context', 'editor', ...further].map((tree) => join(ROOT, tree))
  const run = spawnSync(process.execPath, [compiler, '-b', ...(incomplete ? ['--force'] : []), ...projects], {
    cwd: ROOT,
    stdio: 'inherit'
  })
  if (run.error) throw run.error
  copyAssets()
  return run.status ?? 1
}

function main(args) {
  if (args.includes('--clean')) {
    rmSync(DIST, { recursive: true, force: true })
    return 0
  }
  if (process.env.npm_lifecycle_event === 'prepare' && findCompiler() === null) {
    // `npm install --omit=dev` in a checkout: nothing to compile with, and no reason to fail the install.
    console.log('TypeScript is not installed, so dist/ stays as it is.')
    return 0
  }
  return build({ further: args.includes('--all') ? FURTHER_TREES : [] })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2))
