/** Where one run of the demo lives on disk: `.demo/<pid of the demo>/`, with a user directory and a log for each side. */
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { SideName } from './work-book'

/** dist/demo/ lies two folders below the checkout. */
export const ROOT = join(__dirname, '..', '..')
const PACKAGE_NAME = '@ha-pair/node-red-ha-pair'
/** Holds a folder per running demo, named by its process id. */
const BASE = join(ROOT, '.demo')
const FLOW = 'flow.json'

export class Workplace {
  readonly folder: string
  readonly #sources: string

  /** `sources`: the flow file, the credentials beside it (they name `${HA_PAIR_KEY}`, no secret) and the settings. */
  constructor(sources = join(ROOT, 'demo', 'user-directory')) {
    this.#sources = sources
    this.folder = join(BASE, String(process.pid))
    removeAbandoned(BASE)
    rmSync(this.folder, { recursive: true, force: true })
    mkdirSync(this.folder, { recursive: true })
  }

  /** Both sides get the same files; the package under test is linked in, as an install would put it. `pair`: what its pair has besides. */
  makeUserDirectory(side: SideName, pair: Readonly<Record<string, unknown>> = {}): string {
    const folder = join(this.folder, side)
    const link = join(folder, 'node_modules', PACKAGE_NAME)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(ROOT, link, 'junction')
    for (const file of readdirSync(this.#sources)) copyFileSync(join(this.#sources, file), join(folder, file))
    const flow = this.#flow().map((node) => (node.type === 'ha-pair' ? { ...node, ...pair } : node))
    if (Object.keys(pair).length > 0) writeFileSync(join(folder, FLOW), JSON.stringify(flow, null, 2))
    return folder
  }

  logFile(of: SideName | 'witness'): string {
    return join(this.folder, `${of}.log`)
  }

  /** The `peerTimeout` of the pair in the flow file, ms. */
  peerTimeoutMs(): number {
    const timeout = this.#flow().find(({ type }) => type === 'ha-pair')?.peerTimeout
    if (timeout === undefined) throw new Error('The flow file of the demo names no peerTimeout.')
    return timeout
  }

  #flow(): { readonly type: string; readonly peerTimeout?: number }[] {
    return JSON.parse(readFileSync(join(this.#sources, FLOW), 'utf8')) as { type: string; peerTimeout?: number }[]
  }

  /** The last lines of a log, for the reader of an error. */
  logTail(of: SideName | 'witness', lines = 15): string {
    try {
      return readFileSync(this.logFile(of), 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    } catch {
      return ''
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
    try {
      // Leaves with the last run; fails while another one has its folder here, which is as it should be.
      rmdirSync(dirname(this.folder))
    } catch {
      // Not empty.
    }
  }
}

/** Folders of runs whose process no longer exists. */
function removeAbandoned(base: string): void {
  let names: string[] = []
  try {
    names = readdirSync(base)
  } catch {
    return
  }
  for (const name of names) {
    if (/^\d+$/.test(name) && !isAlive(Number(name))) rmSync(join(base, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
