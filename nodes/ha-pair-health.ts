/** `ha-pair-health`: says how fit this side is to serve, and that it is not when nobody says so any more. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { PairError } from '../src/host/pair-error'
import { EXPIRES_MS, readExpires } from '../src/rules/expires'
import { spoken, stoppedBadge, type Say } from './badge'
import { PairVotes, FITNESS_MAX, readFitness } from './fitness'
import { whenFlowsStarted } from './flows-started'
import { healthBadge, type Fitness } from './health-badge'
import { usePair, type Draw } from './pair-user'
import { Watchdog } from './watchdog'

interface HealthDef extends NodeDef {
  readonly pair: string
  /** ms */
  readonly expires?: number | string
}

export default function (RED: NodeAPI): void {
  const sayHere: Say = (key, params) => RED._(key, params)
  const votes = new PairVotes()

  function HaPairHealthNode(this: Node, def: HealthDef): void {
    RED.nodes.createNode(this, def)
    const expires = readExpires(def.expires)
    const problem = expires.ok ? null : describe(expires.unset, expires.detail)
    /** Says nothing until this node has its vote. */
    let fitness: Fitness = { value: null, expired: false, lowest: FITNESS_MAX }

    const draw: Draw = ({ status, situation }, say) => {
      if (problem !== null) return stoppedBadge(RED._('badge.invalid', { problem }))
      return healthBadge(
        fitness,
        status,
        situation.severity === 'critical' ? spoken(situation.trouble, say) : null,
        sayHere
      )
    }
    const user = usePair(RED, this, def.pair, draw)
    const { running } = user
    const vote = running === null ? null : votes.enter(def.pair, running.pair, this.id, () => user.refresh())
    if (vote !== null) fitness = vote
    user.observe({})
    user.refresh()
    if (problem !== null) this.error(problem)

    // What is never renewed is not trusted: without a lifetime, the vote expires as soon as the flows run.
    const watchdog = new Watchdog(expires.ok ? expires.ms : 0, () => vote?.expire())
    const callOff = whenFlowsStarted(RED.events, () => {
      if (expires.ok) watchdog.renew()
      else vote?.expire()
    })

    this.on('input', (msg, _send, done) => {
      if (user.running === null) {
        const { code, text } = user.absence
        done(new PairError(code, '', code === 'stopped' ? RED._('error.stopped', { detail: text }) : text))
        return
      }
      if (problem !== null) {
        done(new PairError('bad-expires', '', problem))
        return
      }
      const value = readFitness(msg.payload)
      if (value === null) {
        const detail = shown(msg.payload)
        done(new PairError('bad-fitness', detail, RED._('error.bad-fitness', { detail })))
        return
      }
      watchdog.renew()
      vote?.cast(value)
      done()
    })

    this.on('close', (removed: boolean, done: () => void) => {
      callOff()
      watchdog.stop()
      vote?.end(removed, RED.events)
      user.close()
      done()
    })
  }

  function describe(unset: boolean, detail: string): string {
    if (unset) return RED._('error.expires-unset', { detail })
    return RED._('error.expires', { detail, min: EXPIRES_MS.min, max: EXPIRES_MS.max })
  }

  RED.nodes.registerType('ha-pair-health', HaPairHealthNode)
}

const SHOWN_CHARS_MAX = 60

/** A payload as an error quotes it. */
function shown(payload: unknown): string {
  if (typeof payload === 'string') return JSON.stringify(payload.slice(0, SHOWN_CHARS_MAX))
  return typeof payload === 'object' && payload !== null ? typeof payload : String(payload)
}
