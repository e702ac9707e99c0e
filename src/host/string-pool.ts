/**
 * What comes from another thread brings strings of its own: the same few words, once more for every pair and message. Kept
 * (a thousand pairs keep some 25,000), they are given back as one.
 */

/** Words are codes, names and the like; what does not repeat, such as the text of an error, must not fill the table for good. */
const WORDS_MAX = 500
const LENGTH_MAX = 32

export class StringPool {
  readonly #words = new Map<string, string>()

  /** The value itself, with its strings replaced in place, at any depth. Only for plain objects and arrays that nobody else holds. */
  intern<T>(value: T): T {
    if (typeof value === 'string') return this.#shared(value) as T
    if (typeof value !== 'object' || value === null) return value
    const fields = value as Record<string, unknown>
    for (const name of Object.keys(fields)) {
      const field = fields[name]
      if (typeof field === 'string') fields[name] = this.#shared(field)
      else if (typeof field === 'object') this.intern(field)
    }
    return value
  }

  #shared(word: string): string {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    if (this.#words.size < WORDS_MAX && word.length <= LENGTH_MAX) this.#words.set(word, word)
    return word
  }
}
