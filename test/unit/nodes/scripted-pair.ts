/** A pair that does what a test says: for the instants that two real sides would hit only by chance. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import type { PairNode } from '../../../nodes/pair-user'
import type { Carrier } from '../../../src/host/channel/carrier'
import { NoCarrier } from '../../../src/host/channel/exchange'
import type {
  GateDecision,
  Pair,
  PairEventMessage,
  PairObserver,
  PairStatus,
  PairTrouble,
  PairVitals,
  PairWarning
} from '../../../src/host/pair'
import { situationOf } from '../../../src/host/situation/situation'
import type { Situation } from '../../../src/host/situation/types'
import type { Role } from '../../../src/protocol/machine'
import type { WarningCode } from '../../../src/host/events'
import { translator } from '../../support/texts'

const STANDBY: PairStatus = {
  name: 'scripted',
  host: 'host-a',
  situation: { code: 'standby', severity: 'ok' },
  fitness: 255,
  alone: null,
  lost: null,
  role: 'standby',
  previousRole: 'initial',
  reason: 'negotiated',
  since: 0,
  epoch: 7,
  seq: 0,
  serving: false,
  online: true,
  policy: 'availability',
  wire: 'extended',
  authenticated: true,
  leaseLeft: null,
  peer: {
    role: 'active',
    epoch: 7,
    priority: 100,
    fitness: 255,
    ready: true,
    host: 'host-b',
    port: 1101,
    heardAgo: 1,
    roundTrip: 1
  },
  channel: null,
  witness: null
}

export class ScriptedPair implements Pair {
  /** What an observer hears at once, while the node that observes is still being built. */
  onObserve: ((observer: PairObserver) => void) | null = null
  carrier: Carrier = new NoCarrier()
  gateCalls = 0
  /** Every value that nodes set, oldest first. */
  readonly fitness: number[] = []
  #status = STANDBY
  #trouble: PairTrouble | null = null
  #warnings: readonly PairWarning[] = []
  /** How many more decisions find the gate open. */
  #openFor = 0
  readonly #observers = new Set<PairObserver>()

  /** No observer is told. */
  set(change: Partial<PairStatus>, trouble: PairTrouble | null = null, warnings: readonly PairWarning[] = []): void {
    const troubles = trouble === null ? [] : [{ code: trouble.code, since: 0, detail: {} } as PairWarning]
    this.#warnings = [...troubles, ...warnings]
    this.#status = { ...this.#status, ...change }
    this.#openFor = this.#status.serving ? Infinity : 0
    this.#trouble = trouble
  }

  /** The gate is open for this many decisions, and then closed. */
  openFor(decisions: number): void {
    this.#openFor = decisions
  }

  tell(happening: { role?: Role; online?: boolean; event?: PairEventMessage } = {}): void {
    for (const observer of this.#observers) {
      if (happening.role !== undefined) observer.onRole?.(happening.role)
      if (happening.online !== undefined) observer.onOnline?.(happening.online)
      if (happening.event !== undefined) observer.onEvent?.(happening.event)
      observer.onStatus?.()
    }
  }

  get observers(): number {
    return this.#observers.size
  }

  status(): PairStatus {
    const { code, severity } = this.situation()
    return { ...this.#status, situation: { code, severity } }
  }

  situation(): Situation {
    const facts = { warnings: this.#warnings, peerHost: 'host-b', peerTimeoutMs: 2000, at: Date.now() }
    return situationOf({ status: this.#status, ...facts })
  }

  gate(): GateDecision {
    this.gateCalls++
    return { open: this.#openFor-- > 0, epoch: this.#status.epoch }
  }

  vitals(): PairVitals {
    throw new Error('not scripted')
  }

  trouble(): PairTrouble | null {
    return this.#trouble
  }

  warnings(): readonly PairWarning[] {
    return this.#warnings
  }

  observe(observer: PairObserver): () => void {
    this.#observers.add(observer)
    this.onObserve?.(observer)
    return () => this.#observers.delete(observer)
  }

  designate(): Promise<Role> {
    return Promise.reject(new Error('not scripted'))
  }

  setFitness(value: number): void {
    this.fitness.push(value)
  }

  setFlowsHash(): void {}

  /** What nodes have seen. */
  readonly notes: unknown[] = []

  note(code: WarningCode, detail: unknown): void {
    this.notes.push([code, detail])
  }

  /** Registers a `ha-pair` that holds this pair instead of a real one. */
  readonly configNode = (RED: NodeAPI): void => {
    const register = (node: PairNode): void => {
      node.pair = this
      node.observe = (observer) => this.observe(observer)
      node.pairName = 'scripted'
      node.stopped = ''
      node.say = translator('ha-pair')
    }
    function ScriptedPairNode(this: Node, def: NodeDef): void {
      RED.nodes.createNode(this, def)
      register(this as PairNode)
    }
    RED.nodes.registerType('ha-pair', ScriptedPairNode)
  }
}
