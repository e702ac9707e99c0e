/** Where the peer is, as far as its frames show it; and what the host has to know of that: whom the channel is to be opened to, and where. */
import type { RemoteInfo } from 'node:dgram'
import { TokenBucket, type Allowance } from '../protocol/token-bucket'
import type { Trailer } from '../protocol/wire/frame'
import { addressText, type Word } from '../protocol/wire/paths'
import type { Link } from './link'
import type { FromEngine } from './messages'

/** Of the machine's latest view. */
interface Sessions {
  readonly session: bigint
  readonly peerSession: bigint
}

type ContactMessage = Extract<FromEngine, { type: 'contact' }>

/** A peer whose address changes again and again makes no event each time. */
const ADDRESS_CHANGES: Allowance = { perSecond: 0.1, burst: 8 }

export class Contact {
  readonly #links: readonly Link[]
  readonly #changes = new TokenBucket()
  /** As the host was told. */
  #toldSession = 0n
  #toldPeerSession = 0n
  #toldPaths = 0

  constructor(links: readonly Link[]) {
    this.#links = links
  }

  /** What was heard on one link and is played again on another is for the machine to judge. */
  isNews(trailer: Trailer, peerSession: bigint): boolean {
    if (trailer.session !== peerSession) return false
    for (const { paths } of this.#links) if (paths.isOld(trailer)) return false
    return true
  }

  /** The peer speaks from there. Returns the detail of the event; null = there is none. */
  heard(
    { index, paths }: Link,
    { address, port }: RemoteInfo,
    word: Word | null,
    nowMs: number
  ): { readonly link: number; readonly from: string; readonly to: string } | null {
    const change = paths.hear(nowMs, address, port, word)
    if (change === null || !this.#changes.take(nowMs, ADDRESS_CHANGES)) return null
    return { link: index, from: addressText(change.from), to: addressText(change.to) }
  }

  /** What the host does not know yet; undefined = nothing. */
  news({ session, peerSession }: Sessions): ContactMessage['contact'] | undefined {
    let paths = 0
    for (const link of this.#links) paths += link.paths.version
    if (peerSession === 0n) {
      // Where nobody is met, addresses are no news.
      if (this.#toldPeerSession === 0n) return undefined
    } else if (paths === this.#toldPaths && session === this.#toldSession && peerSession === this.#toldPeerSession)
      return undefined
    this.#toldPaths = paths
    this.#toldSession = session
    this.#toldPeerSession = peerSession
    if (peerSession === 0n) return null
    return { session, peerSession, addresses: this.#links.map((link) => link.paths.heardOf(peerSession)) }
  }
}
