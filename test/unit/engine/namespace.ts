/** Two hosts in network namespaces, a cable between them, and a side of a pair in each. All of it is removed again. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { PairSettings } from '../../../src/protocol/settings'
import { until } from '../../support/engine-rig'
import type { Seen } from './namespace-side'

export type HostName = 'a' | 'b'
/** Of the interface of each, at its end of the cable. */
export const INTERFACE = 'pair0'
export const ADDRESS: Readonly<Record<HostName, string>> = { a: '10.213.0.1', b: '10.213.0.2' }
export const LINK_LOCAL: Readonly<Record<HostName, string>> = { a: 'fe80::a', b: 'fe80::b' }
const HOSTS: readonly HostName[] = ['a', 'b']

/** Null when this machine can do it; else why not, in one line. */
export function whyNotHere(): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const made = spawnSync('ip', ['netns', 'add', namespace('a')], { encoding: 'utf8' })
  if (made.error !== undefined) return "the command 'ip' is not installed"
  if (made.status !== 0) return `no network namespace can be made here: ${made.stderr.trim()}`
  ip('netns', 'del', namespace('a'))
  return null
}

function namespace(host: HostName): string {
  return `hapair-engine-${process.pid}-${host}`
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** `ip` in the namespace of a host. */
export function ipOn(host: HostName, ...args: readonly string[]): void {
  ip('-n', namespace(host), ...args)
}

export function makeHosts(): void {
  for (const host of HOSTS) {
    ip('netns', 'add', namespace(host))
    ipOn(host, 'link', 'set', 'lo', 'up')
  }
  layCable()
}

/** Also after it was taken away: its interfaces are others then. */
export function layCable(): void {
  const [a, b] = [namespace('a'), namespace('b')]
  ip('link', 'add', INTERFACE, 'netns', a, 'type', 'veth', 'peer', 'name', INTERFACE, 'netns', b)
  for (const host of HOSTS) {
    ipOn(host, 'link', 'set', INTERFACE, 'up')
    addAddress(host)
    ipOn(host, 'addr', 'add', `${LINK_LOCAL[host]}/64`, 'dev', INTERFACE, 'nodad')
  }
}

export function takeCable(): void {
  ipOn('a', 'link', 'del', INTERFACE)
}

export function addAddress(host: HostName, address = ADDRESS[host]): void {
  ipOn(host, 'addr', 'add', `${address}/24`, 'dev', INTERFACE)
}

export function dropAddress(host: HostName, address = ADDRESS[host]): void {
  ipOn(host, 'addr', 'del', `${address}/24`, 'dev', INTERFACE)
}

/** Number of the interface. */
export function indexOn(host: HostName): number {
  const text = execFileSync('ip', ['-n', namespace(host), '-o', 'link', 'show', INTERFACE], { encoding: 'utf8' })
  return Number(text.split(':')[0])
}

export function removeHosts(): void {
  for (const host of HOSTS) spawnSync('ip', ['netns', 'del', namespace(host)])
}

export class HostedSide {
  readonly host: HostName
  readonly #process: ChildProcess
  #seen: Seen | null = null
  #from = 0

  constructor(host: HostName, settings: PairSettings, key: string) {
    this.host = host
    const script = join(__dirname, 'namespace-side.js')
    const command = ['netns', 'exec', namespace(host), process.execPath, script, JSON.stringify(settings), key]
    this.#process = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] })
    if (this.#process.stdout === null) throw new Error('it says nothing')
    createInterface({ input: this.#process.stdout }).on('line', (line) => (this.#seen = JSON.parse(line) as Seen))
  }

  get is(): Seen {
    return this.#seen ?? { role: '', online: false, serves: false, peer: '', links: '', events: [] }
  }

  /** What was told since `forget`. */
  get news(): readonly string[] {
    return this.is.events.slice(this.#from)
  }
  forget(): void {
    this.#from = this.is.events.length
  }

  say(designate: 'active' | 'standby' | 'swap'): void {
    this.#process.stdin?.write(`${designate}\n`)
  }

  async end(): Promise<void> {
    this.#process.stdin?.end()
    await until('it has ended', () => this.#process.exitCode !== null)
  }
}
