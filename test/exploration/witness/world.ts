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
import type { PairSettings } from '../../../src/protocol/settings'
import type { Frame } from '../../../src/protocol/wire/frame'
import { Lender, type LoanRecord } from '../../../src/protocol/witness/lender'
import { Random } from '../../support/random'
import { testSettings } from '../../support/machine/settings'
import { Timeline } from '../../support/timeline'

/** `c` is another host for the place of `a`: it has its key and, copied, its folder. Whatever `b` sends goes to both. */
export type HostName = 'a' | 'b' | 'c'
/** Each way in each direction; `w` is the witness. */
export type Way = 'ab' | 'ba' | 'aw' | 'wa' | 'bw' | 'wb' | 'cb' | 'bc' | 'cw' | 'wc'

export const HEARTBEAT_MS = 100
export const P_MS = 1000
const WITNESS_ID = 0x77n
const SECOND_ID = 0x88n

export type Setup = Pick<PairSettings, 'policy' | 'heartbeatMs' | 'peerTimeoutMs'>

export interface WorldOptions {
  readonly seed: bigint
  /** Share of frames lost on all ways. */
  readonly loss?: number
  readonly delayMs?: number
  readonly heartbeatMs?: number
  readonly peerTimeoutMs?: number
  /** How fast the clocks of a, b and w run, -1 to 1 of the drift that is allowed; as the seed says otherwise. */
  readonly rates?: readonly [number, number, number]
  readonly log?: (line: string) => void
}

export interface Overlap {
  readonly atMs: number
}

export interface Disorder {
  readonly atMs: number
  readonly what: string
}

class Host {
  readonly name: HostName
  readonly rate: number
  originMs: number
  machine: PairMachine | null = null
  /** As it was deployed last. */
  setup: Setup
  /** Where the address of the witness leads from here. */
  asks: Witness
  /** What a restart finds. */
  record: PairRecord | null = null
  /** Grows with each start and end: what was under way for an earlier process is nobody's. */
  life = 0
  stalledUntilMs = 0
  leaving = false
  diskFails = false
  /** How long a write takes, from and to. */
  diskMs: readonly [number, number] = [0.5, 8]
  lastStepMs = 0
  reachedMs = 0

  suspended = false

  constructor(name: HostName, rate: number, originMs: number, setup: Setup, asks: Witness) {
    this.name = name
    this.rate = rate
    this.originMs = originMs
    this.setup = setup
    this.asks = asks
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
    if (view === undefined || view.role !== 'active' || !view.serving || this.suspended) return false
    const nowMs = this.localMs(trueMs)
    return nowMs < view.leaseUntilMs && nowMs < this.lastStepMs + view.freshForMs
  }
}

class Witness {
  lender: Lender<Host> | null = null
  life = 0
  stalledUntilMs = 0
  loan: LoanRecord | null = null
  formerLoan: LoanRecord | null = null
  id: bigint
  readonly #rate: number
  readonly #originMs: number

  constructor(id: bigint, rate: number, originMs: number) {
    this.id = id
    this.#rate = rate
    this.#originMs = originMs
  }

  localMs(trueMs: number): number {
    return this.#originMs + trueMs * this.#rate
  }
}

interface Start {
  readonly setBack?: boolean
  readonly lost?: boolean
  readonly id?: bigint | null
  readonly which?: 0 | 1
}

export class ThreeVoices {
  readonly timeline = new Timeline()
  readonly random: Random
  readonly a: Host
  readonly b: Host
  readonly c: Host
  /** Two programs; the address of the pair's witness leads to the first one, until `asks` of a host says otherwise. */
  readonly witnesses: readonly [Witness, Witness]
  readonly overlaps: Overlap[] = []
  /** Somebody served on an epoch that is not above those that the others had served on before. */
  readonly disorders: Disorder[] = []
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
  /** What a way takes longer. */
  readonly #slow = new Map<Way, number>()
  readonly #options: Required<Omit<WorldOptions, 'log' | 'rates'>> & { readonly log: ((line: string) => void) | null }
  /** The highest epoch that was served on, and by whom. */
  #newest: { readonly host: HostName; readonly epoch: number } | null = null
  /** Nobody promises an order once the only one who knows of an epoch has forgotten it, nor where a host exists twice. */
  #ordered = true
  #nobodySinceMs: number | null = 0
  #longestGapMs = 0

  constructor({ log, rates, ...options }: WorldOptions) {
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
    const rate = (which: 0 | 1 | 2): number => 1 + (rates?.[which] ?? this.random.between(-1, 1)) * CLOCK_DRIFT * 0.999
    const witness = (id: bigint): Witness => new Witness(id, rate(2), this.random.between(0, 1e6))
    this.witnesses = [witness(WITNESS_ID), witness(SECOND_ID)]
    const { heartbeatMs, peerTimeoutMs } = this.#options
    const setup = { policy: 'witness', heartbeatMs, peerTimeoutMs } as const
    const host = (name: HostName): Host =>
      new Host(name, rate(name === 'b' ? 1 : 0), this.random.between(0, 1e6), setup, this.witnesses[0])
    this.a = host('a')
    this.b = host('b')
    this.c = host('c')
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
    return name === 'a' ? this.a : name === 'b' ? this.b : this.c
  }

  other(name: HostName): Host {
    return name === 'b' ? this.a : this.b
  }

  /** Who serves now; null = nobody, or two. */
  get server(): HostName | null {
    const [first, ...others] = this.#servers()
    return others.length === 0 ? (first ?? null) : null
  }

  #servers(): readonly HostName[] {
    return [this.a, this.b, this.c].filter((host) => host.serves(this.nowMs)).map(({ name }) => name)
  }

  /** The first thing that may never be; null = there was none. */
  get violation(): string | null {
    const [overlap] = this.overlaps
    const [disorder] = this.disorders
    if (overlap !== undefined) return `two serve at ${overlap.atMs.toFixed(1)} ms`
    return disorder === undefined ? null : `${disorder.what}, at ${disorder.atMs.toFixed(1)} ms`
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.timeline.advance(untilMs));
    this.#look()
  }

  // ------------------------------------------------------------------------------------------------------------- hosts

  /** `setup`: what was deployed since it ran last. */
  start(name: HostName, setup: Partial<Setup> = {}): void {
    const host = this.host(name)
    if (host.machine !== null) return
    host.setup = { ...host.setup, ...setup }
    const settings = testSettings({
      name,
      ...host.setup,
      witness: { host: '10.0.0.9', port: 1102 },
      channel: 'off'
    })
    const random = this.random
    host.machine = createMachine(settings, { randomInt: (bound) => random.int(bound), keyed: true })
    host.life += 1
    host.leaving = false
    host.suspended = false
    const { policy, peerTimeoutMs } = host.setup
    this.#log(`${name} starts: ${policy}, ${peerTimeoutMs} ms`)
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

  /** The host sleeps, and its clock with it. */
  suspend(name: HostName, forMs: number): void {
    const host = this.host(name)
    if (host.machine === null || host.suspended || this.nowMs < host.stalledUntilMs) return
    host.stalledUntilMs = this.nowMs + forMs
    host.suspended = true
    host.originMs -= forMs * host.rate
    const { life } = host
    this.timeline.after(forMs, () => {
      if (host.life === life) this.#step(host, { kind: 'suspended', ms: forMs * host.rate })
    })
  }

  /** `c` gets a copy of `a`'s folder, and starts. */
  copyHost(): void {
    this.c.record = this.a.record
    this.#ordered = false
    this.start('c')
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
    // The gate sees that the host slept before the engine does.
    if (input.kind === 'suspended') host.suspended = false
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
        const peers = host.name === 'b' ? [this.a, this.c] : [this.b]
        for (const to of peers) {
          if (to.machine === null && to === this.c) continue
          this.#carry(`${host.name}${to.name}` as Way, () => this.#receive(to, link, frame))
        }
        return
      }
      case 'ask': {
        const { asks } = host
        this.#carry(`${host.name}w`, () => this.#asked(asks, host, output.ask))
        return
      }
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
    this.timeline.after(this.random.between(...host.diskMs), () => {
      // A process that died meanwhile may have written it, but not once another one has read what is there.
      const died = host.machine === null && host.life === life + 1
      if (ok && (host.life === life || (died && this.random.chance(0.5)))) host.record = record
      if (host.life === life) this.#step(host, { kind: 'stored', ticket, ok })
    })
  }

  #carry(way: Way, arrive: () => void): void {
    if (this.cut.has(way) || this.random.chance(this.#options.loss)) return
    const delayMs = this.random.between(0.2, this.#options.delayMs) + (this.#slow.get(way) ?? 0)
    this.timeline.after(delayMs, () => {
      if (!this.cut.has(way) || this.random.chance(0.5)) arrive()
    })
    if (this.random.chance(0.01)) this.timeline.after(this.random.between(1, 3 * this.#options.peerTimeoutMs), arrive)
  }

  // ----------------------------------------------------------------------------------------------------------- witness

  /** `setBack`: its disk holds what it held one loan ago. `lost`: it holds nothing. `id`: it is another one. */
  startWitness({ setBack = false, lost = false, id = null, which = 0 }: Start = {}): void {
    const witness = this.witnesses[which]
    witness.life += 1
    this.witnessStarts += 1
    if (setBack) {
      witness.loan = witness.formerLoan
      this.#ordered = false
    }
    if (lost) witness.loan = null
    if (id !== null) witness.id = id
    const session = BigInt(this.random.int(2 ** 48)) + 1n
    witness.lender = new Lender<Host>(witness.localMs(this.nowMs), witness.id, session, witness.loan)
    this.#log(`witness ${witness.id} starts`)
  }

  stopWitness(which: 0 | 1 = 0): void {
    const witness = this.witnesses[which]
    witness.life += 1
    witness.lender = null
    this.#log(`witness ${witness.id} ends`)
  }

  stallWitness(forMs: number): void {
    this.witnesses[0].stalledUntilMs = this.nowMs + forMs
  }

  /** From here on the address of the witness leads there. */
  lead(name: HostName, which: 0 | 1): void {
    this.host(name).asks = this.witnesses[which]
    this.#log(`${name} asks witness ${this.witnesses[which].id}`)
  }

  /** What the witness says to it is under way for so much longer. */
  delayTo(name: HostName, ms: number): void {
    this.#slow.set(`w${name}`, ms)
  }

  #asked(witness: Witness, host: Host, ask: Ask): void {
    if (this.nowMs < witness.stalledUntilMs) {
      this.timeline.at(witness.stalledUntilMs, () => this.#asked(witness, host, ask))
      return
    }
    this.#witnessStep(witness, { kind: 'ask', ask, from: host })
  }

  #witnessStep(witness: Witness, input: Parameters<Lender<Host>['step']>[1]): void {
    const { lender, life } = witness
    if (lender === null) return
    for (const output of lender.step(witness.localMs(this.nowMs), input)) {
      if (output.kind === 'answer') this.#answer(output.to, output.answer)
      else if (output.kind === 'event') {
        if (output.event.name === 'lent') this.loans += 1
        this.#log(
          `w ! ${JSON.stringify(output.event, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`
        )
      } else {
        const { record } = output
        this.timeline.after(this.random.between(0.5, 5), () => {
          witness.formerLoan = witness.loan
          witness.loan = record
          if (witness.life === life) this.#witnessStep(witness, { kind: 'stored', ok: true })
        })
      }
    }
  }

  #answer(to: Host, answer: Answer): void {
    const { life } = to
    this.#carry(`w${to.name}`, () => {
      // A process that started since hears it too: it is not for its session.
      if (to.machine !== null) this.#step(to, { kind: 'witness', answer })
      else if (to.life !== life) return
    })
  }

  // -------------------------------------------------------------------------------------------------------------- looks

  #look(): void {
    const servers = this.#servers()
    for (const name of servers) this.#judgeOrder(name)
    if (servers.length > 1) {
      if (this.overlaps.length === 0) this.#log('BOTH SERVE')
      this.overlaps.push({ atMs: this.nowMs })
    }
    const nobody = servers.length === 0
    if (nobody && this.#nobodySinceMs === null) this.#nobodySinceMs = this.nowMs
    if (!nobody && this.#nobodySinceMs !== null) {
      this.#longestGapMs = Math.max(this.#longestGapMs, this.nowMs - this.#nobodySinceMs)
      this.#nobodySinceMs = null
    }
  }

  #judgeOrder(host: HostName): void {
    const epoch = this.host(host).machine?.view().epoch ?? 0
    const newest = this.#newest
    if (newest === null || epoch > newest.epoch) this.#newest = { host, epoch }
    else if (host !== newest.host && this.#ordered) {
      const what = `${host} serves on epoch ${epoch} after ${newest.host} had ${newest.epoch}`
      if (this.disorders.length === 0) this.#log(what)
      this.disorders.push({ atMs: this.nowMs, what })
    }
  }

  #log(line: string): void {
    this.#options.log?.(`${this.nowMs.toFixed(1).padStart(10)} ${line}`)
  }
}
