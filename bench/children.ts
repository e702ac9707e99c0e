/** Processes that the benchmark starts, and that end with it however it ends. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'

const ends = new Set<() => void>()

/** Runs at the end of this process too, unless it was called off. Returns the function that calls it off. */
export function atTheEnd(act: () => void): () => void {
  if (ends.size === 0) watch()
  ends.add(act)
  return () => ends.delete(act)
}

let watching = false

function watch(): void {
  if (watching) return
  watching = true
  process.on('exit', () => {
    for (const act of ends) {
      try {
        act()
      } catch {
        // The others still have their turn.
      }
    }
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
}

/** A child that is killed when this process ends; a Ctrl-C at the terminal reaches only this process. */
export function startChild(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, { ...options, detached: true })
  const off = atTheEnd(() => child.kill('SIGKILL'))
  child.once('exit', off)
  child.once('error', off)
  return child
}
