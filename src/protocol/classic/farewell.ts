/** An Active that leaves designates its peer until that is heard as Active, a few times. */
import type { Input } from '../machine'
import type { Classic } from './parts'
import { BY_ORDER } from './speaker'

const GOODBYE_TRIES = 3
const GOODBYE_GAP_MS_MAX = 100

export class Farewell {
  readonly #frameId: number
  #triesLeft = GOODBYE_TRIES - 1
  #nextMs: number

  constructor(m: Classic) {
    this.#frameId = m.speaker.say(m, 'designate', 'standby', BY_ORDER)
    this.#nextMs = m.nowMs + gapMs(m)
  }

  /** Infinity = it is over. */
  get nextMs(): number {
    return this.#nextMs
  }

  goOn(m: Classic, input: Input): void {
    if (this.#nextMs === Infinity) return
    const isAnswer = input.kind === 'frame' && input.frame.state === 'active'
    if (isAnswer) this.#nextMs = Infinity
    if (input.kind !== 'tick' || m.nowMs < this.#nextMs) return
    if (this.#triesLeft === 0) {
      this.#nextMs = Infinity
      return
    }
    this.#triesLeft -= 1
    this.#nextMs = m.nowMs + gapMs(m)
    m.send('designate', 'standby', this.#frameId, BY_ORDER)
  }
}

function gapMs(m: Classic): number {
  return Math.min(m.settings.heartbeatMs, GOODBYE_GAP_MS_MAX)
}
