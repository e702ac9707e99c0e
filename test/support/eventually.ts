import { PATIENCE } from './patience'

const LOOK_EVERY_MS = 20

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
    if (performance.now() - startedAt > withinMs * PATIENCE)
      throw new Error(`${what}: not within ${withinMs} ms (${last})`)
    await pause(lookEveryMs)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
