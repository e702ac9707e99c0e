/**
 * Whether the brother is alive, as far as can be known from here: a failure detector without timers.
 *
 * Hearing works both ways or it does not count as contact: `heardAtMs` is when its latest word came in, `answeredAtMs`
 * when it last acknowledged something new of mine, as its partner. A due heartbeat that is missing makes the brother a
 * suspect, who is probed in a burst; only the full takeover delay, or proof of a crash, makes it lost.
 * Deadlines move when this side itself was deaf; the lease, which is not kept here, never does.
 */
/** 'port unreachable' answers on a live link that prove a crash. */
export const REFUSALS_FOR_PROOF = 3
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
  /** The brother's numbering: latest copy that it marked with this number. */
  markedAtMs: number
  /**
   * In the current session frames have come in on it, and the brother has said that mine arrive there: only such a link's
   * refusals prove anything. A side may close one on which it never heard anything, and live.
   */
  carried: boolean
  refusals: number
  /** The two latest send times: a refusal answers at least the older one. */
  sentAtMs: number
  previousSentAtMs: number
}

export class Contact {
  readonly #links: LinkContact[] = []
  /** Received and not yet declared lost. */
  #alive = false
  /** When the present contact began. */
  #sinceMs = -Infinity
  #heardAtMs = -Infinity
  #answeredAtMs = -Infinity
  #heardLink = 0
  /** Bit n: the brother hears my copies marked n. */
  #brotherHears = 0
  #probes = 0
  #probedAtMs = -Infinity
  /** Of no meaning while there is no sample; not null then, which would make an object of each number that is kept here. */
  #roundTripMs = 0.5
  #samples = 0
  #measuredAtMs = -Infinity
  #refusedAtMs = -Infinity
  /** When the first link opened; a side without any open link is deaf. */
  #listeningSinceMs = Infinity
  /**
   * Since when no link is closed whose refusals the brother may believe: one on which it was heard in this session (what it has
   * not sent me there I never confirmed to it) or, until the brother has counted me as its partner, any, as it may have carried
   * the session before. Infinity while one is closed.
   */
  #soundSinceMs = Infinity
  /** The brother, as my partner, has acknowledged something: what it believed of my former session is void. */
  #counted = false

  constructor(links: number) {
    for (let i = 0; i < links; i++) {
      this.#links.push({
        open: false,
        heardAtMs: -Infinity,
        markedAtMs: -Infinity,
        carried: false,
        refusals: 0,
        sentAtMs: -Infinity,
        previousSentAtMs: -Infinity
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
  get refusedAtMs(): number {
    return this.#refusedAtMs
  }
  get measuredAtMs(): number {
    return this.#measuredAtMs
  }
  get listeningSinceMs(): number {
    return this.#listeningSinceMs
  }

  get soundSinceMs(): number {
    return this.#soundSinceMs
  }

  isOpen(link: number): boolean {
    return this.#links[link]?.open === true
  }

  setOpen(nowMs: number, link: number, open: boolean): void {
    const contact = this.#links[link]
    if (contact === undefined) throw new Error(`no link ${link}`)
    contact.open = open
    contact.refusals = 0
    this.#reviewSoundness(nowMs)
    const listening = this.#links.some((l) => l.open)
    if (!listening) this.#listeningSinceMs = Infinity
    else if (this.#listeningSinceMs === Infinity) {
      this.#listeningSinceMs = nowMs
      // Deaf until now: silence before this instant says nothing about the brother.
      if (this.#alive) this.#heardAtMs = Math.max(this.#heardAtMs, nowMs)
    }
  }

  #reviewSoundness(nowMs: number): void {
    const sound = this.#links.every((l) => l.open || (this.#counted && l.heardAtMs === -Infinity))
    if (!sound) this.#soundSinceMs = Infinity
    else if (this.#soundSinceMs === Infinity) this.#soundSinceMs = nowMs
  }

  sent(nowMs: number, link: number): void {
    const contact = this.#links[link]
    if (contact === undefined) return
    contact.previousSentAtMs = contact.sentAtMs
    contact.sentAtMs = nowMs
  }

  /** A frame of the current session. `marked`: the link number in the frame. */
  heard(nowMs: number, link: number, marked: number, brotherHears: number): void {
    this.#brotherHears = brotherHears
    this.heardCopy(nowMs, link, marked)
    if (!this.#alive) this.#sinceMs = nowMs
    this.#alive = true
    this.#heardAtMs = nowMs
    this.#heardLink = link
    this.#probes = 0
    for (let i = 0; i < this.#links.length; i++) {
      const contact = this.#links[i] as LinkContact
      contact.refusals = 0
      if (contact.heardAtMs > -Infinity && this.#isHeardOn(i)) contact.carried = true
    }
  }

  heardCopy(nowMs: number, link: number, marked: number): void {
    const own = this.#links[link]
    if (own !== undefined) {
      own.heardAtMs = nowMs
      if (this.#isHeardOn(link)) own.carried = true
    }
    const theirs = this.#links[marked]
    if (theirs !== undefined) theirs.markedAtMs = nowMs
  }

  /** The brother, as my partner, acknowledged something new, or has nothing left to acknowledge: it hears me. */
  answered(nowMs: number): void {
    this.#answeredAtMs = nowMs
    if (this.#counted) return
    this.#counted = true
    this.#reviewSoundness(nowMs)
  }

  /** A sample of the round trip: the mean of the first eight, then smoothed as in TCP (RFC 6298, alpha = 1/8). */
  measured(nowMs: number, sampleMs: number): void {
    this.#measuredAtMs = nowMs
    const before = this.#samples === 0 ? sampleMs : this.#roundTripMs
    this.#samples = Math.min(SAMPLES_ALIKE, this.#samples + 1)
    this.#roundTripMs = before + (sampleMs - before) / this.#samples
  }

  /** True when this refusal completes the proof that the process at the other end has died. */
  refused(nowMs: number, link: number, heartbeatMs: number, peerTimeoutMs: number): boolean {
    const contact = this.#links[link]
    if (contact === undefined || this.#heardAtMs === -Infinity) return false
    this.#refusedAtMs = nowMs
    // Not while the brother is not even late, nor before it can be the answer to something sent after its last word was heard.
    const notBeforeMs = Math.max(this.suspectAtMs(heartbeatMs), this.#heardAtMs + this.#answerMs(peerTimeoutMs))
    if (nowMs <= notBeforeMs) return false
    contact.refusals += 1
    return this.#isProven()
  }

  /** The brother's latest word says that it hears my copies marked with this number. */
  #isHeardOn(link: number): boolean {
    return (this.#brotherHears & (1 << link)) !== 0
  }

  /** In the current session frames have passed both ways on this link. */
  carried(link: number): boolean {
    return this.#links[link]?.carried === true
  }

  /** A proof has begun on this link: the next answer need not wait for the next probe that is due. */
  proofBegun(link: number): boolean {
    const refusals = this.#links[link]?.refusals ?? 0
    return refusals > 0 && refusals < REFUSALS_FOR_PROOF
  }

  /** How long an answer of the network may be under way, as far as is known from the round trips so far. */
  #answerMs(peerTimeoutMs: number): number {
    // Whatever was measured in a bad minute, the proof has to be possible before the brother counts as lost.
    return Math.min(peerTimeoutMs / 4, this.#samples === 0 ? Infinity : this.#roundTripMs * 2)
  }

  /**
   * Every link on which the brother was heard in this session has to have carried both ways, and to refuse; also one that I closed:
   * what I cannot ask proves nothing.
   */
  #isProven(): boolean {
    const heard = this.#links.filter((l) => l.heardAtMs > -Infinity)
    return heard.length > 0 && heard.every((l) => l.carried && l.refusals >= REFUSALS_FOR_PROOF)
  }

  /**
   * Send time that a refusal on this link answers at the latest. Assumed (docs/SAFETY.md): it arrives within the smaller
   * of a heartbeat and an eighth of the takeover delay, or not at all.
   */
  refusedSentAtMs(nowMs: number, link: number, heartbeatMs: number, peerTimeoutMs: number): number {
    const sentAtMs = this.#links[link]?.previousSentAtMs ?? -Infinity
    const underWayMs = Math.max(Math.min(heartbeatMs, peerTimeoutMs / 8), this.#answerMs(peerTimeoutMs))
    return Math.min(sentAtMs, nowMs - underWayMs)
  }

  lost(): void {
    this.#alive = false
    this.#answeredAtMs = -Infinity
    this.#brotherHears = 0
  }

  /** A new session of the brother: what was known of its links is void. */
  renewed(nowMs: number): void {
    this.lost()
    this.#sinceMs = nowMs
    this.#samples = 0
    for (const contact of this.#links) {
      contact.heardAtMs = -Infinity
      contact.markedAtMs = -Infinity
      contact.carried = false
      contact.refusals = 0
    }
  }

  /** This side did not run for `lateMs`: nobody is suspected for that. */
  wasDeaf(lateMs: number): void {
    this.#heardAtMs += lateMs
    this.#answeredAtMs += lateMs
    if (this.#listeningSinceMs !== Infinity) this.#listeningSinceMs += lateMs
    for (const contact of this.#links) {
      contact.heardAtMs += lateMs
      contact.markedAtMs += lateMs
      // With the suspicion, the proof begins anew: one that is half done would have each early answer asked for the next one.
      contact.refusals = 0
    }
  }

  /** When the brother counts as lost, unless it is heard before. */
  lostAtMs(peerTimeoutMs: number): number {
    return this.#alive && this.#listeningSinceMs !== Infinity ? this.#heardAtMs + peerTimeoutMs : Infinity
  }

  /** When the acknowledgements count as missing; contact is one-way from then on. */
  oneWayAtMs(peerTimeoutMs: number): number {
    return this.#answeredAtMs + peerTimeoutMs
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

  /** For the frames: on which of the brother's links it is heard. */
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
    const contact = this.#links[link]
    if (contact === undefined || !this.#alive || !contact.open) return false
    return nowMs < contact.heardAtMs + peerTimeoutMs && this.#isHeardOn(link)
  }
}
