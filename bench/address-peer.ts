/**
 * The peers, keepalived (VRRP) and ucarp (CARP): a virtual address that moves. A side acts from the moment on at which the
 * kernel tells that the address is there.
 */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../test/support/eventually'
import { type Side, SIDES } from '../test/support/namespaces/history'
import type { Network } from '../test/support/namespaces/network'
import { nowUs, pause } from '../test/support/namespaces/clock'
import type { Candidate } from './candidate'
import { startChild } from './children'

/** Of keepalived and of ucarp: they run at the same time. */
const ADDRESSES = { keepalived: '10.212.0.100', ucarp: '10.212.0.101' } as const
const DEVICE = 'pair0'
const START_MS = 60_000

export interface Daemon {
  readonly who: keyof typeof ADDRESSES
  /** Both protocols are IP protocol 112; their first byte tells them apart. */
  readonly frames: string
  readonly mark: string
  /** Argv of the daemon in the foreground; may write its files below `folder`. */
  readonly command: (side: Side, folder: string, network: Network) => readonly string[]
  /** ms after a start until the side surely knows its peer. */
  readonly settleMs: number
}

/**
 * As fast as it can be set up: VRRP version 3 (intervals below a second), the two highest priorities that can fail over without
 * preemption (RFC 5798: master down interval = 3 intervals and a skew of (256 - priority) / 256 of one), real-time scheduling.
 */
export function keepalived(intervalMs: number): Daemon {
  return {
    who: 'keepalived',
    frames: 'ip protocol 112 @th,0,8 0x31',
    mark: `ip protocol vrrp ip length 32`,
    settleMs: Math.max(500, 4.5 * intervalMs),
    command(side, folder) {
      const conf = join(folder, 'keepalived.conf')
      writeFileSync(
        conf,
        `global_defs {
  vrrp_version 3
  vrrp_garp_master_delay 0
  vrrp_rt_priority 50
  max_auto_priority 99
  vrrp_no_swap
}
vrrp_instance line {
  state BACKUP
  nopreempt
  interface ${DEVICE}
  virtual_router_id 51
  priority ${side === 'a' ? 254 : 253}
  advert_int ${intervalMs / 1000}
  virtual_ipaddress {
    ${ADDRESSES.keepalived}/32
  }
}
`
      )
      const pids = ['-p', join(folder, 'pid'), '-r', join(folder, 'vrrp.pid')]
      // A daemon that was killed leaves them behind, and the next one believes them.
      for (const file of ['pid', 'vrrp.pid']) rmSync(join(folder, file), { force: true })
      return ['keepalived', '--dont-fork', '--vrrp', '--use-file', conf, ...pids, '--log-console']
    }
  }
}

/** CARP in user space; its shortest interval is one second. */
export function ucarp(): Daemon {
  return {
    who: 'ucarp',
    frames: 'ip protocol 112 @th,0,8 0x21',
    mark: `ip protocol vrrp ip length 56`,
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
        `--addr=${ADDRESSES.ucarp}`,
        '--advbase=1',
        `--advskew=${side === 'a' ? 0 : 1}`,
        '--deadratio=3',
        `--upscript=${script('up.sh', `ip address add ${ADDRESSES.ucarp}/32 dev ${DEVICE}`)}`,
        `--downscript=${script('down.sh', `ip address del ${ADDRESSES.ucarp}/32 dev ${DEVICE}`)}`
      ]
    }
  }
}

export function isInstalled(command: string): boolean {
  return spawnSync(command, ['--version']).error === undefined
}

export class AddressPeer implements Candidate {
  readonly who: Daemon['who']
  readonly frames: string
  readonly mark: string
  readonly #daemon: Daemon
  readonly #network: Network
  readonly #folder: string
  readonly #address: string
  readonly #children = new Map<Side, ChildProcess>()
  readonly #watchers: ChildProcess[] = []
  #aimed: readonly number[] = []
  /** When the address came to a side, µs on the outside clock. */
  readonly #cameAtUs: Record<Side, number[]> = { a: [], b: [] }

  constructor(daemon: Daemon, network: Network, folder: string) {
    this.who = daemon.who
    this.frames = daemon.frames
    this.mark = daemon.mark
    this.#daemon = daemon
    this.#network = network
    this.#folder = folder
    this.#address = ADDRESSES[daemon.who]
    for (const side of SIDES) {
      mkdirSync(join(folder, side), { recursive: true })
      const watcher = startChild('ip', ['-n', network.namespace(side), '-o', 'monitor', 'address'], {
        stdio: ['ignore', 'pipe', 'ignore']
      })
      watcher.stdout?.setEncoding('utf8').on('data', (text: string) => {
        const atUs = nowUs()
        for (const line of text.split('\n'))
          if (line.includes(`${this.#address}/`) && !line.startsWith('Deleted')) this.#cameAtUs[side].push(atUs)
      })
      this.#watchers.push(watcher)
    }
  }

  async start(): Promise<void> {
    for (const side of SIDES) this.#spawn(side)
    await this.settled()
  }

  acting(): Side {
    const sides = SIDES.filter((side) => this.#has(side))
    const [side] = sides
    if (side === undefined || sides.length > 1) throw new Error(`${sides.length} sides of ${this.who} have the address`)
    return side
  }

  aim(side: Side): void {
    const pid = this.#children.get(side)?.pid
    this.#aimed = pid === undefined ? [] : [...descendants(pid), pid]
  }

  kill(side: Side): void {
    if (this.#aimed.length === 0) this.aim(side)
    for (const pid of this.#aimed) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended with its parent.
      }
    }
    this.#aimed = []
  }

  stop(side: Side): void {
    this.#children.get(side)?.kill('SIGTERM')
  }

  async ended(side: Side): Promise<void> {
    await eventually(`${this.who} of side ${side} ends`, START_MS, () => !this.#children.has(side))
  }

  actedAtUs(side: Side, sinceUs: number): number | null {
    return this.#cameAtUs[side].find((atUs) => atUs > sinceUs) ?? null
  }

  /** How often the address has come to a side since then. */
  takeovers(sinceUs: number): number {
    return SIDES.reduce((sum, side) => sum + this.#cameAtUs[side].filter((atUs) => atUs > sinceUs).length, 0)
  }

  async restart(side: Side): Promise<void> {
    // A daemon that was killed leaves its address behind.
    this.#removeAddress(side)
    this.#spawn(side)
    await this.settled()
  }

  /** A side that has just come up, or back, says nothing of what it knows: it gets the time of its own master down interval. */
  async settled(): Promise<void> {
    await pause(this.#daemon.settleMs)
    await eventually(
      `one side of ${this.who} has the address`,
      START_MS,
      () => SIDES.filter((side) => this.#has(side)).length === 1
    )
  }

  async remove(): Promise<void> {
    for (const side of SIDES) {
      this.aim(side)
      this.kill(side)
    }
    for (const watcher of this.#watchers) watcher.kill('SIGKILL')
    for (const side of SIDES) this.#removeAddress(side)
    await pause(0)
  }

  #spawn(side: Side): void {
    const command = this.#daemon.command(side, join(this.#folder, side), this.#network)
    const child = startChild('ip', ['netns', 'exec', this.#network.namespace(side), ...command], { stdio: 'ignore' })
    this.#children.set(side, child)
    child.once('exit', () => {
      if (this.#children.get(side) === child) this.#children.delete(side)
    })
  }

  #removeAddress(side: Side): void {
    spawnSync('ip', ['-n', this.#network.namespace(side), 'address', 'del', `${this.#address}/32`, 'dev', DEVICE])
  }

  #has(side: Side): boolean {
    const args = ['-n', this.#network.namespace(side), '-o', 'address', 'show', 'to', this.#address]
    return spawnSync('ip', args, { encoding: 'utf8' }).stdout.trim() !== ''
  }
}

/** The processes below one, deepest last; none of a process that has ended. */
function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    )
    return children.flatMap((child) => [child, ...descendants(child)])
  } catch {
    return []
  }
}
