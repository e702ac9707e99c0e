/**
 * What a person should look at while the pair goes on. A warning is set when its condition has held for its grace, and
 * cleared when the condition ends; what only lasts for a moment is shown for a while. No timers and no clock in here: the
 * owner calls `review` when something happened and when `dueMs` has come.
 */
import type { LinkState, PairKeys, Snapshot } from '../engine/messages'
import type { Differing } from '../protocol/events'
import type { FrameRejection } from '../protocol/wire/frame'
import type { Difference } from '../protocol/machine'
import type { PairSettings } from '../protocol/settings'
import { isWeak } from '../rules/key-strength'
import { isLinkLocal, isLoopback, withoutZone } from '../rules/addresses'
import type { ChannelState } from './channel/channel'
import type { TermsDiffer } from './channel/exchange'
import { pairEvent, type PairEvent, type WarningCode, type WarningDetails } from './events'
import { inSeconds } from './in-seconds'
import type { PairWarning } from './pair'
import type { Severity } from './situation/severity'

export interface WarningSpec {
  /** ms for which the condition has to hold. */
  readonly graceMs: number
  /** What it means for the plant; `none`: nothing now, so it is in the list and on no badge. */
  readonly severity: Extract<Severity, 'warning' | 'critical'> | 'none'
  /** Told by the events `warning` and `warning-ended`; a standing fact about the settings is not. */
  readonly event: boolean
  /** Whether `warning` is a line in the log; not where another event has just said the same. */
  readonly log: boolean
}

/** A start of both sides at once brings one or two frames that nothing follows from. */
const SETTLE_MS = 3000

const TROUBLE: WarningSpec = { graceMs: 0, severity: 'warning', event: true, log: false }
const NOTED: WarningSpec = { graceMs: 0, severity: 'none', event: false, log: false }
const warned = (graceMs: number, log = true): WarningSpec => ({ graceMs, severity: 'warning', event: true, log })
/** In the list and in the log, but the badge stays as it is: nothing is wrong yet. */
const ADVISED: WarningSpec = { graceMs: SETTLE_MS, severity: 'none', event: true, log: true }

/** Anyone who deploys on one side and then on the other is not nagged in between. */
export const ROLLOUT_MS = 60_000
/** A peer that is online, and frames with a key that is not here: a change of keys that nobody finished. */
const REKEYING_MS = 60_000

/** A clock that is being set on one side, and then on the other. */
const CLOCKS_MS = 30_000

/** The most important first: what is live before what is over, and what can cost the role before what cannot. */
export const WARNINGS = {
  'engine-crashed': { ...TROUBLE, severity: 'critical' },
  'files-in-use': { ...TROUBLE, severity: 'critical', log: true },
  'both-active': { ...warned(0, false), severity: 'critical' },
  unused: { ...warned(SETTLE_MS), severity: 'critical' },
  'keys-differ': warned(SETTLE_MS),
  'peer-has-no-key': warned(SETTLE_MS),
  'peer-has-key': warned(SETTLE_MS),
  'own-address': warned(0),
  'one-way': warned(SETTLE_MS),
  'wires-differ': warned(SETTLE_MS),
  'versions-differ': warned(SETTLE_MS),
  'foreign-host': warned(SETTLE_MS),
  'port-in-use': TROUBLE,
  'port-held-here': { ...TROUBLE, log: true },
  'zone-missing': warned(SETTLE_MS),
  'loopback-address': warned(SETTLE_MS),
  'host-not-found': TROUBLE,
  'link-failed': TROUBLE,
  'store-failed': TROUBLE,
  'store-lost': TROUBLE,
  'foreign-record': TROUBLE,
  'settings-differ': warned(0, false),
  'link-down': warned(SETTLE_MS),
  // The machine's event has the line in the log, if it was heard before.
  'witness-lost': warned(SETTLE_MS, false),
  'witness-not-agreed': warned(SETTLE_MS),
  'roles-flap': warned(0),
  'third-party': warned(SETTLE_MS),
  'channel-busy': warned(0, false),
  'channel-blocked': warned(0, false),
  'context-differs': warned(ROLLOUT_MS),
  'standby-writes': warned(0),
  'late-writes': warned(0),
  'sequence-stuck': warned(0),
  'same-priority': warned(SETTLE_MS),
  'clocks-differ': warned(CLOCKS_MS),
  'bad-frame': warned(ROLLOUT_MS),
  'flows-differ': warned(ROLLOUT_MS),
  'were-both-active': warned(0, false),
  'cloned-identity': warned(0, false),
  suspended: warned(0, false),
  'clock-set-back': warned(0, false),
  'weak-key': ADVISED,
  'no-key': NOTED,
  'classic-wire': NOTED
} as const satisfies Readonly<Record<WarningCode, WarningSpec>>

const CODES = Object.keys(WARNINGS) as WarningCode[]

/** What happened and is over is shown for so long: long enough for the person who is called to see it. */
export const SHOWN_MS = 300_000
/** Counters come once a second. */
const GREETINGS_APART_MS = 2000
/** So many changes of role within this time, which nobody asked for, are no coincidence. */
export const FLAPS = { changes: 6, minutes: 10 } as const
/** Frames that are dropped again and again count as one condition; a peer that is refused speaks every 3 s. */
const DROPS_APART_MS = 10_000

/** What dropped frames can mean. */
type DropCode = Extract<PairWarning, { detail: { cause: FrameRejection } }>['code']
export const BY_CAUSE: Readonly<Partial<Record<FrameRejection, DropCode>>> = {
  unkeyed: 'peer-has-no-key',
  key: 'keys-differ',
  unsealed: 'wires-differ',
  sealed: 'wires-differ',
  version: 'versions-differ',
  foreign: 'foreign-host',
  'third-party': 'third-party',
  short: 'bad-frame',
  long: 'bad-frame',
  magic: 'bad-frame',
  head: 'bad-frame',
  state: 'bad-frame',
  field: 'bad-frame',
  seal: 'bad-frame'
}

type Detail = WarningDetails[WarningCode]
/** Adds a condition unless a more telling one has the same code. */
type Add = <Code extends WarningCode>(code: Code, detail: WarningDetails[Code], graceMs?: number) => void

interface Condition {
  readonly sinceMs: number
  readonly since: number
  detail: Detail
  told: boolean
}

/** What happened and is over. */
interface Past {
  untilMs: number
  detail: Detail
}

export interface Review {
  readonly began: readonly PairWarning[]
  readonly ended: readonly PairWarning[]
}

const NOTHING_NEW: Review = { began: [], ended: [] }

/** What is known at the time of a review. */
export interface Known {
  readonly snapshot: Snapshot
  /** Why the engine's thread died; null = it runs. */
  readonly crash: string | null
  /** The peer is heard, and no longer answers. */
  readonly oneWay: boolean
  /** Which other process has the pair's files; null = none. */
  readonly filesHolder: string | null
  /** A node of the flows uses the pair. */
  readonly used: boolean
  /** The other pair of this process that holds the local port of a link; null = none does. */
  readonly portHolder: (link: number) => string | null
  /** Null where the pair has none. */
  readonly channel: ChannelState | null
  /** Monotonic and wall clock, ms. */
  readonly nowMs: number
  readonly wallMs: number
}

export class Warnings {
  readonly #settings: PairSettings
  /** The fields whose keys are easy to guess. */
  readonly #weakKeys: readonly string[]
  /** Null while there is none, as most of the time. */
  #conditions: Map<WarningCode, Condition> | null = null
  #past: Map<WarningCode, Past> | null = null
  #dropped: Snapshot['dropped'] = {}
  #greeted = 0
  #greetedAtMs = -Infinity
  /** When roles changed that nobody had asked for. */
  #flips: readonly number[] = []
  #dueMs = Infinity
  #list: readonly PairWarning[] = []

  constructor(settings: PairSettings, keys: PairKeys) {
    this.#settings = settings
    this.#weakKeys = (['key', 'previousKey'] as const).filter((field) => keys[field] !== '' && isWeak(keys[field]))
  }

  /** The most important first; the same array until it changes. */
  get list(): readonly PairWarning[] {
    return this.#list
  }

  /** When `review` wants to be called, on the clock of `nowMs`. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** Something happened that is over already, and is shown for a while. */
  remember<Code extends WarningCode>(code: Code, detail: WarningDetails[Code], nowMs: number): void {
    this.#keep(code, { untilMs: nowMs + SHOWN_MS, detail })
  }

  /** A role changed by itself. */
  roleChanged(nowMs: number): void {
    this.#flips = [...this.#flips.filter((atMs) => nowMs - atMs < FLAPS.minutes * 60_000), nowMs]
    if (this.#flips.length < FLAPS.changes) return
    this.remember('roles-flap', { changes: this.#flips.length, minutes: FLAPS.minutes }, nowMs)
  }

  #keep(code: WarningCode, past: Past): void {
    this.#past ??= new Map()
    this.#past.set(code, past)
  }

  /** Brings the list up to date and says what is new. */
  review(known: Known): Review {
    const { nowMs, wallMs } = known
    this.#countDrops(known.snapshot, nowMs)
    this.#countGreetings(known, nowMs)
    const holding = this.#holding(known)
    this.#dueMs = Infinity
    if (holding.size === 0 && this.#conditions === null) return NOTHING_NEW
    const conditions = this.#conditions ?? new Map<WarningCode, Condition>()
    const began: PairWarning[] = []
    const ended: PairWarning[] = []
    let changed = false
    for (const code of CODES) {
      const now = holding.get(code)
      const was = conditions.get(code)
      if (now === undefined) {
        if (was === undefined) continue
        conditions.delete(code)
        if (!was.told) continue
        changed = true
        ended.push(warningOf(code, was))
        continue
      }
      const condition = was ?? { sinceMs: nowMs, since: wallMs, detail: now.detail, told: false }
      conditions.set(code, condition)
      if (JSON.stringify(condition.detail) !== JSON.stringify(now.detail)) {
        condition.detail = now.detail
        changed ||= condition.told
      }
      this.#dueMs = Math.min(this.#dueMs, this.#past?.get(code)?.untilMs ?? Infinity)
      if (condition.told) continue
      const tellAtMs = condition.sinceMs + now.graceMs
      if (nowMs < tellAtMs) {
        this.#dueMs = Math.min(this.#dueMs, tellAtMs)
        continue
      }
      condition.told = true
      changed = true
      began.push(warningOf(code, condition))
    }
    this.#conditions = conditions.size === 0 ? null : conditions
    if (changed) this.#list = this.#told()
    return { began, ended }
  }

  #told(): PairWarning[] {
    return CODES.flatMap((code) => {
      const condition = this.#conditions?.get(code)
      return condition?.told === true ? [warningOf(code, condition)] : []
    })
  }

  #countDrops(snapshot: Snapshot, nowMs: number): void {
    const apartMs = Math.max(DROPS_APART_MS, 3 * this.#settings.heartbeatMs)
    for (const [cause, count] of Object.entries(snapshot.dropped) as [FrameRejection, number][]) {
      if (count === (this.#dropped[cause] ?? 0)) continue
      const code = codeOf(cause, snapshot)
      if (code !== undefined) this.#keep(code, { untilMs: nowMs + apartMs, detail: { cause } })
      if (cause === 'reflected' && !snapshot.online)
        this.#keep('own-address', { untilMs: nowMs + apartMs, detail: { place: this.#peers } })
    }
    this.#dropped = snapshot.dropped
  }

  /** Words of the peer go on arriving, and none answers this side: its own do not arrive there. */
  #countGreetings({ snapshot: { greeted, online }, oneWay }: Known, nowMs: number): void {
    const apartMs = GREETINGS_APART_MS + 2 * this.#settings.heartbeatMs
    if (online) {
      this.#greetedAtMs = -Infinity
      this.#past?.delete('one-way')
    } else if (greeted !== this.#greeted) {
      // Each start brings one.
      if (nowMs - this.#greetedAtMs < apartMs) this.#keep('one-way', { untilMs: nowMs + apartMs, detail: {} })
      this.#greetedAtMs = nowMs
    }
    this.#greeted = greeted
    if (oneWay && !online) this.#keep('one-way', { untilMs: nowMs + apartMs, detail: {} })
  }

  #holding(known: Known): ReadonlyMap<WarningCode, { detail: Detail; graceMs: number }> {
    const { snapshot, crash, filesHolder, channel, nowMs } = known
    const holding = new Map<WarningCode, { detail: Detail; graceMs: number }>()
    const add: Add = (code, detail, graceMs = WARNINGS[code].graceMs) => {
      if (!holding.has(code)) holding.set(code, { detail, graceMs })
    }
    if (crash !== null) add('engine-crashed', { error: crash })
    if (filesHolder !== null) add('files-in-use', { holder: filesHolder })
    if (snapshot.role === 'active' && !known.used) add('unused', {})
    if (snapshot.conflict) add('both-active', { peer: snapshot.peer?.host ?? '' })
    const settings = snapshot.differences.filter(({ setting }) => setting !== 'flows')
    const flows = snapshot.differences.find(({ setting }) => setting === 'flows')
    if (settings.length > 0) add('settings-differ', bothValues(settings))
    if (flows !== undefined) add('flows-differ', { here: hex(flows.here), peer: hex(flows.peer) })
    if (snapshot.online && snapshot.peerAheadS !== 0) add('clocks-differ', { peerAheadS: snapshot.peerAheadS })
    this.#holdingLinks(known, add)
    const noticedAfter = inSeconds(this.#settings.peerTimeoutMs)
    if (channel?.busy === true) add('channel-busy', { noticedAfter })
    if (channel?.blocked === true) add('channel-blocked', { noticedAfter })
    const different = channel?.differences ?? []
    if (different.length > 0) add('context-differs', usersDiffer(different))
    if (snapshot.store !== null) add(snapshot.store, {})
    this.#holdingWitness(snapshot, add)
    const { policy, priority, wire } = this.#settings
    if (policy === 'preferred' && snapshot.peer?.priority === priority) add('same-priority', { priority })
    if (wire === 'classic') add('classic-wire', {})
    else if (!snapshot.authenticated) add('no-key', {})
    if (this.#weakKeys.length > 0) add('weak-key', { fields: this.#weakKeys })
    for (const [code, past] of this.#past ?? []) {
      if (nowMs >= past.untilMs) this.#past?.delete(code)
      else add(code, past.detail, code === 'keys-differ' && snapshot.online ? REKEYING_MS : undefined)
    }
    return holding
  }

  /** Agreement takes contact, and an answer or two of the witness on each side. */
  #holdingWitness({ witness, online }: Snapshot, add: Add): void {
    const { witness: at, peerTimeoutMs } = this.#settings
    if (witness === null || at === null) return
    if (!witness.online) add('witness-lost', { place: `${at.host}:${at.port}` })
    else if (online && !witness.counted) add('witness-not-agreed', {}, Math.max(SETTLE_MS, 2 * peerTimeoutMs))
  }

  #holdingLinks({ snapshot: { links, online }, portHolder }: Known, add: Add): void {
    for (const [index, link] of links.entries()) {
      this.#holdingAddresses(index, link, add)
      const { problem } = link
      if (problem === null) continue
      const pair = problem === 'port-in-use' ? portHolder(index) : null
      const detail = { link: index, place: this.#place(index, problem) }
      if (pair === null) add(problem, detail)
      else add('port-held-here', { ...detail, pair })
    }
    const down = links.flatMap(({ up }, index) => (up ? [] : [index]))
    if (!online || down.length === 0 || down.length === links.length) return
    add('link-down', { down, places: down.map((index) => this.#place(index, 'host-not-found')), of: links.length })
  }

  /** Addresses that lead nowhere, where the system says no more than that it failed. */
  #holdingAddresses(index: number, { up, address, unsent }: LinkState, add: Add): void {
    const link = this.#settings.links[index]
    if (link === undefined || up) return
    const { peerHost, localHost } = link
    const zoneless = [peerHost, localHost].find((host) => isLinkLocal(host) && withoutZone(host) === host)
    if (zoneless !== undefined) add('zone-missing', { link: index, place: zoneless })
    if (unsent > 0 && isLoopback(address) && !isLoopback(peerHost)) {
      add('loopback-address', { link: index, place: localHost, address })
    }
  }

  get #peers(): string {
    return this.#settings.links.map(({ peerHost, peerPort }) => `${peerHost}:${peerPort}`).join(', ')
  }

  /** Where to look: the peer's end of a link, or this side's. */
  #place(index: number, code: WarningCode): string {
    const link = this.#settings.links[index]
    if (link === undefined) return ''
    return code === 'host-not-found' ? `${link.peerHost}:${link.peerPort}` : `${link.localHost}:${link.localPort}`
  }
}

/** What frames that are dropped mean. While the peer is online, and so has the right key, one without a key is not its. */
function codeOf(cause: FrameRejection, { online, authenticated }: Snapshot): DropCode | undefined {
  // Damaged, or sealed with another key that happens to have the same number: without contact it is the key.
  if (cause === 'seal' && authenticated && !online) return 'keys-differ'
  if (cause === 'unkeyed' && online) return 'bad-frame'
  if (cause === 'key' && !authenticated) return online ? 'bad-frame' : 'peer-has-key'
  return BY_CAUSE[cause]
}

/** The detail was added for this code, which the compiler does not see any more. */
function warningOf(code: WarningCode, { since, detail }: Condition): PairWarning {
  return { code, since, detail } as PairWarning
}

function bothValues(differences: readonly Difference[]): Differing {
  return {
    differ: differences.map(({ setting }) => setting),
    here: differences.map(({ here }) => here),
    peer: differences.map(({ peer }) => peer)
  }
}

function usersDiffer(differences: readonly TermsDiffer[]): WarningDetails['context-differs'] {
  return {
    differ: differences.map(({ user }) => user),
    here: differences.map(({ here }) => here),
    peer: differences.map(({ peer }) => peer)
  }
}

function hex(hash: string | number): string {
  return Number(hash).toString(16).padStart(8, '0')
}

const isTold = ({ code }: PairWarning): boolean => WARNINGS[code].event

/** What a review tells of; a standing fact about the settings is no event. */
export function warningEvents({ began, ended }: Review, at: number): PairEvent[] {
  return [
    ...ended.filter(isTold).map(({ code, detail }) => pairEvent('warning-ended', code, detail, at)),
    ...began.filter(isTold).map(({ code, detail }) => pairEvent('warning', code, detail, at))
  ]
}

export function isWarningCode(code: string): code is WarningCode {
  return Object.hasOwn(WARNINGS, code)
}
