/** Where the field can be built, and how long its cases last. */
import type { Context } from 'mocha'
import { nowUs } from '../../support/namespaces/clock'
import { whyNotHere } from '../../support/namespaces/namespaces'
import { share, WHOLE } from '../../support/share'
import type { Field } from './field'

/** The whole takes the times of the promise; the share shorter ones. */
export const LONG = WHOLE
export const FORGED_FOR_MS = share(2000, 10_000)

export function skipUnlessHere(context: Context, ...commands: readonly string[]): void {
  const why = whyNotHere(['ip', 'nft', ...commands])
  if (why === null) return
  console.log(`# the field was not built: ${why}`)
  context.skip()
}

/** Builds the field anew after a case that failed, and tells what the two said. */
export async function rebuildAfterFailure(context: Context, field: Field): Promise<void> {
  if (context.currentTest?.state !== 'failed') return
  if (process.env['HA_PAIR_FIELD_LOGS'] !== undefined) console.log(field.logs())
  await field.rebuild()
}

const TRIES_MAX = 3

/**
 * Does `attempt(sinceUs, tries)` again where it failed and a side had no processor for `starvedMs` meanwhile: a machine that gave the sides no
 * time shows nothing. `tries` counts from 0.
 */
export async function givenTime(
  field: Field,
  starvedMs: number,
  attempt: (sinceUs: number, tries: number) => Promise<void>,
  tries = 0
): Promise<void> {
  const sinceUs = nowUs()
  try {
    await attempt(sinceUs, tries)
  } catch (error) {
    const wasMs = await field.starvedMsSince(sinceUs)
    if (tries + 1 === TRIES_MAX || wasMs < starvedMs) throw error
    console.log(`# a side had no processor for ${Math.round(wasMs)} ms: again, after ${String(error)}`)
    await field.form()
    await givenTime(field, starvedMs, attempt, tries + 1)
  }
}
