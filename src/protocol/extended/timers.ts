/**
 * Every timer of the machine, in the order in which a tick fires those that are due. The deadline of the machine is the earliest of
 * them. Whatever a timer waits for is asked when it is needed: nothing is started or stopped. The table of timers in
 * docs/PROTOCOL.md is made from this one.
 */
import type { Active } from './active'
import { leaseUntilMs, promise } from './context'
import { loseContact, onCrashProven } from './hearing'
import type { Leaving } from './leaving'
import type { Passive } from './passive'
import type { Machine } from './role'
import { clearMarkAtMs, provenAtMs } from './takeover'

/** The machine as its timers see it. */
export interface Timed extends Machine {
  readonly role: Active | Passive | Leaving
  /** An Active looks after itself at each tick, and asks for one at least once in a heartbeat: so it notices when it did not run. */
  readonly watchAtMs: number
}

export interface Timer {
  readonly name: string
  /** While this side is Active, Initial or Standby, or leaves. */
  readonly during: 'any role' | 'Active' | 'Initial, Standby' | 'leaving'
  /** Infinity = it waits for nothing now. */
  readonly due: (m: Timed) => number
  readonly fire: (m: Timed) => void
}

type Due<R> = (m: Timed, role: R) => number
type Fire<R> = (m: Timed, role: R) => void

/** While this side has not taken leave. */
function timer(name: string, due: (m: Timed) => number, fire: (m: Timed) => void): Timer {
  return { name, during: 'any role', due: (m) => (m.role.kind === 'leaving' ? Infinity : due(m)), fire }
}

function whileActive(name: string, due: Due<Active>, fire: Fire<Active>): Timer {
  return {
    name,
    during: 'Active',
    due: (m) => (m.role.kind === 'active' ? due(m, m.role) : Infinity),
    fire: (m) => {
      if (m.role.kind === 'active') fire(m, m.role)
    }
  }
}

function whilePassive(name: string, due: Due<Passive>, fire: Fire<Passive>): Timer {
  return {
    name,
    during: 'Initial, Standby',
    due: (m) => (m.role.kind === 'passive' ? due(m, m.role) : Infinity),
    fire: (m) => {
      if (m.role.kind === 'passive') fire(m, m.role)
    }
  }
}

function whileLeaving(name: string, due: Due<Leaving>, fire: Fire<Leaving>): Timer {
  return {
    name,
    during: 'leaving',
    due: (m) => (m.role.kind === 'leaving' ? due(m, m.role) : Infinity),
    fire: (m) => {
      if (m.role.kind === 'leaving') fire(m, m.role)
    }
  }
}

/** Not only a tick finds that: the end of each step does. */
const byEachStep = (): void => {}

export const TIMERS: readonly Timer[] = [
  whileActive('lease', leaseUntilMs, (m, active) => active.expireLease(m)),
  timer(
    'lost',
    (m) => m.peer.lostAtMs,
    (m) => loseContact(m, 'lost-connection')
  ),
  timer('proof', provenAtMs, onCrashProven),
  whilePassive(
    'takeover',
    (m, passive) => passive.takeAtMs(m),
    (m, passive) => passive.take(m)
  ),
  timer('mark', clearMarkAtMs, (m) => m.ledger.setOnline(false)),
  timer(
    'former promise',
    (m) => m.own.promiseEndsMs(m.peer.peerTimeoutMs),
    (m) => {
      m.own.promisedBeforeMs = 0
      promise(m)
    }
  ),
  whileActive(
    'pause',
    (m, active) => active.pausedUntilMs(m),
    (m, active) => active.resume(m, 'peer-silent')
  ),
  whileActive(
    'handover',
    (_m, active) => active.handoverEndsMs,
    (m, active) => active.abortHandover(m, 'not-ready')
  ),
  whilePassive(
    'command',
    (_m, passive) => passive.grantCommandEndsMs,
    (m, passive) => passive.failGrantCommand(m)
  ),
  whilePassive(
    'force',
    (_m, passive) => passive.forceAtMs,
    (m, passive) => passive.takeForced(m)
  ),
  whilePassive(
    'wish',
    (_m, passive) => passive.wishEndsMs,
    (m, passive) => passive.failWish(m, 'not-confirmed', '')
  ),
  whilePassive(
    'fail-back',
    (m, passive) => passive.failbackAtMs(m),
    (m, passive) => passive.want(m, 'failback', null, Infinity)
  ),
  whileActive(
    'watch',
    (m) => m.watchAtMs,
    (m, active) => active.considerFitness(m)
  ),
  timer(
    'suspicion',
    (m) => m.peer.contact.nextProbeAtMs(m.peer.heartbeatMs),
    (m) => m.sender.probe(m)
  ),
  timer(
    'probes of the proof',
    (m) => m.peer.proof.nextProbeAtMs(m.peer.quietMs),
    (m) => m.sender.probe(m)
  ),
  timer(
    'repeat',
    (m) => m.sender.urgeAtMs,
    (m) => m.sender.urge(m)
  ),
  timer(
    'own word',
    (m) => m.sender.ownWordAtMs(m),
    (m) => m.sender.ownWord(m)
  ),
  timer('half-open', (m) => m.peer.oneWayAtMs, byEachStep),
  timer('store', (m) => m.ledger.retryAtMs, byEachStep),
  whileLeaving(
    'goodbye',
    (m, leaving) => leaving.sayGoodbyeAtMs(m),
    (m, leaving) => leaving.sayGoodbye(m)
  )
]

/** The earliest time at which a timer is due; Infinity = none waits. */
export function nextDueMs(m: Timed): number {
  let nextMs = Infinity
  for (const { due } of TIMERS) nextMs = Math.min(nextMs, due(m))
  return nextMs
}

/** Called with the sockets drained: whatever one timer brings about decides which of those after it are due. */
export function fireDue(m: Timed): void {
  for (const { due, fire } of TIMERS) if (m.nowMs >= due(m)) fire(m)
}
