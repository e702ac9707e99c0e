/**
 * The rows of the witness: where it is, and the key that it needs of this pair. That key is made of the pair's by the server, which has the
 * stored one; the page asks for it when somebody wants to see it.
 */
import { namesVariable } from '../../src/rules/values'
import { setText } from '../dom'
import type { Failure, Say } from '../red'
import { portIn, witnessOf } from './checks'
import { copyFrom } from './copying'
import { STORED } from './key-rows'
import { byId, inputById, inputOf, show } from './page'

interface Made {
  readonly key: string
  readonly pair: string
}

/** By the status of the answer. */
const WHY_NOT: Readonly<Record<number, string>> = {
  401: 'hint.witness-key-denied',
  403: 'hint.witness-key-denied',
  404: 'hint.witness-key-not-deployed'
}

export class WitnessRows {
  readonly #id: string
  readonly #say: Say
  /** The key that the shown one was made of; null = none is shown. */
  #madeOf: string | null = null

  /** `id`: of the node. `start`: what it holds. */
  constructor(id: string, start: unknown, say: Say) {
    this.#id = id
    this.#say = say
    const { host, port } = witnessOf(start)
    inputById('ha-pair-witness-host').value = host
    inputById('ha-pair-witness-port').value = port
    $('#ha-pair-show-witness-key').on('click', () => void this.#ask())
    const [text, below] = [inputById('ha-pair-witness-key-text'), byId('ha-pair-witness-key-said')]
    $('#ha-pair-copy-witness-key').on('click', () => copyFrom(text, below, say))
  }

  /** As the node stores it. */
  read(): { readonly host: string; readonly port: number | string } {
    const { host, port } = witnessOf({
      host: inputById('ha-pair-witness-host').value,
      port: inputById('ha-pair-witness-port').value
    })
    return { host, port: portIn(port) }
  }

  /** Another key has another witness key. */
  show(): void {
    if (this.#madeOf !== null && this.#madeOf !== inputOf('key').value) this.#hide()
    show(byId('ha-pair-witness-key'), this.#madeOf !== null)
  }

  #hide(): void {
    this.#madeOf = null
    inputById('ha-pair-witness-key-text').value = ''
    setText(byId('ha-pair-witness-key-said'), '')
  }

  async #ask(): Promise<void> {
    const typed = inputOf('key').value
    const said = byId('ha-pair-witness-key-trouble')
    setText(said, '')
    this.#hide()
    try {
      const { key, pair } = await this.#made(typed === STORED || namesVariable(typed) ? null : typed)
      this.#madeOf = typed
      inputById('ha-pair-witness-key-text').value = key
      setText(byId('ha-pair-witness-pair'), this.#say('hint.witness-pair', { pair }))
    } catch (failure) {
      const { status } = failure as Failure
      setText(said, this.#say(WHY_NOT[status] ?? 'hint.witness-key-no-answer'))
    }
    this.show()
    if (this.#madeOf === null) return
    inputById('ha-pair-witness-key-text').focus()
    inputById('ha-pair-witness-key-text').select()
    inputById('ha-pair-witness-key-text').scrollLeft = 0
  }

  /** `key`: as typed; null = the stored one. Rejects with the failure. */
  #made(key: string | null): Promise<Made> {
    return new Promise((resolve, reject) => {
      $.ajax({
        url: `ha-pair/pairs/${encodeURIComponent(this.#id)}/witness-key`,
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify({ key })
      }).then((body) => resolve(body as Made), reject)
    })
  }
}
