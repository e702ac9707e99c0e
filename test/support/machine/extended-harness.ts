/**
 * One extended machine alone on the bench: the test plays its peer, frame by frame, and keeps the peer's books
 * (session, sequence, acknowledgement), and the tether to it. Virtual time; ticks come exactly when the machine asks for them,
 * the store answers at once. The figures are those of `testSettings`: heartbeat 100 ms, peerTimeout 1000 ms.
 */
import { ExtendedMachine } from '../../../src/protocol/extended/machine'
import type { Flag, Flags, Frame, Head, Trailer } from '../../../src/protocol/wire/frame'
import type { Input, MachineView, Output, Role } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import type { PairSettings } from '../../../src/protocol/settings'
import { seededRandom } from '../random'
import { testSettings } from './settings'

/** What the peer says; the rest of the frame is its bookkeeping. */
export interface Word {
  readonly head?: Head
  readonly state: Role
  readonly epoch: number
  readonly flags?: readonly Flag[]
  /** It does not count this side as its partner. */
  readonly deaf?: boolean
  /** It acknowledges the first frame that it heard in this session, not the latest. */
  readonly acksTheFirst?: boolean
  readonly trailer?: Partial<Trailer>
}

export interface ExtendedOptions {
  readonly settings?: Partial<PairSettings>
  readonly record: PairRecord
  readonly peer: Partial<Trailer>
  readonly keyed?: boolean
}

const STEPS_PER_INSTANT_MAX = 50
/** From the tether's FIN to the answer to the one dial that it is followed by. */
const REDIAL_MS = 1

export class ExtendedHarness {
  readonly settings: PairSettings
  readonly machine: ExtendedMachine
  nowMs = 5_000
  /** What it says by itself, once each heartbeat; null = it is silent. */
  peerSays: Word | null = null
  /** False: the store keeps its answers back, until `answerStore`. */
  storeAnswers = true
  readonly #unanswered: number[] = []
  /** What the store was asked to keep last. */
  lastRecord: PairRecord | null = null
  /** Links on which nothing can be sent: the machine is told of each frame. */
  readonly unsendable = new Set<number>()
  #unheard = false
  #lastWordMs = -Infinity
  #tetherId = 0
  #redial: { readonly atMs: number; readonly refused: boolean } | null = null
  readonly #peer: Partial<Trailer>
  #peerSession = 0xb0b0n
  #seq = 0
  #firstHeard = 0
  /** By the session that a frame was for: the newest number. What is for nobody (0) everybody takes. */
  readonly #heard = new Map<bigint, number>()
  #machineSession = 0n
  #reports: string[] = []
  #said: Frame[] = []
  #replies: string[] = []
  #barriers: string[] = []

  constructor(options: ExtendedOptions) {
    this.settings = testSettings({ wire: 'extended', ...options.settings })
    this.#peer = options.peer
    this.machine = new ExtendedMachine(this.settings, { randomInt: seededRandom(1), keyed: options.keyed ?? true })
    this.step({ kind: 'start', record: options.record })
    this.step({ kind: 'link', link: 0, open: true, detail: '' })
  }

  get view(): MachineView {
    return this.machine.view()
  }

  /** What a gate would decide at this instant. */
  get serves(): boolean {
    const { role, serving, leaseUntilMs } = this.view
    return role === 'active' && serving && this.nowMs < leaseUntilMs
  }

  step(input: Input): void {
    const stored: number[] = []
    const unsent: number[] = []
    for (const output of this.machine.step(this.nowMs, input)) {
      this.#note(output)
      if (output.kind === 'send' && this.unsendable.has(output.link)) unsent.push(output.link)
      if (output.kind !== 'store') continue
      this.lastRecord = output.record
      stored.push(output.ticket)
    }
    for (const link of unsent) this.step({ kind: 'unsent', link })
    if (!this.storeAnswers) this.#unanswered.push(...stored)
    else for (const ticket of stored) this.step({ kind: 'stored', ticket, ok: true })
  }

  /** The store has written what it was asked for, and answers at once from now on. */
  answerStore(): void {
    this.storeAnswers = true
    for (const ticket of this.#unanswered.splice(0)) this.step({ kind: 'stored', ticket, ok: true })
  }

  /** The peer says this now, on this link. */
  hears(word: Word, link = 0): void {
    this.#seq += 1
    this.step({ kind: 'frame', link, frame: this.#frame({ ...word, trailer: { link, ...word.trailer } }) })
  }

  /** The peer's process starts again: from now on it speaks in a new session. */
  restartPeer(): void {
    this.#peerSession += 1n
    this.#seq = 0
  }

  /**
   * The peer's process starts again and says this: twice, for the second confirms the first, and when nothing of the old
   * session has been heard for two heartbeats.
   */
  hearsRestarted(word: Word): void {
    if (this.view.peerSession !== 0n) {
      const adoptedAtMs = (this.view.peer?.heardAtMs ?? 0) + this.settings.heartbeatMs * 2
      this.advanceMs(Math.max(0, adoptedAtMs - this.nowMs))
    }
    this.restartPeer()
    this.hears(word)
    this.hears(word)
  }

  /** A tether of the living sessions is up. Returns its id. */
  tether(provable = true): number {
    const { session, peerSession } = this.view
    this.#tetherId += 1
    this.step({ kind: 'tether', id: this.#tetherId, session, peerSession, provable })
    return this.#tetherId
  }

  /** The tether ends, and the one dial that follows a FIN is answered. The peer says nothing by itself any more. */
  tetherEnds({ fin = true, refused = true }: { readonly fin?: boolean; readonly refused?: boolean } = {}): void {
    this.peerSays = null
    this.step({ kind: 'tetherEnded', id: this.#tetherId, fin })
    if (fin) this.#redial = { atMs: this.nowMs + REDIAL_MS, refused }
  }

  /** Whatever it sends meanwhile is lost. */
  whileUnheard(act: () => void): void {
    this.#unheard = true
    act()
    this.#unheard = false
  }

  /** Time passes. */
  advanceMs(ms: number): void {
    const endMs = this.nowMs + ms
    let stepsNow = 0
    for (;;) {
      const wordMs = this.peerSays === null ? Infinity : this.#lastWordMs + this.settings.heartbeatMs
      const redial = this.#redial
      const redialMs = redial?.atMs ?? Infinity
      const atMs = Math.max(this.nowMs, Math.min(this.machine.deadlineMs(), wordMs, redialMs))
      if (atMs > endMs) break
      stepsNow = atMs === this.nowMs ? stepsNow + 1 : 0
      if (stepsNow > STEPS_PER_INSTANT_MAX) throw new Error(`the machine spins at ${atMs} ms`)
      this.nowMs = atMs
      if (this.peerSays !== null && wordMs <= atMs) {
        this.#lastWordMs = atMs
        this.hears(this.peerSays)
      } else if (redial !== null && redialMs <= atMs) {
        this.#redial = null
        this.step({ kind: 'redialled', id: this.#tetherId, refused: redial.refused })
      } else this.step({ kind: 'tick' })
    }
    this.nowMs = endMs
  }

  /** The events since the last call, as 'event reason', links and settings apart. */
  takeReports(): string[] {
    return this.#reports.splice(0)
  }

  /** What it said since the last call. */
  takeSaid(): Frame[] {
    return this.#said.splice(0)
  }

  /** What became of barriers since the last call: `1`, then `1 granted` or `1 called off`. */
  takeBarriers(): string[] {
    return this.#barriers.splice(0)
  }

  takeReplies(): string[] {
    return this.#replies.splice(0)
  }

  #note(output: Output): void {
    if (output.kind === 'event' && output.event !== 'link') this.#reports.push(`${output.event} ${output.reason}`)
    if (output.kind === 'barrier') this.#barriers.push(`${output.id}`)
    if (output.kind === 'barrierOver') this.#barriers.push(`${output.id} ${output.granted ? 'granted' : 'called off'}`)
    if (output.kind === 'drop') this.#reports.push(`dropped ${output.cause}`)
    if (output.kind === 'reply') this.#replies.push(output.ok ? `ok ${output.role}` : output.error)
    if (output.kind !== 'send') return
    this.#said.push(output.frame)
    const trailer = output.frame.trailer
    if (trailer === null || this.#unheard || this.unsendable.has(output.link)) return
    if (trailer.session !== this.#machineSession) this.#heard.clear()
    this.#machineSession = trailer.session
    this.#heard.set(trailer.echo, trailer.seq)
    if (this.#firstHeard === 0) this.#firstHeard = trailer.seq
  }

  #heardBy(session: bigint): number {
    return Math.max(this.#heard.get(session) ?? 0, this.#heard.get(0n) ?? 0)
  }

  #frame(word: Word): Frame {
    const flags: Flags = {
      probe: false,
      ready: false,
      serving: word.state === 'active',
      holder: word.state === 'active',
      preferred: false,
      goodbye: false,
      wanted: false,
      refusal: false,
      marked: false,
      channel: false,
      users: false,
      behind: false,
      ...Object.fromEntries((word.flags ?? []).map((flag) => [flag, true]))
    }
    return {
      head: word.head ?? (word.state === 'active' ? 'connected' : 'negotiate'),
      state: word.state,
      id: this.#seq & 0xff,
      value: 255,
      trailer: {
        keyId: 0,
        nodeId: 2n,
        session: this.#peerSession,
        echo: this.#machineSession,
        seq: this.#seq,
        ack: word.acksTheFirst === true ? this.#firstHeard : this.#heardBy(word.trailer?.session ?? this.#peerSession),
        epoch: word.epoch,
        priority: 100,
        fitness: 255,
        policy: this.settings.policy,
        reason: 'none',
        flags,
        link: 0,
        heardLinks: word.deaf === true ? 0 : 1,
        heartbeatMs: this.settings.heartbeatMs,
        peerTimeoutMs: this.settings.peerTimeoutMs,
        promisedMs: this.settings.peerTimeoutMs,
        flowsHash: 0,
        record: 0,
        peerRecord: 0,
        dataEpoch: 0,
        dataNumber: 0,
        ...this.#peer,
        ...word.trailer
      }
    }
  }
}
