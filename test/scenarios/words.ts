/** The words of a command, and what they may be. */
import type { SideName } from '../support/machine/network'

export interface Command<S> {
  readonly usage: string
  run(stage: S, words: Words): void
}

export class ScenarioError extends Error {}

/** The words after a command's name, taken one by one; whatever is left over is an error. */
export class Words {
  readonly #left: string[]

  constructor(words: readonly string[]) {
    this.#left = [...words]
  }

  next(what: string): string {
    const word = this.#left.shift()
    if (word === undefined) throw new ScenarioError(`${what} is missing`)
    return word
  }

  /** Takes the next word if it is this one. */
  take(word: string): boolean {
    if (this.#left[0] !== word) return false
    this.#left.shift()
    return true
  }

  rest(): string[] {
    return this.#left.splice(0)
  }

  hasMore(): boolean {
    return this.#left.length > 0
  }

  end(): void {
    if (this.#left.length > 0) throw new ScenarioError(`too many words: ${this.#left.join(' ')}`)
  }

  side(): SideName {
    return oneOf(this.next('a or b'), ['a', 'b'])
  }

  ms(): number {
    return parseMs(this.next('a time'))
  }

  count(): number {
    return parseWhole(this.next('a number'))
  }

  /** Any number, as JavaScript writes it. */
  number(): number {
    const word = this.next('a number')
    if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(word)) throw new ScenarioError(`${word} is no number`)
    return Number(word)
  }

  /** The value of `KEY=VALUE`, or null when that does not stand here. */
  option(key: string): string | null {
    const word = this.#left[0]
    if (word?.startsWith(`${key}=`) !== true) return null
    this.#left.shift()
    return word.slice(key.length + 1)
  }

  onOff(): boolean {
    return oneOf(this.next('on or off'), ['on', 'off']) === 'on'
  }

  /** `a->b`, `b->a`, or null when no direction stands here. */
  direction(): SideName | null {
    if (this.take('a->b')) return 'a'
    return this.take('b->a') ? 'b' : null
  }

  /** `link N`, or null for all links. */
  link(): number | null {
    return this.take('link') ? this.count() : null
  }
}

export function oneOf<T extends string>(word: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === word)
  if (found === undefined) throw new ScenarioError(`${word} is none of ${allowed.join(', ')}`)
  return found
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, h: 3_600_000, d: 86_400_000 }

export function parseMs(word: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|h|d)$/.exec(word)
  if (match === null) throw new ScenarioError(`${word} is no time: write 300ms or 2s`)
  return Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 1)
}

export function parseWhole(word: string): number {
  if (!/^\d+$/.test(word)) throw new ScenarioError(`${word} is no whole number`)
  return Number(word)
}
