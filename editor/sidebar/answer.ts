/** What `nodes/ha-pair-sidebar.ts` answers, as the page reads it, and what the parts of the page share. */
import type { PairLink, PairStatus, PairTrouble, PairWarning } from '../../src/host/pair'
import type { SettingsProblem } from '../../src/host/settings'
import type { Role } from '../../src/protocol/machine'

export type Detail = Readonly<Record<string, unknown>>

export interface ShownEvent {
  /** Grows for as long as the runtime lives. */
  readonly n: number
  readonly event: string
  /** ms since 1970. */
  readonly at: number
  readonly reason: string
  readonly detail: Detail
}

export interface RunningPair {
  readonly status: PairStatus
  readonly trouble: PairTrouble | null
  readonly warnings: readonly PairWarning[]
  readonly links: readonly PairLink[]
}

export interface ShownPair {
  readonly id: string
  readonly name: string
  /** Null while its settings keep it stopped. */
  readonly running: RunningPair | null
  readonly problems: readonly SettingsProblem[]
  /** Oldest first. */
  readonly events: readonly ShownEvent[]
  readonly badge: { readonly fill: string; readonly shape: string }
}

export interface Answer {
  /** The runtime's clock; ms since 1970. */
  readonly at: number
  readonly pairs: readonly ShownPair[]
}

interface Text {
  readonly en: string
  readonly zh: string
}

/** The runtime's texts of events and reasons, by code. */
export interface Catalogue {
  readonly events: Readonly<Record<string, Text>>
  readonly reasons: Readonly<Record<string, Text & { readonly todo: Text }>>
}

/** How fresh the answer is that the page shows. */
export interface Context {
  readonly at: number
  readonly ageMs: number
  readonly stale: boolean
  readonly mayWrite: boolean
}

/** A role that a side can be ordered to take. */
export type Wanted = Exclude<Role, 'initial'>

/** What an order came to; `code` and `detail` are the runtime's. */
export type Reply =
  | { readonly ok: true; readonly role: Role }
  | { readonly ok: false; readonly code: string; readonly detail: string }

/** What a card asks of the tab. */
export interface Desk {
  /** Never rejects. */
  order(id: string, designate: Wanted, force: boolean): Promise<Reply>
  /** For screen readers. */
  announce(text: string): void
}
