/** ms: a copy of the pair's data that is older is not in step. */
export const IN_STEP_MS_MAX = 1000
