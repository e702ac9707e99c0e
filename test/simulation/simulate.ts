/** One plan, one run, all checkers. */
import { CauseChecker } from './checkers/causes'
import { CommandChecker } from './checkers/commands'
import { EpochChecker } from './checkers/epochs'
import { LivenessChecker } from './checkers/liveness'
import { MannersChecker } from './checkers/manners'
import { OverlapChecker } from './checkers/overlap'
import type { Plan } from './plan'
import { Tally, type Counts } from './tally'
import { Trace } from './trace'
import type { Violation } from './watcher'
import { World, type MachineFactory } from './world'

export interface Outcome {
  readonly violation: Violation | null
  readonly simulatedMs: number
  readonly tally: Tally
  readonly network: Counts
  /** Worst figures of the checkers, by name. */
  readonly worst: Counts
  readonly answers: Counts
}

export interface TraceOptions {
  readonly write: (line: string) => void
  readonly frames: boolean
}

export function simulate(plan: Plan, factory: MachineFactory, trace: TraceOptions | null = null): Outcome {
  const world = new World(plan, factory)
  const tally = new Tally()
  const overlap = new OverlapChecker(world, world.truth, plan)
  const epochs = new EpochChecker(world)
  const causes = new CauseChecker(world)
  const commands = new CommandChecker(world, plan)
  const manners = new MannersChecker(world)
  const liveness = new LivenessChecker(world)
  if (trace !== null) world.watch(new Trace(world, trace.write, trace.frames))
  world.watch(tally, overlap, epochs, causes, commands, manners, liveness)
  world.run()
  const { policy } = plan.sides[0].settings
  const worst: Counts = {
    'heal beyond one heartbeat, ms': overlap.healMsMax,
    'settled in quiet, ms': liveness.settledMsMax,
    'answer to a command, ms': commands.answerMsMax,
    'share of the allowance of ticks and frames': manners.busiest,
    'highest epoch': epochs.highest
  }
  for (const [story, ms] of Object.entries(liveness.takeoverMs)) worst[`takeover after ${story}, ms`] = ms
  return {
    violation: world.violations[0] ?? null,
    simulatedMs: world.nowMs,
    tally,
    network: {
      ...world.network.counts,
      replayed: causes.replayed,
      promotions: epochs.promotions,
      [`overlaps under ${policy}`]: overlap.overlaps
    },
    worst,
    answers: commands.answers
  }
}
