/** Jobs side by side, for `npm test`: as many as the machine has cores for. */
import { availableParallelism } from 'node:os'

/** More processes at once than that want more memory than a small machine has. */
const CORES_MAX = 4
/** Hardly a job uses all that it asks for. */
const OVERBOOKED = 1.15

const work = ({ cores, seconds }) => cores * seconds

/**
 * Runs `run(job)` for each job. A job says how much of a core it keeps busy (`cores`) and about how long (`seconds`): the one with
 * the most work begins first, and whatever fits beside it runs too. With nothing running any job fits.
 */
export async function inLanes(jobs, run, cores = Math.min(CORES_MAX, availableParallelism())) {
  const waiting = [...jobs].sort((a, b) => work(b) - work(a))
  const running = new Set()
  let taken = 0
  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex((job) => running.size === 0 || taken + job.cores <= cores * OVERBOOKED)
    if (next >= 0) {
      const [job] = waiting.splice(next, 1)
      taken += job.cores
      const ended = run(job).finally(() => {
        taken -= job.cores
        running.delete(ended)
      })
      running.add(ended)
    } else await Promise.race(running)
  }
}
