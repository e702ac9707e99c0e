/** Commands to one pair's machine, each on its way to the engine and back; those that come before the pair is in the engine wait for it. */
import type { ToEngine } from '../engine/messages'
import type { CommandResult, Designation, Role } from '../protocol/machine'
import { PairError } from './pair-error'
import { Requests, type KeepsAlive } from './requests'

/** Longer than any command takes in the engine, by then it hangs. */
const COMMAND_MS_SPARE = 20_000

export class Commands {
  readonly #post: (message: ToEngine) => void
  readonly #limitMs: number
  readonly #requests: Requests<CommandResult>
  /** Of the current start in the engine; null = not there. */
  #pairId: number | null = null
  /** By those that came before. */
  #waiting: (() => void)[] = []

  constructor(post: (message: ToEngine) => void, process: KeepsAlive, peerTimeoutMs: number) {
    this.#post = post
    this.#limitMs = 2 * peerTimeoutMs + COMMAND_MS_SPARE
    this.#requests = new Requests(process)
  }

  entered(pairId: number): void {
    this.#pairId = pairId
    for (const send of this.#waiting.splice(0)) send()
  }

  left(): void {
    this.#pairId = null
  }

  /** Errors: rejects with a `PairError`. */
  async designate(designate: Designation, force: boolean): Promise<Role> {
    const late = { ok: false, error: 'not-confirmed', detail: 'engine' } as const
    const result = await this.#requests.ask(this.#limitMs, late, (requestId) => {
      const send = (): void => {
        if (this.#pairId === null || !this.#requests.isOpen(requestId)) return
        this.#post({ type: 'command', pairId: this.#pairId, requestId, designate, force })
      }
      if (this.#pairId === null) this.#waiting.push(send)
      else send()
    })
    if (!result.ok) throw new PairError(result.error, result.detail)
    return result.role
  }

  answer(requestId: number, result: CommandResult): void {
    this.#requests.answer(requestId, result)
  }

  /** Nobody will answer. */
  fail(detail: string): void {
    this.#waiting = []
    this.#requests.answerAll({ ok: false, error: 'stopped', detail })
  }
}
