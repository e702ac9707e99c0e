/**
 * The registry: every pair of this process with what happened to it, for those who look at the pairs from outside of the flows
 * (the editor's sidebar). The hub enters running pairs, the config node those that its settings keep stopped. Histories
 * outlive deploys and changes of settings; they end with the process.
 */
import { pairEvent, type PairEvent } from './events'
import type { Pair, PairLink, PairObserver } from './pair'
import { stopReason, type SettingsProblem } from './settings'
import { HOST } from './situation/present'
import { stoppedSituation } from './situation/situation'
import type { Situation } from './situation/types'
import { happened, type Happened, type Names } from './texts/happened'

/** A stopped pair knows no peer. */
const NOBODY: Names = { here: HOST, peer: '', after: '' }
/** Events kept per pair. */
export const HISTORY_MAX = 100
/** Ids whose history is kept, also of pairs that were deleted: an undo brings them back. */
const HISTORIES_MAX = 64

/** A running pair as the registry needs it. */
export interface RegisteredPair extends Pick<Pair, 'status' | 'situation' | 'trouble' | 'warnings' | 'designate'> {
  readonly id: string
  readonly name: string
  readonly names: Names
  links(): readonly PairLink[]
  /** Tells `observer` everything from now on, without counting it among those that the pair's events are for. */
  witness(observer: PairObserver): () => void
}

/** An event with a number that grows for as long as the process lives; an event's own `seq` starts again at 1 with its pair. */
export type PastEvent = PairEvent & Happened & { readonly n: number }

export interface ListedPair {
  readonly id: string
  readonly name: string
  /** What is so now, in words. */
  readonly situation: Situation
  /** As its texts call the two hosts. */
  readonly names: Names
  /** Null while the settings keep the pair stopped. */
  readonly running:
    | { readonly [What in 'status' | 'trouble' | 'warnings' | 'links']: ReturnType<RegisteredPair[What]> }
    | null
  /** Why it is stopped; empty while it runs. */
  readonly problems: readonly SettingsProblem[]
  /** Oldest first. */
  readonly events: readonly PastEvent[]
}

/** Its texts are made when somebody looks: it is noted while a role changes. */
interface Noted {
  readonly n: number
  readonly event: PairEvent
  readonly names: Names
  shown: PastEvent | null
}

interface Stopped {
  readonly name: string
  readonly problems: readonly SettingsProblem[]
}

interface Entry {
  running: RegisteredPair | null
  stopped: Stopped | null
}

/** A warning has an event of its own, and at times comes right after what it is about: it says more, so it stays. */
const AGAIN_MS = 1000

function isSaidAgain({ event, reason, at }: PairEvent, later: PairEvent): boolean {
  if (later.event !== 'warning' || reason !== later.reason || later.at - at > AGAIN_MS) return false
  return event !== 'warning' && event !== 'warning-ended' && event !== 'role' && event !== 'online'
}

export class PairRegistry {
  readonly #entries = new Map<string, Entry>()
  readonly #observations = new Map<RegisteredPair, () => void>()
  /** In the order of their last start. */
  readonly #histories = new Map<string, Noted[]>()
  readonly #watchers = new Set<() => void>()
  #events = 0

  /** A pair runs from now on; it takes the place of one with the same id, which may still be saying goodbye. */
  enter(pair: RegisteredPair): void {
    const history = this.#historyOf(pair.id)
    const end = pair.witness({
      onEvent: ({ event, at, reason, detail }) => this.#note(history, pairEvent(event, reason, detail, at), pair.names),
      onStatus: () => this.#changed()
    })
    this.#observations.set(pair, end)
    this.#entries.set(pair.id, { running: pair, stopped: null })
    this.#changed()
  }

  /** The pair has left for good. */
  leave(pair: RegisteredPair): void {
    this.#observations.get(pair)?.()
    this.#observations.delete(pair)
    const entry = this.#entries.get(pair.id)
    if (entry?.running !== pair) return
    entry.running = null
    this.#tidy(pair.id, entry)
  }

  /** A pair that its settings keep stopped. Returns the function that takes this back. */
  stop(id: string, name: string, problems: readonly SettingsProblem[]): () => void {
    const stopped = { name, problems }
    const entry = this.#entries.get(id) ?? { running: null, stopped }
    entry.stopped = stopped
    this.#entries.set(id, entry)
    this.#noteStop(id, problems)
    this.#changed()
    return () => {
      if (entry.stopped !== stopped) return
      entry.stopped = null
      this.#tidy(id, entry)
    }
  }

  /** A stopped pair has no numbers and tells nobody: here its stop can be seen. A deploy that changes nothing is no news. */
  #noteStop(id: string, problems: readonly SettingsProblem[]): void {
    const history = this.#historyOf(id)
    const [reason, fields] = [stopReason(problems), problems.map(({ field }) => field)]
    const last = history.at(-1)?.event
    if (
      last?.event === 'stopped' &&
      last.reason === reason &&
      'fields' in last.detail &&
      String(last.detail.fields) === String(fields)
    )
      return
    this.#note(history, pairEvent('stopped', reason, { fields }, Date.now()), NOBODY)
  }

  #note(history: Noted[], event: PairEvent, names: Names): void {
    const former = history.findIndex((past) => isSaidAgain(past.event, event))
    if (former >= 0) history.splice(former, 1)
    history.push({ n: ++this.#events, event, names, shown: null })
    if (history.length > HISTORY_MAX) history.shift()
  }

  /** All pairs, by name. */
  list(): ListedPair[] {
    const byName = (a: ListedPair, b: ListedPair): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
    return [...this.#entries].map(([id, entry]) => this.#view(id, entry)).sort(byName)
  }

  /** The pair to give orders to; null = there is none that runs under this id. */
  find(id: string): RegisteredPair | null {
    const entry = this.#entries.get(id)
    return entry === undefined || entry.stopped !== null ? null : entry.running
  }

  /** `onChange` is called whenever `list` may say something new; often, so make it cheap. Returns the end of it. */
  watch(onChange: () => void): () => void {
    const watcher = (): void => onChange()
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  #view(id: string, { running, stopped }: Entry): ListedPair {
    const events = (this.#histories.get(id) ?? []).map(shownOf)
    // A running pair that its newest settings stop is on its way out, and no node uses it any more.
    if (stopped !== null || running === null) {
      const problems = stopped?.problems ?? []
      const situation = stoppedSituation(HOST, problems)
      return { id, name: stopped?.name ?? id, situation, names: NOBODY, running: null, problems, events }
    }
    return {
      id,
      name: running.name,
      situation: running.situation(),
      names: running.names,
      running: {
        status: running.status(),
        trouble: running.trouble(),
        warnings: running.warnings(),
        links: running.links()
      },
      problems: [],
      events
    }
  }

  #historyOf(id: string): Noted[] {
    const history = this.#histories.get(id) ?? []
    this.#histories.delete(id)
    this.#histories.set(id, history)
    for (const oldest of this.#histories.keys()) {
      if (this.#histories.size <= HISTORIES_MAX) break
      if (!this.#entries.has(oldest) && oldest !== id) this.#histories.delete(oldest)
    }
    return history
  }

  #tidy(id: string, entry: Entry): void {
    if (entry.running === null && entry.stopped === null && this.#entries.get(id) === entry) this.#entries.delete(id)
    this.#changed()
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher()
  }
}

function shownOf(noted: Noted): PastEvent {
  const { n, event, names } = noted
  return (noted.shown ??= { n, ...event, ...happened(event, names) })
}
