/** `ha-pair-witness` in the editor. */
import { hostProblem } from '../src/rules/addresses'
import { WITNESS_PORT } from '../src/rules/properties'
import { namesVariable, wholeNumber } from '../src/rules/values'
import { setText } from './dom'
import type { EditorNode, Params, Property } from './red'

/** What Node-RED shows of a secret that is stored. */
const STORED = '__PWRD__'
/** The check sum in it is looked at where the witness runs. */
const KEY = /^hapw1_[\w-]{46}$/

type Problem = Params & { readonly key: string }

export function portProblem(value: unknown): Problem | null {
  const text = String(value ?? WITNESS_PORT.byDefault).trim()
  const number = wholeNumber(text)
  const isPort = number !== null && number >= WITNESS_PORT.min && number <= WITNESS_PORT.max
  return isPort || namesVariable(text) ? null : { key: 'check.port' }
}

export function addressProblem(value: unknown): Problem | null {
  const text = String(value ?? '').trim()
  const wrong = text === '' || namesVariable(text) ? null : hostProblem(text)
  return wrong === null ? null : { key: `check.${wrong}`, value: text }
}

/** The first line that is wrong, as far as a page can tell. */
export function keysProblem(text: string): Problem | null {
  if (text === STORED || namesVariable(text.trim())) return null
  const seen = new Set<string>()
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const [key = ''] = line.trim().split(/\s+/, 1)
    if (key === '' || key.startsWith('#')) continue
    if (!KEY.test(key)) return { key: 'check.line', line: at + 1 }
    if (seen.has(key)) return { key: 'check.repeated', line: at + 1 }
    seen.add(key)
  }
  return null
}

const checked = (name: 'port' | 'host', value: unknown, problemIn: (value: unknown) => Problem | null): Property => ({
  value,
  validate: function (found, _options) {
    const problem = problemIn(found)
    return problem === null || `${this._(`label.${name}`)}: ${this._(problem.key, problem)}`
  }
})

export const port = checked('port', WITNESS_PORT.byDefault, portProblem)
export const host = checked('host', '', addressProblem)

export function paletteLabel(this: EditorNode): string {
  return this._('label.witness')
}

export function label(this: EditorNode): string {
  return this.name || this._('label.witness')
}

export function labelStyle(this: EditorNode): string {
  return this.name ? 'node_label_italic' : ''
}

export function open(this: EditorNode): void {
  const say = this._.bind(this)
  watch('port', portProblem)
  watch('host', addressProblem)
  watch('keys', keysProblem)

  function watch(field: string, problemIn: (typed: string) => Problem | null): void {
    const input = document.getElementById(`node-config-input-${field}`)
    const below = document.getElementById(`ha-pair-witness-problem-${field}`)
    if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement) || below === null) return
    input.setAttribute('aria-describedby', below.id)
    const check = (): void => {
      const problem = problemIn(input.value)
      input.setAttribute('aria-invalid', String(problem !== null))
      setText(below, problem === null ? '' : say(problem.key, problem))
    }
    $(input).on('input change', check).trigger('change')
  }
}
