/** The one outside witness: reads the file that both sides append to, in the order in which the kernel put the lines. */
import { closeSync, openSync, readSync } from 'node:fs'
import type { Claim } from './checker'
import { History, type Side } from './history'

const READ_EVERY_MS = 10
const CHUNK_BYTES = 1 << 18
const TOLD_KEPT = 400

/** What a side said of itself. Whether two served is not judged by it. */
export interface Told {
  readonly side: Side
  readonly atUs: number
  readonly event: string
  readonly reason: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly text: string
}

/** In the last place of a pass: the item that was worked on, for those who number them. */
type Line =
  | ['p', Side, number, number, number, number, number?]
  | ['q', Side, number]
  | ['e', Side, number, string, string, string, number, Readonly<Record<string, unknown>>?]
  | ['h', Side, number]
  | ['n', Side, number]

export class Witness {
  readonly history = new History()
  readonly told: Told[] = []
  /** Messages that had waited at a gate for more than 100 ms: refused there, or let through. */
  readonly queued: Record<Side, number> = { a: 0, b: 0 }
  readonly events = new Map<string, number>()
  /** When each side got live signs of its peer, oldest first. */
  readonly heardUs: Readonly<Record<Side, number[]>> = { a: [], b: [] }
  /** When each side's gate was found shut that had been open, oldest first. */
  readonly shutUs: Readonly<Record<Side, number[]>> = { a: [], b: [] }
  /** Numbered items that were worked on; when one was that had been already. */
  readonly items = new Set<number>()
  readonly repeatsUs: number[] = []
  /** Each time a side said that its peer has crashed, and each time it took that back. */
  readonly claims: Claim[] = []
  readonly claimsWrong: Claim[] = []
  /** What each side said last of its channel to the peer, since its process started. */
  readonly channel: Record<Side, string | null> = { a: null, b: null }
  /** The links on which each side says that frames pass both ways. */
  readonly linksUp: Readonly<Record<Side, Set<number>>> = { a: new Set(), b: new Set() }
  /** Lines that could not be read: there must be none. */
  torn = 0
  readonly #onLine: (line: readonly unknown[]) => void
  readonly #file: number
  readonly #timer: NodeJS.Timeout
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)
  #rest = ''
  #closed = false

  /** `onLine` sees each line, also those that mean nothing here. */
  constructor(historyFile: string, onLine: (line: readonly unknown[]) => void = () => {}) {
    this.#onLine = onLine
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
    this.#onLine(line)
    switch (line[0]) {
      case 'p': {
        const [, side, epoch, beforeUs, afterUs, waitedUs, item] = line
        this.history.add({ side, epoch, beforeUs, afterUs })
        if (item !== undefined) this.#takeItem(item, afterUs)
        if (waitedUs > 100_000) this.queued[side]++
        return
      }
      case 'q':
        this.queued[line[1]]++
        return
      case 'e': {
        const [, side, atUs, event, reason, role, epoch, detail = {}] = line
        this.events.set(event, (this.events.get(event) ?? 0) + 1)
        this.told.push({ side, atUs, event, reason, detail, text: `${event} (${reason}), ${role}, epoch ${epoch}` })
        if (this.told.length > TOLD_KEPT) this.told.shift()
        if (reason === 'peer-crashed') this.claims.push({ by: side, atUs })
        if (event === 'proof-wrong') this.claimsWrong.push({ by: side, atUs })
        if (event === 'started') {
          this.channel[side] = null
          this.linksUp[side].clear()
        }
        if (event === 'channel') this.channel[side] = reason
        if (event === 'link') this.#takeLink(side, detail)
        return
      }
      case 'h':
        this.heardUs[line[1]].push(line[2])
        return
      case 'n':
        this.shutUs[line[1]].push(line[2])
        return
    }
  }

  #takeLink(side: Side, { link, up }: Readonly<Record<string, unknown>>): void {
    if (up === true) this.linksUp[side].add(Number(link))
    if (up === false) this.linksUp[side].delete(Number(link))
  }

  #takeItem(item: number, atUs: number): void {
    if (this.items.has(item)) this.repeatsUs.push(atUs)
    this.items.add(item)
  }

  close(): void {
    clearInterval(this.#timer)
    this.read()
    this.#closed = true
    closeSync(this.#file)
  }
}
