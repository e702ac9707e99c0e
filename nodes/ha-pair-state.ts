/** `ha-pair-state`: what happens in a pair, as messages. Output 1 the role, 2 the peer online, 3 numbered events. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import type { PairObserver } from '../src/host/pair'
import { pairBadge } from './badge'
import { whenFlowsStarted } from './flows-started'
import { usePair } from './pair-user'

interface StateDef extends NodeDef {
  readonly pair: string
  readonly initial?: boolean
  readonly frames?: boolean
}

const OUTPUTS = { role: 0, online: 1, event: 2 } as const
type Output = keyof typeof OUTPUTS

/** What happened before the flows were started waits here; a start takes a moment, so the bound is never felt. */
const EARLY_MAX = 1000

export default function (RED: NodeAPI): void {
  function HaPairStateNode(this: Node, def: StateDef): void {
    RED.nodes.createNode(this, def)
    const node = this
    const user = usePair(RED, this, def.pair, pairBadge)

    /** Null once the flows run. */
    let early: { output: Output; payload: unknown }[] | null = []
    /** What was said last: a change that was in the initial message already is not sent again. */
    const said: { role?: unknown; online?: unknown } = {}

    /** Of this instant: a deploy may change the wires of a node that it does not restart. */
    const isWired = (output: Output): boolean => {
      const { wires } = node as Node & { readonly wires?: readonly (readonly string[])[] }
      return wires === undefined || (wires[OUTPUTS[output]] ?? []).length > 0
    }
    const emit = (output: Output, payload: unknown): void => {
      if (user.running === null) return
      if (output !== 'event') {
        if (said[output] === payload) return
        said[output] = payload
      }
      // A message that nobody gets is not made, while others wait for theirs.
      if (!isWired(output)) return
      const message = { topic: user.running.name, payload, pair: user.running.pair.status() }
      const outputs: (typeof message | null)[] = [null, null, null]
      outputs[OUTPUTS[output]] = message
      node.send(outputs)
    }
    const report = (output: Output, payload: unknown): void => {
      if (early === null) emit(output, payload)
      else if (early.length < EARLY_MAX) early.push({ output, payload })
    }

    const observer: PairObserver = {
      onRole: (role) => report('role', role),
      onOnline: (online) => report('online', online),
      onEvent: (event) => report('event', event)
    }
    if (def.frames === true) observer.onFrame = (event) => report('event', event)
    user.observe(observer)

    const callOff = whenFlowsStarted(RED.events, () => {
      for (const { output, payload } of early ?? []) emit(output, payload)
      early = null
      if (user.running === null || def.initial === false) return
      const { role, online } = user.running.pair.status()
      emit('role', role)
      emit('online', online)
    })

    this.on('close', (_removed: boolean, done: () => void) => {
      callOff()
      user.close()
      done()
    })
  }

  RED.nodes.registerType('ha-pair-state', HaPairStateNode)
}
