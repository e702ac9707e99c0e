/** What the machine gave to those who run on it, and what each process holds: time, memory, sockets, files, threads. */
import { type Apart, lengthUsSince, type MemorySample, memoryTrend } from '../../support/namespaces/checker'
import { nowUs, pause, US_PER_MS } from '../../support/namespaces/clock'
import { type Side, SIDES } from '../../support/namespaces/history'
import type { Resources } from '../../support/resources'
import type { Host } from './host'

const STARVED_MS = 100
const LOOK_EVERY_MS = 10
const SAMPLE_EVERY_MS = 1000
const SOCKET_WAIT_MS = 300
const SOCKET_WAITS_MAX = 10
const FILES_SLACK = 25
const THREADS_SLACK = 8

export class Vitals {
  readonly #hosts: Readonly<Record<Side, Host>>
  readonly #sockets: number
  readonly #wrong: (rule: 'sockets' | 'memory', text: string) => void
  readonly #starved: Apart[] = []
  readonly #memory = new Map<string, MemorySample[]>()
  readonly #first = new Map<string, Resources>()
  readonly #lives: Record<Side, number> = { a: 0, b: 0 }
  readonly #timers: NodeJS.Timeout[] = []

  /** `sockets`: how many UDP sockets each side has at rest. */
  constructor(
    hosts: Readonly<Record<Side, Host>>,
    sockets: number,
    wrong: (rule: 'sockets' | 'memory', text: string) => void
  ) {
    this.#hosts = hosts
    this.#sockets = sockets
    this.#wrong = wrong
  }

  /** Times in which the machine gave this process nothing: the sides then had nothing either, and may not have heard each other. */
  get starved(): readonly Apart[] {
    return this.#starved
  }

  /** What each life of a side held when it was first at rest. */
  get first(): ReadonlyMap<string, Resources> {
    return this.#first
  }

  watch(): void {
    let last = nowUs()
    const lag = setInterval(() => {
      const now = nowUs()
      if (now - last > STARVED_MS * US_PER_MS) this.#starved.push({ fromUs: last, toUs: now })
      last = now
    }, LOOK_EVERY_MS)
    const samples = setInterval(() => {
      for (const side of SIDES) {
        const found = this.#hosts[side].resources()
        const life = this.#life(side)
        if (found === null) continue
        const list = this.#memory.get(life) ?? []
        list.push({ atUs: nowUs(), rssBytes: found.rssBytes })
        this.#memory.set(life, list)
      }
    }, SAMPLE_EVERY_MS)
    this.#timers.push(lag, samples)
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  starvedUsSince(fromUs: number): number {
    return lengthUsSince(this.#starved, fromUs)
  }

  /** A process starts; what the one before it held is no measure for it. */
  born(side: Side): void {
    this.#lives[side]++
  }

  #life(side: Side): string {
    return `${side} ${this.#lives[side]}`
  }

  /** At rest, each side holds what it held the first time. */
  async check(): Promise<void> {
    for (const side of SIDES) {
      let found = this.#hosts[side].resources()
      if (found === null) continue
      // A socket that is just being replaced is none that leaked, and a side that was just started may not have opened its own.
      for (let waits = 0; waits < SOCKET_WAITS_MAX && found.udpSockets !== this.#sockets; waits++) {
        await pause(SOCKET_WAIT_MS)
        found = this.#hosts[side].resources() ?? found
      }
      const life = this.#life(side)
      const first = this.#first.get(life) ?? found
      this.#first.set(life, first)
      if (found.udpSockets !== this.#sockets) {
        this.#wrong('sockets', `side ${side} holds ${found.udpSockets} UDP sockets instead of ${this.#sockets}`)
      }
      if (found.files > first.files + FILES_SLACK || found.threads > first.threads + THREADS_SLACK) {
        const grown = `${first.files} to ${found.files} files, ${first.threads} to ${found.threads} threads`
        this.#wrong('sockets', `side ${side} went from ${grown}`)
      }
    }
  }

  /** By how much each life that was long enough has grown after its warm-up, in bytes. */
  judgeMemory(): readonly number[] {
    const growths: number[] = []
    for (const [life, samples] of this.#memory) {
      const trend = memoryTrend(samples)
      if (trend === null) continue
      growths.push(trend.growthBytes)
      if (!trend.flat) {
        this.#wrong('memory', `life ${life} grew by ${Math.round(trend.growthBytes / 2 ** 20)} MiB after its warm-up`)
      }
    }
    return growths
  }
}
