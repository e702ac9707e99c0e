import { lookThrough } from '../../../src/engine/cells'
import type { EngineEvent } from '../../../src/engine/events'
import type { FromEngine } from '../../../src/engine/messages'
import type { Lookup } from '../../../src/engine/resolve'
import { createMachine } from '../../../src/protocol/create'
import type { PairSettings } from '../../../src/protocol/settings'
import { NO_KEYS, TestEngine } from '../../support/engine-rig'

/** Name, reason and, where the peer's address changed, from where to where. */
export function inWords({ event, reason, detail }: EngineEvent): string {
  return [event, reason, ...('from' in detail ? [detail.from, detail.to] : [])].join(' ')
}

/** One side of a pair: its engine, and the pair in it. */
export class Side {
  engine: TestEngine
  readonly #settings: PairSettings
  readonly #lookup: Lookup | undefined
  #id = 0

  constructor(pair: PairSettings, lookup?: Lookup) {
    this.#settings = pair
    this.#lookup = lookup
    this.engine = this.#newEngine()
  }

  start(keys = NO_KEYS): void {
    this.engine.add(++this.#id, this.#settings, keys)
  }
  stop(): Promise<void> {
    return this.engine.remove(this.#id)
  }
  /** No goodbye; the sockets close, as those of a dead process do. */
  crash(): void {
    this.engine.engine.abandon()
    this.engine = this.#newEngine()
  }
  #newEngine(): TestEngine {
    return new TestEngine(createMachine, this.#lookup === undefined ? {} : { lookup: this.#lookup })
  }
  get snapshot(): ReturnType<TestEngine['snapshot']> {
    return this.engine.snapshot(this.#id)
  }
  get role(): string {
    return this.snapshot?.role ?? ''
  }
  get serves(): boolean {
    return lookThrough(this.engine.pairCell(this.#id), this.engine.cell).open
  }
  /** Of its first link. */
  get port(): number {
    return this.#settings.links[0]?.localPort ?? 0
  }
  get events(): readonly EngineEvent[] {
    return this.engine.events(this.#id)
  }
  /** For whom the channel is, and where, as the host was told last. */
  get contact(): Extract<FromEngine, { type: 'contact' }>['contact'] {
    const told = this.engine.of(this.#id).filter((message) => message.type === 'contact')
    return told.at(-1)?.contact ?? null
  }
  reasonsOf(event: string): string[] {
    return this.engine.events(this.#id).flatMap((said) => (said.event === event ? [said.reason] : []))
  }
  rejectedCauses(): unknown[] {
    return this.engine.events(this.#id).flatMap(({ event, detail }) => (event === 'rejected' ? [detail.cause] : []))
  }
  dropped(): Readonly<Partial<Record<string, number>>> {
    return this.snapshot?.dropped ?? {}
  }
  say(designate: 'active' | 'standby' | 'swap'): void {
    this.engine.engine.handle({ type: 'command', pairId: this.#id, requestId: 1, designate, force: false })
  }
}
