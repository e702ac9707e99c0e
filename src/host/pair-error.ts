import type { CommandError } from '../protocol/role'

export type PairErrorCode =
  | CommandError
  /** Of nodes: see the errors in docs/reference/EVENTS.md. */
  | 'no-pair'
  | 'pair-disabled'
  | 'bad-fitness'
  | 'bad-expires'
  | 'bad-number'
  | 'bad-series'
  | 'bad-topic'
  | 'bad-settings'
  | 'bad-message'
  /** Of the sidebar's routes. */
  | 'unknown-pair'
  | 'not-json'
  | 'other-site'
  | 'too-large'

/**
 * The one error of this package that somebody else sees: `code` is for programs, `message` for people. What is expected is a result instead,
 * and a broken invariant of ours a plain `Error`. It is called `Error`: Node-RED puts the name before what Catch nodes get.
 */
export class PairError extends Error {
  readonly code: PairErrorCode
  /** What more there is to say: mostly a reason code. */
  readonly detail: string

  constructor(code: PairErrorCode, detail = '', message = detail === '' ? code : `${code}: ${detail}`) {
    super(message)
    this.code = code
    this.detail = detail
  }
}
