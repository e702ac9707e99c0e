/** Where the field can be built, and how long its cases last. */
import type { Context } from 'mocha'
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
