/** A pair's status as the sidebar sees it. */
import type { ShownStatus } from '../../../editor/sidebar/answer'

type Peer = NonNullable<ShownStatus['peer']>
export type Seen = Partial<Omit<ShownStatus, 'peer'>> & { readonly peer?: Partial<Peer> | null }

const PEER: Peer = {
  role: 'standby',
  epoch: 4,
  priority: 100,
  fitness: 255,
  ready: true,
  host: '10.0.0.2',
  port: 1101,
  heardAgo: 10,
  roundTrip: 1
}
/** An Active whose peer is ready, but for what is said. */
export function seen({ peer, ...rest }: Seen = {}): ShownStatus {
  return {
    name: 'Line 1',
    host: 'plc-a',
    role: 'active',
    previousRole: 'standby',
    reason: 'operator',
    since: 1000,
    epoch: 4,
    seq: 9,
    serving: rest.role === undefined || rest.role === 'active',
    online: true,
    policy: 'availability',
    wire: 'extended',
    authenticated: true,
    leaseLeft: null,
    fitness: 255,
    situation: { code: 'serving', severity: 'ok' },
    alone: null,
    lost: null,
    channel: null,
    witness: null,
    peer: peer === null ? null : { ...PEER, ...peer },
    ...rest
  }
}
