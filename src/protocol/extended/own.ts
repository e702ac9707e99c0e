/** What this side knows of itself, whatever its role. */
import type { Input } from '../machine'
import { NOWHERE, soundPosition, type Position } from '../position'
import type { Step } from './step'

export const FITNESS_MAX = 255

/** What casts doubt on this side's own memory, until contact has renewed it. */
export type Doubt = 'rolled-back' | 'restored-copy' | 'foreign-record'

/** What the host has told of its copy of the pair's data. */
export class OwnData {
  /** Flows of this side keep data that the peer is to have. */
  users = false
  /** It passes both ways. */
  open = false
  /** No snapshot is under way here, and what the peer writes comes in time. */
  inStep = false
  position: Position = NOWHERE

  tell({ users, open, inStep, position }: Extract<Input, { kind: 'data' }>): void {
    this.users = users
    this.open = open
    this.inStep = inStep
    this.position = soundPosition(position)
  }
}

export class Own {
  #fitness = FITNESS_MAX
  hostStalled = false
  flowsHash = 0
  readonly data = new OwnData()
  #doubt: Doubt | null = null
  startedAtMs = Infinity
  /** After a stall of my own: no takeover without evidence of its end before this. */
  notAloneBeforeMs = -Infinity
  /** The longest takeover delay that a former session of this side promised. */
  promisedBeforeMs = 0

  get fitness(): number {
    return this.hostStalled ? 0 : this.#fitness
  }

  get isFit(): boolean {
    return this.fitness > 0
  }

  setFitness(value: number): void {
    this.#fitness = Math.max(0, Math.min(FITNESS_MAX, Math.round(value)))
  }

  get doubt(): Doubt | null {
    return this.#doubt
  }

  cast(step: Step, doubt: Doubt): void {
    if (this.#doubt === doubt || this.#doubt === 'foreign-record') return
    this.#doubt = doubt
    if (doubt === 'foreign-record') step.event('store', doubt, {})
    else step.event('mismatch', doubt, {})
  }

  /** Contact, and the newer record is on disk. Another process that writes the file is not gone by that. */
  heal(isSettled: boolean): void {
    if (this.#doubt !== 'foreign-record' && isSettled) this.#doubt = null
  }

  /** When what a former session promised beyond the present delay has been kept; Infinity = it did not promise more. */
  promiseEndsMs(peerTimeoutMs: number): number {
    return this.promisedBeforeMs > peerTimeoutMs ? this.startedAtMs + this.promisedBeforeMs : Infinity
  }
}
