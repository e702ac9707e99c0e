/** `npm start -- --once`: a scripted swap, crash and recovery, each step verified and bounded in time. */
import type { PairDemo } from './pair-demo'
import { tallyText } from './plain-lines'
import { WORK_PERIOD_MS } from './plant'
import type { Side } from './side'
import type { Tally } from './work-book'

/** Node-RED may have to start on a slow machine. */
export const START_PATIENCE_MS = 120_000
const SWAP_PATIENCE_MS = 10_000
/** Beyond `peerTimeout`. */
export const TAKEOVER_PATIENCE_MS = 5000
const WATCH_MS = 3000
const POLL_MS = 20
/** A crash: what passed the gate in the last 7 ms, and one item comes every 50 ms. */
export const TWICE_MAX = 1
/** Steady work may fall this short of the plan, since timers are late on a busy machine. */
const STEADY_SHARE = 0.8

/** The story went wrong; the message says where. */
export class StoryFailed extends Error {}

/** Resolves when the story went right. Errors: StoryFailed. `print` takes the verdict of each step. */
export async function tellStory(demo: PairDemo, print: (line: string) => void): Promise<void> {
  const { plant, peerTimeoutMs } = demo
  const verdict = (text: string): void => print(`ok  ${text}`)

  demo.start()
  await until(demo, () => demo.formed, START_PATIENCE_MS, 'the pair to form')
  const first = activeOf(demo)
  verdict(`The pair has formed: ${first.name} is Active, epoch ${epochOf(first)}.`)

  plant.startWork()
  await until(demo, () => plant.book.tally().done > 0, START_PATIENCE_MS, 'the first work item to be done')
  let before = plant.book.tally()
  await pause(WATCH_MS)
  let change = await settledSince(demo, before)
  must(
    change.done >= (WATCH_MS / WORK_PERIOD_MS) * STEADY_SHARE,
    `only ${change.done} items were done in ${WATCH_MS} ms`
  )
  must(change.missed === 0 && change.twice === 0, `steady work went wrong: ${tallyText(change)}`)
  verdict(`Steady work: ${tallyText(change)}.`)

  before = plant.book.tally()
  plant.takeLongestGapMs()
  const epochBefore = epochOf(first)
  must((await demo.swap()) === 'standby', 'the swap was not confirmed')
  await until(
    demo,
    () => demo.formed && demo.activeSide !== first,
    SWAP_PATIENCE_MS,
    'the swap to be seen on both sides'
  )
  const second = activeOf(demo)
  must(epochOf(second) > epochBefore, `the epoch did not grow: ${epochBefore}, then ${epochOf(second)}`)
  await pause(WATCH_MS)
  change = await settledSince(demo, before)
  must(change.doneBy[second.name] > 0, `${second.name} did nothing after the swap`)
  must(change.missed === 0, `the swap missed work: ${tallyText(change)}`)
  must(change.twice === 0, `the swap did work twice: ${tallyText(change)}`)
  const swapWait = Math.round(plant.takeLongestGapMs())
  verdict(
    `Swap: ${second.name} is Active, epoch ${epochOf(second)}. ${tallyText(change)}. Longest wait ${swapWait} ms.`
  )

  before = plant.book.tally()
  const killedAt = Date.now()
  must((await demo.killActive()) === second, 'the Active could not be killed')
  const patience = peerTimeoutMs + TAKEOVER_PATIENCE_MS
  await until(demo, () => demo.activeSide === first && first.gateOpen === true, patience, 'the Standby to take over')
  const tookMs = (first.status?.since ?? 0) - killedAt
  await pause(WATCH_MS)
  change = await settledSince(demo, before)
  must(change.doneBy[first.name] > 0, `${first.name} did nothing after the crash`)
  must(change.missed === 0, `the crash missed work: ${tallyText(change)}`)
  must(change.twice <= TWICE_MAX, `the crash did more work twice than its last moment: ${tallyText(change)}`)
  const crashWait = Math.round(plant.takeLongestGapMs())
  verdict(
    `Crash: ${first.name} was Active ${tookMs} ms after the kill -9, epoch ${epochOf(first)}. ${tallyText(change)}. Longest wait ${crashWait} ms.`
  )

  before = plant.book.tally()
  must(demo.restart().includes(second), `${second.name} was not there to be restarted`)
  await until(demo, () => demo.formed, START_PATIENCE_MS, `${second.name} to come back`)
  must(demo.activeSide === first, `${second.name} took the role away when it came back`)
  await pause(WATCH_MS)
  change = await settledSince(demo, before)
  must(demo.activeSide === first, `${first.name} lost the role to a peer that had just come back`)
  must(change.missed === 0 && change.twice === 0, `the recovery went wrong: ${tallyText(change)}`)
  verdict(`Recovery: ${second.name} is back and stands by; ${first.name} went on. ${tallyText(change)}.`)

  await plant.finishWork()
  const end = plant.book.tally()
  must(
    end.open === 0 && end.done + end.missed === end.issued,
    `the books do not balance: ${tallyText(end)} of ${end.issued}`
  )
  print(`    All in all ${end.issued} work items: ${tallyText(end)}.`)
}

/** What the work since `before` came to, once nothing of it is open any more. */
export async function settledSince(demo: PairDemo, before: Tally): Promise<Tally> {
  const { book } = demo.plant
  const upTo = book.tally().issued
  await until(demo, () => book.oldestOpen() > upTo, START_PATIENCE_MS, 'work items to be settled')
  const now = book.tally()
  return {
    issued: now.issued - before.issued,
    done: now.done - before.done,
    doneBy: { A: now.doneBy.A - before.doneBy.A, B: now.doneBy.B - before.doneBy.B },
    missed: now.missed - before.missed,
    twice: now.twice - before.twice,
    open: now.open
  }
}

export function activeOf(demo: PairDemo): Side {
  const side = demo.activeSide
  if (side === null) throw new StoryFailed('no side is Active')
  return side
}

export function epochOf(side: Side): number {
  return side.status?.epoch ?? 0
}

export function must(right: boolean, wrong: string): void {
  if (!right) throw new StoryFailed(wrong)
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export async function until(demo: PairDemo, condition: () => boolean, patienceMs: number, what: string): Promise<void> {
  const endMs = performance.now() + patienceMs
  while (!condition()) {
    if (performance.now() > endMs) {
      throw new StoryFailed(`waited ${patienceMs / 1000} s in vain for ${what} (${demo.describe()})`)
    }
    await pause(POLL_MS)
  }
}
