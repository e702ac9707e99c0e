/**
 * Two machines, a witness, and three ways between them, in virtual time: what the three voices do when ways are cut, hosts die and come
 * back, disks are set back and clocks run apart. The machines and the lender are the real ones; frames travel as values. Whether two
 * serve at one instant is asked of their gates, as the engine keeps them: role, lease and the machine's last sign of life.
 */
import { createMachine } from '../../../src/protocol/create'
import { CLOCK_DRIFT } from '../../../src/protocol/extended/lease'
import type { Input, Output, PairMachine } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import type { Answer, Ask } from '../../../src/protocol/wire/witness-frame'
import type { Frame } from '../../../src/protocol/wire/frame'
import { Lender, type LoanRecord } from '../../../src/protocol/witness/lender'
import { Random } from '../../support/random'
import { testSettings } from '../../support/machine/settings'
import { Timeline } from '../../support/timeline'

export type HostName = 'a' | 'b'
/** Each way in each direction; `w` is the witness. */
export type Way = 'ab' | 'ba' | 'aw' | 'wa' | 'bw' | 'wb'

export const HEARTBEAT_MS = 100
export const P_MS = 1000
const WITNESS_ID = 0x77n

export interface WorldOptions {
  readonly seed: bigint
  /** Share of frames lost on all ways. */
  readonly loss?: number
  readonly delayMs?: number
  readonly heartbeatMs?: number
  readonly peerTimeoutMs?: number
  readonly log?: (line: string) => void
}

export interface Overlap {
  readonly atMs: number
}

class Host {
  readonly name: HostName
  readonly rate: number
  readonly originMs: number
  machine: PairMachine | null = null
  /** What a restart finds. */
  record: PairRecord | null = null
  /** Grows with each start and end: what was under way for an earlier process is nobody's. */
  life = 0
  stalledUntilMs = 0
  leaving = false
  diskFails = false
  lastStepMs = 0
  reachedMs = 0

  constructor(name: HostName, rate: number, originMs: number) {
    this.name = name
    this.rate = rate
    this.originMs = originMs
  }

  localMs(trueMs: number): number {
    return this.originMs + trueMs * this.rate
  }

  trueMs(localMs: number): number {
    return (localMs - this.originMs) / this.rate
  }

  /** The gate, as it stands without a step. */
  serves(trueMs: number): boolean {
    const view = this.machine?.view()
    if (view === undefined || view.role !== 'active' || !view.serving) return false
    const nowMs = this.localMs(trueMs)
    return nowMs < view.leaseUntilMs && nowMs < this.lastStepMs + view.freshForMs
  }
}

export class ThreeVoices {
  readonly timeline = new Timeline()
  readonly random: Random
  readonly a: Host
  readonly b: Host
  readonly overlaps: Overlap[] = []
  readonly cut = new Set<Way>()
  /** ms in which nobody served, since `countFrom` was called last. */
  readonly changes: {
    readonly atMs: number
    readonly host: HostName
    readonly role: string
    readonly reason: string
  }[] = []
  loans = 0
  witnessStarts = 0
  #lender: Lender<Host> | null = null
  #witnessLife = 0
  #witnessStalledUntilMs = 0
  readonly #witnessClock: { readonly rate: number; readonly originMs: number }
  #loan: LoanRecord | null = null
  #formerLoan: LoanRecord | null = null
  readonly #options: Required<Omit<WorldOptions, 'log'>> & { readonly log: ((line: string) => void) | null }
  #nobodySinceMs: number | null = 0
  #longestGapMs = 0

  constructor({ log, ...options }: WorldOptions) {
    const { seed } = options
    this.#options = {
      loss: 0,
      delayMs: 2,
      heartbeatMs: HEARTBEAT_MS,
      peerTimeoutMs: P_MS,
      ...options,
      log: log ?? null
    }
    this.random = new Random(seed, 'three voices')
    const rate = (): number => 1 + this.random.between(-CLOCK_DRIFT, CLOCK_DRIFT) * 0.999
    this.a = new Host('a', rate(), this.random.between(0, 1e6))
    this.b = new Host('b', rate(), this.random.between(0, 1e6))
    this.#witnessClock = { rate: rate(), originMs: this.random.between(0, 1e6) }
  }

  get nowMs(): number {
    return this.timeline.nowMs
  }

  get longestGapMs(): number {
    const openMs = this.#nobodySinceMs === null ? 0 : this.nowMs - this.#nobodySinceMs
    return Math.max(this.#longestGapMs, openMs)
  }

  /** Forgets gaps and changes of roles so far. */
  countFromNow(): void {
    this.#longestGapMs = 0
    if (this.#nobodySinceMs !== null) this.#nobodySinceMs = this.nowMs
    this.changes.length = 0
  }

  host(name: HostName): Host {
    return name === 'a' ? this.a : this.b
  }

  other(name: HostName): Host {
    return name === 'a' ? this.b : this.a
  }

  /** Who serves now; null = nobody, or both. */
  get server(): HostName | null {
    const [a, b] = [this.a.serves(this.nowMs), this.b.serves(this.nowMs)]
    return a === b ? null : a ? 'a' : 'b'
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.timeline.advance(untilMs));
    this.#look()
  }

  // ------------------------------------------------------------------------------------------------------------- hosts

  start(name: HostName): void {
    const host = this.host(name)
    if (host.machine !== null) return
    const { heartbeatMs, peerTimeoutMs } = this.#options
    const settings = testSettings({
      name,
      policy: 'witness',
      heartbeatMs,
      peerTimeoutMs,
      witness: { host: '10.0.0.9', port: 1102 },
      channel: 'off'
    })
    const random = this.random
    host.machine = createMachine(settings, { randomInt: (bound) => random.int(bound), keyed: true })
    host.life += 1
    host.leaving = false
    this.#log(`${name} starts`)
    this.#step(host, { kind: 'start', record: host.record })
    this.#step(host, { kind: 'link', link: 0, open: true, detail: '' })
  }

  /** The process ends without a word. */
  crash(name: HostName): void {
    const host = this.host(name)
    if (host.machine === null) return
    host.machine = null
    host.life += 1
    this.#log(`${name} ends`)
    this.#look()
  }

  stop(name: HostName): void {
    const host = this.host(name)
    if (host.machine === null || host.leaving) return
    host.leaving = true
    this.#step(host, { kind: 'goodbye', reason: 'shutdown' })
    const { life } = host
    this.timeline.after(300, () => {
      if (host.life === life) this.crash(name)
    })
  }

  stall(name: HostName, forMs: number): void {
    const host = this.host(name)
    host.stalledUntilMs = Math.max(host.stalledUntilMs, this.nowMs + forMs)
    this.timeline.after(forMs, () => this.#tick(host))
  }

  command(name: HostName, designate: 'active' | 'standby' | 'swap', force: boolean): void {
    const host = this.host(name)
    if (host.machine === null || this.nowMs < host.stalledUntilMs) return
    const role = host.machine.view().role
    const word = designate === 'swap' ? (role === 'active' ? 'standby' : 'active') : designate
    this.#step(host, { kind: 'command', id: this.random.int(2 ** 30), designate: word, force })
  }

  #tick(host: Host): void {
    if (host.machine === null) return
    this.#step(host, { kind: 'tick' })
  }

  #step(host: Host, input: Input): void {
    const { machine, life } = host
    if (machine === null) return
    if (this.nowMs < host.stalledUntilMs) {
      this.timeline.at(host.stalledUntilMs, () => {
        if (host.life === life) this.#step(host, input)
      })
      return
    }
    const nowMs = Math.max(host.localMs(this.nowMs), host.reachedMs)
    host.reachedMs = nowMs
    const before = machine.view()
    const [role, serving] = [before.role, before.serving]
    const outputs = machine.step(nowMs, input)
    host.lastStepMs = nowMs
    for (const output of outputs) this.#perform(host, output)
    const after = machine.view()
    if (after.role !== role || after.serving !== serving) {
      this.#log(
        `${host.name} ${role} -> ${after.role} (${after.reason}) epoch ${after.epoch} serving ${String(after.serving)}`
      )
      if (after.role !== role) {
        this.changes.push({ atMs: this.nowMs, host: host.name, role: after.role, reason: after.reason })
      }
    }
    this.#look()
    this.#wakeAt(host, machine.deadlineMs(), life)
    // A gate shuts by itself when its lease ends: to be seen then.
    if (after.role === 'active' && after.leaseUntilMs !== Infinity)
      this.timeline.at(Math.max(this.nowMs, host.trueMs(after.leaseUntilMs)), () => this.#look())
  }

  #wakeAt(host: Host, deadlineMs: number, life: number): void {
    if (deadlineMs === Infinity) return
    const atMs = Math.max(this.nowMs + 0.01, host.trueMs(deadlineMs) + 0.01)
    this.timeline.at(atMs, () => {
      if (host.life !== life || host.machine === null) return
      if (host.machine.deadlineMs() <= host.localMs(this.nowMs)) this.#step(host, { kind: 'tick' })
    })
  }

  #perform(host: Host, output: Output): void {
    switch (output.kind) {
      case 'send': {
        const { frame, link } = output
        const to = this.other(host.name)
        this.#carry(host.name === 'a' ? 'ab' : 'ba', () => this.#receive(to, link, frame))
        return
      }
      case 'ask':
        this.#carry(host.name === 'a' ? 'aw' : 'bw', () => this.#asked(host, output.ask))
        return
      case 'store':
        this.#store(host, output.ticket, output.record)
        return
      case 'event':
        if (output.event === 'witness') this.#log(`${host.name} ! ${output.event} ${output.reason}`)
        return
      case 'barrier':
      case 'barrierOver':
      case 'drop':
      case 'reply':
        return
      default:
        output satisfies never
    }
  }

  #receive(host: Host, link: number, frame: Frame): void {
    this.#step(host, { kind: 'frame', link, frame })
  }

  #store(host: Host, ticket: number, record: PairRecord): void {
    const { life } = host
    const ok = !host.diskFails
    this.timeline.after(this.random.between(0.5, 8), () => {
      // A process that died meanwhile may have written it.
      if (ok && (host.life === life || this.random.chance(0.5))) host.record = record
      if (host.life === life) this.#step(host, { kind: 'stored', ticket, ok })
    })
  }

  #carry(way: Way, arrive: () => void): void {
    if (this.cut.has(way) || this.random.chance(this.#options.loss)) return
    const delayMs = this.random.between(0.2, this.#options.delayMs)
    this.timeline.after(delayMs, () => {
      if (!this.cut.has(way) || this.random.chance(0.5)) arrive()
    })
    if (this.random.chance(0.01)) this.timeline.after(this.random.between(1, 3 * this.#options.peerTimeoutMs), arrive)
  }

  // ----------------------------------------------------------------------------------------------------------- witness

  /** `setBack`: its disk holds what it held one loan ago. */
  startWitness({ setBack = false, lost = false, id = WITNESS_ID } = {}): void {
    this.#witnessLife += 1
    this.witnessStarts += 1
    if (setBack) this.#loan = this.#formerLoan
    if (lost) this.#loan = null
    const session = BigInt(this.random.int(2 ** 48)) + 1n
    this.#lender = new Lender<Host>(this.#witnessMs(), id, session, this.#loan)
    this.#log('the witness starts')
  }

  stopWitness(): void {
    this.#witnessLife += 1
    this.#lender = null
    this.#log('the witness ends')
  }

  stallWitness(forMs: number): void {
    this.#witnessStalledUntilMs = this.nowMs + forMs
  }

  #witnessMs(): number {
    return this.#witnessClock.originMs + this.nowMs * this.#witnessClock.rate
  }

  #asked(host: Host, ask: Ask): void {
    if (this.nowMs < this.#witnessStalledUntilMs) {
      this.timeline.at(this.#witnessStalledUntilMs, () => this.#asked(host, ask))
      return
    }
    this.#witnessStep({ kind: 'ask', ask, from: host })
  }

  #witnessStep(input: Parameters<Lender<Host>['step']>[1]): void {
    const lender = this.#lender
    if (lender === null) return
    const life = this.#witnessLife
    for (const output of lender.step(this.#witnessMs(), input)) {
      if (output.kind === 'answer') this.#answer(output.to, output.answer)
      else if (output.kind === 'event') {
        if (output.event.name === 'lent') this.loans += 1
        this.#log(
          `w ! ${JSON.stringify(output.event, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`
        )
      } else {
        const { record } = output
        this.timeline.after(this.random.between(0.5, 5), () => {
          this.#formerLoan = this.#loan
          this.#loan = record
          if (this.#witnessLife === life) this.#witnessStep({ kind: 'stored', ok: true })
        })
      }
    }
  }

  #answer(to: Host, answer: Answer): void {
    const { life } = to
    this.#carry(to.name === 'a' ? 'wa' : 'wb', () => {
      // A process that started since hears it too: it is not for its session.
      if (to.machine !== null) this.#step(to, { kind: 'witness', answer })
      else if (to.life !== life) return
    })
  }

  // -------------------------------------------------------------------------------------------------------------- looks

  #look(): void {
    const [a, b] = [this.a.serves(this.nowMs), this.b.serves(this.nowMs)]
    if (a && b) {
      if (this.overlaps.length === 0) this.#log('BOTH SERVE')
      this.overlaps.push({ atMs: this.nowMs })
    }
    const nobody = !a && !b
    if (nobody && this.#nobodySinceMs === null) this.#nobodySinceMs = this.nowMs
    if (!nobody && this.#nobodySinceMs !== null) {
      this.#longestGapMs = Math.max(this.#longestGapMs, this.nowMs - this.#nobodySinceMs)
      this.#nobodySinceMs = null
    }
  }

  #log(line: string): void {
    this.#options.log?.(`${this.nowMs.toFixed(1).padStart(10)} ${line}`)
  }
}
