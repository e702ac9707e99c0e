/** What the two sides of a pair show of their sessions, and what a connection between them makes of that. */

export interface Sessions {
  readonly session: bigint
  /** 0 = none is known. */
  readonly peerSession: bigint
}

/** Both show each other's session. */
export function inContact(a: Sessions, b: Sessions): boolean {
  return a.peerSession === b.session && b.peerSession === a.session
}

/** Of the connection's own end: it runs under another session by now, or has adopted another peer. */
export function hasLeft(shown: Sessions, { session, peerSession }: Sessions): boolean {
  return shown.session !== session || (shown.peerSession !== 0n && shown.peerSession !== peerSession)
}

/** The connection as its other end sees it. */
export function turned({ session, peerSession }: Sessions): Sessions {
  return { session: peerSession, peerSession: session }
}
