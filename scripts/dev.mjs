/**
 * `npm run dev`: runs the pair of `npm start`, builds when a file changes that it is made of, and starts it again with what was built.
 * Ends on Ctrl-C with everything that it started. `npm run dev -- --help` says what it takes.
 */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bootstrap } from './bootstrap.mjs'
import { build, filesBelow, PACKAGE_TREES, ROOT } from './build.mjs'

const USAGE = `npm run dev             the pair of npm start with plain lines; builds and starts it again at each change
npm run dev -- --once   plays its story, and again at each change

Further options go to npm start: npm start -- --help`

const FURTHER = ['demo']
const WATCHED = [...PACKAGE_TREES, ...FURTHER, 'resources']
const LOOK_EVERY_MS = 400
/** More than the pair gives its two Node-RED to end in order. */
const STOP_MS_MAX = 15_000
const NAMED_MAX = 3
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/** What each watched file was at this moment. Looking again and again works everywhere, and costs a few ms. */
function look() {
  const seen = new Map()
  for (const file of WATCHED.flatMap(filesBelow)) {
    const stat = statSync(join(ROOT, file), { throwIfNoEntry: false })
    if (stat !== undefined) seen.set(file, `${stat.mtimeMs} ${stat.size}`)
  }
  return seen
}

function changes(before, after) {
  const files = new Set([...before.keys(), ...after.keys()])
  return [...files].filter((file) => before.get(file) !== after.get(file))
}

function listed(files) {
  const more = files.length - NAMED_MAX
  return files.slice(0, NAMED_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** The pair of `npm start` in a process of its own, which in turn ends both Node-RED. */
class Pair {
  #args
  #child = null

  constructor(args) {
    this.#args = args
  }

  start() {
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'demo', 'cli.js'), '--plain', ...this.#args], {
      cwd: ROOT,
      // It watches the process that started it where npm did: so it ends, should this process be killed.
      env: { npm_lifecycle_event: 'dev', ...process.env },
      stdio: ['ignore', 'inherit', 'inherit']
    })
    this.#child = child
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return
      this.#child = null
      console.log(`The pair has ended (${signal ?? `exit code ${code}`}). The next change starts it again.`)
    })
  }

  /** Resolves when it is gone, in order or by force. */
  async stop() {
    const child = this.#child
    this.#child = null
    if (child === null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await gone
    clearTimeout(force)
  }
}

async function main(args) {
  if (args.includes('--help')) {
    console.log(USAGE)
    return
  }
  let seen = look()
  bootstrap({ further: FURTHER })
  const { watchNpm } = await import('../dist/demo/npm-parent.js')
  const pair = new Pair(args)
  let ending = false
  const end = async (code) => {
    if (ending) return
    ending = true
    await pair.stop()
    process.exit(code)
  }
  for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => void end(code))
  watchNpm(() => void end(SIGNALS.SIGHUP))
  pair.start()

  for (;;) {
    await sleep(LOOK_EVERY_MS)
    let now = look()
    // An editor that saves many files, or git, may not be through yet: two looks have to agree.
    for (let before = seen; changes(before, now).length > 0; now = look()) {
      before = now
      await sleep(LOOK_EVERY_MS)
    }
    const changed = changes(seen, now)
    if (changed.length === 0) continue
    if (ending) return
    console.log(`Changed: ${listed(changed)}. Building ...`)
    seen = now
    if (build({ further: FURTHER }) !== 0) {
      console.log('This does not compile; the pair goes on as it is.')
      continue
    }
    // Not while it ends: nothing would stop what is started now.
    await pair.stop()
    if (ending) return
    console.log('Built. The pair starts again.')
    pair.start()
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
