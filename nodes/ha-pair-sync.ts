/** `ha-pair-sync`: what enters on the serving side leaves on the other one. What it does is in `src/host/sync`; here it becomes a node. */
import { randomBytes } from 'node:crypto'
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { LOOP } from '../src/host/loop'
import type { GateDecision } from '../src/host/pair'
import { PairError } from '../src/host/pair-error'
import type { Role } from '../src/protocol/machine'
import { Names } from '../src/host/sync/body'
import { ENTRIES_MAX, MODES, Sync, type Mode, type SyncState } from '../src/host/sync/sync'
import { pairBadge } from './badge'
import { whenFlowsStarted } from './flows-started'
import { usePair, type PairUser } from './pair-user'
import { placeOf } from './place'

interface SyncDef extends NodeDef {
  readonly pair: string
  readonly mode?: Mode
}

const CLOSED: GateDecision = { open: false, epoch: 0 }
const ORIGIN_BYTES = 6

export default function (RED: NodeAPI): void {
  const names = new Names(randomBytes(ORIGIN_BYTES))
  /** For the nodes of the same place that a deploy builds. */
  const overDeploy = new Map<string, SyncState>()

  function HaPairSyncNode(this: Node, def: SyncDef): void {
    RED.nodes.createNode(this, def)
    const node = this
    const place = placeOf(this)
    const takenOver = overDeploy.get(place) ?? null
    overDeploy.delete(place)
    const mode = MODES.find((word) => word === def.mode) ?? 'latest'

    const sync = new Sync<NodeMessageInFlow>(place, mode, takenOver, {
      clock: LOOP,
      names,
      decide: () => user.running?.pair.gate() ?? CLOSED,
      pairName: () => user.running?.name ?? '',
      send: (msg) => node.send(msg),
      failed: (error) => node.error(error),
      unusable: (detail) => new PairError('bad-message', detail, RED._('error.bad-message', { detail })),
      refresh: () => user.refresh(),
      warnOfOverflow: () => node.warn(RED._(`warning.${mode}`, { count: ENTRIES_MAX }))
    })
    const user: PairUser = usePair(RED, this, def.pair, (shown, say) => {
      const badge = pairBadge(shown, say)
      const { ignored } = sync
      return ignored === 0 ? badge : { ...badge, text: `${badge.text} · ${RED._('badge.ignored', { count: ignored })}` }
    })
    if (user.running !== null) sync.attach(user.running.pair.carrier)
    const statusChanged = (): void => sync.statusChanged()
    const roleChanged = (role: Role): void => {
      if (role !== 'active') sync.roleLost()
      sync.statusChanged()
    }
    user.observe({ onRole: roleChanged, onStatus: statusChanged })
    const callOff = whenFlowsStarted(RED.events, () => sync.flowsStarted())

    this.on('input', (msg, _send, done) => {
      const { absence } = user
      if (absence === null || absence.code === 'stopped') return sync.input(msg, done)
      done(new PairError(absence.code, '', absence.text))
    })

    this.on('close', (removed: boolean, done: () => void) => {
      callOff()
      user.close()
      const state = sync.close(removed)
      if (state !== null) keepOverDeploy(place, state)
      done()
    })
  }

  /** Until the deploy that is under way has built the node again; if it does not, nothing is kept. */
  function keepOverDeploy(place: string, state: SyncState): void {
    overDeploy.set(place, state)
    whenFlowsStarted(RED.events, () => overDeploy.delete(place))
  }

  RED.nodes.registerType('ha-pair-sync', HaPairSyncNode)
}
