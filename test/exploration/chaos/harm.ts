/**
 * What can be done to a pair: to its network and its processes. Each is undone when it is over, and the times are kept in which the
 * two may not hear each other, a side may not answer, or is dead.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { RandomInt } from '../../../src/protocol/machine'
import type { Apart, Death } from '../../support/namespaces/checker'
import { nowUs, pause, US_PER_MS } from '../../support/namespaces/clock'
import { otherSide, type Side, SIDES } from '../../support/namespaces/history'
import { unreachable } from '../../support/namespaces/hping'
import {
  dropAll,
  dropSome,
  type Filter,
  LINKS,
  type Network,
  PAIR_PORT,
  THIRD_WAYS
} from '../../support/namespaces/network'
import type { Host } from './host'

const FLOOD_PER_SECOND = 2000
/** A flood lasts so much longer than it is asked for: its process has to start. */
const FLOOD_START_MS = 300
const FORGED_PER_SECOND = 5000
/** Of a side that is stopped again and again. */
const STUTTER_MS = 12
const FLAP_MS_MIN = 20

export const ALL_LINKS: readonly number[] = Array.from({ length: LINKS }, (_, link) => link)

type Open<T> = Omit<T, 'toUs'> & { toUs: number }

/** While it lasts, a side cannot be expected to answer. */
export interface Trouble extends Apart {
  readonly side: Side
  readonly kind: 'ended' | 'frozen' | 'redeployed'
}

export class Harm {
  readonly #network: Network
  readonly #hosts: Readonly<Record<Side, Host>>
  readonly #isEnding: () => boolean
  readonly #apart: Open<Apart>[] = []
  readonly #troubles: Open<Trouble>[] = []
  readonly #deaths: Open<Death>[] = []
  readonly #attacks = new Set<ChildProcess>()

  constructor(network: Network, hosts: Readonly<Record<Side, Host>>, isEnding: () => boolean) {
    this.#network = network
    this.#hosts = hosts
    this.#isEnding = isEnding
  }

  /** Times in which the two may not hear each other; Infinity = still. */
  get apart(): readonly Apart[] {
    return this.#apart
  }

  get troubles(): readonly Trouble[] {
    return this.#troubles
  }

  /** Deaths that the kernel of the dead side's host can tell of. */
  get deaths(): readonly Death[] {
    return this.#deaths
  }

  // --- To the network ---

  /** `deaf`: the sides that hear nothing of the other one. */
  whileCut(deaf: readonly Side[], act: () => Promise<void>): Promise<void> {
    return this.whileApart(() => this.whileFiltered(deaf, ALL_LINKS.map(dropAll), act))
  }

  whileLossy(percent: number, act: () => Promise<void>): Promise<void> {
    const filters = ALL_LINKS.map((link) => dropSome(link, percent))
    return this.whileApart(() => this.whileFiltered(SIDES, filters, act))
  }

  async whileFiltered(sides: readonly Side[], filters: readonly Filter[], act: () => Promise<void>): Promise<void> {
    await Promise.all(sides.map((side) => this.#network.filter(side, filters)))
    try {
      await act()
    } finally {
      await Promise.all(sides.map((side) => this.#network.filter(side, [])))
    }
  }

  /** The side's interfaces of these links are down. */
  async whileDown(side: Side, links: readonly number[], act: () => Promise<void>): Promise<void> {
    await this.#network.setUp(side, links, false)
    try {
      await act()
    } finally {
      await this.#network.setUp(side, links, true)
    }
  }

  async whileApart(act: () => Promise<void>): Promise<void> {
    const time = { fromUs: nowUs(), toUs: Infinity }
    this.#apart.push(time)
    try {
      await act()
    } finally {
      time.toUs = nowUs()
    }
  }

  /** All directions between the three hosts come and go, each time for up to `msMax`. */
  async flap(forMs: number, random: RandomInt, msMax: number): Promise<void> {
    const untilUs = nowUs() + forMs * US_PER_MS
    const some = <T>(list: readonly T[]): T[] => list.filter(() => random(2) === 0)
    try {
      while (nowUs() < untilUs && !this.#isEnding()) {
        const deaf = some(SIDES)
        await Promise.all([
          this.#network.cutWays(new Set(some(THIRD_WAYS))),
          ...SIDES.map((side) => this.#network.filter(side, deaf.includes(side) ? ALL_LINKS.map(dropAll) : []))
        ])
        await pause(FLAP_MS_MIN + random(msMax))
      }
    } finally {
      await Promise.all([this.#network.cutWays(new Set()), ...SIDES.map((side) => this.#network.filter(side, []))])
    }
  }

  // --- From a stranger ---

  async flood(side: Side, seed: number, forMs: number): Promise<void> {
    const targets = ALL_LINKS.map((link) => `${this.#network.linkAddress(side, link)}:${PAIR_PORT + link}`)
    const args = [String(seed), String(FLOOD_PER_SECOND), ...targets]
    const namespace = this.#network.namespace(otherSide(side))
    const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, join(__dirname, 'flood.js'), ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true
    })
    await this.#whileAttacked([child], () => pause(forMs + FLOOD_START_MS))
  }

  /** As if the peer's host had refused this side's frames, on all links. */
  whileForged(side: Side, act: () => Promise<void>): Promise<void> {
    const peer = otherSide(side)
    const children = ALL_LINKS.map((link) => {
      const [own, other] = [this.#network.linkAddress(side, link), this.#network.linkAddress(peer, link)]
      const args = unreachable({ from: own, to: other, port: PAIR_PORT + link, perSecond: FORGED_PER_SECOND })
      return spawn('ip', ['netns', 'exec', this.#network.namespace(peer), 'hping3', own, ...args], { stdio: 'ignore' })
    })
    return this.#whileAttacked(children, act)
  }

  async #whileAttacked(children: readonly ChildProcess[], act: () => Promise<void>): Promise<void> {
    for (const child of children) this.#attacks.add(child)
    try {
      await act()
    } finally {
      for (const child of children) {
        child.kill('SIGKILL')
        this.#attacks.delete(child)
      }
    }
  }

  // --- To a process ---

  async whileFrozen(side: Side, act: () => Promise<void>): Promise<void> {
    const trouble = this.#trouble(side, 'frozen')
    this.#hosts[side].freeze()
    try {
      await act()
    } finally {
      this.#hosts[side].thaw()
      trouble.toUs = nowUs()
    }
  }

  /** It goes on working, and takes in late what comes. */
  async stutter(side: Side, forMs: number): Promise<void> {
    const untilUs = nowUs() + forMs * US_PER_MS
    while (nowUs() < untilUs && !this.#isEnding()) {
      await this.whileFrozen(side, () => pause(STUTTER_MS))
      await pause(STUTTER_MS)
    }
  }

  async whileDiskFull(side: Side, act: () => Promise<void>): Promise<void> {
    const { disk } = this.#hosts[side]
    disk.fill()
    try {
      await act()
    } finally {
      disk.free()
    }
  }

  async redeploy(side: Side): Promise<void> {
    const trouble = this.#trouble(side, 'redeployed')
    await this.#hosts[side].redeploy()
    trouble.toUs = nowUs()
  }

  /** `seen`: the kernel of its host can tell the other side. */
  async kill(side: Side, seen: boolean): Promise<void> {
    this.#trouble(side, 'ended')
    if (seen) this.#deaths.push({ side, fromUs: nowUs(), toUs: Infinity })
    await this.#hosts[side].kill()
  }

  async stop(side: Side): Promise<void> {
    this.#trouble(side, 'ended')
    await this.#hosts[side].stop()
  }

  /** It runs again. Until then the dead one may be proven dead: what its kernel says once more after a cut comes late. */
  runsAgain(side: Side): void {
    for (const each of [...this.#deaths, ...this.#troubles]) {
      if (each.side === side && each.toUs === Infinity) each.toUs = nowUs()
    }
  }

  #trouble(side: Side, kind: Trouble['kind']): Open<Trouble> {
    const trouble = { side, kind, fromUs: nowUs(), toUs: Infinity }
    this.#troubles.push(trouble)
    return trouble
  }

  /** Whatever was under way ends. */
  async end(): Promise<void> {
    for (const child of this.#attacks) child.kill('SIGKILL')
    for (const side of SIDES) {
      this.#network.name(side)
      this.#hosts[side].thaw()
    }
    await Promise.allSettled(SIDES.map((side) => this.#network.filter(side, [])))
  }
}
