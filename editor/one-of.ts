import type { Validator } from './red'

/** A property that takes one of a few words; what a flow file leaves out has its default. */
export const oneOf = (property: string, words: readonly string[]): Validator =>
  function (value, _options) {
    const isWord = value === undefined || words.some((word) => word === value)
    return isWord || `${this._(`label.${property}`)}: ${this._('problem.choice')}`
  }
