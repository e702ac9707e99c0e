/**
 * Whether the peer is alive, as far as can be known from here: a failure detector without timers.
 *
 * Hearing works both ways or it does not count as contact: `heardAtMs` is when its latest word came in, `unansweredSinceMs`
 * when it last showed, as its partner, that it hears me. A due heartbeat that is missing makes the peer a
 * suspect, who is probed in a burst; only the full takeover delay, or a proof of a crash (`proof.ts`), makes it lost.
 * Deadlines move when this side itself was deaf, and never past now; the lease, which is not kept here, never moves.
 */

/** A heartbeat may be late by a quarter of its distance, and by no more than this, until its sender is asked. */
const LATE_MS_MAX = 8
/** Probes at short distance that follow a missed heartbeat; the rest follow ten to the heartbeat, against bursts of loss. */
const BURST_PROBES = 4
/** Samples of the round trip that count alike: the first one, of a process that has just started, is the worst. */
const SAMPLES_ALIKE = 8

interface LinkContact {
  open: boolean
  /** My socket of this link: latest frame of the current session that came in on it. */
  heardAtMs: number
  /** The peer's numbering: latest copy that it marked with this number. */
  markedAtMs: number
}

export class FailureDetector {
  readonly #links: LinkContact[] = []
  /** Received and not yet declared lost. */
  #alive = false
  /** When the present contact began. */
  #sinceMs = -Infinity
  #heardAtMs = -Infinity
  /** When it last showed, as my partner, that it hears me; or when something was first said to it after it had acknowledged all. */
  #unansweredSinceMs = -Infinity
  #owesNothing = false
  #heardLink = 0
  /** Bit n: the peer hears my copies marked n. */
  #peerHears = 0
  #probes = 0
  #probedAtMs = -Infinity
  /** Of no meaning while there is no sample; not null then, which would make an object of each number that is kept here. */
  #roundTripMs = 0.5
  #samples = 0
  #measuredAtMs = -Infinity
  /** When it last acknowledged anything new of mine, as my partner or not. */
  #ackedAtMs = -Infinity
  /** When I sent the newest that it acknowledged: what was on its way for long answers something old. */
  #ackedSentAtMs = -Infinity
  /** The shortest time in which anything of mine was acknowledged in this session: no round trip is known to be longer. */
  #ackedWithinMs = Infinity
  /** When the first link opened; a side without any open link is deaf. */
  #listeningSinceMs = Infinity

  constructor(links: number) {
    for (let i = 0; i < links; i++) {
      this.#links.push({
        open: false,
        heardAtMs: -Infinity,
        markedAtMs: -Infinity
      })
    }
  }

  get alive(): boolean {
    return this.#alive
  }
  get sinceMs(): number {
    return this.#sinceMs
  }
  get heardAtMs(): number {
    return this.#heardAtMs
  }
  get heardLink(): number {
    return this.#heardLink
  }
  get roundTripMs(): number | null {
    return this.#samples === 0 ? null : this.#roundTripMs
  }
  /** As measured or, until then, as far as acknowledgements tell; Infinity = nothing is known. */
  get roundTripAtMostMs(): number {
    return this.#samples === 0 ? this.#ackedWithinMs : this.#roundTripMs
  }
  get ackedAtMs(): number {
    return this.#ackedAtMs
  }
  get ackedSentAtMs(): number {
    return this.#ackedSentAtMs
  }
  get measuredAtMs(): number {
    return this.#measuredAtMs
  }
  get listeningSinceMs(): number {
    return this.#listeningSinceMs
  }

  isOpen(link: number): boolean {
    return this.#links[link]?.open === true
  }

  setOpen(nowMs: number, link: number, open: boolean): void {
    const path = this.#links[link]
    if (path === undefined) throw new Error(`no link ${link}`)
    path.open = open
    const listening = this.#links.some((l) => l.open)
    if (!listening) this.#listeningSinceMs = Infinity
    else if (this.#listeningSinceMs === Infinity) {
      this.#listeningSinceMs = nowMs
      // Deaf until now: silence before this instant says nothing about the peer.
      if (this.#alive) this.#heardAtMs = Math.max(this.#heardAtMs, nowMs)
    }
  }

  /** A frame of the current session. `marked`: the link number in the frame. */
  heard(nowMs: number, link: number, marked: number, peerHears: number): void {
    this.#peerHears = peerHears
    this.heardCopy(nowMs, link, marked)
    if (!this.#alive) this.#sinceMs = nowMs
    this.#alive = true
    this.#heardAtMs = nowMs
    this.#heardLink = link
    this.#probes = 0
  }

  heardCopy(nowMs: number, link: number, marked: number): void {
    const own = this.#links[link]
    if (own !== undefined) own.heardAtMs = nowMs
    const theirs = this.#links[marked]
    if (theirs !== undefined) theirs.markedAtMs = nowMs
  }

  /** The peer, as my partner, acknowledged something new, or has nothing left to acknowledge (`all`): it hears me. */
  answered(nowMs: number, all: boolean): void {
    this.#unansweredSinceMs = nowMs
    this.#owesNothing = all
  }

  /** Something was said to it: an answer is missing from now on, if none was. */
  told(nowMs: number): void {
    if (!this.#owesNothing) return
    this.#owesNothing = false
    this.#unansweredSinceMs = nowMs
  }

  /** Something new of mine was acknowledged, `ms` after it was sent; it may have waited for the next heartbeat. */
  acked(nowMs: number, ms: number): void {
    this.#ackedAtMs = nowMs
    this.#ackedSentAtMs = nowMs - ms
    if (ms < this.#ackedWithinMs) this.#ackedWithinMs = ms
  }

  /** A sample of the round trip: the mean of the first eight, then smoothed as in TCP (RFC 6298, alpha = 1/8). */
  measured(nowMs: number, sampleMs: number): void {
    this.#measuredAtMs = nowMs
    const before = this.#samples === 0 ? sampleMs : this.#roundTripMs
    this.#samples = Math.min(SAMPLES_ALIKE, this.#samples + 1)
    this.#roundTripMs = before + (sampleMs - before) / this.#samples
  }

  /** The peer's latest word says that it hears my copies marked with this number. */
  #isAcknowledgedOn(link: number): boolean {
    return (this.#peerHears & (1 << link)) !== 0
  }

  /** Every link on which the peer was heard is open, and there is one: it can be asked on all of them. */
  canAskAll(nowMs: number, peerTimeoutMs: number): boolean {
    let open = 0
    for (const [link, path] of this.#links.entries()) {
      if (!this.isHeardOn(nowMs, link, peerTimeoutMs)) continue
      if (!path.open) return false
      open += 1
    }
    return open > 0
  }

  /** The peer was heard on this link, in this session and not longer ago than it may be silent. */
  isHeardOn(nowMs: number, link: number, peerTimeoutMs: number): boolean {
    return nowMs < (this.#links[link]?.heardAtMs ?? -Infinity) + peerTimeoutMs
  }

  lost(): void {
    this.#alive = false
    this.#unansweredSinceMs = -Infinity
    this.#owesNothing = false
    this.#peerHears = 0
  }

  /** A new session of the peer: what was known of its links is void. */
  renewed(nowMs: number): void {
    this.lost()
    this.#sinceMs = nowMs
    this.#samples = 0
    this.#measuredAtMs = -Infinity
    this.#ackedAtMs = -Infinity
    this.#ackedSentAtMs = -Infinity
    this.#ackedWithinMs = Infinity
    for (const path of this.#links) {
      path.heardAtMs = -Infinity
      path.markedAtMs = -Infinity
    }
  }

  /** This side did not run for `lateMs` until now: nobody is suspected for that. No time moves past now, whatever a clock says. */
  wasDeaf(nowMs: number, lateMs: number): void {
    const later = (atMs: number): number => Math.max(atMs, Math.min(nowMs, atMs + lateMs))
    this.#heardAtMs = later(this.#heardAtMs)
    this.#unansweredSinceMs = later(this.#unansweredSinceMs)
    this.#ackedAtMs = later(this.#ackedAtMs)
    this.#ackedSentAtMs = later(this.#ackedSentAtMs)
    if (this.#listeningSinceMs !== Infinity) this.#listeningSinceMs = later(this.#listeningSinceMs)
    for (const path of this.#links) {
      path.heardAtMs = later(path.heardAtMs)
      path.markedAtMs = later(path.markedAtMs)
    }
  }

  /** When the peer counts as lost, unless it is heard before. */
  lostAtMs(peerTimeoutMs: number): number {
    return this.#alive && this.#listeningSinceMs !== Infinity ? this.#heardAtMs + peerTimeoutMs : Infinity
  }

  /** When the acknowledgements count as missing; contact is one-way from then on. */
  oneWayAtMs(peerTimeoutMs: number): number {
    return this.#unansweredSinceMs + peerTimeoutMs
  }

  isTwoWay(nowMs: number, peerTimeoutMs: number): boolean {
    return this.#alive && nowMs < this.oneWayAtMs(peerTimeoutMs)
  }

  suspectAtMs(heartbeatMs: number): number {
    return this.#heardAtMs + heartbeatMs + Math.min(heartbeatMs / 4, LATE_MS_MAX) + 1
  }

  nextProbeAtMs(heartbeatMs: number): number {
    if (!this.#alive) return Infinity
    if (this.#probes === 0) return this.suspectAtMs(heartbeatMs)
    const gapMs =
      this.#probes < BURST_PROBES ? Math.min(10, Math.max(1, heartbeatMs / 10)) : Math.max(2, heartbeatMs / 10)
    return this.#probedAtMs + gapMs
  }

  probed(nowMs: number): void {
    this.#probes += 1
    this.#probedAtMs = nowMs
  }

  /** For the frames: on which of the peer's links it is heard. */
  heardLinks(nowMs: number, peerTimeoutMs: number): number {
    if (!this.#alive) return 0
    let bits = 0
    this.#links.forEach((l, i) => {
      if (nowMs < l.markedAtMs + peerTimeoutMs) bits |= 1 << i
    })
    return bits
  }

  /** Frames pass both ways on this link. */
  isLinkUp(nowMs: number, link: number, peerTimeoutMs: number): boolean {
    const path = this.#links[link]
    if (path === undefined || !this.#alive || !path.open) return false
    return this.isHeardOn(nowMs, link, peerTimeoutMs) && this.#isAcknowledgedOn(link)
  }
}
