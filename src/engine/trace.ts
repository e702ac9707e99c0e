/**
 * The trace: `NODE_DEBUG=ha-pair` writes down what goes into each machine and what comes out, as scenarios read it, so that what happened
 * in the field plays again in a test (`docs/dev/debugging.md`). Asked for once, when the engine's thread starts; without it
 * machines are what they were. It holds no key and no seal.
 */
import { writeSync } from 'node:fs'
import { debuglog } from 'node:util'
import type { Input, MachineView, Output, PairMachine, RandomInt } from '../protocol/machine'
import { messageOf } from './error-code'
import type { MachineFactory } from './pair-runtime'
import { bounded, frameText, gateText, inputText, outputText, settingsText, transcriptLine } from './transcript'

const NAME_CHARS_MAX = 60
const STDERR = 2

/** Chance that remembers what it gave: a machine that draws the same is the same. */
export class Draws {
  readonly #randomInt: RandomInt
  #drawn: number[] = []

  constructor(randomInt: RandomInt) {
    this.#randomInt = randomInt
  }

  readonly randomInt: RandomInt = (boundExclusive) => {
    const value = this.#randomInt(boundExclusive)
    this.#drawn.push(value)
    return value
  }

  /** What was drawn since this was asked last, as a word of a command with a space before it; '' = nothing. */
  takeText(): string {
    const drawn = this.#drawn.splice(0)
    return drawn.length === 0 ? '' : ` draws=${drawn.join(',')}`
  }
}

/** One step: the command that repeats it, and what came of it. */
export type OnStep = (command: string, lines: readonly string[]) => void

/** A machine whose steps are written down. */
export class TracedMachine implements PairMachine {
  readonly #name: string
  readonly #machine: PairMachine
  readonly #draws: Draws
  readonly #onStep: OnStep
  #gateOpen = false

  constructor(name: string, machine: PairMachine, draws: Draws, onStep: OnStep) {
    this.#name = name
    this.#machine = machine
    this.#draws = draws
    this.#onStep = onStep
  }

  step(nowMs: number, input: Input): readonly Output[] {
    const said = input.kind === 'frame' ? [`<- ${frameText(input.frame, input.link)}`] : []
    let outputs: readonly Output[]
    try {
      outputs = this.#machine.step(nowMs, input)
    } catch (error) {
      // A broken invariant ends the engine: this is the step to look at.
      this.#say(nowMs, input, [...said, `broken: ${messageOf(error)}`])
      throw error
    }
    for (const output of outputs) said.push(outputText(output))
    this.#say(nowMs, input, said.concat(this.#gateNews(nowMs)))
    return outputs
  }

  deadlineMs(): number {
    return this.#machine.deadlineMs()
  }

  view(): MachineView {
    return this.#machine.view()
  }

  #say(nowMs: number, input: Input, said: readonly string[]): void {
    const command = `step ${this.#name} ${nowMs}${this.#draws.takeText()} ${inputText(input)}`
    this.#onStep(
      command,
      said.map((text) => transcriptLine(nowMs, this.#name, text))
    )
  }

  /** Between two steps a gate may close by itself, when a lease runs out: that is seen at the next step. */
  #gateNews(nowMs: number): string[] {
    const { role, serving, leaseUntilMs, epoch } = this.#machine.view()
    const open = role === 'active' && serving && nowMs < leaseUntilMs
    if (open === this.#gateOpen) return []
    this.#gateOpen = open
    return [gateText(open, epoch)]
  }
}

/** Machines that are written down, `m1`, `m2`, ... in the order of their making. `write` gets whole lines, each with its end. */
export function traced(
  createMachine: MachineFactory,
  write: (lines: string) => void,
  wallMs: () => number = Date.now
): MachineFactory {
  let made = 0
  return (settings, context) => {
    const name = `m${++made}`
    const draws = new Draws(context.randomInt)
    const machine = createMachine(settings, { ...context, randomInt: draws.randomInt })
    const since = new Date(wallMs()).toISOString()
    const about = `# ${name} is ${JSON.stringify(bounded(settings.name, NAME_CHARS_MAX))}, since ${since}`
    write(`${about}\n> machine ${name} ${settingsText(settings, context.keyed)}${draws.takeText()}\n`)
    return new TracedMachine(name, machine, draws, (command, lines) => write([`> ${command}`, ...lines, ''].join('\n')))
  }
}

/** Writes to stderr for `NODE_DEBUG=ha-pair`; null = nobody asked for it. */
export function stderrTrace(): ((lines: string) => void) | null {
  if (!debuglog('ha-pair').enabled) return null
  const out = new TraceOut(`HA-PAIR ${process.pid}: `, (bytes) => writeSync(STDERR, bytes))
  return (lines) => out.write(lines)
}

/**
 * Writes at once and from this thread: the main thread may hang, and the process may be about to die. What a full pipe does not take
 * waits until the next lines come, one step's worth at most; all further lines are lost, and counted.
 */
export class TraceOut {
  readonly #prefix: string
  readonly #put: (bytes: Uint8Array) => number
  #rest: Uint8Array = new Uint8Array()
  #lost = 0

  /** `put` returns how many bytes it took, and may throw. */
  constructor(prefix: string, put: (bytes: Uint8Array) => number) {
    this.#prefix = prefix
    this.#put = put
  }

  write(lines: string): void {
    const list = lines.trimEnd().split('\n')
    if (!this.#flushed()) {
      this.#lost += list.length
      return
    }
    if (this.#lost > 0) list.unshift(`# ${this.#lost} lines are missing here`)
    this.#lost = 0
    this.#rest = Buffer.from(list.map((line) => `${this.#prefix}${line}\n`).join(''))
    this.#flushed()
  }

  #flushed(): boolean {
    try {
      while (this.#rest.length > 0) {
        const taken = this.#put(this.#rest)
        if (taken <= 0) return false
        this.#rest = this.#rest.subarray(taken)
      }
      return true
    } catch {
      return false
    }
  }
}
