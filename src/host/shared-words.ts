/**
 * What comes from another thread brings strings of its own: the same few words, once more for every pair and message. Kept
 * (a thousand pairs keep some 25,000), they are given back as one.
 */

/** Words are codes, names and the like; what does not repeat, such as the text of an error, must not fill the table for good. */
const WORDS_MAX = 500
const LENGTH_MAX = 32

const words = new Map<string, string>()

/** The value itself, with its strings replaced in place, at any depth. Only for plain objects and arrays that nobody else holds. */
export function shareWords<T>(value: T): T {
  if (typeof value === 'string') return shared(value) as T
  if (typeof value !== 'object' || value === null) return value
  const fields = value as Record<string, unknown>
  for (const name of Object.keys(fields)) {
    const field = fields[name]
    if (typeof field === 'string') fields[name] = shared(field)
    else if (typeof field === 'object') shareWords(field)
  }
  return value
}

function shared(word: string): string {
  const known = words.get(word)
  if (known !== undefined) return known
  if (words.size < WORDS_MAX && word.length <= LENGTH_MAX) words.set(word, word)
  return word
}
