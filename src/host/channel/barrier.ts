/**
 * The host's half of the barrier before a planned swap: the gate is shut, the role still Active. What passed the gate goes on through the
 * flows, and each wire is a turn of the event loop. So where that may still reach a user, some turns go by first. Then every user says what
 * it has still to say, and then the peer tells that it has taken in all of it, once more each time that something was not had by that and
 * was sent again.
 */
import { LOOP, type Loop } from '../loop'
import type { Exchange } from './exchange'

const TURNS = 8
/** Turns may be long. */
const TURNS_MS_MAX = 20
/** By then the peer has all of it, or is too slow for a swap. */
const TAKEN_MS_MAX = 1000

/** `done` hears once whether the peer has all. Returns what calls it off: then it hears nothing. */
export function raiseBarrier(
  exchange: Exchange | null,
  done: (reached: boolean) => void,
  loop: Pick<Loop, 'nowMs' | 'nextTurn'> = LOOP
): () => void {
  if (exchange === null || !exchange.used) {
    done(true)
    return () => {}
  }
  const sinceMs = loop.nowMs()
  let over = false
  let unmark: (() => void) | null = null
  const end = (reached: boolean): void => {
    if (over) return
    over = true
    clearTimeout(limit)
    unmark?.()
    done(reached)
  }
  const limit = setTimeout(() => end(false), TURNS_MS_MAX + TAKEN_MS_MAX)
  limit.unref()
  const mark = (): void => {
    if (!over) unmark = exchange.mark(taken)
  }
  const taken = (reached: boolean): void => {
    if (reached && !exchange.peerHasAll) loop.nextTurn(mark)
    else end(reached)
  }
  const wait = (turns: number): void => {
    if (over) return
    if (turns > 0 && loop.nowMs() - sinceMs < TURNS_MS_MAX) return void loop.nextTurn(() => wait(turns - 1))
    exchange.flush()
    mark()
  }
  wait(exchange.awaitsFlows ? TURNS : 0)
  return () => {
    over = true
    clearTimeout(limit)
    unmark?.()
  }
}
