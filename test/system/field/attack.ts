/** What a stranger on the LAN can do without the key. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { EXTENDED_BYTES, VERSION } from '../../../src/protocol/wire/frame'
import { pause } from '../../support/namespaces/clock'
import { seededRandom } from '../../support/random'
import { otherSide, type Side, SIDES } from '../../support/namespaces/history'
import { paced, unreachable } from '../../support/namespaces/hping'
import type { Lan } from './lan'

/** Something that goes on until it is stopped. */
export interface Attack {
  stop(): void
}

export function both(one: Attack, other: Attack): Attack {
  return {
    stop() {
      one.stop()
      other.stop()
    }
  }
}

function attackOf(children: readonly ChildProcess[], also: () => void = () => {}): Attack {
  return {
    stop() {
      for (const child of children) child.kill('SIGKILL')
      also()
    }
  }
}

function within(namespace: string, ...command: readonly string[]): ChildProcess {
  return spawn('ip', ['netns', 'exec', namespace, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
}

function hping(lan: Lan, to: string, args: readonly string[]): ChildProcess {
  const child = within(lan.stranger, 'hping3', to, ...args)
  child.stdout?.resume()
  child.stderr?.resume()
  return child
}

/** 'Port unreachable' from the stranger's own address, at both sides and for each port, as if the peer's host had refused a frame. */
export function forgedUnreachable(lan: Lan, ports: readonly number[], perSecond: number): Attack {
  return attackOf(
    SIDES.flatMap((side) =>
      ports.map((port) => {
        const quoted = { from: lan.address(side), to: lan.address(otherSide(side)), port, perSecond }
        return hping(lan, lan.address(side), unreachable(quoted))
      })
    )
  )
}

/** Datagrams that look as if they came from the peer's address and port; their content is taken from the file, frame by frame. */
export function spoofedFrames(
  lan: Lan,
  ports: readonly number[],
  perSecond: number,
  file: (side: Side, port: number) => string
): Attack {
  return attackOf(
    SIDES.flatMap((side) =>
      ports.map((port) => {
        const from = ['-2', '-a', lan.address(otherSide(side)), '-s', String(port), '-k', '-p', String(port)]
        const content = ['-d', String(EXTENDED_BYTES), '-E', file(side, port)]
        return hping(lan, lan.address(side), [...paced(perSecond), ...from, ...content])
      })
    )
  )
}

/** Frames that look right up to their seal, and pure noise. */
export function junkFile(path: string, seed: number): string {
  const random = seededRandom(seed)
  const frames = Array.from({ length: 200 }, (_, i) => {
    const bytes = Buffer.from(Array.from({ length: EXTENDED_BYTES }, () => random(256)))
    if (i % 3 > 0) bytes.set([0xff, [0xa0, 0xa5, 0xaa, 0xaf][random(4)] ?? 0, random(3)])
    if (i % 3 > 1) bytes[5] = VERSION
    return bytes
  })
  writeFileSync(path, Buffer.concat(frames))
  return path
}

/** All frames that the switch has seen for so long: `frames` gives what was sent to a side's port, one frame after the other. */
export async function record(lan: Lan, path: string, forMs: number): Promise<(to: Side, port: number) => Buffer> {
  const child = within(lan.switch, 'tcpdump', '-i', 'lan0-a', '-n', '-U', '-w', path, 'udp')
  await Promise.race([once(child.stderr as NodeJS.ReadableStream, 'data'), once(child, 'exit')])
  await pause(forMs)
  child.kill('SIGTERM')
  await once(child, 'exit')
  const seen = datagramsIn(readFileSync(path))
  return (to, port) => {
    const address = lan.address(to)
    return Buffer.concat(seen.flatMap((each) => (each.to === address && each.port === port ? [each.bytes] : [])))
  }
}

/** The frames in a file of pcap: 24 bytes, then for each packet 16 bytes and the packet, with Ethernet, IPv4 and UDP in front. */
function datagramsIn(file: Buffer): { readonly to: string; readonly port: number; readonly bytes: Buffer }[] {
  const found = []
  for (let at = 24; at + 16 <= file.length;) {
    const length = file.readUInt32LE(at + 8)
    const packet = file.subarray(at + 16, at + 16 + length)
    at += 16 + length
    if (packet.length !== 14 + 20 + 8 + EXTENDED_BYTES) continue
    found.push({
      to: [...packet.subarray(30, 34)].join('.'),
      port: packet.readUInt16BE(36),
      bytes: packet.subarray(42)
    })
  }
  return found
}

const SEGMENT =
  /IP (\d+\.\d+\.\d+\.\d+)\.(\d+) > (\d+\.\d+\.\d+\.\d+)\.(\d+): Flags \[([^\]]*)\](?:, seq (?:\d+:)?(\d+))?(?:, ack (\d+))?/
const SENT_AT_ONCE = 32
/** It has sent by then, also on a busy machine. */
const SENT_MS = 300

interface End {
  readonly host: string
  readonly port: string
}

const flowOf = (from: End, to: End): string => [from.host, from.port, to.host, to.port].join(' ')

function endsOf(flow: string): readonly [End, End] {
  const [host = '', port = '', toHost = '', toPort = ''] = flow.split(' ')
  return [
    { host, port },
    { host: toHost, port: toPort }
  ]
}

/** Somebody who reads all that goes over the pair's TCP ports. */
export interface PathReader extends Attack {
  /** The next sequence number of each direction of each connection, by `flowOf`; what was heard of last comes last. */
  readonly next: ReadonlyMap<string, string>
}

export async function readPath(lan: Lan, ports: readonly number[]): Promise<PathReader> {
  const filter = ports.map((port) => `tcp port ${port}`).join(' or ')
  const child = within(lan.switch, 'tcpdump', '-i', 'lan0-a', '-n', '-S', '-l', '--immediate-mode', filter)
  await Promise.race([once(child.stderr as NodeJS.ReadableStream, 'data'), once(child, 'exit')])
  const next = new Map<string, string>()
  const learn = (from: End, to: End, seq: string): void => {
    next.delete(flowOf(from, to))
    next.set(flowOf(from, to), seq)
  }
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const [, fromHost, fromPort, toHost, toPort, flags = '', seq, ack] = SEGMENT.exec(line) ?? []
    if (fromHost === undefined || fromPort === undefined || toHost === undefined || toPort === undefined) return
    const [from, to] = [
      { host: fromHost, port: fromPort },
      { host: toHost, port: toPort }
    ]
    if (flags.includes('R')) return
    if (seq !== undefined) learn(from, to, String((Number(seq) + (/[SF]/.test(flags) ? 1 : 0)) >>> 0))
    if (ack !== undefined) learn(to, from, ack)
  })
  return { ...attackOf([child]), next }
}

let underWay = 0

/** One segment from a forged sender. False: too many are under way. */
function segment(lan: Lan, from: End, to: End, ...flags: readonly string[]): boolean {
  if (underWay >= SENT_AT_ONCE) return false
  underWay++
  const ends = ['-a', from.host, '-s', from.port, '-p', to.port]
  const child = within(lan.stranger, 'hping3', to.host, '-q', '-c', '1', '-i', 'u1', ...ends, ...flags)
  child.once('exit', () => underWay--)
  // It waits for an answer that goes to somebody else.
  setTimeout(() => child.kill('SIGKILL'), SENT_MS)
  return true
}

const RESET_EVERY_MS = 25
/** Two connections of four pairs, two directions each. */
const RESET_FLOWS_MAX = 16

/**
 * Resets that fit: the attacker reads the path, and resets both ends of each connection that he sees, again and again, with the number
 * that is expected. `count` tells how many were sent.
 */
export async function fittingResets(lan: Lan, ports: readonly number[]): Promise<Attack & { count(): number }> {
  const reader = await readPath(lan, ports)
  let count = 0
  const timer = setInterval(() => {
    for (const [flow, seq] of [...reader.next].slice(-RESET_FLOWS_MAX)) {
      const [from, to] = endsOf(flow)
      if (segment(lan, from, to, '-R', '-M', seq)) count++
    }
  }, RESET_EVERY_MS)
  const stop = (): void => {
    clearInterval(timer)
    reader.stop()
  }
  return { stop, count: () => count }
}

/** To whoever dialled, a FIN that fits, as from the other end, for all connections that were read. Returns how many. */
export async function forgedEnds(lan: Lan, ports: readonly number[], { next }: PathReader): Promise<number> {
  let count = 0
  for (const [flow, seq] of next) {
    const [from, to] = endsOf(flow)
    const ack = next.get(flowOf(to, from))
    if (ack === undefined || !ports.includes(Number(from.port))) continue
    while (!segment(lan, from, to, '-F', '-A', '-M', seq, '-L', ack)) await pause(5)
    count++
  }
  return count
}

/** Resets with random sequence numbers, at both ends of the port. */
export function blindResets(lan: Lan, ports: readonly number[], perSecond: number): Attack {
  return attackOf(
    SIDES.flatMap((side) =>
      ports.map((port) =>
        hping(lan, lan.address(side), [
          ...paced(perSecond),
          '-R',
          '-a',
          lan.address(otherSide(side)),
          '-p',
          String(port)
        ])
      )
    )
  )
}

/** Datagrams from random senders to closed ports of a host. */
export function knocking(lan: Lan, side: Side, perSecond: number): Attack {
  return attackOf([hping(lan, lan.address(side), [...paced(perSecond), '-2', '--rand-source', '-p', '++20000'])])
}
