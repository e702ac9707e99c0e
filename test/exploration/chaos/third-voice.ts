/** The third host of a session: the program `ha-pair-witness` in its namespace, what can be done to it, and the ways to it. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { witnessLineOf } from '../../../src/witness/keys'
import { THIRD_ADDRESS } from '../../support/namespaces/namespaces'
import type { Network, ThirdWay } from '../../support/namespaces/network'
import { KEY } from '../../support/node-red/flow'
import { WitnessProgram } from '../../support/witness-program'
import { WITNESS_PORT } from './flow'

export class ThirdVoice {
  readonly #network: Network
  readonly #keyFile: string
  readonly #data: string
  #program: WitnessProgram | null = null
  #log = ''

  constructor(network: Network, folder: string) {
    this.#network = network
    mkdirSync(folder, { recursive: true })
    this.#keyFile = join(folder, 'keys')
    this.#data = join(folder, 'data')
    writeFileSync(this.#keyFile, `${witnessLineOf(KEY).key}\n`)
  }

  /** Of all its lives. */
  get log(): string {
    return this.#log + (this.#program?.log ?? '')
  }

  /** It runs, and nobody asked for its end. */
  get runs(): boolean {
    return this.#program?.runs === true
  }

  async start(): Promise<void> {
    const place = ['--host', THIRD_ADDRESS, '--port', String(WITNESS_PORT)]
    const program = new WitnessProgram(
      ['--key-file', this.#keyFile, '--data', this.#data, ...place],
      this.#network.third
    )
    this.#program = program
    await program.says(/open on UDP port/)
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const program = this.#program
    if (program === null) return
    // A stopped process would not hear of it.
    program.signal('SIGCONT')
    await program.end(signal)
    this.#log += program.log
    this.#program = null
  }

  freeze(): void {
    this.#program?.signal('SIGSTOP')
  }

  thaw(): void {
    this.#program?.signal('SIGCONT')
  }

  /** While it does not run: the next start is a new witness. */
  loseDisk(): void {
    rmSync(this.#data, { recursive: true, force: true })
  }

  async whileCut(ways: readonly ThirdWay[], act: () => Promise<void>): Promise<void> {
    await this.#network.cutWays(new Set(ways))
    try {
      await act()
    } finally {
      await this.#network.cutWays(new Set())
    }
  }
}
