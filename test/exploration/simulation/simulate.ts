/** One plan, one run, all checkers. */
import { AloneChecker } from './checkers/alone'
import { CauseChecker } from './checkers/causes'
import { CommandChecker } from './checkers/commands'
import { ContactChecker } from './checkers/contact'
import { DataChecker } from './checkers/data'
import { EpochChecker } from './checkers/epochs'
import { LivenessChecker } from './checkers/liveness'
import { MannersChecker } from './checkers/manners'
import { MarkChecker } from './checkers/marks'
import { OverlapChecker } from './checkers/overlap'
import { ProofChecker } from './checkers/proofs'
import { StillChecker } from './checkers/still'
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
  const proofs = new ProofChecker(world)
  const overlap = new OverlapChecker(world, proofs)
  const epochs = new EpochChecker(world)
  const causes = new CauseChecker(world)
  const commands = new CommandChecker(world, plan)
  const manners = new MannersChecker(world)
  const liveness = new LivenessChecker(world)
  const marks = new MarkChecker(world)
  const contact = new ContactChecker(world)
  const alone = new AloneChecker(world)
  const data = new DataChecker(world)
  if (trace !== null) world.watch(new Trace(world, trace.write, trace.frames))
  // What a step says of a proof is known before its gate is judged.
  world.watch(tally, proofs, overlap, epochs, causes, commands, manners, liveness, marks, contact, alone, data)
  world.watch(new StillChecker(world))
  world.run()
  const { policy } = plan.sides[0].settings
  const worst: Counts = {
    'heal beyond one heartbeat, ms': overlap.healMsMax,
    'settled in quiet, ms': liveness.settledMsMax,
    'answer to a command, ms': commands.answerMsMax,
    'share of the allowance of ticks and frames': manners.busiest,
    'highest epoch': epochs.highest,
    'contact after frames can pass, ms': contact.worstMs,
    'alone and without a role, ms': alone.worstMs
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
      'proofs claimed': proofs.claims,
      'proofs refuted': proofs.refuted,
      'copies that were told': causes.copies,
      'steps kept by the mark': marks.kept,
      'writes of flows': world.copies?.writes ?? 0,
      'barriers granted': data.granted,
      'barriers called off': data.calledOff,
      'swaps after which all was there': data.arrived,
      'roles given at rest, by data too': data.atRest,
      'overlaps excused': overlap.excused,
      [`overlaps under ${policy}`]: overlap.overlaps
    },
    worst,
    answers: commands.answers
  }
}
