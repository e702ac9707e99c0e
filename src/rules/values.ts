/** How text from a flow file, a variable or a dialog is read. */

/** A variable anywhere in a text, and one that is all of it: what is left of `${NAME}` where nothing was found. */
const VARIABLE = /\$\{[^}]*\}/
const WHOLE_VARIABLE = /^\$\{[^{}]*\}$/
/** What somebody types to name a variable. */
const NAMED_VARIABLE = /^\$\{[^{}\s]+\}$/
const WHOLE_NUMBER = /^[+-]?\d{1,15}(\.0+)?$/
/** Segments that every client and proxy passes on as they are; `.` and `..` are taken away on the way. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/
export const PATH_CHARS_MAX = 200

export const holdsVariable = (text: string): boolean => VARIABLE.test(text)
export const isWholeVariable = (text: string): boolean => WHOLE_VARIABLE.test(text)
export const namesVariable = (value: unknown): boolean => typeof value === 'string' && NAMED_VARIABLE.test(value)

/** A number, or text that is one; null = it is no whole number. */
export function wholeNumber(value: unknown): number | null {
  const text = typeof value === 'string' ? value.trim() : null
  const number = text !== null && WHOLE_NUMBER.test(text) ? Number(text) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : null
}

/** A number of things, or of one in a row. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** The path of the health endpoint, without a slash at its end; '' = none, null = it can be no path. */
export function healthPath(text: string): string | null {
  const path = text.trim().replace(/\/$/, '')
  if (text.trim() === '') return ''
  return PATH.test(path) && path.length <= PATH_CHARS_MAX ? path : null
}
