/**
 * The virtual links between two hosts, each direction by itself: loss, Gilbert-Elliott bursts, delay with jitter,
 * duplication, reordering and cuts. A fault adds a disturbance and takes it away again; disturbances add up.
 */
import type { Random } from './random'
import type { Timeline } from './timeline'

export type HostIndex = 0 | 1

export interface Disturbance {
  readonly cut?: boolean
  /** What is cut or lost is so for datagrams alone. */
  readonly udpOnly?: boolean
  /** Share of frames lost at random. */
  readonly loss?: number
  /** Gilbert-Elliott: chance per frame to enter / leave the bad state, in which `lossInBurst` of all frames is lost. */
  readonly burst?: { readonly enter: number; readonly leave: number; readonly lossInBurst: number }
  readonly delayMs?: number
  readonly jitterMs?: number
  readonly duplicate?: number
  /** Share of frames held back by up to `reorderMs`. */
  readonly reorder?: number
  readonly reorderMs?: number
}

/** One direction of one link. */
class Lane {
  readonly disturbances = new Set<Disturbance>()
  cut = false
  tcpCut = false
  loss = 0
  burst: NonNullable<Disturbance['burst']> | null = null
  inBurst = false
  delayMs = 0
  jitterMs = 0
  duplicate = 0
  reorder = 0
  reorderMs = 0
  lastArrivalMs = 0

  recompute(baseDelayMs: number, baseJitterMs: number): void {
    this.cut = false
    this.tcpCut = false
    this.loss = 0
    this.burst = null
    this.delayMs = baseDelayMs
    this.jitterMs = baseJitterMs
    this.duplicate = 0
    this.reorder = 0
    this.reorderMs = 0
    for (const d of this.disturbances) {
      if (d.cut === true) this.cut = true
      if (d.cut === true && d.udpOnly !== true) this.tcpCut = true
      this.loss = Math.max(this.loss, d.loss ?? 0)
      this.burst = d.burst ?? this.burst
      this.delayMs += d.delayMs ?? 0
      this.jitterMs += d.jitterMs ?? 0
      this.duplicate = Math.max(this.duplicate, d.duplicate ?? 0)
      this.reorder = Math.max(this.reorder, d.reorder ?? 0)
      this.reorderMs = Math.max(this.reorderMs, d.reorderMs ?? 0)
    }
    if (this.burst === null) this.inBurst = false
  }

  get clean(): boolean {
    return this.disturbances.size === 0
  }
}

export interface NetworkCounts {
  sent: number
  lost: number
  cut: number
  duplicated: number
  delivered: number
}

export interface NetworkOptions {
  readonly links: number
  readonly delayMs: number
  readonly jitterMs: number
  /** Share of what is on its way that a cut does not take. */
  readonly sparedByCut: number
}

export class Network {
  readonly counts: NetworkCounts = { sent: 0, lost: 0, cut: 0, duplicated: 0, delivered: 0 }
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #lanes: readonly (readonly [Lane, Lane])[]
  readonly #baseDelayMs: number
  readonly #baseJitterMs: number
  readonly #sparedByCut: number

  constructor(timeline: Timeline, random: Random, { links, delayMs, jitterMs, sparedByCut }: NetworkOptions) {
    this.#timeline = timeline
    this.#random = random
    this.#baseDelayMs = delayMs
    this.#baseJitterMs = jitterMs
    this.#sparedByCut = sparedByCut
    this.#lanes = Array.from({ length: links }, () => [new Lane(), new Lane()] as const)
    for (const lanes of this.#lanes) for (const lane of lanes) lane.recompute(delayMs, jitterMs)
  }

  get links(): number {
    return this.#lanes.length
  }

  /** Longest time a frame may travel while nothing is disturbed. */
  get cleanDelayMs(): number {
    return this.#baseDelayMs + this.#baseJitterMs
  }

  disturb(link: number, from: HostIndex, disturbance: Disturbance): void {
    const lane = this.#lane(link, from)
    lane.disturbances.add(disturbance)
    lane.recompute(this.#baseDelayMs, this.#baseJitterMs)
  }

  calm(link: number, from: HostIndex, disturbance: Disturbance): void {
    const lane = this.#lane(link, from)
    lane.disturbances.delete(disturbance)
    lane.recompute(this.#baseDelayMs, this.#baseJitterMs)
  }

  calmAll(): void {
    for (const lanes of this.#lanes)
      for (const lane of lanes) {
        lane.disturbances.clear()
        lane.recompute(this.#baseDelayMs, this.#baseJitterMs)
      }
  }

  /** Nothing disturbs this link in either direction. */
  isClean(link: number): boolean {
    return this.#lane(link, 0).clean && this.#lane(link, 1).clean
  }

  isCut(link: number, from: HostIndex): boolean {
    return this.#lane(link, from).cut
  }

  /** Whether a packet of a connection gets through now, if it were sent. */
  carriesTcp(link: number, from: HostIndex): boolean {
    const lane = this.#lane(link, from)
    return !lane.tcpCut && !(lane.loss > 0 && this.#random.chance(lane.loss))
  }

  /** Calls `arrive` once per copy that gets through, at its time. */
  carry(link: number, from: HostIndex, arrive: () => void): void {
    const lane = this.#lane(link, from)
    const random = this.#random
    this.counts.sent++
    if (lane.cut) {
      this.counts.cut++
      return
    }
    if (lane.burst !== null) {
      lane.inBurst = lane.inBurst ? !random.chance(lane.burst.leave) : random.chance(lane.burst.enter)
      if (lane.inBurst && random.chance(lane.burst.lossInBurst)) {
        this.counts.lost++
        return
      }
    }
    if (lane.loss > 0 && random.chance(lane.loss)) {
      this.counts.lost++
      return
    }
    this.#schedule(lane, arrive)
    if (lane.duplicate > 0 && random.chance(lane.duplicate)) {
      this.counts.duplicated++
      this.#schedule(lane, arrive)
    }
  }

  #schedule(lane: Lane, arrive: () => void): void {
    const random = this.#random
    let atMs = this.#timeline.nowMs + lane.delayMs + random.unit() * lane.jitterMs
    if (lane.reorder > 0 && random.chance(lane.reorder)) atMs += random.unit() * lane.reorderMs
    else {
      // In order, unless held back on purpose.
      atMs = Math.max(atMs, Math.min(lane.lastArrivalMs, atMs + lane.jitterMs))
      lane.lastArrivalMs = atMs
    }
    const survivesCut = random.chance(this.#sparedByCut)
    this.#timeline.at(atMs, () => {
      // A cut may or may not take what is on its way.
      if (lane.cut && !survivesCut) this.counts.cut++
      else {
        this.counts.delivered++
        arrive()
      }
    })
  }

  #lane(link: number, from: HostIndex): Lane {
    const lanes = this.#lanes[link]
    if (lanes === undefined) throw new Error(`no link ${link}`)
    return lanes[from]
  }
}
