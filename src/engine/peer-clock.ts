/**
 * How far the peer's time of day is from mine, from the seconds modulo 2**16 that its frames carry. Nothing is decided by it;
 * a person who compares the logs of both sides wants to know.
 */

/** Frames may be under way for a while, and seconds are cut off. */
const AGREE_S = 5
const RANGE_S = 2 ** 16

export class PeerClock {
  #aheadS = 0

  /** s by which the peer is ahead, up to nine hours either way; 0 while the two agree to within AGREE_S. */
  get aheadS(): number {
    return this.#aheadS
  }

  /** Seconds since 1970, both modulo 2**16 or not. */
  heard(mineS: number, theirsS: number): void {
    const apartS = ((theirsS - mineS + RANGE_S / 2) & (RANGE_S - 1)) - RANGE_S / 2
    if (Math.abs(apartS) <= AGREE_S) this.#aheadS = 0
    else if (Math.abs(apartS - this.#aheadS) > AGREE_S) this.#aheadS = apartS
  }
}
