/**
 * The canonical form of a state as a number: two states with the same one behave alike from here on.
 *
 * - Times count from now; what is longer ago than anything that the machine compares is all the same.
 * - Sequence numbers count from the sender's latest, or from the last one of a session that is over.
 * - What no decision reads is left out: the id of a frame, tickets, the former role, counters beyond their limits.
 * 53 of 64 bits are kept: among 10,000,000 states the chance that any two are confused is about 1 in 200.
 */
import type { Frame } from '../../../src/protocol/wire/frame'
import type { PairMachine } from '../../../src/protocol/machine'
import type { Lender } from '../../../src/protocol/witness/lender'
import type { SideState, State, ThirdState } from './world'

const UNREAD = new Set([
  'out',
  'nowMs',
  'settings',
  'randomInt',
  'keyed',
  'previousRole',
  'ticket',
  'id',
  'seq',
  'barriers'
])
const COUNTED_TO: Readonly<Record<string, number>> = { probes: 4, unanswered: 3 }
const TIME = /(At|Since|Until|[nN]otBefore|AloneBefore)Ms$|^(since|at|until|deadline)Ms$/
const OWN_SEQ = new Set(['pausedSeq', 'firstSeq', 'refusedSeq'])
/** No acknowledgement or repetition reaches further back than this many frames. */
const SEQ_DEPTH = 64
/** Nor does anything that is known of records reach further back than this. */
const RECORD_DEPTH = 8

type Kind = 'unread' | 'counted' | 'time' | 'own' | 'plain'
const kinds = new Map<string, Kind>()

function kindOf(key: string): Kind {
  let kind = kinds.get(key)
  if (kind !== undefined) return kind
  const name = key.replace('_p_', '')
  if (UNREAD.has(name)) kind = 'unread'
  else if (name in COUNTED_TO) kind = 'counted'
  else if (TIME.test(name)) kind = 'time'
  else if (OWN_SEQ.has(name)) kind = 'own'
  else kind = 'plain'
  kinds.set(key, kind)
  return kind
}

interface SessionsInside {
  readonly session: bigint
  readonly _p_seq: number
  readonly _p_sentAtMs: readonly number[]
  readonly _p_peer: Readonly<Record<string, unknown>> | null
  readonly _p_hello: Readonly<Record<string, unknown>> | null
}

interface VoiceInside {
  readonly session: bigint
  readonly _p_seq: number
  readonly _p_sentAtMs: readonly number[]
  readonly _p_witness: { readonly session: bigint; readonly seq: number } | null
}

type Side = Readonly<Record<string, unknown>>

interface LenderInside {
  readonly _p_renewedAtMs: number
  readonly _p_lentAtMs: number
  readonly _p_sides: ReadonlyMap<bigint, Side>
}

/** Null for one that is not of glass. */
function lenderInsides(lender: Lender<number> | null): LenderInside | null {
  const insides = lender as unknown as LenderInside | null
  return insides !== null && '_p_sides' in insides ? insides : null
}

interface Insides {
  readonly peer: {
    readonly sessions: SessionsInside
    readonly proof: { readonly _p_tether: { readonly id: number } | null }
  }
  readonly third: { readonly voice: VoiceInside }
  readonly epochs: { readonly _p_nodeId: bigint; readonly _p_number: number }
}

/** Null for one that is not of glass. */
function insidesOf(machine: PairMachine | null): Insides | null {
  const insides = machine as unknown as Insides | null
  return insides !== null && '_p_seq' in insides.peer.sessions ? insides : null
}

/** A session and its latest sequence number. */
export interface Counted {
  readonly session: bigint
  readonly seq: number
}

function tetherOf(machine: PairMachine | null): number | null {
  return insidesOf(machine)?.peer.proof._p_tether?.id ?? null
}

function ownerOf(value: Record<string, unknown>): bigint {
  const id = value['nodeId'] ?? value['_p_nodeId']
  return typeof id === 'string' ? BigInt(`0x${id}`) : (id as bigint)
}

/** Nothing of a machine that is not of glass. */
export function countedBy(machine: PairMachine | null): readonly Counted[] {
  const insides = insidesOf(machine)
  if (insides === null) return []
  const { session, _p_seq: seq } = insides.peer.sessions
  return [{ session, seq }]
}

const words = new Map<string | bigint, number>()
const float = new Float64Array(1)
const halves = new Uint32Array(float.buffer)

class Mixer {
  #a = 0x811c9dc5
  #b = 0x1b873593
  #nowMs = 0
  #memoryMs = 0
  #sentMemoryMs = 0
  readonly #latest = new Map<bigint, number>()
  /** The newest record of each node id. */
  readonly #records = new Map<bigint, number>()
  /** Of each session that asks the witness: its latest ask, and the witness's latest answer. */
  readonly #asked = new Map<bigint, number>()
  readonly #answered = new Map<bigint, number>()
  /** The session of the side that is being read. */
  #self = 0n

  of(state: State): number {
    this.#a = 0x811c9dc5
    this.#b = 0x1b873593
    this.#nowMs = state.nowMs
    this.#memoryMs = state.memoryMs
    this.#sentMemoryMs = state.sentMemoryMs
    this.#latest.clear()
    for (const { machine, ended } of state.double === null ? state.sides : [...state.sides, state.double.side]) {
      for (const { session, seq } of [...ended, ...countedBy(machine)]) this.#latest.set(session, seq)
    }
    this.#countRecords(state)
    if (state.third !== null) this.#countAsks(state)
    for (const side of state.sides) this.#side(side)
    this.number(state.double?.of ?? -1)
    if (state.double !== null) this.#side(state.double.side)
    this.number(state.cut)
    for (const count of state.budget) this.number(count)
    for (const flights of state.net) {
      this.number(flights.length)
      for (const { frame, sentAtMs } of flights) {
        this.#frame(frame)
        this.#time(sentAtMs)
      }
    }
    for (const tape of state.tape) if (tape !== null) this.#frame(tape)
    if (state.third !== null) this.#third(state.third)
    return (this.#a >>> 0) * 0x200000 + (this.#b >>> 11)
  }

  #third({ lender, disk, starts, cut, answers }: ThirdState): void {
    this.number(starts)
    this.number(cut)
    this.#value(disk)
    const insides = lenderInsides(lender)
    this.#flags(lender !== null, insides?._p_renewedAtMs === -Infinity, insides?._p_lentAtMs === -Infinity)
    if (insides !== null) {
      for (const [session, side] of insides._p_sides) {
        this.#value(session)
        // Its numbers count from its latest answer; asks come in order, so that of the last one decides nothing.
        for (const key in side) {
          const member = side[key]
          if (key === 'acked' || key === 'markSeq') this.number(Number(member) - Number(side['answers']))
          else if (key !== 'answers' && key !== 'seq') this.#member(key, member)
        }
      }
      for (const key in insides) if (key !== '_p_sides') this.#member(key, (insides as unknown as Side)[key])
    }
    for (const queue of answers) {
      this.#word(29 + queue.length)
      for (const answer of queue) {
        this.number(answer.seq - this.#answers(answer.echo))
        this.#seqOfAsk(answer.ack, answer.echo)
        for (const key in answer) {
          if (key !== 'seq' && key !== 'ack') this.#member(key, answer[key as keyof typeof answer])
        }
      }
    }
  }

  /** How many answers the lender has given this session. */
  #answers(session: bigint): number {
    return this.#answered.get(session) ?? 0
  }

  #seqOfAsk(seq: number, session: bigint): void {
    this.number(seq - (this.#asked.get(session) ?? 0))
  }

  #countAsks({ sides, third }: State): void {
    this.#asked.clear()
    this.#answered.clear()
    for (const { machine } of sides) {
      const voice = insidesOf(machine)?.third.voice
      if (voice !== undefined) this.#asked.set(voice.session, voice._p_seq)
    }
    for (const [session, side] of lenderInsides(third?.lender ?? null)?._p_sides ?? []) {
      this.#answered.set(session, Number(side['answers']))
    }
  }

  /** Asks count from the latest one, the witness's numbers from its latest answer; loans have their own. */
  #voice(voice: VoiceInside): void {
    const seq = voice._p_seq
    for (const key in voice) {
      const member = (voice as unknown as Side)[key]
      this.#word(31)
      if (key === '_p_sentAtMs') this.#sentAsks(voice)
      else if (key === '_p_answeredSeq' || key === '_p_releaseSeq') {
        if (typeof member === 'number' && Number.isFinite(member)) this.number(Math.max(member - seq, -SEQ_DEPTH) - 0.5)
        else this.#value(member)
      } else if (key === '_p_witness') {
        this.#value(voice._p_witness?.session ?? null)
        this.number((voice._p_witness?.seq ?? 0) - this.#answers(voice.session))
      } else if (key !== '_p_seq') this.#member(key, member)
    }
  }

  #sentAsks({ _p_seq: last, _p_sentAtMs: sentAtMs }: VoiceInside): void {
    for (let seq = last; seq > last - SEQ_DEPTH && seq > 0; seq--) {
      const atMs = sentAtMs[seq % sentAtMs.length] ?? -Infinity
      if (atMs < this.#nowMs - this.#sentMemoryMs) break
      this.#time(atMs)
    }
  }

  #member(key: string, member: unknown): void {
    if (typeof member === 'function' || UNREAD.has(key.replace('_p_', ''))) return
    if (typeof member === 'number' && TIME.test(key.replace('_p_', ''))) this.#time(member)
    else this.#value(member)
  }

  #side(side: SideState): void {
    const { machine, disk, write, starts, hostIsUp, isOpen, stalledFor, ranAtMs, awaiting, leaving, used } = side
    this.#self = countedBy(machine)[0]?.session ?? 0n
    this.#flags(machine !== null, hostIsUp, isOpen, leaving, side.tether !== null, side.liedFromSeq !== null)
    this.number(starts)
    this.number(used)
    this.number(stalledFor)
    this.number(stalledFor > 0 ? this.#nowMs - ranAtMs : 0)
    for (const id of awaiting) this.number(id)
    if (side.tether !== null) {
      const { id, session, peerSession, ended } = side.tether
      this.#value(session)
      this.#value(peerSession)
      this.#value(ended)
      // The only tether that an end can be told of, or one that the machine has forgotten.
      this.#flags(tetherOf(machine) === id)
    }
    if (side.liedFromSeq !== null) this.#seq(side.liedFromSeq, this.#self)
    this.#value(side.copy)
    this.#flags(side.follows, side.confirmed)
    this.#value(side.told)
    this.number(side.barrier?.epoch ?? -1)
    this.#value(disk)
    if (write !== null) this.#value(write.record)
    if (machine !== null) this.#value(machine)
  }

  /** Numbers of records count from the newest of their side, which is known by its node id. */
  #countRecords({ sides, double }: State): void {
    this.#records.clear()
    for (const { machine, disk } of double === null ? sides : [...sides, double.side]) {
      const epochs = insidesOf(machine)?.epochs
      const nodeId = epochs?._p_nodeId ?? (disk === null ? null : BigInt(`0x${disk.nodeId}`))
      const number = epochs?._p_number ?? disk?.number ?? 0
      if (nodeId !== null) this.#records.set(nodeId, Math.max(number, this.#records.get(nodeId) ?? 0))
    }
  }

  /** 0 means none. */
  #record(number: number, nodeId: bigint): void {
    const newest = this.#records.get(nodeId)
    if (number === 0) this.number(0.125)
    else if (newest === undefined) this.number(number)
    else this.number(Math.max(number - newest, -RECORD_DEPTH) - 0.25)
  }

  number(value: number): void {
    float[0] = value
    this.#word(halves[0] ?? 0)
    this.#word(halves[1] ?? 0)
  }

  #word(word: number): void {
    let a = Math.imul(this.#a ^ word, 0x85ebca6b)
    a ^= a >>> 15
    this.#a = Math.imul(a, 0xc2b2ae35) + 0x52dce729
    let b = Math.imul(this.#b ^ word, 0x9e3779b1)
    b ^= b >>> 13
    this.#b = Math.imul(b, 0x27d4eb2f) + 0x38495ab5
  }

  #flags(...flags: readonly boolean[]): void {
    let bits = 1
    for (const flag of flags) bits = bits * 2 + Number(flag)
    this.number(bits)
  }

  #time(atMs: number): void {
    this.number(Math.max(atMs - this.#nowMs, -this.#memoryMs))
  }

  /** 0 means none. A number of a session that is over is nobody's count any more. */
  #seq(seq: number, session: bigint): void {
    const latest = this.#latest.get(session)
    if (seq === 0) this.number(0.25)
    else if (latest === undefined) this.number(seq)
    else this.number(Math.max(seq - latest, -SEQ_DEPTH) - 0.5)
  }

  #frame(frame: Frame): void {
    this.#word(7)
    const trailer = frame.trailer
    if (trailer === null) return
    for (const key in trailer) {
      if (key === 'seq') this.#seq(trailer.seq, trailer.session)
      else if (key === 'ack') this.#seq(trailer.ack, trailer.echo)
      else if (key === 'record') this.#record(trailer.record, trailer.nodeId)
      // Whose it is the echo says; there is one other.
      else if (key === 'peerRecord') this.#record(trailer.peerRecord, this.#otherThan(trailer.nodeId))
      else this.#value(trailer[key as keyof typeof trailer])
    }
    this.#value(frame.head)
    this.#value(frame.state)
    this.number(frame.value)
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        return this.number(value)
      case 'boolean':
        return this.#word(value ? 3 : 5)
      case 'string':
      case 'bigint': {
        let word = words.get(value)
        if (word === undefined) words.set(value, (word = words.size + 11))
        return this.#word(word)
      }
      case 'object':
        if (value === null) return this.#word(13)
        if (Array.isArray(value)) {
          this.#word(17 + value.length)
          for (const item of value) this.#value(item)
          return
        }
        if (value instanceof Map) return this.#map(value)
        return this.#members(value as Record<string, unknown>)
      default:
        return
    }
  }

  #otherThan(nodeId: bigint): bigint {
    for (const known of this.#records.keys()) if (known !== nodeId) return known
    return nodeId
  }

  #members(value: Record<string, unknown>): void {
    const insides = value as unknown as SessionsInside
    if ('_p_answeredSeq' in value) return this.#voice(value as unknown as VoiceInside)
    if ('_p_sentAtMs' in value) return this.#sessions(insides)
    for (const key in value) {
      const member = value[key]
      const kind = kindOf(key)
      // Of a record, of the epoch allocator, and of what is known of the peer's records.
      if (key === 'number' || key === '_p_number') this.#record(member as number, ownerOf(value))
      else if (kind === 'unread' || typeof member === 'function') continue
      if (typeof member !== 'number' || kind === 'plain') this.#value(member)
      else if (kind === 'counted') this.number(Math.min(member, COUNTED_TO[key.replace('_p_', '')] ?? member))
      // 0 there says that nothing is waited for.
      else if (kind === 'time' && key === '_p_storeUntilMs' && member === 0) this.number(0.25)
      else if (kind === 'time') this.#time(member)
      else this.#seq(member, this.#self)
    }
  }

  /** In the machine there is one: since which frame of mine a session waits to be confirmed. */
  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#word(41 + map.size)
    for (const [key, item] of map) {
      this.#value(key)
      if (typeof item === 'number') this.#seq(item, this.#self)
      else this.#value(item)
    }
  }

  #sessions(sessions: SessionsInside): void {
    for (const key in sessions) {
      this.#word(19)
      if (key === '_p_sentAtMs') this.#sendTimes(sessions)
      else if (key === '_p_hello') this.#received(sessions._p_hello, sessions)
      else if (key === '_p_peer') this.#received(sessions._p_peer, sessions)
      else if (key !== '_p_seq') this.#value(sessions[key as keyof typeof sessions])
    }
  }

  #sendTimes({ _p_seq: last, _p_sentAtMs: sentAtMs }: SessionsInside): void {
    // How far back they reach decides what is forgotten next.
    this.number(sentAtMs.length)
    for (let seq = last; seq > last - Math.min(SEQ_DEPTH, sentAtMs.length) && seq > 0; seq--) {
      const atMs = sentAtMs[seq % sentAtMs.length] ?? -Infinity
      if (atMs < this.#nowMs - this.#sentMemoryMs) break
      this.#time(atMs)
    }
  }

  /** What is known of a session of the peer; its numbers are his, but for what he acknowledged. */
  #received(of: Readonly<Record<string, unknown>> | null, { session }: SessionsInside): void {
    if (of === null) return this.#word(23)
    const theirs = of['session'] as bigint
    for (const key in of) {
      const member = of[key]
      if (key === 'ackedSeq') this.#seq(member as number, session)
      else if (typeof member === 'number') this.#seq(member, theirs)
      else if (Array.isArray(member)) for (const seq of member as readonly number[]) this.#seq(seq, theirs)
      else this.#value(member)
    }
  }
}

const mixer = new Mixer()

export function fingerprint(state: State): number {
  return mixer.of(state)
}
