/**
 * Limits of waiting are there for what hangs; they are no figures. `npm test` sets a factor for all of them (scripts/test.mjs), since it
 * keeps the machine busy: a test that waits for something that is on its way has not failed.
 */
export const PATIENCE = Number(process.env.HA_PAIR_PATIENCE ?? 1)
