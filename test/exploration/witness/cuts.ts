/** Cuts, crashes, restarts and old disks at random, among three voices: what may happen at once is bounded by nothing but the seed. */
import { P_MS, ThreeVoices, type HostName, type Setup, type Way } from './world'

/**
 * What else the seed may do, beside cuts, crashes, stops, stalls, sleeps and full disks:
 * - `disks`: the witness's disk is set back.
 * - `timeouts`: a side comes back with other times. A disk that is set back may then have forgotten a longer promise: not both.
 * - `policies`: a side comes back with another policy.
 * - `addresses`: the address of the witness leads to another one, on each side for itself; a witness loses its files.
 */
const KINDS = ['disks', 'timeouts', 'policies', 'addresses'] as const
export type Kind = (typeof KINDS)[number]
const LONGEST_P_MS = 3 * P_MS

export const WAYS: readonly Way[] = ['ab', 'ba', 'aw', 'wa', 'bw', 'wb']
const HOSTS = ['a', 'b'] as const

export interface Outcome {
  /** Two served at once, or one on an older epoch than another one before; null = neither. */
  readonly violation: string | null
  readonly cuts: number
  readonly faults: number
  readonly loans: number
  readonly roles: number
  /** Share of the time in which somebody served. */
  readonly servedShare: number
  /** Somebody serves again once all is well; where a round trip takes as long as a lease, or frames are lost, now and then. */
  readonly heals: boolean
}

export interface CutsOptions {
  readonly forMs?: number
  readonly kind?: Kind
  readonly log?: (line: string) => void
}

/** The same seed, the same story. */
export function runCuts(seed: bigint, { forMs = 20 * P_MS, kind: only, log }: CutsOptions = {}): Outcome {
  const kind = only ?? KINDS[Number(seed % BigInt(KINDS.length))] ?? 'disks'
  const chance = new ThreeVoices({ seed: seed ^ 0x5eedn }).random
  const loss = chance.chance(0.5) ? 0 : chance.between(0, 0.3)
  const delayMs = chance.chance(0.2) ? P_MS / 2 : chance.between(1, 30)
  const world = new ThreeVoices({ seed, loss, delayMs, ...(log === undefined ? {} : { log }) })
  const { random } = world
  const say = (line: string): void => log?.(`${world.nowMs.toFixed(1).padStart(10)} * ${line}`)
  let [cuts, faults] = [0, 0]
  world.startWitness()
  if (kind === 'addresses') world.startWitness({ which: 1 })
  for (const name of HOSTS) if (chance.chance(0.15)) world.host(name).diskMs = [20, chance.logBetween(20, P_MS / 2)]
  for (const name of HOSTS) world.timeline.after(random.between(0, P_MS), () => world.start(name))
  if (random.chance(0.8)) world.advance(4 * P_MS)

  const cutFor = (ways: readonly Way[], ms: number): void => {
    cuts += 1
    say(`cut ${ways.join(' ')} for ${ms.toFixed(0)} ms`)
    for (const way of ways) world.cut.add(way)
    world.timeline.after(ms, () => {
      for (const way of ways) world.cut.delete(way)
      say(`whole ${ways.join(' ')}`)
    })
  }
  const pickWays = (): readonly Way[] =>
    random.pick<readonly Way[]>([
      ['ab', 'ba'],
      ['aw', 'wa'],
      ['bw', 'wb'],
      ['ab', 'ba', 'aw', 'wa'],
      ['ab', 'ba', 'bw', 'wb'],
      ['aw', 'wa', 'bw', 'wb'],
      [random.pick(WAYS)],
      WAYS
    ])
  const again = (name: HostName): void => {
    world.timeline.after(random.logBetween(20, 4 * P_MS), () => world.start(name, setup()))
  }
  const setup = (): Partial<Setup> => {
    if (kind === 'policies')
      return { policy: random.pick(['witness', 'witness', 'witness', 'exclusive', 'preferred'] as const) }
    if (kind !== 'timeouts') return {}
    // No pair lives with a round trip of two promises.
    const peerTimeoutMs = random.pick([delayMs < P_MS / 10 ? P_MS / 2 : P_MS, P_MS, LONGEST_P_MS])
    return { peerTimeoutMs, heartbeatMs: peerTimeoutMs / random.pick([4, 10, 20]) }
  }
  const fault = (): void => {
    faults += 1
    const name = random.pick(HOSTS)
    const host = world.host(name)
    const ms = random.logBetween(20, 4 * P_MS)
    switch (
      random.weighted({
        cut: 12,
        crash: 3,
        stop: 2,
        witness: 3,
        stall: 3,
        suspend: 1,
        lender: 2,
        command: 2,
        disk: 1,
        old: kind === 'disks' ? 1 : 0,
        lost: kind === 'addresses' ? 1 : 0,
        lead: kind === 'addresses' ? 8 : 0
      })
    ) {
      case 'cut':
        return cutFor(pickWays(), ms)
      case 'crash':
        world.crash(name)
        return again(name)
      case 'stop':
        world.stop(name)
        world.timeline.after(400, () => again(name))
        return
      case 'witness':
        world.stopWitness()
        world.timeline.after(random.chance(0.5) ? 0 : ms, () => world.startWitness())
        return
      case 'lost':
        return world.startWitness({ lost: true, id: BigInt(random.int(2 ** 40)) + 1n })
      case 'lead':
        return random.chance(0.3)
          ? HOSTS.forEach((each) => world.lead(each, random.chance(0.5) ? 0 : 1))
          : world.lead(name, random.chance(0.5) ? 0 : 1)
      case 'suspend':
        say(`${name} sleeps for ${ms.toFixed(0)} ms`)
        return world.suspend(name, ms)
      case 'old':
        return world.startWitness({ setBack: true })
      case 'stall':
        say(`${name} stalls for ${ms.toFixed(0)} ms`)
        return world.stall(name, ms)
      case 'lender':
        return world.stallWitness(ms)
      case 'command':
        return world.command(name, random.pick(['active', 'standby', 'swap'] as const), false)
      case 'disk':
        host.diskFails = true
        world.timeline.after(random.logBetween(20, 20 * P_MS), () => (host.diskFails = false))
        return
    }
  }

  const beganMs = world.nowMs
  let servedMs = 0
  while (world.nowMs < beganMs + forMs && world.violation === null) {
    const stepMs = random.logBetween(10, 2 * P_MS)
    const before = world.nowMs
    fault()
    while (world.nowMs < before + stepMs) {
      world.advance(10)
      if (world.server !== null) servedMs += 10
    }
  }
  const disturbedMs = world.nowMs - beganMs
  // All is well from here on.
  say('quiet')
  world.advance(5 * P_MS)
  world.cut.clear()
  for (const name of HOSTS) world.host(name).diskFails = false
  for (const name of HOSTS) world.lead(name, 0)
  for (const name of HOSTS) world.start(name)
  const calmMs = 12 * (kind === 'timeouts' ? LONGEST_P_MS : P_MS)
  let servedInTheEndMs = 0
  world.advance(calmMs / 2)
  for (let ms = 0; ms < calmMs / 2; ms += 10) {
    world.advance(10)
    if (world.server !== null) servedInTheEndMs += 10
  }
  const breaks = loss > 0 || delayMs >= P_MS / 2
  return {
    violation: world.violation,
    cuts,
    faults,
    loans: world.loans,
    roles: world.changes.length,
    servedShare: servedMs / disturbedMs,
    heals: breaks ? servedInTheEndMs > 0 : world.server !== null
  }
}
