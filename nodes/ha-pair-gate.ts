/** `ha-pair-gate`: lets a message through only while this side serves. What it does is in `src/host/gate`; here it becomes a node. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { systemGateClock } from '../src/host/gate/clock'
import { Gate, WHEN_CLOSED, type WhenClosed } from '../src/host/gate/gate'
import type { GateDecision } from '../src/host/pair'
import { gateBadge } from './badge'
import { whenFlowsStarted } from './flows-started'
import { usePair, type PairUser } from './pair-user'

interface GateDef extends NodeDef {
  readonly pair: string
  readonly whenClosed?: WhenClosed
}

const CLOSED: GateDecision = { open: false, epoch: 0 }

export default function (RED: NodeAPI): void {
  /** What gates held when a deploy closed them, for the nodes of the same id that the deploy builds. */
  const overDeploy = new Map<string, readonly NodeMessageInFlow[]>()

  function HaPairGateNode(this: Node, def: GateDef): void {
    RED.nodes.createNode(this, def)
    const node = this
    const takenOver = overDeploy.get(this.id) ?? []
    overDeploy.delete(this.id)
    const whenClosed = WHEN_CLOSED.find((mode) => mode === def.whenClosed) ?? 'second-output'

    const gate = new Gate<NodeMessageInFlow>(whenClosed, takenOver, {
      clock: systemGateClock,
      decide: () => user.running?.pair.gate() ?? CLOSED,
      pairName: () => user.running?.name ?? '',
      noPair: () => (user.absence === null || user.absence.code === 'stopped' ? null : errorOf(user.absence)),
      send: (msg) => node.send(msg),
      refresh: () => user.refresh(),
      warnOfOverflow: (topics) => node.warn(RED._('warning.overflow', { topics }))
    })
    const user: PairUser = usePair(RED, this, def.pair, (shown, say) => {
      gate.badgeShows(shown.status.serving)
      return gateBadge(shown.status.serving, gate.held, shown, say)
    })
    const statusChanged = (): void => gate.statusChanged()
    const callOff = whenFlowsStarted(RED.events, () => gate.flowsStarted())
    user.observe({ onRole: statusChanged, onStatus: statusChanged })

    this.on('input', (msg, send, done) => gate.input(msg, send, done))

    this.on('close', (removed: boolean, done: () => void) => {
      callOff()
      user.close()
      const left = gate.close(removed)
      if (left.length > 0) keepOverDeploy(this.id, left)
      done()
    })
  }

  /** Until the deploy that is under way has built the node again; if it does not, nothing is kept. */
  function keepOverDeploy(id: string, left: readonly NodeMessageInFlow[]): void {
    overDeploy.set(id, left)
    whenFlowsStarted(RED.events, () => overDeploy.delete(id))
  }

  RED.nodes.registerType('ha-pair-gate', HaPairGateNode)
}

function errorOf({ code, text }: { readonly code: string; readonly text: string }): Error {
  return Object.assign(new Error(text), { code })
}
