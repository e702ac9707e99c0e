/** A set of fingerprints with the number of the state that had each first; open addressing in typed arrays. */
const EMPTY = -1
const FULL_AT = 0.6

export class Visited {
  #keys = new Float64Array(1 << 16).fill(EMPTY)
  #values = new Int32Array(1 << 16)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The number that the fingerprint has: the one given, if it is new. */
  claim(key: number, value: number): number {
    if (this.#size > this.#keys.length * FULL_AT) this.#grow()
    const at = this.#find(key)
    if (this.#keys[at] === key) return this.#values[at] ?? value
    this.#keys[at] = key
    this.#values[at] = value
    this.#size += 1
    return value
  }

  #find(key: number): number {
    const mask = this.#keys.length - 1
    let at = (Math.imul((key % 0x100000000) | 0, 0x9e3779b1) ^ (key / 0x200000)) & mask
    while (this.#keys[at] !== EMPTY && this.#keys[at] !== key) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = new Float64Array(keys.length * 2).fill(EMPTY)
    this.#values = new Int32Array(keys.length * 2)
    keys.forEach((key, i) => {
      if (key === EMPTY) return
      const at = this.#find(key)
      this.#keys[at] = key
      this.#values[at] = values[i] ?? 0
    })
  }
}
