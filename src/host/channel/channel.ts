/**
 * The channel of one pair: the tether that this side dialled, the one that the peer dialled, and the listeners that it came through.
 * It tells the engine how its own tether fares, and people whether a crash would be noticed at once.
 */
import { isIP } from 'node:net'
import type { PairKeys } from '../../engine/messages'
import type { LinkSettings, PairSettings } from '../../protocol/settings'
import { inSeconds } from '../in-seconds'
import type { PairEvent } from '../events'
import type { Accepted } from './accepted'
import { addressesOf, normalAddress } from './addresses'
import type { Dialled, Target } from './dialled'
import { Exchange, type TermsDiffer } from './exchange'
import { Dialler, type Contact, type DiallerOwner, type TetherNews } from './dialler'
import type { Sessions } from './introduction'
import { channelKeys, type ChannelKey } from './keys'
import type { Host, Listener, Listeners, Turned } from './listener'
import type { Turns } from './turns'

/** A port that a predecessor still holds, and a peer that is just starting, are no news yet. */
const SETTLE_MS = 3000
/** A tether that is lost because the peer is gone is not worth a word beside that. */
const LOST_MS = 1000

type ChannelEvent = Extract<PairEvent, { event: 'channel' }>

export interface ChannelState {
  /** The tether that this side dialled is up. */
  readonly open: boolean
  /** The peer is there, and no way leads to its port. */
  readonly blocked: boolean
  /** The peer cannot dial this side: another program holds the port. */
  readonly busy: boolean
  /** Users of the two sides that do not fit together. */
  readonly differences: readonly TermsDiffer[]
}

export interface ChannelOwner {
  toEngine(news: TetherNews): void
  /** An event `channel`. */
  tell(reason: ChannelEvent['reason'], detail: ChannelEvent['detail']): void
  /** `state` is another one. */
  changed(): void
  /** The exchange opened or closed, or has other users. */
  exchanged(): void
}

/** What the channels of one process share. */
export interface Network {
  readonly listeners: Listeners
  readonly turns: Turns
}

const literal = (host: string): readonly string[] => (isIP(host) === 0 ? [] : [host])

/** Null where there is none: no key, the classic wire, or switched off. */
export function openChannel(
  settings: PairSettings,
  keys: PairKeys,
  owner: ChannelOwner,
  network: Network
): PairChannel | null {
  if (settings.wire !== 'extended' || settings.channel === 'off' || keys.key === '') return null
  return new PairChannel(settings, channelKeys(keys), owner, network)
}

export class PairChannel implements Host, DiallerOwner {
  readonly keys: readonly ChannelKey[]
  /** What travels over it beside the tether. */
  readonly exchange: Exchange
  readonly #links: readonly LinkSettings[]
  readonly #listenPort: number
  /** Of a crash, without the channel: the peer's here, and this side's there. */
  readonly #noticedAfter: string
  readonly #owner: ChannelOwner
  readonly #dialler: Dialler
  /** Of the process, and those of them that this pair is reached through. */
  readonly #allListeners: Listeners
  readonly #listeners = new Set<Listener>()
  /** What the names of both ends of each link stand for. */
  readonly #locals: (readonly string[])[]
  readonly #peers: (readonly string[])[]
  #resolving = false
  /** The current sessions, also while nothing is heard. */
  #sessions: Sessions | null = null
  #contact: Contact = null
  #accepted: Accepted | null = null
  #blocked = false
  #failingSinceMs: number | null = null
  #busy: NodeJS.Timeout | 'told' | null = null
  #lost: { readonly timer: NodeJS.Timeout; readonly why: string } | null = null
  #left = false

  constructor(
    { links, peerTimeoutMs }: PairSettings,
    keys: readonly ChannelKey[],
    owner: ChannelOwner,
    { listeners, turns }: Network
  ) {
    this.keys = keys
    this.#links = links
    this.#listenPort = links[0]?.localPort ?? 0
    this.#noticedAfter = inSeconds(peerTimeoutMs)
    this.#owner = owner
    this.exchange = new Exchange(() => owner.exchanged())
    this.#dialler = new Dialler(keys, links[0]?.peerPort ?? 0, this, turns)
    this.#allListeners = listeners
    this.#locals = links.map(({ localHost }) => literal(localHost))
    this.#peers = links.map(({ peerHost }) => literal(peerHost))
  }

  get state(): ChannelState {
    return {
      open: this.#dialler.tether !== null,
      blocked: this.#blocked,
      busy: this.#busy === 'told',
      differences: this.exchange.differences
    }
  }

  /** Who was turned away at the ports of this process. */
  get turned(): Readonly<Turned> {
    return this.#allListeners.turned
  }

  /** What the peer dialled, to be written to; null = it has not. */
  get toPeer(): Accepted | null {
    return this.#accepted
  }

  /** Opens the listeners; what is open already stays. */
  start(): void {
    if (this.#left) return
    this.#listen()
    void this.#resolve()
  }

  contact(contact: Contact): void {
    if (this.#left) return
    const before = this.#contact
    this.#contact = contact
    if (contact === null || contact.peerSession !== before?.peerSession) this.#forgetFailures()
    if (contact !== null) {
      this.#sessions = { session: contact.session, peerSession: contact.peerSession }
      void this.#resolve()
    }
    this.#dialler.meet(contact)
    for (const listener of this.#listeners) listener.recheck()
  }

  /** Says farewell and closes; bounded, and never rejects. The listeners stay open, for others and for nobody. */
  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    this.exchange.readsAnew(false)
    this.#forgetFailures()
    if (this.#busy !== null && this.#busy !== 'told') clearTimeout(this.#busy)
    this.#dialler.close()
    for (const listener of this.#listeners) listener.remove(this)
    await this.#accepted?.farewell()
  }

  // --- Where it listens, and whom it expects ---

  #listen(): void {
    const anywhere = this.#links.some(({ localHost }) => localHost === '')
    for (const address of anywhere ? [''] : this.#locals.flat()) {
      if ([...this.#listeners].some((listener) => listener.covers(address, this.#listenPort))) continue
      this.#listeners.add(this.#allListeners.enter(this, address, this.#listenPort))
    }
  }

  /** Names are looked up at the start and with each news of the peer; what was known stays while there is no answer. */
  async #resolve(): Promise<void> {
    if (this.#resolving) return
    this.#resolving = true
    for (const [index, { localHost, peerHost }] of this.#links.entries()) {
      const [locals, peers] = [await addressesOf(localHost), await addressesOf(peerHost)]
      if (locals.length > 0) this.#locals[index] = locals
      if (peers.length > 0) this.#peers[index] = peers
    }
    this.#resolving = false
    if (!this.#left) this.#listen()
  }

  // --- Host ---

  converses({ session, peerSession }: Sessions): boolean {
    return session === this.#sessions?.session && peerSession === this.#sessions.peerSession
  }

  expects(address: string): boolean {
    const known = [...this.#peers.flat(), ...(this.#contact?.addresses ?? [])]
    return known.some((one) => one !== null && normalAddress(one) === address)
  }

  accepted(connection: Accepted): void {
    const old = this.#accepted
    this.#accepted = connection
    connection.onClosed = () => {
      if (this.#accepted !== connection) return
      this.#accepted = null
      this.exchange.writesTo(null)
    }
    this.exchange.writesTo(connection)
    void old?.farewell()
  }

  listenerChanged(): void {
    const busy = [...this.#listeners].some(({ error }) => error === 'EADDRINUSE')
    if (busy === (this.#busy !== null)) return
    if (!busy) {
      const told = this.#busy === 'told'
      if (this.#busy !== null && this.#busy !== 'told') clearTimeout(this.#busy)
      this.#busy = null
      if (told) this.#owner.changed()
      return
    }
    const timer = setTimeout(() => {
      this.#busy = 'told'
      this.#owner.tell('channel-busy', { port: this.#listenPort, noticedAfter: this.#noticedAfter })
    }, SETTLE_MS)
    timer.unref()
    this.#busy = timer
  }

  // --- DiallerOwner ---

  localAddressOf(link: number, peerAddress: string): string | undefined {
    const family = isIP(peerAddress)
    const local = this.#locals[link]?.find((address) => isIP(address) === family)
    return local === '0.0.0.0' || local === '::' ? undefined : local
  }

  news(news: TetherNews): void {
    this.#owner.toEngine(news)
  }

  opened(tether: Dialled, provable: boolean): void {
    if (this.#lost !== null) this.#tellLost(this.#lost.why)
    this.#forgetFailures()
    this.exchange.readsAnew(true)
    this.#owner.tell(provable ? 'channel-open' : 'addresses-differ', { open: true, address: tether.target.address })
  }

  lost(tether: Dialled, why: string): void {
    this.exchange.readsAnew(false)
    this.#owner.changed()
    if (tether.peerSession !== this.#contact?.peerSession) return
    const timer = setTimeout(() => this.#tellLost(why), LOST_MS)
    timer.unref()
    this.#lost = { timer, why }
  }

  #tellLost(why: string): void {
    if (this.#lost !== null) clearTimeout(this.#lost.timer)
    this.#lost = null
    this.#owner.tell('channel-lost', { open: false, noticedAfter: this.#noticedAfter, error: why })
  }

  failed({ address, port }: Target, error: string): void {
    const nowMs = performance.now()
    this.#failingSinceMs ??= nowMs
    if (this.#blocked || nowMs - this.#failingSinceMs < SETTLE_MS) return
    this.#blocked = true
    const noticedAfter = this.#noticedAfter
    this.#owner.tell('channel-blocked', { open: false, address, port, noticedAfter, error })
  }

  /** The peer is gone or another one, or all is well: what was wrong is over, told or not. */
  #forgetFailures(): void {
    const { blocked } = this.state
    this.#failingSinceMs = null
    this.#blocked = false
    if (this.#lost !== null) clearTimeout(this.#lost.timer)
    this.#lost = null
    if (blocked) this.#owner.changed()
  }

  frame(tag: number, payload: Buffer): boolean {
    return this.exchange.frame(tag, payload)
  }
}
