/**
 * Machines whose inputs are given one by one, with their times: what `NODE_DEBUG=ha-pair` printed in the field. Each is the real
 * machine, traced as the engine traces it, so that what comes out reads as it did there.
 */
import { Draws, TracedMachine } from '../../src/engine/trace'
import { createMachine } from '../../src/protocol/create'
import { decodeClassic, decodeExtended, EXTENDED_BYTES, type Frame } from '../../src/protocol/wire/frame'
import type { Designation, Input, PairMachine, RandomInt } from '../../src/protocol/machine'
import type { PairRecord } from '../../src/protocol/record'
import type { LinkSettings, PairSettings, Wire } from '../../src/protocol/settings'
import { testSettings } from '../support/machine/settings'
import { setSetting, type Mutable } from './setting-keys'
import { oneOf, parseWhole, ScenarioError, type Command, type Words } from './words'

export interface RecordedStage {
  readonly machines: Map<string, RecordedMachine>
  /** Lines that a command says itself, beside what happens. */
  readonly said: string[]
}

/** Chance that was recorded. A machine that draws otherwise than it did is another one. */
class RecordedDraws {
  readonly #left: number[] = []

  readonly randomInt: RandomInt = (boundExclusive) => {
    const value = this.#left.shift()
    if (value === undefined) throw new ScenarioError('the machine draws more than it drew then')
    if (value >= boundExclusive) throw new ScenarioError(`the machine drew something else than ${value} then`)
    return value
  }

  /** `give` makes the machine draw these, and nothing else. */
  during<T>(draws: readonly number[], give: () => T): T {
    this.#left.splice(0, Infinity, ...draws)
    const result = give()
    if (this.#left.length > 0) throw new ScenarioError('the machine draws less than it drew then')
    return result
  }
}

class RecordedMachine {
  readonly wire: Wire
  readonly #draws = new RecordedDraws()
  readonly #machine: PairMachine

  constructor(name: string, settings: PairSettings, keyed: boolean, draws: readonly number[], said: string[]) {
    this.wire = settings.wire
    const { randomInt } = this.#draws
    const machine = this.#draws.during(draws, () => createMachine(settings, { randomInt, keyed }))
    this.#machine = new TracedMachine(name, machine, new Draws(randomInt), (_command, lines) => said.push(...lines))
  }

  step(atMs: number, draws: readonly number[], input: Input): void {
    this.#draws.during(draws, () => {
      try {
        this.#machine.step(atMs, input)
      } catch (error) {
        // A broken invariant was written down as in the field.
        if (error instanceof ScenarioError) throw error
      }
    })
  }
}

export const RECORDED_COMMANDS: Readonly<Record<string, Command<RecordedStage>>> = {
  machine: {
    usage: 'machine NAME classic|extended keyed|keyless [KEY=VALUE ...]',
    run(stage, words) {
      const name = words.next('a name')
      const wire = oneOf<Wire>(words.next('the wire'), ['classic', 'extended'])
      const keyed = oneOf(words.next('keyed or keyless'), ['keyed', 'keyless']) === 'keyed'
      const settings: Mutable<Partial<PairSettings>> = { wire }
      let draws: readonly number[] = []
      for (const word of words.rest()) {
        const [, key = '', value = ''] = /^(\w+)=(.+)$/.exec(word) ?? []
        if (key === 'links') settings.links = someLinks(parseWhole(value))
        else if (key === 'draws') draws = value.split(',').map(parseWhole)
        else setSetting(settings, key, value)
      }
      stage.machines.set(name, new RecordedMachine(name, testSettings(settings), keyed, draws, stage.said))
    }
  },
  step: {
    usage: 'step NAME MS [draws=N,...] INPUT',
    run(stage, words) {
      const name = words.next('a name')
      const machine = stage.machines.get(name)
      if (machine === undefined)
        throw new ScenarioError(`there is no machine ${name}: a trace begins with \`> machine\``)
      const atMs = words.number()
      const draws = words.option('draws')?.split(',').map(parseWhole) ?? []
      const input = readInput(words, machine.wire)
      words.end()
      machine.step(atMs, draws, input)
    }
  }
}

/** Where a machine's links lead is nothing to it. */
function someLinks(count: number): LinkSettings[] {
  return Array.from({ length: count }, () => ({ peerHost: '', peerPort: 1, localHost: '', localPort: 1 }))
}

/** What `inputText` of the trace writes. */
export function readInput(words: Words, wire: Wire): Input {
  const kind = words.next('an input')
  switch (kind) {
    case 'start':
      return { kind, record: readRecord(words.next('a record, or null')) }
    case 'tick':
      return { kind }
    case 'frame':
      return { kind, link: words.count(), frame: readFrame(words.next('the bytes'), wire) }
    case 'unsent':
      return { kind, link: words.count() }
    case 'tether': {
      const [id, session, peerSession] = [words.count(), readId(words), readId(words)]
      return { kind, id, session, peerSession, provable: words.take('provable') }
    }
    case 'tether-ended':
      return { kind: 'tetherEnded', id: words.count(), fin: words.take('fin') }
    case 'redialled':
      return { kind, id: words.count(), refused: words.take('refused') }
    case 'foreign-record':
      return { kind: 'foreignRecord' }
    case 'link': {
      const link = words.count()
      const open = oneOf(words.next('open or closed'), ['open', 'closed']) === 'open'
      return { kind, link, open, detail: words.rest().join(' ') }
    }
    case 'stored':
      return { kind, ticket: words.count(), ok: oneOf(words.next('ok or failed'), ['ok', 'failed']) === 'ok' }
    case 'command': {
      const id = words.count()
      const designate = oneOf<Designation>(words.next('the role'), ['active', 'standby', 'swap'])
      return { kind, id, designate, force: words.take('force') }
    }
    case 'fitness':
      return { kind, value: words.number() }
    case 'flows': {
      const what = oneOf(words.next('what'), ['stalled', 'alive', 'hash'])
      if (what === 'hash') return { kind, hash: words.number() }
      return { kind: 'hostStalled', stalled: what === 'stalled' }
    }
    case 'suspended':
      return { kind, ms: words.number() }
    case 'data':
      return { kind, ...readData(words) }
    case 'barrier-done':
      return {
        kind: 'barrierDone',
        id: words.count(),
        ok: oneOf(words.next('ok or failed'), ['ok', 'failed']) === 'ok'
      }
    case 'goodbye':
      return { kind, reason: oneOf(words.next('why'), ['removed', 'shutdown']) }
    default:
      throw new ScenarioError(`no such input: ${kind}`)
  }
}

/** `EPOCH/NUMBER [users] [open] [in-step]` */
export function readData(words: Words): Omit<Extract<Input, { kind: 'data' }>, 'kind'> {
  const word = words.next('a position')
  const [, epoch, number] = /^(\d+)\/(\d+)$/.exec(word) ?? []
  if (epoch === undefined || number === undefined) throw new ScenarioError(`${word} is no position: write 3/120`)
  const [users, open, inStep] = [words.take('users'), words.take('open'), words.take('in-step')]
  return { users, open, inStep, position: { epoch: Number(epoch), number: Number(number) } }
}

function readRecord(word: string): PairRecord | null {
  try {
    return JSON.parse(word) as PairRecord | null
  } catch {
    throw new ScenarioError(`${word} is no record`)
  }
}

/** The seal of an extended frame is not recorded. */
function readFrame(hex: string, wire: Wire): Frame {
  if (!/^([0-9a-f]{2})+$/.test(hex)) throw new ScenarioError(`${hex} is no hex`)
  const bytes = Buffer.from(hex, 'hex')
  if (wire === 'classic') return orRejected(decodeClassic(bytes))
  return orRejected(decodeExtended(Buffer.concat([bytes, Buffer.alloc(Math.max(0, EXTENDED_BYTES - bytes.length))])))
}

function orRejected(frame: ReturnType<typeof decodeExtended>): Frame {
  if (typeof frame === 'string') throw new ScenarioError(`these bytes are no frame: ${frame}`)
  return frame
}

function readId(words: Words): bigint {
  const word = words.next('16 hex digits')
  if (!/^[0-9a-f]{16}$/.test(word)) throw new ScenarioError(`${word} is no id of 16 hex digits`)
  return BigInt(`0x${word}`)
}
