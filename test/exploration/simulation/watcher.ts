/** Who looks on. Checkers and the trace see the true time and everything that happens, and share no code with the machine. */
import type { Designation } from '../../../src/protocol/machine'
import type { Fault } from './faults'
import type { HostIndex } from '../../support/network'
import type { EngineProcess, Step } from './process'

export type Ending = 'crash' | 'power-off' | 'stop' | 'throws'

export interface Watcher {
  readonly name: string
  onStart?(process: EngineProcess, storeLost: boolean): void
  onEnd?(process: EngineProcess, how: Ending): void
  onStep?(step: Step): void
  /** A step of a process that belongs to neither side. */
  onSecondStep?(step: Step): void
  /** As far as addresses go, frames can pass again, one way at least. */
  onReachable?(): void
  /** After every happening that can open a gate. */
  onMoment?(): void
  onCommand?(process: EngineProcess, id: number, designate: Designation, force: boolean): void
  onFault?(fault: Fault, applied: boolean): void
  onFaultOver?(fault: Fault): void
  onQuiet?(): void
  onFinale?(): void
  onFinish?(): void
}

export interface Violation {
  readonly checker: string
  readonly atMs: number
  readonly message: string
}

/** What checkers may ask about the world. */
export interface Scene {
  readonly nowMs: number
  process(host: HostIndex): EngineProcess | null
  gateOpen(host: HostIndex): boolean
  /** Of a process that belongs to neither side. */
  secondGateOpen(): boolean
  localMs(host: HostIndex): number
  /** Since when at least one link works both ways without any disturbance, sockets open at both ends; Infinity = it does not. */
  readonly cleanSinceMs: number
  /** Longest time a frame travels on a clean link. */
  readonly cleanDelayMs: number
  report(checker: string, message: string): void
}
