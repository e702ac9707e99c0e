/**
 * A network segment of its own: two hosts and a neighbour on one switch, each in a namespace. The neighbour only looks
 * where an address is.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import type { HostName, Places } from './hosts'

export const DEVICE = 'eth0'
type Addresses = Readonly<Record<HostName | 'neighbour', string>>
const ADDRESSES: Addresses = { a: '10.213.0.1', b: '10.213.0.2', neighbour: '10.213.0.3' }

/** Null when this machine can do it; else why not, in one line. */
export function whyNoSegment(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need Linux and root'
  for (const [command, ...args] of [['ip', '-V'] as const, ['arping', '-V'] as const]) {
    if (spawnSync(command, args).error !== undefined) return `the command '${command}' is not installed`
  }
  const name = `haseg-${process.pid}-x`
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.status !== 0) return `no network namespace can be made here: ${made.stderr.trim()}`
  spawnSync('ip', ['netns', 'del', name])
  return null
}

export class Segment {
  readonly #addresses: Addresses
  readonly #names = {
    a: `haseg-${process.pid}-a`,
    b: `haseg-${process.pid}-b`,
    neighbour: `haseg-${process.pid}-n`
  } as const

  constructor(addresses: Addresses = ADDRESSES) {
    this.#addresses = addresses
    const { neighbour } = this.#names
    for (const name of Object.values(this.#names)) ip('netns', 'add', name)
    ip('-n', neighbour, 'link', 'add', 'switch', 'type', 'bridge')
    ip('-n', neighbour, 'address', 'add', `${this.#addresses.neighbour}/24`, 'dev', 'switch')
    ip('-n', neighbour, 'link', 'set', 'switch', 'up')
    for (const side of ['a', 'b'] as const) {
      const name = this.#names[side]
      ip('link', 'add', DEVICE, 'netns', name, 'type', 'veth', 'peer', 'name', `to-${side}`, 'netns', neighbour)
      ip('-n', neighbour, 'link', 'set', `to-${side}`, 'master', 'switch', 'up')
      ip('-n', name, 'address', 'add', `${this.#addresses[side]}/24`, 'dev', DEVICE)
      ip('-n', name, 'link', 'set', DEVICE, 'up')
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
  }

  get places(): Places {
    return {
      a: { address: this.#addresses.a, namespace: this.#names.a },
      b: { address: this.#addresses.b, namespace: this.#names.b }
    }
  }

  /** Whether this host has the address. */
  has(side: HostName, address: string): boolean {
    return ip('-n', this.#names[side], '-o', 'address', 'show', 'to', address) !== ''
  }

  /** The neighbour sends something there, so that it has to find out where it is. */
  lookFor(address: string): void {
    const script = `require('node:dgram').createSocket('udp4').send('?', 9, '${address}', () => process.exit(0))`
    execFileSync('ip', ['netns', 'exec', this.#names.neighbour, process.execPath, '-e', script])
  }

  /** The host at which the neighbour believes the address to be; it sends nothing for this. */
  believedAt(address: string): HostName | null {
    const known = ip('-n', this.#names.neighbour, 'neighbour', 'show', 'to', address)
    return (['a', 'b'] as const).find((side) => known.includes(this.#hardwareAddress(side))) ?? null
  }

  remove(): void {
    for (const name of Object.values(this.#names)) spawnSync('ip', ['netns', 'del', name])
  }

  #hardwareAddress(side: HostName): string {
    const [device] = JSON.parse(ip('-n', this.#names[side], '-j', 'link', 'show', 'dev', DEVICE)) as [
      { readonly address: string }
    ]
    return device.address
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' }).trim()
}
