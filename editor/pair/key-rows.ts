/** The rows of key and previous key: what is warned of, and the button that makes a key. */
import { isWeak } from '../../src/rules/key-strength'
import { namesVariable } from '../../src/rules/values'
import { setText } from '../dom'
import type { Say } from '../red'
import { copyFrom } from './copying'
import { byId, inputById, inputOf, show } from './page'

/** What Node-RED shows of a password that is stored. */
export const STORED = '__PWRD__'
const KEY_BYTES = 32

export class KeyRows {
  readonly #onChange: () => void
  /** The one that the button made last; '' = none yet. */
  #made = ''

  constructor(say: Say, onChange: () => void) {
    this.#onChange = onChange
    $('#ha-pair-make-key').on('click', () => this.#make())
    $('#ha-pair-copy-key').on('click', () => copyFrom(inputById('ha-pair-new-key-text'), byId('ha-pair-copied'), say))
  }

  get hasSecret(): boolean {
    return inputOf('key').value !== '' || inputOf('previousKey').value !== ''
  }

  show(auth: string): void {
    const key = inputOf('key').value
    show(byId('ha-pair-auth-none'), auth === 'none')
    show(byId('ha-pair-no-key'), key.trim() === '')
    show(byId('ha-pair-weak-key'), isGuessable(key) || isGuessable(inputOf('previousKey').value))
    show(byId('ha-pair-new-key'), this.#made !== '' && key === this.#made)
  }

  #make(): void {
    show(byId('ha-pair-replaced-key'), inputOf('key').value !== '')
    this.#made = strongKey()
    inputById('ha-pair-new-key-text').value = this.#made
    setText(byId('ha-pair-copied'), '')
    inputOf('key').value = this.#made
    $(inputOf('key')).trigger('change')
    this.#onChange()
    inputById('ha-pair-new-key-text').focus()
    inputById('ha-pair-new-key-text').select()
  }
}

const isGuessable = (key: string): boolean => key !== '' && key !== STORED && !namesVariable(key) && isWeak(key)

function strongKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
