/**
 * The peers, keepalived (VRRP) and ucarp (CARP): a virtual address that moves. A side acts from the moment on at which the
 * kernel tells that the address is there.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../test/e2e/harness/eventually'
import type { Side } from '../test/chaos/history'
import type { Network } from '../test/chaos/network'
import { nowUs, pause } from '../test/chaos/clock'
import type { Contestant } from './contestant'

const ADDRESS = '10.212.0.100'
const DEVICE = 'pair0'
const SIDES = ['a', 'b'] as const
const START_MS = 60_000

export interface Daemon {
  readonly who: 'keepalived' | 'ucarp'
  /** Argv of the daemon in the foreground; may write its files below `folder`. */
  readonly command: (side: Side, folder: string, network: Network) => readonly string[]
  /** ms after a start until the side surely knows its brother. */
  readonly settleMs: number
}

/** `multiplier` 3 is VRRP's own (RFC 5798, master down interval = 3 intervals and a skew that falls with the priority). */
export function keepalived(intervalMs: number): Daemon {
  return {
    who: 'keepalived',
    settleMs: Math.max(500, 4.5 * intervalMs),
    command(side, folder) {
      const conf = join(folder, 'keepalived.conf')
      writeFileSync(
        conf,
        `global_defs {
  vrrp_version 3
  vrrp_garp_master_delay 0
}
vrrp_instance line {
  state BACKUP
  nopreempt
  interface ${DEVICE}
  virtual_router_id 51
  priority ${side === 'a' ? 254 : 253}
  advert_int ${intervalMs / 1000}
  virtual_ipaddress {
    ${ADDRESS}/32
  }
}
`
      )
      const pids = ['-p', join(folder, 'pid'), '-r', join(folder, 'vrrp.pid')]
      return ['keepalived', '--dont-fork', '--vrrp', '--use-file', conf, ...pids, '--log-console']
    }
  }
}

/** CARP in user space; its shortest interval is one second. */
export function ucarp(): Daemon {
  return {
    who: 'ucarp',
    settleMs: 4500,
    command(side, folder, network) {
      const script = (name: string, text: string): string => {
        const file = join(folder, name)
        writeFileSync(file, `#!/bin/sh\n${text}\n`)
        chmodSync(file, 0o755)
        return file
      }
      return [
        'ucarp',
        `--interface=${DEVICE}`,
        `--srcip=${network.linkAddress(side, 0)}`,
        '--vhid=52',
        '--pass=bench',
        `--addr=${ADDRESS}`,
        '--advbase=1',
        `--advskew=${side === 'a' ? 0 : 1}`,
        '--deadratio=3',
        `--upscript=${script('up.sh', `ip address add ${ADDRESS}/32 dev ${DEVICE}`)}`,
        `--downscript=${script('down.sh', `ip address del ${ADDRESS}/32 dev ${DEVICE}`)}`
      ]
    }
  }
}

export function isInstalled(command: string): boolean {
  return spawnSync(command, ['--version']).error === undefined
}

export class AddressPeer implements Contestant {
  readonly who: string
  readonly #daemon: Daemon
  readonly #network: Network
  readonly #folder: string
  readonly #children = new Map<Side, ChildProcess>()
  readonly #watchers: ChildProcess[] = []
  /** When the address came to a side, µs on the outside clock. */
  readonly #cameAtUs: Record<Side, number[]> = { a: [], b: [] }

  constructor(daemon: Daemon, network: Network, folder: string) {
    this.who = daemon.who
    this.#daemon = daemon
    this.#network = network
    this.#folder = folder
    for (const side of SIDES) {
      mkdirSync(join(folder, side), { recursive: true })
      const watcher = spawn('ip', ['-n', network.namespace(side), '-o', 'monitor', 'address'], {
        stdio: ['ignore', 'pipe', 'inherit']
      })
      watcher.stdout.setEncoding('utf8').on('data', (text: string) => {
        const atUs = nowUs()
        for (const line of text.split('\n'))
          if (line.includes(ADDRESS) && !line.startsWith('Deleted')) this.#cameAtUs[side].push(atUs)
      })
      this.#watchers.push(watcher)
    }
  }

  async start(): Promise<void> {
    for (const side of SIDES) this.#spawn(side)
    await this.#settled()
  }

  acting(): Side {
    const sides = SIDES.filter((side) => this.#has(side))
    const [side] = sides
    if (side === undefined || sides.length > 1) throw new Error(`${sides.length} sides of ${this.who} have the address`)
    return side
  }

  async kill(side: Side): Promise<void> {
    const child = this.#children.get(side)
    if (child?.pid === undefined) return
    const exited = new Promise((resolve) => child.once('exit', resolve))
    for (const pid of [...descendants(child.pid), child.pid]) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended with its parent.
      }
    }
    await exited
    this.#children.delete(side)
  }

  async stop(side: Side): Promise<void> {
    this.#children.get(side)?.kill('SIGTERM')
    await pause(0)
  }

  actedAtUs(side: Side, sinceUs: number): number | null {
    return this.#cameAtUs[side].find((atUs) => atUs > sinceUs) ?? null
  }

  async restart(side: Side): Promise<void> {
    // A dead daemon leaves its address behind.
    spawnSync('ip', ['-n', this.#network.namespace(side), 'address', 'del', `${ADDRESS}/32`, 'dev', DEVICE])
    this.#spawn(side)
    await this.#settled()
  }

  async remove(): Promise<void> {
    await Promise.all(SIDES.map((side) => this.kill(side)))
    for (const watcher of this.#watchers) watcher.kill('SIGKILL')
    for (const side of SIDES)
      spawnSync('ip', ['-n', this.#network.namespace(side), 'address', 'del', `${ADDRESS}/32`, 'dev', DEVICE])
  }

  #spawn(side: Side): void {
    const folder = join(this.#folder, side)
    const command = this.#daemon.command(side, folder, this.#network)
    const child = spawn('ip', ['netns', 'exec', this.#network.namespace(side), ...command], { stdio: 'ignore' })
    this.#children.set(side, child)
  }

  async #settled(): Promise<void> {
    await pause(this.#daemon.settleMs)
    await eventually(
      `one side of ${this.who} has the address`,
      START_MS,
      () => SIDES.filter((side) => this.#has(side)).length === 1
    )
  }

  #has(side: Side): boolean {
    const args = ['-n', this.#network.namespace(side), '-o', 'address', 'show', 'to', ADDRESS]
    return spawnSync('ip', args, { encoding: 'utf8' }).stdout.trim() !== ''
  }
}

/** The processes below one, deepest last. */
function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  )
  return children.flatMap((child) => [child, ...descendants(child)])
}
