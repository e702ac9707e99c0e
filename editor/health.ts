/** `ha-pair-health` in the editor. */
import { EXPIRES_MS, readExpires } from '../src/rules/expires'
import { namesVariable } from '../src/rules/values'
import { setText } from './dom'
import type { EditorNode, Property } from './red'
import { showDefault } from './user-node'

export { label, labelStyle, paletteLabel } from './user-node'

export const expires: Property = {
  value: EXPIRES_MS.byDefault,
  validate: function (value, _options) {
    return isExpiry(value ?? EXPIRES_MS.byDefault) || `${this._('label.expires')}: ${this._('problem.between')}`
  }
}

/** The running node takes blank text for the default; in the dialog a number has to be typed. */
export function isExpiry(value: unknown): boolean {
  const text = String(value).trim()
  return namesVariable(text) || (text !== '' && readExpires(text).ok)
}

export function open(this: EditorNode): void {
  showDefault(this, 'expires', EXPIRES_MS.byDefault)
  const say = this._.bind(this)
  const [input, problem] = [
    document.getElementById('node-input-expires'),
    document.getElementById('ha-pair-health-problem')
  ]
  if (!(input instanceof HTMLInputElement) || problem === null) return
  input.setAttribute('aria-describedby', problem.id)
  const check = (): void => {
    const isGood = isExpiry(input.value)
    input.setAttribute('aria-invalid', String(!isGood))
    setText(problem, isGood ? '' : say('problem.between'))
  }
  $(input).on('input change', check).trigger('change')
}
