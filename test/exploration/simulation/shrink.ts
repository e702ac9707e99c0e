/** Drops faults from a failing plan as long as the same checker still fails: delta debugging, then one by one. */
import type { Plan } from './plan'
import { simulate } from './simulate'
import type { MachineFactory } from './world'

export function shrink(plan: Plan, factory: MachineFactory, runsMax = 2000): Plan {
  const wanted = simulate(plan, factory).violation?.checker
  if (wanted === undefined) return plan
  let runs = 0
  const fails = (candidate: Plan): boolean =>
    runs++ < runsMax && simulate(candidate, factory).violation?.checker === wanted
  let best = plan
  for (let chunk = Math.ceil(best.faults.length / 2); chunk >= 1;) {
    let dropped = false
    for (let at = 0; at < best.faults.length;) {
      const faults = best.faults.filter((_, i) => i < at || i >= at + chunk)
      const candidate = { ...best, faults }
      if (fails(candidate)) {
        best = candidate
        dropped = true
      } else at += chunk
    }
    if (chunk > 1) chunk = Math.ceil(chunk / 2)
    else if (!dropped) break
  }
  const calmer: Partial<Plan>[] = [{ nats: [null, null] }, { jitterMs: 0 }, { cloned: false }, { finale: 'none' }]
  for (const change of calmer) {
    const candidate = { ...best, ...change }
    if (fails(candidate)) best = candidate
  }
  return best
}
