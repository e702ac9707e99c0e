/** Where the stories begin: a pair that has agreed on its witness. */
import { strict as assert } from 'node:assert'
import { HEARTBEAT_MS, P_MS, ThreeVoices, type HostName, type Way, type WorldOptions } from './world'

export const WAYS = {
  link: ['ab', 'ba'],
  'a-w': ['aw', 'wa'],
  'b-w': ['bw', 'wb']
} as const satisfies Readonly<Record<string, readonly Way[]>>

/** The way between a side and the witness. */
export const wayOf = (name: HostName): readonly Way[] => (name === 'a' ? WAYS['a-w'] : WAYS['b-w'])

export function cut(world: ThreeVoices, ...ways: readonly Way[]): void {
  for (const way of ways) world.cut.add(way)
}

export function heal(world: ThreeVoices, ...ways: readonly Way[]): void {
  for (const way of ways) world.cut.delete(way)
}

const TRIALS = 10

/** A pair that has agreed on its witness; its server, and the other one. */
export function settled(
  seed: number,
  options: Partial<WorldOptions> = {}
): { readonly world: ThreeVoices; readonly server: HostName; readonly standby: HostName } {
  const world = new ThreeVoices({ seed: BigInt(seed), ...options })
  world.startWitness()
  world.start('a')
  world.advance(world.random.between(0, 500))
  world.start('b')
  world.advance(6 * (options.peerTimeoutMs ?? P_MS))
  const server = world.server
  assert.ok(server !== null, 'somebody serves')
  for (const name of ['a', 'b'] as const) {
    const view = world.host(name).machine?.view().witness
    assert.deepEqual([view?.online, view?.counted], [true, true], `${name} counts the witness`)
  }
  world.advance(world.random.between(0, 2 * HEARTBEAT_MS))
  world.countFromNow()
  return { world, server, standby: world.other(server).name }
}

/** Returns when one serves, or when nobody has for so long. */
export function untilServed(world: ThreeVoices): void {
  for (let ms = 0; world.server === null && ms < 4 * P_MS; ms++) world.advance(1)
}

/** Nobody noticed: the same side serves, all the time. */
export function undisturbed(world: ThreeVoices, server: HostName): void {
  assert.equal(world.server, server)
  assert.ok(world.longestGapMs <= HEARTBEAT_MS, `nobody served for ${world.longestGapMs.toFixed(1)} ms`)
  assert.deepEqual(
    world.changes.filter(({ role }) => role === 'active'),
    []
  )
}

export function each(run: (seed: number) => void, trials = TRIALS): void {
  for (let seed = 1; seed <= trials; seed++) run(seed)
}
