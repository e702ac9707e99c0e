/**
 * The context store `pair` for `settings.js`: what Node-RED asks of a store, over `src/host/store`. Loading this module does nothing yet.
 *
 *     contextStorage: { pair: { module: require('@ha-pair/node-red-ha-pair/context'), config: {} } }
 */
import { readOptions } from '../src/host/store/options'
import { meetingPoint } from '../src/host/store/seat'
import { Store } from '../src/host/store/store'

/** As Node-RED calls it: no error is undefined, and values follow one by one. */
type Callback = (error?: unknown, ...values: unknown[]) => void

/** Names that a global context has itself. */
const RESERVED = new Set(['get', 'set', 'keys'])

class PairContext {
  readonly #store: Store

  constructor(config: Readonly<Record<string, unknown>>) {
    this.#store = new Store(readOptions(config), meetingPoint)
  }

  open(): Promise<void> {
    return this.#store.open()
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  get(scope: string, key: string | readonly string[], callback?: Callback): unknown {
    const read = (): unknown[] => (typeof key === 'string' ? [key] : key).map((one) => this.#store.get(scope, one))
    if (callback === undefined) return typeof key === 'string' ? this.#store.get(scope, key) : read()
    let values: unknown[]
    try {
      values = read()
    } catch (error) {
      callback(error)
      return undefined
    }
    callback(undefined, ...values)
    return undefined
  }

  /** A list of keys takes a list of values; what is missing in it is null. */
  set(scope: string, key: string | readonly string[], value: unknown, callback?: Callback): void {
    if (typeof key === 'string' && callback === undefined) return this.#store.set(scope, key, value, null)
    const keys = typeof key === 'string' ? [key] : key
    const values: readonly unknown[] = typeof key !== 'string' && Array.isArray(value) ? value : [value]
    let [left, now] = [keys.length, true]
    const done = (): void => {
      if (--left === 0 && !now) callback?.(undefined)
    }
    try {
      for (const [at, one] of keys.entries()) {
        this.#store.set(scope, one, at < values.length ? values[at] : null, callback === undefined ? null : done)
      }
    } catch (error) {
      if (callback === undefined) throw error
      left = Infinity
      return callback(error)
    }
    now = false
    if (left === 0) callback?.(undefined)
  }

  keys(scope: string, callback?: Callback): string[] | undefined {
    const keys = this.#store.keys(scope)
    const shown = scope === 'global' ? keys.filter((key) => !RESERVED.has(key)) : keys
    if (callback === undefined) return shown
    callback(null, shown)
    return undefined
  }

  async delete(scope: string): Promise<void> {
    this.#store.delete(scope)
  }

  async clean(activeNodes: readonly string[]): Promise<void> {
    this.#store.clean(activeNodes)
  }
}

function pairContext(config: Readonly<Record<string, unknown>> = {}): PairContext {
  return new PairContext(config)
}

/** Shown in Node-RED's log. */
pairContext.toString = (): string => 'ha-pair'

module.exports = pairContext
