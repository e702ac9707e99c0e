/**
 * Every timer of the machine, in the order in which a tick fires those that are due. The deadline of the machine is the earliest of
 * them. Whatever a timer waits for is asked when it is needed: nothing is started or stopped.
 *
 * The table of timers in docs/reference/PROTOCOL.md is made from this one and from the two lines above each entry: when it is due, and what
 * happens then. h and P are the slower side's `heartbeat` and `peerTimeout`, L the lease of P (`npm test -- protocol --update`).
 */
import type { Active } from './active'
import { leaseUntilMs, promise } from './context'
import { onCrashProven, onSilence } from './hearing'
import type { Leaving } from './leaving'
import type { Passive } from './passive'
import type { Machine } from './role'
import { clearMarkAtMs, provenAtMs } from './takeover'

/** The machine as its timers see it. */
export interface Timed extends Machine {
  readonly role: Active | Passive | Leaving
  /** An Active looks after itself at each tick, and asks for one at least once in a heartbeat: so it notices when it did not run. */
  readonly watchAtMs: number
  /** The write under way has no answer, and counts as failed. */
  storeIsStuck(): void
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

/** Also while it takes leave. */
function always(name: string, due: (m: Timed) => number, fire: (m: Timed) => void): Timer {
  return { name, during: 'any role', due, fire }
}

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
  // 0.8857 P after the send time of the last acknowledged frame
  // => becomes Standby, where the policy has a lease
  whileActive('lease', leaseUntilMs, (m, active) => active.expireLease(m)),
  // P after the last word
  // => offline
  timer('lost', (m) => m.peer.lostAtMs, onSilence),
  // max(min(20 ms, h/2), two round trips or P/4 if that is less) without a frame, after FIN and refusal
  // => the peer has crashed
  timer('proof', provenAtMs, onCrashProven),
  // P after the last word, or after the first link opened; at once after a proof or a goodbye
  // => takes the role, by the table above
  whilePassive(
    'takeover',
    (m, passive) => passive.takeAtMs(m),
    (m, passive) => passive.take(m)
  ),
  // P after the last word, once contact was made in this session
  // => the mark `online` is cleared
  timer('mark', clearMarkAtMs, (m) => m.epochs.setOnline(false)),
  // the longest promise on disk, after the start
  // => from now on P is promised
  timer(
    'former promise',
    (m) => m.own.promiseEndsMs(m.peer.peerTimeoutMs),
    (m) => {
      m.own.promisedBeforeMs = 0
      promise(m)
    }
  ),
  // P without contact in both directions, and without a word of another session of the peer
  // => serves again
  whileActive(
    'pause',
    (m, active) => active.pausedUntilMs(m),
    (m, active) => active.resume(m, 'peer-silent')
  ),
  // P/2, at most 7.5 s
  // => goes on, as the peer did not get ready; a command ends with `not-confirmed`
  whileActive(
    'handover',
    (_m, active) => active.handoverEndsMs,
    (m, active) => active.abortHandover(m, 'not-ready')
  ),
  // P/2, at most 1 s
  // => serves again, as the peer did not get the data; who leaves goes without
  whileActive(
    'barrier',
    (_m, active) => active.barrierEndsMs,
    (m, active) => active.callOff(m, 'not-synchronised')
  ),
  // P and h, at most 15 s and h; with a barrier its limit longer
  // => a command to hand over ends with `not-confirmed`; the grant stays out
  whilePassive(
    'command',
    (_m, passive) => passive.grantCommandEndsMs,
    (m, passive) => passive.failGrantCommand(m)
  ),
  // every promise to the peer has run out
  // => takes the role, as an operator forced it
  whilePassive(
    'force',
    (_m, passive) => passive.forceAtMs,
    (m, passive) => passive.takeForced(m)
  ),
  // P, at most 15 s
  // => a command to take over, or fail-back, ends with `not-confirmed`
  whilePassive(
    'wish',
    (_m, passive) => passive.wishEndsMs,
    (m, passive) => passive.failWish(m, 'not-confirmed', '')
  ),
  // `failbackDelay` with a peer of lower priority that is Active
  // => asks for the role
  whilePassive(
    'fail-back',
    (m, passive) => passive.failbackAtMs(m),
    (m, passive) => passive.want(m, 'failback', null)
  ),
  // L - R with its loan; as Standby of an Active 2/3 L, up to 5 L if that has it; else L/8; R/12 until answered; h/10 to take over; h/4 to release
  // => asks the witness
  always(
    'witness',
    (m) => m.third.askAtMs(m),
    (m) => m.third.ask(m)
  ),
  // P after its last answer, P/2 after the first ask without one
  // => the witness is lost
  timer('witness lost', (m) => m.third.lostAtMs(m), byEachStep),
  // h after any step, and with each tick
  // => hands over to a peer that has been fitter for P; being late, it notices
  whileActive(
    'watch',
    (m) => m.watchAtMs,
    (m, active) => active.considerFitness(m)
  ),
  // h + h/4 (8 ms at most) + 1 ms after the last word; then 3 times h/10 (1 to 10 ms), then each h/10 (at least 2 ms)
  // => asks on every link
  timer(
    'suspicion',
    (m) => m.peer.detector.nextProbeAtMs(m.peer.heartbeatMs),
    (m) => m.sender.probe(m)
  ),
  // a fifth of the time of the proof, 1 ms at least, 50 of them
  // => asks on every link
  timer(
    'probes of the proof',
    (m) => m.peer.proof.nextProbeAtMs(m.peer.quietMs),
    (m) => m.sender.probe(m)
  ),
  // h/4, 2 to 250 ms
  // => grants and requests again, until answered
  timer(
    'repeat',
    (m) => m.sender.urgeAtMs,
    (m) => m.sender.urge(m)
  ),
  // h; a Standby that hears its Active: 1.5 h without having sent
  // => Connected on all links; without an Active: Negotiate
  timer(
    'own word',
    (m) => m.sender.ownWordAtMs(m),
    (m) => m.sender.ownWord(m)
  ),
  // P after the last new acknowledgement; where that was one to all that was said, after the first word since
  // => offline, though heard
  timer('half-open', (m) => m.peer.oneWayAtMs, byEachStep),
  // 50 ms after a failed write, doubled up to 1 s
  // => writes again
  timer('store', (m) => m.epochs.retryAtMs, byEachStep),
  // P after a write began that has no answer
  // => it counts as failed, until it has one
  timer(
    'store stuck',
    (m) => m.epochs.stuckAtMs(m.peer.peerTimeoutMs),
    (m) => m.storeIsStuck()
  ),
  // h/4, 2 to 250 ms, at most 5 times; before that up to 200 ms for the store
  // => goodbye, until answered
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
