/**
 * The classic wire as a table: what a frame of the peer means, by the role held and the role it shows. To be read
 * aloud; `machine.ts` carries it out, `test/unit/protocol/classic-matrix.test.ts` asserts every cell.
 */
import type { Head } from '../wire/frame'
import type { Role } from '../machine'

/** What a frame of the peer means to us. The table below says when. */
export type Reaction =
  /** A sign of life, and a receipt if the head asks for one. */
  | 'note'
  /** Both Initial: the tokens decide. */
  | 'compare'
  /** An Active speaks: stand by. */
  | 'follow'
  /** The peer stands down for us. */
  | 'take'
  /** The peer restarted and knows no role: the Standby takes it over. */
  | 'succeed'
  /** The peer knows no role and we are Active. */
  | 'designate'
  /** Both Active: say so, and negotiate. */
  | 'contest'
  /** Both Active: the tokens decide. */
  | 'arbitrate'
  /** Both Active, and the peer designates us: yield, unless our own larger designation is on its way. */
  | 'defer'

/** REACTIONS[my role][head of the frame][the peer's state in it]. */
export const REACTIONS: Readonly<Record<Role, Readonly<Record<Head, Readonly<Record<Role, Reaction>>>>>> = {
  initial: {
    negotiate: { initial: 'compare', active: 'follow', standby: 'note' },
    designate: { initial: 'note', active: 'follow', standby: 'take' },
    connected: { initial: 'note', active: 'follow', standby: 'note' },
    responsed: { initial: 'note', active: 'note', standby: 'note' }
  },
  active: {
    negotiate: { initial: 'designate', active: 'arbitrate', standby: 'note' },
    designate: { initial: 'note', active: 'defer', standby: 'note' },
    connected: { initial: 'note', active: 'contest', standby: 'note' },
    // Only a receipt that was asked for: of any other, machine.ts takes a sign of life.
    responsed: { initial: 'note', active: 'contest', standby: 'note' }
  },
  standby: {
    negotiate: { initial: 'succeed', active: 'note', standby: 'note' },
    designate: { initial: 'note', active: 'note', standby: 'take' },
    connected: { initial: 'note', active: 'note', standby: 'note' },
    responsed: { initial: 'note', active: 'note', standby: 'note' }
  }
}
