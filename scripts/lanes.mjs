/** Jobs side by side, for `npm test`: as many as the machine has cores for. */
import { availableParallelism } from 'node:os'

/** More processes at once than that want more memory than a small machine has. */
const CORES_MAX = 4
/** Hardly a job uses all that it asks for. */
const OVERBOOKED = 1.15

/**
 * Runs `run(job)` for each job. A job says how much of a core it keeps busy (`cores`) and about how long (`seconds`): the longest one
 * begins first, so that none is left to run alone at the end, and whatever fits beside it runs too. With nothing running any job fits.
 * A job that `needs` something waits until the job that `makes` it has ended.
 */
export async function inLanes(jobs, run, cores = Math.min(CORES_MAX, availableParallelism())) {
  const makers = jobs.filter(({ makes }) => makes !== undefined)
  const waiting = [...makers, ...jobs.filter(({ makes }) => makes === undefined).sort((a, b) => b.seconds - a.seconds)]
  const missing = new Set(makers.map(({ makes }) => makes))
  const running = new Set()
  let taken = 0
  while (waiting.length > 0 || running.size > 0) {
    const fits = (job) => running.size === 0 || taken + job.cores <= cores * OVERBOOKED
    const next = waiting.findIndex((job) => fits(job) && !(job.needs ?? []).some((need) => missing.has(need)))
    if (next >= 0) {
      const [job] = waiting.splice(next, 1)
      taken += job.cores
      const ended = run(job).finally(() => {
        taken -= job.cores
        missing.delete(job.makes)
        running.delete(ended)
      })
      running.add(ended)
    } else await Promise.race(running)
  }
}
