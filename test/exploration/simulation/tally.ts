/** What a run, and many runs together, reached: the evidence that a green simulation has looked at something. */
import type { Fault } from './faults'
import type { EngineProcess, Step } from './process'
import type { Ending, Watcher } from './watcher'

export type Counts = Record<string, number>

export class Tally implements Watcher {
  readonly name = 'tally'
  readonly faults: Counts = {}
  readonly transitions: Counts = {}
  readonly events: Counts = {}
  readonly inputs: Counts = {}
  steps = 0
  frames = 0
  starts = 0

  onStart(_process: EngineProcess): void {
    this.starts++
  }

  onEnd(_process: EngineProcess, how: Ending): void {
    add(this.faults, `end:${how}`, 1)
  }

  onFault(fault: Fault, applied: boolean): void {
    add(this.faults, applied ? fault.kind : `${fault.kind} (nothing to hit)`, 1)
  }

  onStep({ input, before, after, outputs, process }: Step): void {
    this.steps++
    if (input.kind === 'frame') this.frames++
    add(this.inputs, input.kind, 1)
    if (before.role !== after.role)
      add(this.transitions, `${process.settings.policy}: ${before.role} -> ${after.role} (${after.reason})`, 1)
    for (const output of outputs) if (output.kind === 'event') add(this.events, `${output.event} (${output.reason})`, 1)
  }
}

export function add(counts: Counts, key: string, by: number): void {
  counts[key] = (counts[key] ?? 0) + by
}

export function merge(into: Counts, from: Counts): void {
  for (const [key, value] of Object.entries(from)) add(into, key, value)
}

export function mergeMax(into: Counts, from: Counts): void {
  for (const [key, value] of Object.entries(from)) into[key] = Math.max(into[key] ?? 0, value)
}
