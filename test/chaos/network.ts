/**
 * The network of a run: a namespace for each side, links between the two, and for each a line to the outside (the feeder, the
 * operator) that no fault touches. Everything that was made is removed again, also what an earlier run left behind.
 */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { type Side, SIDES } from './history'

const run = promisify(execFile)
export const LINKS = 2
export const PAIR_PORT = 1101
const NAME = /^hapair-(\d+)-([ab])$/

/** Null when this machine can do it; else why not, in one line. */
export function whyNotHere(): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  for (const command of ['ip', 'nft']) {
    const tried = spawnSync(command, [command === 'ip' ? '-V' : '--version'])
    if (tried.error !== undefined) return `the command '${command}' is not installed`
  }
  const name = `hapair-${process.pid}-a`
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.status !== 0) return `no network namespace can be made here: ${made.stderr.trim()}`
  spawnSync('ip', ['netns', 'del', name])
  return null
}

/** A rule of nftables for what comes in, without the link's name. */
export interface Filter {
  readonly link: number
  readonly rule: string
}

export const dropAll = (link: number): Filter => ({ link, rule: 'drop' })
export const dropSome = (link: number, percent: number): Filter => ({
  link,
  rule: `numgen random mod 100 < ${percent} drop`
})

export class Network {
  readonly #id: number
  readonly #subnet: number

  private constructor(id: number, subnet: number) {
    this.#id = id
    this.#subnet = subnet
  }

  /** The kernel's limits are left as they are, also that on 'port unreachable': six in a row, then one a second per address. */
  static async make(): Promise<Network> {
    removeNamespaces((pid) => pid === process.pid || !isAlive(pid))
    const network = new Network(process.pid, process.pid % 250)
    try {
      await network.#build()
    } catch (error) {
      network.remove()
      throw error
    }
    return network
  }

  async #build(): Promise<void> {
    const [a, b] = [this.namespace('a'), this.namespace('b')]
    await run('ip', ['netns', 'add', a])
    await run('ip', ['netns', 'add', b])
    for (let link = 0; link < LINKS; link++) {
      const name = `pair${link}`
      await run('ip', ['link', 'add', name, 'netns', a, 'type', 'veth', 'peer', 'name', name, 'netns', b])
    }
    for (const side of SIDES) {
      const inside = this.namespace(side)
      const outer = outerName(this.#id, side)
      await run('ip', ['link', 'add', outer, 'type', 'veth', 'peer', 'name', 'outside', 'netns', inside])
      await run('ip', ['addr', 'add', `${this.#outerAddress(side)}/30`, 'dev', outer])
      await run('ip', ['link', 'set', outer, 'up'])
      const within = (...args: string[]): Promise<unknown> => run('ip', ['-n', inside, ...args])
      await within('link', 'set', 'lo', 'up')
      await within('addr', 'add', `${this.outsideAddress(side)}/30`, 'dev', 'outside')
      await within('link', 'set', 'outside', 'up')
      for (let link = 0; link < LINKS; link++) {
        await within('addr', 'add', `${this.linkAddress(side, link)}/30`, 'dev', `pair${link}`)
        await within('link', 'set', `pair${link}`, 'up')
      }
    }
  }

  namespace(side: Side): string {
    return `hapair-${this.#id}-${side}`
  }

  /** Where the outside reaches this side's Node-RED. */
  outsideAddress(side: Side): string {
    return `10.211.${this.#subnet}.${side === 'a' ? 2 : 6}`
  }

  #outerAddress(side: Side): string {
    return `10.211.${this.#subnet}.${side === 'a' ? 1 : 5}`
  }

  linkAddress(side: Side, link: number): string {
    return `10.212.${link}.${side === 'a' ? 1 : 2}`
  }

  /** Replaces what this side drops of what comes in, in one transaction. */
  async filter(side: Side, filters: readonly Filter[]): Promise<void> {
    const rules = filters.map(({ link, rule }) => `iifname "pair${link}" ${rule}`).join('\n')
    const text = `table inet chaos
delete table inet chaos
table inet chaos {
  chain incoming {
    type filter hook input priority 0; policy accept;
    ${rules}
  }
}
`
    const child = run('ip', ['netns', 'exec', this.namespace(side), 'nft', '-f', '-'])
    child.child.stdin?.end(text)
    await child
  }

  remove(): void {
    removeNamespaces((pid) => pid === this.#id)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Ends whatever runs in the namespaces of these runs and removes them; their links go with them. */
function removeNamespaces(ofRun: (pid: number) => boolean): void {
  const listed = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? ''
  for (const line of listed.split('\n')) {
    const name = line.split(' ')[0] ?? ''
    const pid = NAME.exec(name)?.[1]
    if (pid === undefined || !ofRun(Number(pid))) continue
    const inside = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).stdout ?? ''
    for (const each of inside.split('\n').filter((text) => text !== '')) {
      try {
        process.kill(Number(each), 'SIGKILL')
      } catch {
        // It has ended since.
      }
    }
    // The kernel takes a namespace apart in its own time; the line to it has to be gone before the next one is made.
    spawnSync('ip', ['link', 'del', outerName(Number(pid), name.endsWith('a') ? 'a' : 'b')])
    spawnSync('ip', ['netns', 'del', name])
  }
}

function outerName(id: number, side: Side): string {
  return `hap${id}${side}`
}
