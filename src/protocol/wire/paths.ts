/**
 * Where the frames of one link go, and which count by where they came from.
 *
 * With a key a frame counts by its seal, from whatever address it came. This side writes to the configured address, always, and
 * also to the one that the peer was heard from last, while that is another one. Nothing points away from the configured
 * address, so there is nothing to hijack; and a changed address, another interface or a rebound NAT costs nothing.
 * Only a new number of the living session moves what is heard: recordings and greetings do not.
 * Without a key the configured host counts, and nobody else; what is said goes to its configured port.
 *
 * A name may stand for several addresses. The one that is heard is the configured one; while nothing is heard they take turns.
 */

export interface Address {
  /** Canonical; a link-local IPv6 one with its zone. */
  readonly ip: string
  readonly port: number
}

/** What was heard from one address is now heard from another. */
export interface AddressChange {
  readonly from: Address
  readonly to: Address
}

/** What makes a frame this one and no other. */
export interface Word {
  readonly session: bigint
  readonly seq: number
}

export interface PathsOptions {
  readonly keyed: boolean
  /** The peer's, as configured. */
  readonly port: number
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
}

/** A link counts as silent after this, and after `peerTimeout` at least: then its names are looked up again. */
const SILENT_MS_MIN = 5000
/**
 * Anyone who is written to at two addresses may get each frame twice, and out of order: numbers that are not older than this are no
 * sign of a recording.
 */
const REPEATS_KEPT = 64

const NOWHERE: readonly Address[] = []

export class Paths {
  readonly #keyed: boolean
  readonly #port: number
  readonly #heartbeatMs: number
  readonly #silentMs: number
  #configured: readonly Address[] = NOWHERE
  /** Which of them is written to, since when, and which one is heard (-1 = none). */
  #turn = 0
  #turnedAtMs = -Infinity
  #home = -1
  #heard: Address | null = null
  #heardAtMs = -Infinity
  #openedAtMs = -Infinity
  /** The newest word that came in on this link. */
  #session = 0n
  #seq = 0
  #targets: readonly Address[] = NOWHERE
  #version = 0

  constructor({ keyed, port, heartbeatMs, peerTimeoutMs }: PathsOptions) {
    this.#keyed = keyed
    this.#port = port
    this.#heartbeatMs = heartbeatMs
    this.#silentMs = Math.max(SILENT_MS_MIN, peerTimeoutMs)
  }

  /** Where the peer is heard; null = it was not yet. */
  get heard(): Address | null {
    return this.#heard
  }

  /** Grows whenever `heard` or the session that is heard there changes. */
  get version(): number {
    return this.#version
  }

  /** From when on the link is silent, if nothing more is heard. */
  get silentAtMs(): number {
    return Math.max(this.#heardAtMs, this.#openedAtMs) + this.#silentMs
  }

  /** Until then the link could hear nothing: that silence says nothing. */
  opened(nowMs: number): void {
    this.#openedAtMs = nowMs
  }

  /** What the peer's name stands for now, canonical and at least one. Does nothing while the peer is heard. */
  resolved(nowMs: number, ips: readonly string[]): void {
    if (this.#configured.length > 0 && nowMs < this.silentAtMs) return
    const before = this.#configured[this.#turn]?.ip
    this.#configured = ips.map((ip) => ({ ip, port: this.#port }))
    this.#turn = before === undefined ? 0 : Math.max(0, ips.indexOf(before))
    this.#turnedAtMs = nowMs
    if (this.#heard !== null && !this.#mayStay(this.#heard)) this.#heard = null
    this.#home = this.#heard === null ? -1 : ips.indexOf(this.#heard.ip)
    this.#version++
    this.#aim()
  }

  /** Whether a frame from there counts, if everything else is right with it. */
  counts(ip: string): boolean {
    return this.#keyed || this.isConfigured(ip)
  }

  isConfigured(ip: string): boolean {
    return this.#placeOf(ip) >= 0
  }

  /**
   * A frame that counted: of the living session, where the wire has sessions (null: it has none). Returns the change of the
   * address that is heard, or null.
   */
  hear(nowMs: number, ip: string, port: number, word: Word | null): AddressChange | null {
    if (word !== null && !this.#isNew(word)) return null
    this.#heardAtMs = nowMs
    // Nobody can be answered at port 0, and without a key nobody is.
    const at = this.#keyed && port !== 0 ? port : this.#port
    const before = this.#heard
    if (before === null || before.ip !== ip || before.port !== at) return this.#move(before, { ip, port: at })
    if (this.#home >= 0 && this.#turn !== this.#home) {
      this.#turn = this.#home
      this.#aim()
    }
    return null
  }

  /** Of the session that is heard here, and no new number: it is dropped whatever its seal says. */
  isOld({ session, seq }: Word): boolean {
    return session === this.#session && seq <= this.#seq
  }

  /** Heard already, or overtaken on its way by one that was: nothing that has to be counted as a recording. */
  repeats(word: Word): boolean {
    return word.session === this.#session && word.seq <= this.#seq && word.seq > this.#seq - REPEATS_KEPT
  }

  /** Where this session is heard; null = not on this link. */
  heardOf(session: bigint): string | null {
    return this.#heard !== null && session === this.#session ? this.#heard.ip : null
  }

  /**
   * Where to send to now: the configured address, and the one that is heard if it is another. The last one is where the peer is
   * believed to be. The same array until it changes.
   */
  targets(nowMs: number): readonly Address[] {
    if (this.#configured.length > 1 && this.#isQuiet(nowMs) && nowMs >= this.#turnedAtMs + this.#heartbeatMs / 2) {
      this.#turn = (this.#turn + 1) % this.#configured.length
      this.#turnedAtMs = nowMs
      this.#aim()
    }
    return this.#targets
  }

  #isQuiet(nowMs: number): boolean {
    return nowMs >= this.#heardAtMs + this.#heartbeatMs * 2
  }

  #isNew({ session, seq }: Word): boolean {
    if (session !== this.#session) {
      this.#session = session
      this.#version++
    } else if (seq <= this.#seq) return false
    this.#seq = seq
    return true
  }

  #move(before: Address | null, to: Address): AddressChange | null {
    this.#heard = to
    this.#home = this.#placeOf(to.ip)
    if (this.#home >= 0) this.#turn = this.#home
    // First heard elsewhere than expected is a change too.
    const from = before ?? this.#configured[this.#turn] ?? to
    this.#version++
    this.#aim()
    return isSame(from, to) ? null : { from, to }
  }

  #mayStay(heard: Address): boolean {
    const first = this.#configured[0]
    // What a socket of one family heard, one of the other cannot reach.
    return this.counts(heard.ip) && (first === undefined || isIpv6(first.ip) === isIpv6(heard.ip))
  }

  #placeOf(ip: string): number {
    for (let place = 0; place < this.#configured.length; place++) if (this.#configured[place]?.ip === ip) return place
    return -1
  }

  #aim(): void {
    const [configured, heard] = [this.#configured[this.#turn], this.#heard]
    // The configured one first: where both arrive, both sides agree on that one.
    if (configured === undefined) this.#targets = heard === null ? NOWHERE : [heard]
    else this.#targets = heard === null || isSame(configured, heard) ? [configured] : [configured, heard]
  }
}

function isSame(a: Address, b: Address): boolean {
  return a.ip === b.ip && a.port === b.port
}

export function isIpv6(ip: string): boolean {
  return ip.includes(':')
}

/** For people: `10.0.0.1:1101`, `[fe80::1%eth0]:1101`. */
export function addressText({ ip, port }: Address): string {
  return isIpv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`
}

const WORDS = 8

/**
 * One text for each address, the one in which systems report the source of a datagram (RFC 5952). An IPv4 address in the
 * clothes of IPv6 is one of IPv4; only a link-local address has a zone.
 */
export function canonicalIp(text: string): string {
  if (!isIpv6(text)) return text
  const percent = text.indexOf('%')
  const [address, zone] = percent < 0 ? [text, ''] : [text.slice(0, percent), text.slice(percent)]
  const words = wordsOf(address)
  if (words === null) return text
  const [first = 0, , , , , mark, high = 0, low = 0] = words
  if (mark === 0xffff && words.slice(0, 5).every((word) => word === 0)) {
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  }
  return (first & 0xffc0) === 0xfe80 ? shortened(words) + zone : shortened(words)
}

/** Null for what is no address of IPv6. */
function wordsOf(address: string): number[] | null {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const [, front = '', ...bytes] = dotted ?? []
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number)
  const plain = dotted === null ? address : `${front}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  const halves = plain.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const [before = [], after] = halves
  const known = [...before, ...(after ?? [])]
  if (halves.length > 2 || known.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return null
  const missing = WORDS - known.length
  if (after === undefined ? missing !== 0 : missing < 1) return null
  return [...before, ...new Array<string>(missing).fill('0'), ...(after ?? [])].map((word) => parseInt(word, 16))
}

/** The first of the longest runs of two zeros and more is left out. */
function shortened(words: readonly number[]): string {
  let [from, length] = [0, 1]
  for (let start = 0; start < WORDS; start++) {
    let end = start
    while (end < WORDS && words[end] === 0) end++
    if (end - start > length) [from, length] = [start, end - start]
  }
  if (length < 2) return hex(words)
  return `${hex(words.slice(0, from))}::${hex(words.slice(from + length))}`
}

function hex(words: readonly number[]): string {
  return words.map((word) => word.toString(16)).join(':')
}
