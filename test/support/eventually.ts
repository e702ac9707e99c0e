import { PATIENCE } from './patience'

const LOOK_EVERY_MS = 20
/** What takes long is looked at less often, so that waiting costs others little: this part of the time so far, and no less often than that. */
const PATIENT_PART = 0.05
const LOOK_EVERY_MS_MAX = 250

/**
 * Looks again and again until `probe` gives something (not null, undefined or false), and returns it.
 * Errors: throws after `withinMs` (times the patience of the run), naming `what` was waited for and what the last look failed with.
 */
export async function eventually<T>(
  what: string,
  withinMs: number,
  probe: () => T | Promise<T>,
  lookEveryMs = LOOK_EVERY_MS
): Promise<Exclude<T, null | undefined | false>> {
  const startedAt = performance.now()
  for (;;) {
    let last = 'not yet'
    try {
      const seen = await probe()
      if (seen !== null && seen !== undefined && seen !== false) return seen as Exclude<T, null | undefined | false>
    } catch (error) {
      last = String(error)
    }
    const tookMs = performance.now() - startedAt
    if (tookMs > withinMs * PATIENCE) throw new Error(`${what}: not within ${withinMs} ms (${last})`)
    await pause(Math.max(lookEveryMs, Math.min(PATIENT_PART * tookMs, LOOK_EVERY_MS_MAX)))
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
