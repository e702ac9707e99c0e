/** The one outside witness: reads the file that both sides append to, in the order in which the kernel put the lines. */
import { closeSync, openSync, readSync } from 'node:fs'
import { History, type Side } from './history'

const READ_EVERY_MS = 10
const CHUNK_BYTES = 1 << 18
const TOLD_KEPT = 400

/** What a side said of itself; for the report only, nothing is judged by it. */
export interface Told {
  readonly side: Side
  readonly atUs: number
  readonly text: string
}

type Line =
  | ['p', Side, number, number, number, number]
  | ['q', Side, number]
  | ['e', Side, number, string, string, string, number]

export class Witness {
  readonly history = new History()
  readonly told: Told[] = []
  /** Messages that had waited at a gate for more than 100 ms: refused there, or let through. */
  readonly queued: Record<Side, number> = { a: 0, b: 0 }
  readonly events = new Map<string, number>()
  /** Lines that could not be read: there must be none. */
  torn = 0
  readonly #file: number
  readonly #timer: NodeJS.Timeout
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)
  #rest = ''
  #closed = false

  constructor(historyFile: string) {
    this.#file = openSync(historyFile, 'a+')
    this.#timer = setInterval(() => this.read(), READ_EVERY_MS)
  }

  read(): void {
    if (this.#closed) return
    for (;;) {
      const length = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, null)
      if (length === 0) return
      const lines = (this.#rest + this.#chunk.toString('latin1', 0, length)).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    }
  }

  #take(text: string): void {
    let line: Line
    try {
      line = JSON.parse(text) as Line
    } catch {
      this.torn++
      return
    }
    switch (line[0]) {
      case 'p': {
        const [, side, epoch, beforeUs, afterUs, waitedUs] = line
        this.history.add({ side, epoch, beforeUs, afterUs })
        if (waitedUs > 100_000) this.queued[side]++
        return
      }
      case 'q':
        this.queued[line[1]]++
        return
      case 'e': {
        const [, side, atUs, event, reason, role, epoch] = line
        this.events.set(event, (this.events.get(event) ?? 0) + 1)
        this.told.push({ side, atUs, text: `${event} (${reason}), ${role}, epoch ${epoch}` })
        if (this.told.length > TOLD_KEPT) this.told.shift()
        return
      }
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.read()
    this.#closed = true
    closeSync(this.#file)
  }
}
