/**
 * The promise of the third voice, tried at random: whatever the network, the clocks, the disk and restarts do, no two sessions have a
 * right to serve on it at the same time. Lender and voices are the real ones; everything between them is here.
 */
import { strict as assert } from 'node:assert'
import { CLOCK_DRIFT } from '../../../src/protocol/extended/lease'
import { Lender, type LoanRecord } from '../../../src/protocol/witness/lender'
import { Voice } from '../../../src/protocol/extended/voice'
import { Random } from '../../support/random'
import {
  decodeAnswer,
  decodeAsk,
  encodeAnswer,
  encodeAsk,
  ANSWER_BYTES,
  ASK_BYTES,
  type Ask
} from '../../../src/protocol/wire/witness-frame'

const WITNESS_ID = 77n
const PAIR = new Uint8Array(8).fill(3)
const STEP_MS = 1
const RUN_MS = 20_000

interface Breaks {
  /** Deliberate faults of the lender, to see that the check can fail. */
  readonly forgetsAfterRestart?: boolean
}

class Clock {
  readonly #rate: number
  readonly #offsetMs: number
  constructor(unit: () => number) {
    this.#rate = 1 + (unit() * 2 - 1) * CLOCK_DRIFT * 0.999
    this.#offsetMs = unit() * 1e6
  }
  at(trueMs: number): number {
    return this.#offsetMs + trueMs * this.#rate
  }
}

class SideProcess {
  readonly nodeId: bigint
  readonly clock: Clock
  voice: Voice
  wants = true
  stalledUntilMs = 0
  nextAskMs = 0
  /** Every right it ever had: a session that ended serves no more. */
  constructor(nodeId: bigint, session: bigint, clock: Clock) {
    this.nodeId = nodeId
    this.clock = clock
    this.voice = new Voice(session)
  }
  serves(trueMs: number): boolean {
    return this.voice.untilMs > this.clock.at(trueMs)
  }
}

interface Outcome {
  readonly overlapMs: number
  readonly lent: number
  readonly restarts: number
  readonly servedMs: number
}

function run(seed: number, breaks: Breaks = {}): Outcome {
  const random = new Random(BigInt(seed), 'one voice')
  const unit = (): number => random.unit()
  const promiseMs = 100 + Math.floor(unit() * 900)
  const lossShare = unit() < 0.5 ? 0 : unit() * 0.4
  const delayMaxMs = unit() < 0.3 ? promiseMs * 1.5 : unit() * 40
  const replays: { at: number; go: () => void }[] = []
  const queue: { atMs: number; go: () => void }[] = []
  let nowMs = 0
  let sessions = 100n
  const sides = [new SideProcess(1n, ++sessions, new Clock(unit)), new SideProcess(2n, ++sessions, new Clock(unit))]
  const clock = new Clock(unit)
  let onDisk: LoanRecord | null = null
  let former: LoanRecord | null = null
  let lender = new Lender<SideProcess>(clock.at(0), WITNESS_ID, ++sessions, null)
  let writing: { record: LoanRecord; of: Lender<SideProcess> } | null = null
  let stalledUntilMs = 0
  let lent = 0
  let restarts = 0
  let overlapMs = 0
  let servedMs = 0

  const later = (atMs: number, go: () => void): void => void queue.push({ atMs, go })
  const carry = (go: () => void): void => {
    if (unit() < lossShare) return
    later(nowMs + unit() * delayMaxMs, go)
    if (unit() < 0.1) later(nowMs + unit() * 3 * promiseMs, go)
    if (unit() < 0.02) replays.push({ at: nowMs, go })
  }
  const toLender = (of: Lender<SideProcess>, input: Parameters<Lender<SideProcess>['step']>[1]): void => {
    if (of !== lender) return
    for (const output of lender.step(clock.at(nowMs), input)) {
      if (output.kind === 'event') lent += output.event.name === 'lent' ? 1 : 0
      else if (output.kind === 'store') {
        writing = { record: output.record, of: lender }
        const own = writing
        const done = (): void => {
          if (writing !== own) return
          writing = null
          const ok = unit() > 0.05
          if (ok || unit() < 0.5) {
            former = onDisk
            onDisk = own.record
          }
          toLender(own.of, { kind: 'stored', ok })
        }
        later(nowMs + unit() * (unit() < 0.1 ? promiseMs : 5), done)
      } else {
        const bytes = new Uint8Array(ANSWER_BYTES)
        encodeAnswer(output.answer, PAIR, bytes)
        const answer = decodeAnswer(bytes)
        assert.ok(typeof answer !== 'string', String(answer))
        const { to } = output
        const { voice } = to
        carry(() => {
          if (to.voice !== voice && answer.echo === to.voice.session) throw new Error('a session was used twice')
          if (nowMs < to.stalledUntilMs)
            later(to.stalledUntilMs, () => void to.voice.hear(to.clock.at(nowMs), answer, true))
          else to.voice.hear(to.clock.at(nowMs), answer, true)
        })
      }
    }
  }
  const hearAsk = (from: SideProcess, heard: Ask): void => toLender(lender, { kind: 'ask', ask: heard, from })
  const ask = (side: SideProcess): void => {
    const bytes = new Uint8Array(ASK_BYTES)
    const speaker = {
      role: 'standby',
      nodeId: side.nodeId,
      epoch: 0,
      promiseMs,
      wants: side.wants,
      states: true
    } as const
    encodeAsk(side.voice.ask(side.clock.at(nowMs), speaker), PAIR, bytes)
    const decoded = decodeAsk(bytes)
    assert.ok(typeof decoded !== 'string', String(decoded))
    carry(() => {
      if (nowMs < stalledUntilMs) later(stalledUntilMs, () => hearAsk(side, decoded))
      else hearAsk(side, decoded)
    })
  }
  const restartWitness = (): void => {
    restarts++
    if (writing !== null && unit() < 0.5) onDisk = writing.record
    writing = null
    // An old file, as a backup leaves it; without its promise only where the promise never changed, as here.
    const record = unit() < 0.2 ? former : onDisk
    onDisk = record
    const startedAtMs = clock.at(nowMs) - (breaks.forgetsAfterRestart === true ? 10_000 : 0)
    lender = new Lender<SideProcess>(startedAtMs, WITNESS_ID, ++sessions, record)
  }

  for (nowMs = 0; nowMs < RUN_MS; nowMs += STEP_MS) {
    for (let i = queue.length - 1; i >= 0; i--) {
      const due = queue[i]
      if (due === undefined || due.atMs > nowMs) continue
      queue.splice(i, 1)
      due.go()
    }
    for (const side of sides) {
      if (nowMs >= side.nextAskMs && nowMs >= side.stalledUntilMs) {
        ask(side)
        side.nextAskMs = nowMs + promiseMs / 8
      }
      if (unit() < 0.0003) side.voice = new Voice(++sessions)
      if (unit() < 0.0005) side.voice.release()
      if (unit() < 0.001) side.wants = unit() < 0.7
      if (unit() < 0.0004) side.stalledUntilMs = nowMs + unit() * 2 * promiseMs
    }
    if (unit() < 0.0004) stalledUntilMs = nowMs + unit() * 2 * promiseMs
    if (unit() < 0.0006) restartWitness()
    if (unit() < 0.001 && replays.length > 0) replays[Math.floor(unit() * replays.length)]?.go()
    const serving = sides.filter((side) => side.serves(nowMs)).length
    if (serving === 2) overlapMs += STEP_MS
    if (serving > 0) servedMs += STEP_MS
  }
  return { overlapMs, lent, restarts, servedMs }
}

describe('one voice, at random', () => {
  it('is never two sessions’ at the same time', function () {
    this.timeout(60_000)
    let lent = 0
    let restarts = 0
    let servedMs = 0
    const RUNS = 150
    for (let seed = 1; seed <= RUNS; seed++) {
      const outcome = run(seed)
      assert.equal(outcome.overlapMs, 0, `seed ${seed}`)
      lent += outcome.lent
      restarts += outcome.restarts
      servedMs += outcome.servedMs
    }
    console.log(
      `# ${RUNS} runs: ${lent} loans, ${restarts} restarts, somebody had the voice ${Math.round((100 * servedMs) / (RUNS * RUN_MS))} % of the time`
    )
    assert.ok(lent > 1000 && restarts > 500, `${lent} loans, ${restarts} restarts`)
    assert.ok(servedMs > 0.3 * RUNS * RUN_MS)
  })

  it('finds a witness that does not wait after its start', function () {
    this.timeout(60_000)
    let found = 0
    for (let seed = 1; seed <= 60 && found === 0; seed++) found += run(seed, { forgetsAfterRestart: true }).overlapMs
    assert.ok(found > 0)
  })
})
