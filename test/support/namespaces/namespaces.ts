/**
 * Network namespaces of a run, and each side's line to the outside (the feeder, the operator) that no fault touches. What was made is
 * removed again, also what an earlier run left behind.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Side, SIDES } from './history'

const execute = promisify(execFile)
const NAME = /^hapair-(\d+)-([a-z])$/
/** Files below it appear as those of /etc to what `ip netns exec` starts. */
const PRIVATE_ETC = '/etc/netns'

/** Null when this machine can do it; else why not, in one line. */
export function whyNotHere(commands: readonly string[] = ['ip', 'nft']): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  for (const command of commands) {
    const tried = spawnSync(command, [command === 'ip' ? '-V' : '--version'])
    if (tried.error !== undefined) return `the command '${command}' is not installed`
  }
  const name = namespaceOf(process.pid, 'a')
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.status !== 0) return `no network namespace can be made here: ${made.stderr.trim()}`
  spawnSync('ip', ['netns', 'del', name])
  return null
}

const namespaceOf = (runId: number, letter: string): string => `hapair-${runId}-${letter}`
const privateEtcOf = (namespace: string): string => join(PRIVATE_ETC, namespace)

/** Runs the command `ip`. */
export async function ip(...args: readonly string[]): Promise<string> {
  return (await execute('ip', args)).stdout
}

/** Runs several commands of `ip` inside a namespace, one after the other, in one process. */
export async function ipInside(namespace: string, ...commands: readonly string[]): Promise<void> {
  const child = execute('ip', ['-n', namespace, '-batch', '-'])
  child.child.stdin?.end(`${commands.join('\n')}\n`)
  await child
}

/** Loads a text of nftables inside a namespace, in one transaction. */
export async function nftInside(namespace: string, text: string): Promise<void> {
  const child = execute('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'])
  child.child.stdin?.end(text)
  await child
}

/**
 * What a name stands for in a namespace, the first address first. The file is written over: processes that run there see it too, if
 * it was there when they started.
 */
export function nameInside(namespace: string, name: string, ...addresses: readonly string[]): void {
  const folder = privateEtcOf(namespace)
  mkdirSync(folder, { recursive: true })
  const lines = ['127.0.0.1 localhost', ...addresses.map((address) => `${address} ${name}`)]
  writeFileSync(join(folder, 'hosts'), `${lines.join('\n')}\n`)
}

/** The kernel of a namespace ends all its TCP connections to these addresses with a reset. */
export async function destroyTcp(namespace: string, addresses: string): Promise<void> {
  await execute('ip', ['netns', 'exec', namespace, 'ss', '-K', '-t', 'dst', addresses])
}

/** Runs have four addresses each of 198.18.0.0/15 (RFC 2544): as many runs as a kernel counts processes before it begins again. */
const RUNS = 2 ** 15

/** Where the outside reaches a side of that run, and where it stands itself on this line: two addresses of a /31 (RFC 3021). */
export function outsideLine(runId: number, side: Side): { readonly inside: string; readonly outer: string } {
  const first = (runId % RUNS) * 4 + (side === 'a' ? 0 : 2)
  return { outer: addressAt(first), inside: addressAt(first + 1) }
}

function addressAt(place: number): string {
  return `198.${18 + (place >> 16)}.${(place >> 8) & 255}.${place & 255}`
}

function outerName(runId: number, side: string): string {
  return `hap${runId}${side}`
}

/** The namespaces of this process: one for each side, and what else a kind of network has. */
export abstract class Namespaces {
  readonly #id = process.pid

  /** What this kind of network has beside its sides. */
  protected abstract build(): Promise<void>

  /** Nothing is left of one that could not be made. */
  protected static async built<T extends Namespaces>(network: T): Promise<T> {
    removeRemains()
    try {
      await addSides(network.#id)
      await network.build()
    } catch (error) {
      network.remove()
      throw error
    }
    return network
  }

  /** Of a side, or another one of this kind of network. */
  namespace(letter: string): string {
    return namespaceOf(this.#id, letter)
  }

  /** Where the outside reaches this side's Node-RED, on a line that no fault touches. */
  outsideAddress(side: Side): string {
    return outsideLine(this.#id, side).inside
  }

  remove(): void {
    removeRun(this.#id)
  }
}

/** Makes the two namespaces of the sides, each with its line to the outside. */
async function addSides(runId: number): Promise<void> {
  for (const side of SIDES) {
    const inside = namespaceOf(runId, side)
    await ip('netns', 'add', inside)
    const outer = outerName(runId, side)
    const line = outsideLine(runId, side)
    await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'outside', 'netns', inside)
    await ip('addr', 'add', `${line.outer}/31`, 'dev', outer)
    await ip('link', 'set', outer, 'up')
    await ipInside(inside, 'link set lo up', `addr add ${line.inside}/31 dev outside`, 'link set outside up')
  }
}

/** On loopback of the third host: the same address from both sides, each over an interface of its own. */
export const THIRD_ADDRESS = '10.214.9.9'
/** Of a side, and of the third host: the interface between the two. */
export const TO_THIRD = 'third'
export const fromThird = (side: Side): string => `to-${side}`

/** Makes the third host, `w`, with a way to each side. */
export async function addThird(namespace: (letter: string) => string): Promise<void> {
  const third = namespace('w')
  await ip('netns', 'add', third)
  await ipInside(third, 'link set lo up', `addr add ${THIRD_ADDRESS}/32 dev lo`)
  for (const side of SIDES) {
    const inside = namespace(side)
    const net = `10.214.${side === 'a' ? 1 : 2}`
    await ip('link', 'add', TO_THIRD, 'netns', inside, 'type', 'veth', 'peer', 'name', fromThird(side), 'netns', third)
    await ipInside(third, `addr add ${net}.2/24 dev ${fromThird(side)}`, `link set ${fromThird(side)} up`)
    await ipInside(
      inside,
      `addr add ${net}.1/24 dev ${TO_THIRD}`,
      `link set ${TO_THIRD} up`,
      `route add ${THIRD_ADDRESS}/32 via ${net}.2`
    )
  }
}

/** Removes what runs have left that do not live any more. */
function removeRemains(): void {
  removeNamespaces((pid) => pid === process.pid || !isAlive(pid))
}

function removeRun(runId: number): void {
  removeNamespaces((pid) => pid === runId)
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
    const [, pid, letter] = NAME.exec(name) ?? []
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
    if (letter === 'a' || letter === 'b') spawnSync('ip', ['link', 'del', outerName(Number(pid), letter)])
    spawnSync('ip', ['netns', 'del', name])
    rmSync(privateEtcOf(name), { recursive: true, force: true })
  }
}
