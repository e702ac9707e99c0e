/** Mosquitto from the system, and what its log says of connections. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../../support/eventually'
import { killChild } from '../../../support/kill-child'
import { freePort } from '../../../support/ports'

const START_LIMIT_MS = 10_000

export class Mosquitto {
  readonly port: number
  readonly #broker: ChildProcess
  #log = ''

  private constructor(port: number, broker: ChildProcess) {
    this.port = port
    this.#broker = broker
    for (const stream of [broker.stdout, broker.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.#log += chunk))
    }
  }

  static isThere(): boolean {
    return ['mosquitto', 'mosquitto_pub'].every((command) => spawnSync(command, ['--help']).error === undefined)
  }

  static async start(folder: string): Promise<Mosquitto> {
    const port = await freePort()
    const configuration = join(folder, 'mosquitto.conf')
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'log_type all', 'log_dest stderr']
    writeFileSync(configuration, `${lines.join('\n')}\n`)
    const broker = new Mosquitto(port, spawn('mosquitto', ['-c', configuration], { stdio: ['ignore', 'pipe', 'pipe'] }))
    await eventually('mosquitto runs', START_LIMIT_MS, () => / running/.test(broker.#log))
    return broker
  }

  /** How often this client has connected. */
  connects(client: string): number {
    return this.#count(`New client connected from \\S+ as ${client} `)
  }

  /** Its connections now. */
  connected(client: string): number {
    const ended = `Client ${client} (?:disconnected|closed its connection|has exceeded|already connected)`
    return this.connects(client) - this.#count(ended)
  }

  /** Messages that this client has published on this topic. */
  published(client: string, topic: string): number {
    return this.#count(`Received PUBLISH from ${client} \\([^)]*'${topic}'`)
  }

  publish(topic: string, payload: string): void {
    execFileSync('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(this.port), '-q', '1', '-t', topic, '-m', payload])
  }

  stop(): Promise<void> {
    return killChild(this.#broker)
  }

  #count(pattern: string): number {
    return [...this.#log.matchAll(new RegExp(pattern, 'g'))].length
  }
}
