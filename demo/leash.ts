/** Keeps count of the processes that the demo started, here and in a janitor that outlives the demo by an instant. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'

export class Leash {
  readonly #pids = new Set<number>()
  readonly #janitor: ChildProcess

  constructor() {
    this.#janitor = spawn(process.execPath, [join(__dirname, 'janitor.js')], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore']
    })
    // Without a janitor the demo still cleans up after itself, unless it is killed with -9.
    this.#janitor.on('error', () => {})
    this.#janitor.stdin?.on('error', () => {})
    this.#janitor.unref()
  }

  note(pid: number, runs: boolean): void {
    if (runs) this.#pids.add(pid)
    else this.#pids.delete(pid)
    this.#janitor.stdin?.write(`${runs ? '+' : '-'}${pid}\n`)
  }

  killAll(): void {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // Gone already.
      }
    }
  }

  close(): void {
    this.#janitor.stdin?.end()
  }
}
