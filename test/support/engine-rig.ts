/** What the tests of engine and host share: free ports, bounded waiting, a scripted machine, an engine in this thread. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { EngineCell, newEngineCell, newPairCell, PairCell } from '../../src/engine/cells'
import type { Clock } from '../../src/engine/clock'
import { Engine } from '../../src/engine/engine'
import type { EngineEvent } from '../../src/engine/events'
import type { FromEngine, PairKeys, Snapshot } from '../../src/engine/messages'
import type { MachineFactory } from '../../src/engine/pair-runtime'
import { Resolver, type Lookup } from '../../src/engine/resolve'
import type { Input, MachineView, Output, PairMachine } from '../../src/protocol/machine'
import { DEFAULTS, type LinkSettings, type PairSettings } from '../../src/protocol/settings'
import { PATIENCE } from './patience'

export { freePorts } from './ports'

export const NO_KEYS: PairKeys = { key: '', previousKey: '' }
export const LOOPBACK = '127.0.0.1'

export async function open(host = LOOPBACK, port = 0): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.bind({ port, address: host, exclusive: true })
  await once(socket, 'listening')
  return socket
}

export function closed(socket: Socket): Promise<void> {
  return new Promise((done) => socket.close(done))
}

/** Polls until the condition holds; fails with `what` after the limit. */
export async function until(what: string, condition: () => boolean, limitMs = 5000): Promise<void> {
  const end = performance.now() + limitMs * PATIENCE
  while (!condition()) {
    if (performance.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${what}`)
    await new Promise((later) => setTimeout(later, 2))
  }
}

/** The condition holds at every look for that long. */
export async function holds(what: string, condition: () => boolean, forMs: number): Promise<void> {
  const end = performance.now() + forMs
  while (performance.now() < end) {
    if (!condition()) throw new Error(`no longer holds: ${what}`)
    await new Promise((later) => setTimeout(later, 2))
  }
}

export function link(localPort: number, peerPort: number, host = LOOPBACK): LinkSettings {
  return { peerHost: host, peerPort, localHost: host, localPort }
}

export function settings(links: readonly LinkSettings[], over: Partial<PairSettings> = {}): PairSettings {
  return { ...DEFAULTS, name: 'pair', heartbeatMs: 30, peerTimeoutMs: 600, links, ...over }
}

/** A clock that only moves when it is told to. */
export class HandClock implements Clock {
  monotonicMs = 1_000_000
  wallClockMs = 1_700_000_000_000

  nowMs(): number {
    return this.monotonicMs
  }

  wallMs(): number {
    return this.wallClockMs
  }

  advanceMs(ms: number): void {
    this.monotonicMs += ms
    this.wallClockMs += ms
  }
}

/** A machine that records its steps and answers what the test says. */
export class FakeMachine implements PairMachine {
  readonly steps: { readonly nowMs: number; readonly input: Input }[] = []
  dueMs = Infinity
  shown: MachineView = {
    role: 'initial',
    previousRole: 'initial',
    reason: 'starting',
    sinceMs: 0,
    epoch: 0,
    online: false,
    serving: false,
    leaseUntilMs: Infinity,
    freshForMs: Infinity,
    authenticated: false,
    linksUp: [],
    peer: null,
    differences: [],
    conflict: false,
    session: 0n,
    peerSession: 0n,
    proof: 'offline',
    asking: false,
    aloneBar: null,
    witness: null
  }
  answer: (input: Input, nowMs: number) => readonly Output[] = () => []

  step(nowMs: number, input: Input): readonly Output[] {
    this.steps.push({ nowMs, input })
    return this.answer(input, nowMs)
  }

  deadlineMs(): number {
    return this.dueMs
  }

  view(): MachineView {
    return this.shown
  }

  show(view: Partial<MachineView>): void {
    this.shown = { ...this.shown, ...view }
  }

  kinds(): string[] {
    return this.steps.map(({ input }) => input.kind)
  }

  count(kind: Input['kind']): number {
    return this.steps.filter(({ input }) => input.kind === kind).length
  }
}

/** An engine in this thread, and everything that it says. */
export class TestEngine {
  readonly said: FromEngine[] = []
  readonly buffer = newEngineCell()
  readonly cell = new EngineCell(this.buffer)
  readonly engine: Engine
  readonly #cells = new Map<number, PairCell>()

  constructor(createMachine: MachineFactory, parts: { clock?: Clock; lookup?: Lookup } = {}) {
    this.engine = new Engine(
      { engineCell: this.buffer },
      {
        createMachine,
        post: (message) => this.said.push(structuredClone(message)),
        ...(parts.clock === undefined ? {} : { clock: parts.clock }),
        ...(parts.lookup === undefined ? {} : { resolver: new Resolver(parts.lookup) })
      }
    )
  }

  add(pairId: number, pair: PairSettings, keys = NO_KEYS, storeFile: string | null = null): void {
    const cell = newPairCell()
    this.#cells.set(pairId, new PairCell(cell))
    this.engine.handle({ type: 'add', pairId, settings: pair, keys, storeFile, cell })
  }

  async remove(pairId: number): Promise<void> {
    this.engine.handle({ type: 'remove', pairId, requestId: 1, reason: 'removed' })
    await until(`pair ${pairId} is removed`, () => this.of(pairId).some((message) => message.type === 'removed'))
  }

  pairCell(pairId: number): PairCell {
    const cell = this.#cells.get(pairId)
    if (cell === undefined) throw new Error(`no pair ${pairId}`)
    return cell
  }

  of(pairId: number): FromEngine[] {
    return this.said.filter((message) => message.pairId === pairId)
  }

  snapshot(pairId: number): Snapshot | null {
    const updates = this.of(pairId).filter((message) => message.type === 'update')
    return updates.at(-1)?.snapshot ?? null
  }

  events(pairId: number): EngineEvent[] {
    return this.of(pairId).flatMap((message) => (message.type === 'update' ? message.events : []))
  }
}
