/** What has happened to a pair: counted at once, for metrics, and kept until there is time to log it. */
import type { Role } from '../protocol/machine'
import type { EventName, PairEvent } from './events'
import { EngineLines, report, type PairLog } from './report'
import type { Names } from './texts/happened'

export class Chronicle {
  readonly events: Partial<Record<EventName, number>> = {}
  readonly roleChanges: Record<Role, number> = { initial: 0, active: 0, standby: 0 }
  readonly #engineLines = new EngineLines()
  #unlogged: PairEvent[] = []

  take(events: readonly PairEvent[]): void {
    for (const { event, detail } of events) {
      this.events[event] = (this.events[event] ?? 0) + 1
      if (event === 'role') this.roleChanges[detail.role]++
    }
    this.#unlogged.push(...events)
  }

  logAll(log: PairLog, name: string, names: Names): void {
    const events = this.#unlogged.splice(0).filter((event) => this.#engineLines.has(event, performance.now()))
    report(log, name, names, events)
  }
}
