/** Where the field can be built, and how long its cases last. */
import type { Context } from 'mocha'
import { whyNotHere } from '../../support/namespaces/namespaces'
import type { Field } from './field'

/** `npm run verify` takes the times of the promise; `npm test` shorter ones. */
export const LONG = process.env['HA_PAIR_FIELD'] === 'long'
export const FORGED_FOR_MS = LONG ? 10_000 : 3000

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
