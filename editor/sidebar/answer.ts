/** What `nodes/ha-pair-sidebar.ts` answers, as the page reads it, and what the parts of the page share. */
import type { PairLink, PairStatus } from '../../src/host/pair'
import type { Situation } from '../../src/host/situation/types'
import type { Text } from '../../src/host/texts/text'
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
  /** What happened, from this side's point of view. */
  readonly text: Text
}

export type ShownStatus = PairStatus

export interface RunningPair {
  readonly status: ShownStatus
  readonly links: readonly PairLink[]
}

/** Something that holds besides. */
export interface Notice {
  readonly code: string
  readonly severity: Situation['severity']
  readonly text: Text
  readonly todo: Text
}

export interface ShownPair {
  readonly id: string
  readonly name: string
  /** Null while its settings keep it stopped. */
  readonly running: RunningPair | null
  /** What keeps it stopped. */
  readonly problems: readonly { readonly text: Text }[]
  /** As the texts call the peer's host. */
  readonly peer: Text
  readonly situation: Situation
  /** What holds besides, the worst first. */
  readonly also: readonly Notice[]
  /** Oldest first. */
  readonly events: readonly ShownEvent[]
  readonly badge: { readonly fill: string; readonly shape: string }
}

/** A pair of other hosts that a witness here serves. */
export interface WitnessedPair {
  readonly name: string
  readonly pair: string
  /** Node id; null = nobody has the voice. */
  readonly holder: string | null
  /** ms since 1970; null = since before the start. */
  readonly since: number | null
  readonly sides: readonly { readonly node: string; readonly address: string; readonly heardAgo: number }[]
}

export interface ShownWitness {
  readonly id: string
  readonly name: string
  /** Null while its settings keep it from running. */
  readonly state: { readonly open: boolean; readonly port: number; readonly pairs: readonly WitnessedPair[] } | null
  readonly problem: Text | null
}

export interface Answer {
  /** The runtime's clock; ms since 1970. */
  readonly at: number
  /** This host's own name. */
  readonly host: string
  readonly pairs: readonly ShownPair[]
  readonly witnesses: readonly ShownWitness[]
}

/** The runtime's texts of reasons, by code. */
export interface Catalogue {
  readonly reasons: Readonly<Record<string, Text>>
}

/** How fresh the answer is that the page shows. */
export interface Context {
  readonly at: number
  readonly host: string
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
  /** Resolves when the page shows what came of it; never rejects. */
  order(id: string, designate: Wanted, force: boolean): Promise<Reply>
  /** For screen readers. */
  announce(text: string): void
}
