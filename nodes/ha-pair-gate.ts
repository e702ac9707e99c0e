/** `ha-pair-gate`: lets a message through only while this side serves, decided at the instant of each message. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { gateBadge } from './badge'
import { whenFlowsStarted } from './flows-started'
import { HeldLatest } from './held'
import { usePair } from './pair-user'

interface GateDef extends NodeDef {
  readonly pair: string
  readonly whenClosed?: 'second-output' | 'drop' | 'hold-latest'
}

interface HeldMessage {
  readonly msg: NodeMessageInFlow
  /** Null for a message inherited from the node's previous self. */
  readonly done: (() => void) | null
}

const HELD_TOPICS_MAX = 1000
const WARN_EVERY_MS = 60_000
/** What was held goes on this much after the role came: whatever comes through other gates in that moment is newer, and goes first. */
const RELEASE_AFTER_MS = 2
/** A gate that holds messages, or whose badge is behind, looks again: freshness and leases change without an event. */
const LOOK_AGAIN_MS = 250

/** What gates held when a deploy closed them, for the nodes of the same id that the deploy builds. */
const overDeploy = new Map<string, HeldLatest<HeldMessage>>()

export default function (RED: NodeAPI): void {
  function HaPairGateNode(this: Node, def: GateDef): void {
    RED.nodes.createNode(this, def)
    const node = this
    const holds = def.whenClosed === 'hold-latest'
    const held = (holds ? overDeploy.get(this.id) : undefined) ?? new HeldLatest<HeldMessage>(HELD_TOPICS_MAX)
    overDeploy.delete(this.id)
    let shownOpen = false
    let warnedAt = -Infinity
    let closed = false
    let lookAgain: NodeJS.Timeout | null = null
    let nextTurn: NodeJS.Immediate | null = null
    let soon: NodeJS.Timeout | null = null

    const user = usePair(RED, this, def.pair, (status, trouble, say) => {
      shownOpen = status.serving
      return gateBadge(shownOpen, held.size, status, trouble, say)
    })

    /**
     * The oldest one goes, decided at the instant of its release; the others follow, one in a turn of the event loop, so that a
     * thousand of them do not keep the rest of the flow waiting.
     */
    const release = (): void => {
      if (user.running === null || !mayRelease || held.size === 0) return
      const decision = user.running.pair.gate()
      const next = decision.open ? held.takeOldest() : null
      if (next === null) return
      next.msg.pair = { name: user.running.name, epoch: decision.epoch }
      node.send(next.msg)
      next.done?.()
      if (held.size > 0) nextTurn ??= setImmediate(releaseOn)
    }

    const goOn = (): void => {
      release()
      if (held.size === 0) user.refresh()
    }

    const releaseOn = (): void => {
      nextTurn = null
      goOn()
    }

    const releaseSoon = (): void => {
      if (held.size === 0 || closed) return
      soon ??= setTimeout(() => {
        soon = null
        goOn()
      }, RELEASE_AFTER_MS)
    }

    const lookSoon = (): void => {
      if (closed) return
      lookAgain ??= setTimeout(() => {
        lookAgain = null
        release()
        user.refresh()
        if (held.size > 0) lookSoon()
      }, LOOK_AGAIN_MS)
    }

    const hold = (msg: NodeMessageInFlow, done: () => void): void => {
      const { superseded, overflowed } = held.put(msg.topic, { msg, done })
      superseded?.done?.()
      overflowed?.done?.()
      if (overflowed !== null && Date.now() - warnedAt >= WARN_EVERY_MS) {
        warnedAt = Date.now()
        node.warn(RED._('warning.overflow', { topics: HELD_TOPICS_MAX }))
      }
      lookSoon()
    }

    /** Inherited messages wait until their receivers are built. */
    let mayRelease = held.size === 0
    const callOff = whenFlowsStarted(RED.events, () => {
      mayRelease = true
      release()
      user.refresh()
    })
    user.observe({ onRole: releaseSoon, onStatus: releaseSoon })

    this.on('input', (msg, send, done) => {
      if (user.running !== null) {
        let decision = user.running.pair.gate()
        if (decision.open !== shownOpen) lookSoon()
        if (decision.open && held.size > 0) {
          held.take(msg.topic)?.done?.()
          if (nextTurn === null) releaseSoon()
          else release()
          // Behind those that still wait: the order is that of arrival. Once it has begun, one goes for each that comes, and one in each turn.
          if (held.size > 0) {
            hold(msg, done)
            return
          }
          // The release took its time: this message has an instant of its own.
          decision = user.running.pair.gate()
        }
        if (decision.open) {
          msg.pair = { name: user.running.name, epoch: decision.epoch }
          send(msg)
          done()
          return
        }
      }
      if (holds && user.absence?.code !== 'no-pair') {
        hold(msg, done)
        return
      }
      if (!holds && def.whenClosed !== 'drop') send([null, msg])
      else if (user.absence?.code === 'no-pair') {
        done(Object.assign(new Error(user.absence.text), { code: user.absence.code }))
        return
      }
      done()
    })

    this.on('close', (removed: boolean, done: () => void) => {
      closed = true
      callOff()
      user.close()
      if (lookAgain !== null) clearTimeout(lookAgain)
      if (nextTurn !== null) clearImmediate(nextTurn)
      if (soon !== null) clearTimeout(soon)
      if (removed) drain(held, (each) => each.done?.())
      else if (held.size > 0) bequeath(node.id, held)
      done()
    })
  }

  /** Until the deploy that is under way has built the node again; if it does not, nothing is kept. */
  function bequeath(id: string, held: HeldLatest<HeldMessage>): void {
    const kept = new HeldLatest<HeldMessage>(HELD_TOPICS_MAX)
    drain(held, ({ msg }) => kept.put(msg.topic, { msg, done: null }))
    overDeploy.set(id, kept)
    whenFlowsStarted(RED.events, () => overDeploy.delete(id))
  }

  RED.nodes.registerType('ha-pair-gate', HaPairGateNode)
}

function drain<T>(held: HeldLatest<T>, each: (item: T) => void): void {
  for (let item = held.takeOldest(); item !== null; item = held.takeOldest()) each(item)
}
