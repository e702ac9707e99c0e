/**
 * One classic machine alone on the bench: the test plays its peer, frame by frame, and reads what comes out.
 * Virtual time; ticks come exactly when the machine asks for them, unless the test says otherwise.
 */
import { ClassicMachine } from '../../../src/protocol/classic/machine'
import type { MachineEvent } from '../../../src/protocol/events'
import { decodeClassic, encodeClassic, type Frame, type Head } from '../../../src/protocol/wire/frame'
import type { CommandError, Designation, Input, MachineView, Output, Role } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import type { PairSettings } from '../../../src/protocol/settings'
import { scriptedTokens } from '../random'
import { testSettings } from './settings'

export interface ClassicOptions {
  readonly settings?: Partial<PairSettings>
  /** The machine's tokens, in the order of its draws. */
  readonly tokens?: readonly number[]
  readonly record?: PairRecord | null
}

export interface Reply {
  readonly id: number
  readonly result: Role | CommandError
}

const STEPS_PER_INSTANT_MAX = 100

export class ClassicHarness {
  readonly settings: PairSettings
  readonly machine: ClassicMachine
  nowMs = 0
  readonly events: MachineEvent[] = []
  readonly replies: Reply[] = []
  readonly stores: PairRecord[] = []
  #sent: Frame[] = []
  /** Answers of the store come by themselves. */
  storeWorks = true

  constructor(options: ClassicOptions = {}) {
    this.settings = testSettings({ wire: 'classic', ...options.settings })
    this.machine = new ClassicMachine(this.settings, scriptedTokens(options.tokens ?? [100], 1))
    this.step({ kind: 'start', record: options.record ?? null })
    this.step({ kind: 'link', link: 0, open: true, detail: '' })
  }

  get view(): MachineView {
    return this.machine.view()
  }
  get role(): Role {
    return this.view.role
  }

  step(input: Input): readonly Output[] {
    const outputs = this.machine.step(this.nowMs, input)
    const stores: number[] = []
    for (const output of outputs) {
      if (output.kind === 'send') this.#sent.push(throughBytes(output.frame))
      else if (output.kind === 'event') this.events.push(output)
      else if (output.kind === 'reply')
        this.replies.push({ id: output.id, result: output.ok ? output.role : output.error })
      else if (output.kind === 'store') {
        this.stores.push(output.record)
        stores.push(output.ticket)
      }
    }
    for (const ticket of stores) this.step({ kind: 'stored', ticket, ok: this.storeWorks })
    return outputs
  }

  tick(): void {
    this.step({ kind: 'tick' })
  }

  hears(head: Head, state: Role, id = 200, value = 50): void {
    this.step({ kind: 'frame', link: 0, frame: { head, state, id, value, trailer: null } })
  }

  command(designate: Designation, force = false, id = 1): void {
    this.step({ kind: 'command', id, designate, force })
  }

  /** Time passes; the machine gets its ticks. `peer` is shown each frame at the instant it is sent. */
  advanceMs(ms: number, peer?: (frame: Frame) => void): void {
    const endMs = this.nowMs + ms
    let stepsNow = 0
    for (;;) {
      const nextMs = Math.max(this.nowMs, this.machine.deadlineMs())
      if (nextMs > endMs) break
      stepsNow = nextMs === this.nowMs ? stepsNow + 1 : 0
      if (stepsNow > STEPS_PER_INSTANT_MAX) throw new Error(`the machine spins at ${this.nowMs} ms`)
      this.nowMs = nextMs
      this.tick()
      if (peer !== undefined) for (const frame of this.takeSent()) peer(frame)
    }
    this.nowMs = endMs
  }

  /** The whole engine stands still for so long: no ticks, nothing read. */
  stallMs(ms: number): void {
    this.nowMs += ms
  }

  /** What the machine sent since this was asked last. */
  takeSent(): Frame[] {
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  takeEvents(): string[] {
    return this.events.splice(0).map((e) => `${e.event} ${e.reason}`)
  }

  /** A peer that follows the rules of a Standby: receipts for what asks for one. */
  readonly obedientStandby = (frame: Frame): void => {
    if (frame.head === 'connected' || frame.head === 'designate') this.hears('responsed', 'standby', frame.id)
  }

  /** A peer that is Active and says so. */
  hearsActive(): void {
    this.hears('connected', 'active', 77)
  }

  /** Brings a fresh machine into a role by the ordinary way, with the peer online in the opposite one. */
  static inRole(role: Role, options: ClassicOptions = {}): ClassicHarness {
    const solo = new ClassicHarness(options)
    if (role === 'active') {
      solo.hears('negotiate', 'initial', 200, 0)
      solo.advanceMs(0)
      for (const frame of solo.takeSent()) solo.obedientStandby(frame)
    }
    if (role === 'standby') solo.hearsActive()
    if (solo.role !== role) throw new Error(`cannot bring the machine to ${role}`)
    solo.takeSent()
    solo.events.length = 0
    return solo
  }
}

/** "designate active 12 9": head, state, id, value. */
export function word(frame: Frame): string {
  return `${frame.head} ${frame.state} ${frame.id} ${frame.value}`
}

/** "designate active": for tests that do not care about numbers. */
export function gist(frame: Frame): string {
  return `${frame.head} ${frame.state}`
}

function throughBytes(frame: Frame): Frame {
  const decoded = decodeClassic(encodeClassic(frame))
  if (typeof decoded === 'string') throw new Error(`the machine sent what nobody can read: ${decoded}`)
  return decoded
}
