import { join } from 'node:path'

/** The checkout. The compiled tests lie in dist/test. */
export const ROOT = join(__dirname, '..', '..', '..')
