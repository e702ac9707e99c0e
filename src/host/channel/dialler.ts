/**
 * Keeps one tether to the peer: dials when there is contact, over each link on which the peer is heard in turn, with each key in
 * turn. What is proven stays until it ends, or until something better is proven.
 */
import type { FromEngine, ToEngine } from '../../engine/messages'
import { Dialled, isRefused, type DialledOwner, type Target } from './dialled'
import type { ChannelKey } from './keys'
import type { Turns } from './turns'

export type Contact = Extract<FromEngine, { type: 'contact' }>['contact']
export type TetherNews = Extract<ToEngine, { type: 'tether' }>['news']

const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 5000
/** A tether that held for so long starts with a clean record. */
const STEADY_MS = 10_000

export interface DiallerOwner {
  /** Where this side's end of a link to that address is; undefined = anywhere. */
  localAddressOf(link: number, peerAddress: string): string | undefined
  news(news: TetherNews): void
  opened(tether: Dialled, provable: boolean): void
  lost(tether: Dialled, why: string): void
  /** Every way was tried once more, and none led to the peer. */
  failed(target: Target, error: string): void
  frame(tag: number, payload: Buffer): boolean
}

interface Way {
  readonly target: Target
  readonly key: ChannelKey
}

export class Dialler implements DialledOwner {
  readonly #keys: readonly ChannelKey[]
  readonly #port: number
  readonly #owner: DiallerOwner
  readonly #turns: Turns
  #contact: Contact = null
  #tether: Dialled | null = null
  #attempt: Dialled | null = null
  #giveTurnBack: (() => void) | null = null
  /** What is left of this round. */
  #ways: Way[] = []
  #retryMs = RETRY_MS_MIN
  #retry: NodeJS.Timeout | null = null
  /** The one dial after a FIN is under way: what it finds must not come from another one. */
  #asking = false
  #closed = false

  constructor(keys: readonly ChannelKey[], port: number, owner: DiallerOwner, turns: Turns) {
    this.#keys = keys
    this.#port = port
    this.#owner = owner
    this.#turns = turns
  }

  get tether(): Dialled | null {
    return this.#tether
  }

  /** Silence closes no tether: null stops the dialling only. */
  meet(contact: Contact): void {
    const before = this.#contact
    this.#contact = contact
    const same = before?.session === contact?.session && before?.peerSession === contact?.peerSession
    if (contact !== null && same && sameAddresses(before, contact)) return
    if (!same || !this.#isDialling(contact)) {
      this.#attempt?.close()
      this.#endAttempt()
    }
    this.#ways = []
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    if (!same) this.#retryMs = RETRY_MS_MIN
    this.#go()
  }

  close(): void {
    this.#closed = true
    this.meet(null)
    this.#tether?.close()
    this.#tether = null
  }

  /** The attempt under way goes to where the peer still is. */
  #isDialling(contact: Contact): boolean {
    return this.#attempt !== null && contact?.addresses.includes(this.#attempt.target.address) === true
  }

  /** There is no tether for these sessions over a link that carries it. */
  #wants(): boolean {
    const [contact, tether] = [this.#contact, this.#tether]
    if (contact === null || this.#closed) return false
    if (tether === null || tether.session !== contact.session || tether.peerSession !== contact.peerSession) return true
    return !contact.addresses.includes(tether.target.address)
  }

  readonly #go = (): void => {
    const contact = this.#contact
    if (contact === null || this.#attempt !== null || this.#retry !== null || this.#asking || !this.#wants()) return
    if (this.#ways.length === 0) this.#ways = this.#waysTo(contact)
    if (this.#ways.length === 0) return
    this.#giveTurnBack = this.#turns.take(this.#go)
    const way = this.#giveTurnBack === null ? undefined : this.#ways.shift()
    if (way !== undefined) this.#attempt = new Dialled(way.target, way.key, contact, this)
  }

  #endAttempt(): void {
    const giveBack = this.#giveTurnBack
    this.#attempt = null
    this.#giveTurnBack = null
    giveBack?.()
  }

  #waysTo({ addresses }: NonNullable<Contact>): Way[] {
    return addresses.flatMap((address, link) => {
      if (address === null || addresses.indexOf(address) < link) return []
      const target = { address, port: this.#port, localAddress: this.#owner.localAddressOf(link, address) }
      return this.#keys.map((key) => ({ target, key }))
    })
  }

  #later(): void {
    this.#ways = []
    if (this.#closed || this.#contact === null || this.#retry !== null) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.#go()
    }, this.#retryMs)
    this.#retry.unref()
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2)
  }

  // --- DialledOwner ---

  onProven(dialled: Dialled, provable: boolean): void {
    const old = this.#tether
    this.#ways = []
    this.#tether = dialled
    const { id, session, peerSession } = dialled
    this.#owner.news({ kind: 'tether', id, session, peerSession, provable })
    if (old !== null) {
      old.close()
      this.#owner.news({ kind: 'tetherEnded', id: old.id, fin: false })
    }
    this.#owner.opened(dialled, provable)
    this.#endAttempt()
  }

  onFailed(dialled: Dialled, error: string, reached: boolean): void {
    if (dialled !== this.#attempt) return
    this.#endAttempt()
    // Where nobody answers, another key is no better.
    if (!reached) this.#ways = this.#ways.filter(({ target }) => target.address !== dialled.target.address)
    if (this.#ways.length > 0) return this.#go()
    this.#later()
    this.#owner.failed(dialled.target, error)
  }

  onEnded(dialled: Dialled, fin: boolean, why: string): void {
    if (dialled !== this.#tether) return
    this.#tether = null
    this.#owner.news({ kind: 'tetherEnded', id: dialled.id, fin })
    if (fin) this.#ask(dialled)
    if (dialled.heldForMs >= STEADY_MS) this.#retryMs = RETRY_MS_MIN
    if (this.#attempt === null) this.#later()
    this.#owner.lost(dialled, why)
  }

  onFrame(tag: number, payload: Buffer): boolean {
    return this.#owner.frame(tag, payload)
  }

  /** Once for each end, from the same address to the same address and port. */
  #ask(ended: Dialled): void {
    this.#asking = true
    isRefused(ended.again, (refused) => {
      this.#asking = false
      if (!this.#closed) this.#owner.news({ kind: 'redialled', id: ended.id, refused })
      this.#go()
    })
  }
}

function sameAddresses(a: Contact, b: Contact): boolean {
  return (
    a?.addresses.length === b?.addresses.length && a?.addresses.every((one, at) => one === b?.addresses[at]) === true
  )
}
