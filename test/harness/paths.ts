/** Stands in for `src/protocol/paths.ts` until that is there; same shape. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

export class Paths {
  readonly #keyed: boolean
  readonly #port: number
  #configured: readonly string[] = []
  #tried = 0
  #heard: Endpoint | null = null

  constructor(options: { readonly keyed: boolean; readonly port: number }) {
    this.#keyed = options.keyed
    this.#port = options.port
  }

  configure(addresses: readonly string[]): void {
    this.#configured = addresses
    const heard = this.#heard
    const known = heard === null ? -1 : addresses.indexOf(heard.address)
    this.#tried = known >= 0 ? known : (this.#tried + 1) % Math.max(1, addresses.length)
  }

  heard(address: string, port: number, isNew: boolean): boolean {
    if (!isNew) return false
    const before = this.#heard
    if (before?.address === address && before.port === port) return false
    this.#heard = { address, port }
    const known = this.#configured.indexOf(address)
    if (known >= 0 && port === this.#port) this.#tried = known
    return before !== null
  }

  accepts(address: string): boolean {
    return this.#keyed || this.#configured.includes(address)
  }

  targets(): readonly Endpoint[] {
    const configured = this.#configured[this.#tried]
    const all: Endpoint[] = configured === undefined ? [] : [{ address: configured, port: this.#port }]
    const heard = this.#heard
    if (!this.#keyed || heard === null) return all
    if (heard.address === configured && heard.port === this.#port) return all
    return [...all, heard]
  }
}
