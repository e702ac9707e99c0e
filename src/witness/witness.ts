/**
 * A witness: one UDP socket, one lender for each pair, and their files. It holds no data of the flows and speaks only when it is asked, with
 * an answer that is hardly longer than what was asked, to where that came from, and only under the pair's key.
 */
import { createHash } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { lookup, type LookupOneOptions } from 'node:dns'
import { isIP, isIPv6 } from 'node:net'
import { codeOf, messageOf } from '../engine/error-code'
import { randomInt } from '../engine/random'
import { Rejections } from '../engine/rejections'
import { PairFiles } from '../host/pair-files'
import type { PairLog } from '../host/report'
import { SLACK_SHARE } from '../protocol/extended/lease'
import { randomId } from '../protocol/random-id'
import { TokenBucket, type Allowance } from '../protocol/token-bucket'
import { idText } from '../protocol/wire/bytes'
import { canonicalIp } from '../protocol/wire/paths'
import {
  ANSWER_BYTES,
  decodeAsk,
  encodeAnswer,
  isWitnessFrame,
  PAIR_AT,
  PAIR_BYTES,
  type Answer
} from '../protocol/wire/witness-frame'
import { Lender, type LenderEvent, type LenderInput, type LoanRecord } from '../protocol/witness/lender'
import { WitnessFiles } from './files'
import type { KeyLine } from './keys'

const RETRY_MS = 2000
/** So old a look at the files may be, of the promise: a part of what a lease leaves for what lies between a decision and its effect. */
const LOOK_SHARE = SLACK_SHARE / 4
/** What the kernel keeps while this thread is busy: what a thousand pairs ask in a moment. */
const RECEIVE_BYTES = 1 << 18
/** Of a pair's two sides, and of some that were set up again. */
const ADDRESSES_KEPT = 8
/** Seals that are checked for one pair: its two sides ask some 200 times a second at most (a heartbeat of 5 ms, twice). */
const CHECKS: Allowance = { perSecond: 2000, burst: 500 }

export interface WitnessOptions {
  readonly port: number
  /** Local address; '' = any. */
  readonly host: string
  /** Folder of its files. */
  readonly data: string
  readonly log: PairLog
  /** Something of `state` has changed. */
  readonly onChange?: () => void
}

export type WitnessProblem =
  /** Another process has the folder. */
  | { readonly kind: 'files-in-use'; readonly detail: string }
  /** The folder cannot be read or written. */
  | { readonly kind: 'files-failed'; readonly detail: string }
  | { readonly kind: 'port-in-use' | 'address-not-here' | 'socket-failed'; readonly detail: string }
  /** Another start has written the files: this one lends nothing. */
  | { readonly kind: 'files-taken' }

export interface PairState {
  readonly name: string
  /** 16 hex digits; the same on both hosts of the pair, see the dialog there. */
  readonly pair: string
  /** Node id of the side that has the voice, 16 hex digits; null = nobody. */
  readonly holder: string | null
  /** ms since 1970; null = since before the start. */
  readonly since: number | null
  readonly loan: number
  /** `address`: where its latest ask came from. */
  readonly sides: readonly { readonly node: string; readonly address: string; readonly heardAgo: number }[]
}

export interface WitnessState {
  readonly open: boolean
  readonly port: number
  readonly problem: WitnessProblem | null
  readonly pairs: readonly PairState[]
}

interface Served {
  readonly line: KeyLine
  readonly pair: string
  /** Null until its record has been read. */
  lender: Lender<RemoteInfo> | null
  readonly checks: TokenBucket
  lentAtWallMs: number | null
  /** By node id, where its latest ask under the pair's seal came from. */
  readonly addresses: Map<bigint, string>
}

type Rejection = 'no way back' | 'no witness frame' | 'unknown key' | 'wrong seal' | 'too many' | 'bad field'

export class Witness {
  readonly #options: WitnessOptions
  readonly #files: WitnessFiles
  readonly #lock: PairFiles
  readonly #session = randomId(randomInt)
  #id: string | null = null
  #opening = false
  #socket: Socket | null = null
  #bound = 0
  #problem: WitnessProblem | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false
  #lookedAtMs = -Infinity
  #fenced = false
  /** By the bytes that name the pair in a frame, one character a byte. */
  readonly #served = new Map<string, Served>()
  readonly #rejections = new Rejections<Rejection>()

  /** Begins at once: takes the folder, then opens the port. What fails is tried again until `close`. */
  constructor(options: WitnessOptions, keys: readonly KeyLine[]) {
    this.#options = options
    this.#files = new WitnessFiles(options.data)
    this.setKeys(keys)
    this.#lock = new PairFiles(options.data, () => this.#proceed())
  }

  get state(): WitnessState {
    const nowMs = performance.now()
    const pairs = [...this.#served.values()].map((served) => stateOf(served, nowMs))
    return { open: this.#bound !== 0, port: this.#bound, problem: this.#problem, pairs }
  }

  /** Pairs that stay keep what is known of them. */
  setKeys(keys: readonly KeyLine[]): void {
    const wanted = new Map(keys.map((line) => [line.seal.pair.toString('latin1'), line]))
    for (const pair of [...this.#served.keys()]) if (!wanted.has(pair)) this.#served.delete(pair)
    for (const [pair, line] of wanted) {
      if (this.#served.has(pair)) continue
      const served: Served = {
        line,
        pair: line.seal.pair.toString('hex'),
        lender: null,
        checks: new TokenBucket(),
        lentAtWallMs: null,
        addresses: new Map()
      }
      this.#served.set(pair, served)
      if (this.#id !== null) void this.#serve(served)
    }
  }

  /** Loans stay as they are on disk: what was promised is kept by waiting after the next start. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = null
    this.#bound = 0
    if (socket !== null) await new Promise<void>((closed) => socket.close(() => closed()))
    this.#lock.end()
  }

  // --------------------------------------------------------------------------------------------------------- to be open

  #proceed(): void {
    if (this.#closed || this.#opening || this.#socket !== null) return
    const { state } = this.#lock
    if (state.kind === 'in-use') this.#fail({ kind: 'files-in-use', detail: state.holder })
    else if (this.#lock.free) void this.#open()
  }

  async #open(): Promise<void> {
    this.#opening = true
    try {
      if (this.#id === null) await this.#openFiles()
      if (!this.#closed) await this.#bind()
    } catch (error) {
      this.#fail({ kind: this.#id === null ? 'files-failed' : problemOfSocket(error), detail: messageOf(error) })
      this.#timer = setTimeout(() => this.#proceed(), RETRY_MS)
    } finally {
      this.#opening = false
    }
  }

  async #openFiles(): Promise<void> {
    const { identity, state } = await this.#files.open()
    this.#id = identity.id
    for (const served of this.#served.values()) await this.#serve(served)
    const { log } = this.#options
    if (state === 'known') log.info(`start ${identity.start} of witness ${identity.id}`)
    else {
      const why = state === 'new' ? 'no files were there' : 'its file was damaged and is set aside'
      log.warn(`a new witness, ${identity.id}: ${why}. It counts for a pair once both hosts have met and agreed on it.`)
    }
  }

  async #bind(): Promise<void> {
    const { host, port, log } = this.#options
    const socket = await bind(host, port)
    // Errors of single datagrams are nobody's but the network's.
    socket.on('error', (error) => log.warn(`socket: ${error.message}`))
    socket.on('message', (bytes, from) => this.#receive(bytes, from))
    this.#socket = socket
    this.#bound = socket.address().port
    this.#problem = null
    log.info(`open on UDP port ${this.#bound}, for ${this.#served.size} pair(s)`)
    this.#options.onChange?.()
  }

  #fail(problem: WitnessProblem): void {
    if (JSON.stringify(problem) === JSON.stringify(this.#problem)) return
    this.#problem = problem
    this.#options.log.error(`${problem.kind}${'detail' in problem ? `: ${problem.detail}` : ''}`)
    this.#options.onChange?.()
  }

  /** Who changes the pair's key has a witness with another id, on which both sides have to agree first. */
  async #serve(served: Served): Promise<void> {
    const id = createHash('sha256').update(`${this.#id} ${served.pair}`).digest().readBigUInt64BE() | 1n
    try {
      const record = await this.#files.readLoan(served.pair)
      served.lender = new Lender<RemoteInfo>(performance.now(), id, this.#session, record)
    } catch (error) {
      this.#options.log.error(`${served.line.name}: ${messageOf(error)}`)
    }
  }

  // ---------------------------------------------------------------------------------------------------------- to answer

  #receive(bytes: Buffer, from: RemoteInfo): void {
    const nowMs = performance.now()
    // A sender may call itself port 0, where nobody can be reached: to send there is an error of the caller's.
    if (from.port === 0) return this.#reject('no way back', from)
    if (!isWitnessFrame(bytes)) return this.#reject('no witness frame', from)
    const served = this.#served.get(bytes.toString('latin1', PAIR_AT, PAIR_AT + PAIR_BYTES))
    if (served === undefined) return this.#reject('unknown key', from)
    if (!served.checks.take(nowMs, CHECKS)) return this.#reject('too many', from)
    if (!served.line.seal.fits(bytes)) return this.#reject('wrong seal', from)
    const ask = decodeAsk(bytes)
    if (typeof ask === 'string') return this.#reject('bad field', from)
    this.#noteAddress(served, ask.nodeId, from.address)
    this.#lookAtFiles(nowMs, ask.promiseMs)
    this.#step(served, { kind: 'ask', ask, from })
  }

  #noteAddress({ addresses }: Served, node: bigint, address: string): void {
    if (addresses.get(node) === address) return
    if (addresses.size >= ADDRESSES_KEPT && !addresses.has(node)) addresses.clear()
    addresses.set(node, address)
  }

  #step(served: Served, input: LenderInput<RemoteInfo>): void {
    const { lender } = served
    if (lender === null || this.#closed) return
    for (const output of lender.step(performance.now(), input)) {
      switch (output.kind) {
        case 'answer':
          this.#send(served, output.answer, output.to)
          break
        case 'store':
          void this.#store(served, output.record)
          break
        case 'event':
          this.#tell(served, output.event)
          break
        default:
          output satisfies never
      }
    }
  }

  async #store(served: Served, record: LoanRecord): Promise<void> {
    const error = this.#fenced ? 'the files are another start’s' : await this.#files.writeLoan(served.pair, record)
    if (error !== null) this.#options.log.error(`${served.line.name}: cannot write its file: ${error}`)
    this.#step(served, { kind: 'stored', ok: error === null && !this.#fenced })
  }

  #send({ line }: Served, answer: Answer, to: RemoteInfo): void {
    // The socket keeps what it is given until it is sent. All of it is written below.
    const bytes = Buffer.allocUnsafe(ANSWER_BYTES)
    encodeAnswer(answer, line.seal.pair, bytes)
    line.seal.close(bytes)
    // An address that nobody can write to is the sender's affair.
    this.#socket?.send(bytes, to.port, to.address, (error) => {
      if (error !== null) this.#reject('no way back', to)
    })
  }

  /** Before anything is renewed: another start of this witness may have come, on a file system that has no locks. */
  #lookAtFiles(nowMs: number, promiseMs: number): void {
    if (this.#fenced || nowMs < this.#lookedAtMs + promiseMs * LOOK_SHARE) return
    this.#lookedAtMs = nowMs
    if (this.#files.isMine()) return
    this.#fenced = true
    for (const served of this.#served.values()) this.#step(served, { kind: 'fenced' })
    this.#fail({ kind: 'files-taken' })
  }

  #tell(served: Served, event: LenderEvent): void {
    const { log, onChange } = this.#options
    const { line } = served
    switch (event.name) {
      case 'lent':
        served.lentAtWallMs = Date.now()
        log.info(`${line.name}: the voice goes to node ${idText(event.nodeId)} (loan ${event.loan})`)
        break
      case 'released':
        log.info(`${line.name}: node ${idText(event.nodeId)} gave the voice back (loan ${event.loan})`)
        break
      case 'rolled-back':
        log.warn(
          `${line.name}: node ${idText(event.nodeId)} holds loan ${event.loan}, which this disk has forgotten: it was set back`
        )
        break
      case 'copied':
        log.error(
          `${line.name}: two processes ask as node ${idText(event.nodeId)} in one session: a copied host. Neither gets the voice.`
        )
        break
      case 'third-party':
        log.warn(`${line.name}: a third node, ${idText(event.nodeId)}, asks with this pair's key`)
        break
      case 'store-failed':
        break
      default:
        event satisfies never
    }
    onChange?.()
  }

  #reject(cause: Rejection, from: RemoteInfo): void {
    const count = this.#rejections.add(cause, performance.now())
    if (count > 0) this.#options.log.warn(`${count} message(s) rejected: ${cause} (the latest from ${from.address})`)
  }
}

function stateOf({ line, pair, lender, lentAtWallMs, addresses }: Served, nowMs: number): PairState {
  const view = lender?.view(nowMs)
  return {
    name: line.name,
    pair,
    holder: view === undefined || view.holder === null ? null : idText(view.holder),
    since: lentAtWallMs,
    loan: view?.loan ?? 0,
    sides: (view?.sides ?? []).map(({ nodeId, heardAgoMs }) => ({
      node: idText(nodeId),
      address: canonicalIp(addresses.get(nodeId) ?? ''),
      heardAgo: Math.round(heardAgoMs)
    }))
  }
}

/** Any address of both families where none is named, of IPv4 alone where the system has no other. Errors: rejects with the system's. */
async function bind(host: string, port: number): Promise<Socket> {
  const type = host === '' || isIPv6(host) ? 'udp6' : 'udp4'
  const socket = createSocket({ type, lookup: unlessAddress, recvBufferSize: RECEIVE_BYTES })
  try {
    // An address that needs no lookup is bound before this returns.
    const listening = once(socket, 'listening')
    socket.bind({ port, exclusive: true, ...(host === '' ? {} : { address: host }) })
    await listening
    return socket
  } catch (error) {
    socket.close()
    if (host === '' && codeOf(error) === 'EAFNOSUPPORT') return bind('0.0.0.0', port)
    throw error
  }
}

/** Where an answer goes is an address: nothing is looked up, and it leaves at once. */
const unlessAddress: typeof lookup = ((
  host: string,
  options: LookupOneOptions,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void
) => {
  const family = isIP(host)
  if (family === 0) lookup(host, options, done)
  else done(null, host, family)
}) as typeof lookup

function problemOfSocket(error: unknown): 'port-in-use' | 'address-not-here' | 'socket-failed' {
  const code = codeOf(error)
  return code === 'EADDRINUSE' ? 'port-in-use' : code === 'EADDRNOTAVAIL' ? 'address-not-here' : 'socket-failed'
}
