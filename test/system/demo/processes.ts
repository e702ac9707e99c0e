/** Starts the demo's command, or another one that runs the demo, as a user would, and watches what becomes of it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/root'
import { WHOLE } from '../../support/share'

const POLL_MS = 25
const DEMO = join(ROOT, 'dist', 'demo', 'cli.js')
/** `npm run dev` */
export const DEV = join(ROOT, 'scripts', 'dev.mjs')

/** What the demo's Node-RED does not need it does not load, unless all is as its user has it. */
const LIGHT = {
  NODE_OPTIONS: `--require ${JSON.stringify(require.resolve('../../support/node-red/light'))}`,
  HA_PAIR_HEAVY_USED: '70-JSON.js'
}
if (!WHOLE) Object.assign(process.env, LIGHT)

export class DemoProcess {
  readonly child: ChildProcess
  readonly pid: number
  output = ''
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>

  constructor(args: readonly string[], command = DEMO) {
    this.child = spawn(process.execPath, [command, '--any-ports', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    this.pid = this.child.pid ?? 0
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString('utf8')
    }
    this.child.stdout?.on('data', keep)
    this.child.stderr?.on('data', keep)
    this.exited = new Promise((resolve) => this.child.on('close', (code, signal) => resolve({ code, signal })))
  }

  /** The Node-RED processes it has told of. */
  get nodeRedPids(): number[] {
    return [...this.output.matchAll(/Node-RED is starting: .*, pid (\d+)\./g)].map((match) => Number(match[1]))
  }

  /** The witnesses among what it has told of. */
  get witnessPids(): number[] {
    return [...this.output.matchAll(/(?:The witness is starting|start the witness), pid (\d+)\./g)].map((match) =>
      Number(match[1])
    )
  }

  /** Its user directories and logs, when it is the demo itself. */
  get folder(): string {
    return join(ROOT, '.demo', String(this.pid))
  }

  async prints(text: string, patienceMs: number): Promise<void> {
    await until(
      () => this.output.includes(text),
      patienceMs,
      () => `waited in vain for '${text}' in\n${this.output}`
    )
  }

  /** For after a test, whatever its end. */
  async destroy(): Promise<void> {
    for (const pid of [...this.nodeRedPids, ...this.witnessPids, this.pid])
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    await this.exited
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function until(condition: () => boolean, patienceMs: number, complaint: () => string): Promise<void> {
  const endMs = performance.now() + patienceMs
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(complaint())
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** A process that has ended but that nobody has waited for yet is dead all the same. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (!existsSync('/proc/self/stat')) return true
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
