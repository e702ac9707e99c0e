/**
 * How hard a key is to guess, in bits, roughly. One recorded frame is enough to try guesses without anybody noticing, so a
 * key has to be random and long. The estimate:
 *
 * - a word (five or more letters of one case, or a capital and small ones) counts as one of some 8,000: 13 bits at most;
 * - a letter counts 4.7 bits, 5.7 where small and capital ones are mixed; a digit 3.3; anything else 5;
 * - a sign that repeats the one before it, or is its neighbour (abc, 321), counts 1.
 *
 * It errs on the side of a warning: a key that is random has to be some 20 signs long.
 */

/** A weaker key is warned of. */
export const KEY_BITS_MIN = 80

const WORD_BITS_MAX = 13
const WORDS = /[A-Z]?[a-z]{4,}|[A-Z]{5,}/g
const WORD_LETTERS_MIN = 5
/** Longer ones are beyond all doubt, or beyond all sense. */
const SIGNS_READ = 256

export function keyBits(key: string): number {
  const signs = key.slice(0, SIGNS_READ)
  const letterBits = /[a-z]/.test(signs) && /[A-Z]/.test(signs) ? 5.7 : 4.7
  const bitsOf = (text: string): number => {
    let bits = 0
    for (let at = 0; at < text.length; at++) {
      const apart = at === 0 ? Infinity : Math.abs(text.charCodeAt(at) - text.charCodeAt(at - 1))
      const sign = text.charAt(at)
      bits += apart <= 1 ? 1 : /[a-z]/i.test(sign) ? letterBits : /\d/.test(sign) ? 3.3 : 5
    }
    return bits
  }
  let bits = 0
  let from = 0
  for (const { 0: word, index } of signs.matchAll(WORDS)) {
    if (word.length < WORD_LETTERS_MIN) continue
    bits += bitsOf(signs.slice(from, index)) + Math.min(WORD_BITS_MAX, bitsOf(word))
    from = index + word.length
  }
  return bits + bitsOf(signs.slice(from))
}

export function isWeak(key: string): boolean {
  return keyBits(key) < KEY_BITS_MIN
}
