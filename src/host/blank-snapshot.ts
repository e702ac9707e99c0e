/** What is said of a pair while the engine says nothing. */
import type { PairKeys, Snapshot } from '../engine/messages'
import type { PairSettings } from '../protocol/settings'

/** What a snapshot says of a peer, and of links to it, while there is no engine to hear it. */
export const NOBODY_HEARD = {
  online: false,
  peer: null,
  links: [],
  differences: [],
  conflict: false,
  proof: 'offline',
  aloneBar: null,
  greeted: 0,
  peerAheadS: 0,
  witness: null
} as const satisfies Partial<Snapshot>

/** Until the engine has said something. */
export function blankSnapshot(settings: PairSettings, keys: PairKeys): Snapshot {
  return {
    role: 'initial',
    previousRole: 'initial',
    reason: 'starting',
    since: Date.now(),
    epoch: 0,
    policy: settings.policy,
    wire: settings.wire,
    authenticated: keys.key !== '',
    dropped: {},
    store: null,
    ...NOBODY_HEARD
  }
}
