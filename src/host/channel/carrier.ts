/**
 * What travels over the channel of a pair beside the tether: bodies of users, each user in order and by itself. A user here meets the user of
 * the same kind and id on the other host.
 */
export type CarrierKind = 'store' | 'gate' | 'sync'

export interface CarrierLink {
  /** Copies nothing: the body must not change afterwards. Returns whether more may follow at once; after false wait for `drained`. */
  send(body: Uint8Array): boolean
  /** Bytes of this user that are not yet taken in by the peer. */
  readonly waitingBytes: number
}

export interface CarrierUser {
  readonly kind: CarrierKind
  /** The same on both hosts: the node's id, or the store's name. */
  readonly id: string
  /** What has to be equal on both hosts (limits, modes); told when it is not. */
  readonly terms: Readonly<Record<string, string | number | boolean>>
  /** The peer's half is there: what is sent from now on arrives there, in order, until `parted`. */
  joined(link: CarrierLink, peerTerms: Readonly<Record<string, string | number | boolean>>): void
  parted(): void
  /** In order. May throw: that costs the connection, never the process. */
  received(body: Uint8Array): void
  drained(): void
  /** Nothing that flows do later is its business: at the instant at which the role's gate shuts it knows all that it has to tell. */
  readonly knowsAtOnce?: true
  /** Sends now whatever it has still to tell: a planned swap waits until the peer has taken it in. */
  flush(): void
  /** Whether its half has all of that, where it may take something in and not have it. */
  readonly peerHasAll?: boolean
}

export interface Carrier {
  /** Whether anything can be sent now, both ways. */
  readonly open: boolean
  /** Returns what takes it away again. A second user of the same kind and id is a broken invariant of ours. */
  attach(user: CarrierUser): () => void
}
