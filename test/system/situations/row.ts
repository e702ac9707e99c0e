/** What a row of the table holds. */
import type { WarningCode } from '../../../src/host/events'
import type { SituationCode } from '../../../src/host/situation/types'
import type { Severity } from '../../../src/host/situation/severity'

export type Maker =
  | 'nothing'
  | 'swap'
  | 'stop b'
  | 'kill b'
  | 'kill a'
  | 'stop a'
  | 'pair of b removed'
  | 'cut'
  | 'cut exclusive'
  | 'cut preferred'
  | 'cut and heal'
  | 'block a to b'
  | 'cut one of two links'
  | 'wrong key on b'
  | 'no key on b'
  | 'own address on a'
  | 'port of a held'
  | 'two pairs on a'
  | 'unknown name on a'
  | 'no zone on a'
  | 'loopback on a'
  | 'tab of a disabled'
  | 'b unfit'
  | 'restart a alone'
  | 'restart a alone, exclusive'
  | 'crash both, start a, preferred'
  | 'both to standby'
  | 'a to standby without b'
  | 'other policy on a'
  | 'other flows on a'
  | 'wrong heartbeat on a'
  | 'no key on a'
  | 'fitness to and fro'
  | 'address of nobody on a'
  | 'a starts over without b'
  | 'other policy on a without b'
  | 'same priority on both'
  | 'weak key on both'
  | 'classic wire on both'
  | 'classic wire on b'
  | 'other version on b'
  | 'strange host'
  | 'strange bytes'
  | 'third host with the key'
  | 'clock of a set forward, and cut'
  | 'clocks set forward'
  | 'clocks set back'
  | 'clock of a set forward'
  | 'engine of a dies'
  | 'two Node-RED in the folder of a'
  | 'damaged file on a'
  | 'disk of b takes no writes'
  | 'file of b written by another'
  | 'file of a at the end of its numbers'
  | 'old file on a'
  | 'file of a on b'
  | 'TCP port of a held'
  | 'b asks where no witness is'
  | 'cut with a witness'
  | 'a gate more on a'
  | 'numbers that do not grow'
  | 'b writes in a loop'
  | 'a writes after the swap'

export interface Seen {
  readonly code: SituationCode
  readonly severity: Severity
  /** Colour and text of the state node's badge. */
  readonly badge: readonly [fill: 'red' | 'yellow' | 'green' | 'blue', text: string]
  /** How the sentence begins, in the sidebar and at the health endpoint. */
  readonly says: string
  /** Event and reason that flows are told, or one of several (`|`); null: none belongs to it. */
  readonly event: string | null
  /** A line of the log since the making began; null: none belongs to it. */
  readonly log: string | null
  /** By the documented rules; null: none of this side. */
  readonly alert: 'HaPairCritical' | 'HaPairAttention' | 'HaPairWitnessLost' | 'HaPairEngineSilent' | null
  /** What the sidebar lists and no badge shows. */
  readonly notes?: readonly WarningCode[]
}

export interface Row {
  readonly make: Maker
  /** What is seen on the sides that the row looks at. */
  readonly a?: Seen
  readonly b?: Seen
  /** In `npm test` too, where one of each kind is made. */
  readonly share?: true
}
