/**
 * From one seed and a profile to a complete, printable plan: settings of both sides, clocks, network and the schedule of
 * faults. Nothing about a run is decided elsewhere, apart from the per-frame chance of the network.
 */
import { DEFAULTS, type PairSettings, type Policy } from '../../src/protocol/settings'
import type { Fault, FaultKind, Finale, SettingsChange, Way } from './faults'
import type { HostIndex } from './network'
import { Random } from './random'

export const PROFILES = [
  'calm',
  'lossy',
  'cuts',
  'stalls',
  'clocks',
  'restarts',
  'stores',
  'replay',
  'chaos',
  'forced'
] as const
export type ProfileName = (typeof PROFILES)[number]

export interface SidePlan {
  readonly settings: PairSettings
  readonly clockOffsetMs: number
  readonly clockRate: number
  readonly startAtMs: number
}

export interface Plan {
  readonly seed: bigint
  readonly profile: ProfileName
  readonly sides: readonly [SidePlan, SidePlan]
  readonly links: number
  readonly delayMs: number
  readonly jitterMs: number
  /** Share of 'port unreachable' answers that the host's rate limit swallows. */
  readonly refusalsLost: number
  /**
   * A 'port unreachable' arrives within this time after what it answers, or not at all: twice the undisturbed round trip,
   * or a heartbeat or an eighth of the peerTimeout.
   */
  readonly refusalMsMax: number
  /** Both sides begin with a copy of the same store. */
  readonly cloned: boolean
  readonly faults: readonly Fault[]
  /** Mean time between recorded frames that the attacker sends to each side, all the time; null = no such attacker. */
  readonly attackEveryMs: number | null
  /** Longest and shortest peerTimeout that any side has at any time. */
  readonly timeoutMsMax: number
  readonly timeoutMsMin: number
  /** From here on nothing is disturbed and everything runs. */
  readonly quietAtMs: number
  readonly finale: Finale
  readonly finaleAtMs: number
  readonly endMs: number
}

type Weights = Partial<Record<FaultKind, number>>

interface Profile {
  readonly faults: Weights
  /** Mean number of clusters of faults. */
  readonly clusters: number
  readonly clockSpread: number
  /** Share of frames lost during the whole disturbed time, drawn up to this. */
  readonly lossMax: number
}

const NETWORK: Weights = { cut: 3, 'one-way-cut': 3, loss: 2, burst: 2, delay: 2, reorder: 1, duplicate: 1 }
const STALLS: Weights = { 'engine-stall': 3, sigstop: 3, suspend: 3, 'flows-hang': 1 }
const RESTARTS: Weights = { crash: 4, 'power-off': 2, stop: 3 }
const OPERATOR: Weights = { command: 3, fitness: 1 }
const STORES: Weights = { 'store-fails': 2, 'store-slow': 2, 'store-lost': 2 }

const PROFILE: Readonly<Record<ProfileName, Profile>> = {
  calm: {
    faults: { ...OPERATOR, 'flows-hang': 1, 'flows-hash': 1, junk: 1 },
    clusters: 4,
    clockSpread: 0.01,
    lossMax: 0
  },
  lossy: {
    faults: { loss: 3, burst: 3, reorder: 2, duplicate: 2, delay: 3, command: 1 },
    clusters: 8,
    clockSpread: 0.01,
    lossMax: 0.3
  },
  cuts: {
    faults: { cut: 5, 'one-way-cut': 6, socket: 2, command: 1, delay: 1 },
    clusters: 9,
    clockSpread: 0.02,
    lossMax: 0.02
  },
  stalls: { faults: { ...STALLS, command: 1, fitness: 1 }, clusters: 8, clockSpread: 0.03, lossMax: 0 },
  clocks: {
    faults: { 'clock-rate': 4, cut: 3, 'one-way-cut': 3, sigstop: 1, crash: 1, command: 1 },
    clusters: 9,
    clockSpread: 0.05,
    lossMax: 0.02
  },
  restarts: {
    faults: { ...RESTARTS, cut: 3, 'one-way-cut': 2, command: 1, reconfigure: 2 },
    clusters: 8,
    clockSpread: 0.03,
    lossMax: 0.02
  },
  stores: {
    faults: { ...RESTARTS, ...STORES, cut: 3, 'one-way-cut': 1, command: 1, reconfigure: 1 },
    clusters: 9,
    clockSpread: 0.03,
    lossMax: 0.02
  },
  replay: {
    faults: { replay: 8, crash: 2, stop: 1, 'power-off': 1, cut: 1, 'one-way-cut': 1 },
    clusters: 8,
    clockSpread: 0.01,
    lossMax: 0
  },
  chaos: {
    faults: {
      ...NETWORK,
      ...STALLS,
      ...RESTARTS,
      ...OPERATOR,
      ...STORES,
      socket: 2,
      'clock-rate': 1,
      reconfigure: 1,
      replay: 2,
      junk: 1
    },
    clusters: 12,
    clockSpread: 0.05,
    lossMax: 0.1
  },
  forced: {
    faults: { ...NETWORK, crash: 2, 'power-off': 1, command: 6 },
    clusters: 8,
    clockSpread: 0.03,
    lossMax: 0.02
  }
}

const POLICIES: readonly Policy[] = ['availability', 'preferred', 'safety']
const PACES: readonly (readonly [heartbeatMs: number, peerTimeoutMs: number])[] = [
  [200, 2000],
  [200, 2000],
  [50, 500],
  [50, 500],
  [100, 300],
  [100, 500],
  [20, 200],
  [500, 2500],
  [100, 200],
  [1000, 10_000]
]

export function makePlan(seed: bigint, profileName: ProfileName): Plan {
  const random = new Random(seed, `plan/${profileName}`)
  const profile = PROFILE[profileName]
  const policy = random.pick(POLICIES)
  const pace = random.pick(PACES)
  const links = random.chance(0.35) ? 2 : 1
  const equalPriority = random.chance(0.3)
  const failback = random.chance(0.25)
  const sides = ([0, 1] as const).map((index): SidePlan => {
    const [heartbeatMs, peerTimeoutMs] = random.chance(0.1) ? random.pick(PACES) : pace
    return {
      settings: {
        ...DEFAULTS,
        name: index === 0 ? 'A' : 'B',
        links: Array.from({ length: links }, (_, link) => ({
          peerHost: '127.0.0.1',
          peerPort: 1101 + link,
          localHost: '',
          localPort: 1101 + link
        })),
        policy,
        priority: equalPriority ? 100 : 100 + (index === 0 ? 50 : 0),
        failback,
        failbackDelayMs: random.pick([0, peerTimeoutMs, 5 * peerTimeoutMs]),
        heartbeatMs,
        peerTimeoutMs
      },
      clockOffsetMs: random.pick([0, 1, 5e3, 1e6, 1e9]) * random.unit(),
      clockRate: clockRate(random, profile.clockSpread),
      startAtMs: random.chance(0.7) ? random.unit() * 100 : random.unit() * 5 * peerTimeoutMs
    }
  }) as [SidePlan, SidePlan]
  const paceMs = Math.max(sides[0].settings.peerTimeoutMs, sides[1].settings.peerTimeoutMs)
  const heartbeatMs = Math.max(sides[0].settings.heartbeatMs, sides[1].settings.heartbeatMs)
  const delayMs = Math.min(random.logBetween(0.05, 20), heartbeatMs / 12)
  const jitterMs = delayMs * random.unit()
  const disturbedMs = paceMs * random.between(15, 35)
  const faults = schedule(random, profile, { timeoutMs: paceMs, heartbeatMs, links, untilMs: disturbedMs, profileName })
  const timeoutMs = faults.reduce(
    (max, fault) => (fault.kind === 'reconfigure' ? Math.max(max, fault.change.peerTimeoutMs ?? 0) : max),
    paceMs
  )
  const settings = [
    ...sides.map((side) => side.settings),
    ...faults.map((f) => (f.kind === 'reconfigure' ? f.change : {}))
  ]
  const timeoutMsMin = Math.min(...settings.map((s) => s.peerTimeoutMs ?? Infinity))
  const heartbeatMsMin = Math.min(...settings.map((s) => s.heartbeatMs ?? Infinity))
  const settleMs = 6 * timeoutMs + 20 * heartbeatMs + (failback ? 6 * timeoutMs : 0) + 2000
  const finaleAtMs = disturbedMs + settleMs
  return {
    seed,
    profile: profileName,
    sides,
    links,
    delayMs,
    jitterMs,
    refusalsLost: random.pick([0, 0, 0.3, 0.8]),
    refusalMsMax: Math.max(4 * (delayMs + jitterMs), Math.min(heartbeatMsMin, timeoutMsMin / 8)),
    cloned: random.chance(0.03),
    faults,
    timeoutMsMax: timeoutMs,
    timeoutMsMin,
    attackEveryMs: profileName === 'replay' && random.chance(0.5) ? heartbeatMs / random.pick([1, 3, 10]) : null,
    quietAtMs: disturbedMs,
    finale: random.pick<Finale>([
      'none',
      'swap',
      'crash-active',
      'crash-standby',
      'power-off-active',
      'power-off-standby',
      'stop-active',
      'restart-active',
      'restart-standby',
      'cut'
    ]),
    finaleAtMs,
    endMs: finaleAtMs + 5 * timeoutMs + 20 * heartbeatMs + 1000
  }
}

interface Scale {
  readonly timeoutMs: number
  readonly heartbeatMs: number
  readonly links: number
  readonly untilMs: number
  readonly profileName: ProfileName
}

/** Faults come in clusters: what hurts is the second blow while the first is still being dealt with. */
function schedule(random: Random, profile: Profile, scale: Scale): Fault[] {
  const faults: Fault[] = []
  if (profile.lossMax > 0 && random.chance(0.5)) {
    const loss = random.unit() * profile.lossMax
    faults.push({ atMs: 0, forMs: scale.untilMs, kind: 'loss', link: 'all', way: 'both', disturbance: { loss } })
  }
  const clusters = 1 + random.int(2 * profile.clusters)
  for (let c = 0; c < clusters; c++) {
    let atMs = random.unit() * scale.untilMs
    const size = random.pick([1, 1, 2, 2, 3, 4])
    for (let i = 0; i < size; i++) {
      faults.push(makeFault(random, random.weighted(profile.faults), atMs, profile, scale))
      atMs += random.chance(0.5) ? random.unit() * 1.5 * scale.timeoutMs : random.unit() * 3 * scale.heartbeatMs
    }
  }
  return faults.filter((fault) => fault.atMs < scale.untilMs).toSorted((a, b) => a.atMs - b.atMs)
}

function makeFault(random: Random, kind: FaultKind, atMs: number, profile: Profile, scale: Scale): Fault {
  const host = random.int(2) as HostIndex
  const forMs = random.chance(0.2)
    ? random.between(0.9, 1.3) * scale.timeoutMs
    : random.logBetween(0.02, 5) * scale.timeoutMs
  const link = scale.links === 1 || random.chance(0.6) ? ('all' as const) : random.int(scale.links)
  const way = random.pick<Way>(['both', 'to0', 'to1'])
  const oneWay = random.pick<Way>(['to0', 'to1'])
  switch (kind) {
    case 'cut':
      return { kind, atMs, forMs, link, way: 'both', disturbance: { cut: true } }
    case 'one-way-cut':
      return { kind, atMs, forMs, link, way: oneWay, disturbance: { cut: true } }
    case 'loss':
      return { kind, atMs, forMs, link, way, disturbance: { loss: random.pick([0.05, 0.1, 0.3, 0.6, 0.9]) } }
    case 'burst':
      return {
        kind,
        atMs,
        forMs,
        link,
        way,
        disturbance: {
          burst: {
            enter: random.logBetween(0.005, 0.2),
            leave: random.logBetween(0.02, 0.5),
            lossInBurst: random.between(0.7, 1)
          }
        }
      }
    case 'delay': {
      const delayMs = random.logBetween(0.1, 20) * scale.heartbeatMs
      return { kind, atMs, forMs, link, way, disturbance: { delayMs, jitterMs: delayMs * random.unit() } }
    }
    case 'reorder':
      return {
        kind,
        atMs,
        forMs,
        link,
        way,
        disturbance: { reorder: random.unit(), reorderMs: random.logBetween(0.1, 12) * scale.heartbeatMs }
      }
    case 'duplicate':
      return {
        kind,
        atMs,
        forMs,
        link,
        way,
        disturbance: { duplicate: random.unit(), jitterMs: random.unit() * scale.heartbeatMs }
      }
    case 'engine-stall':
    case 'sigstop':
    case 'suspend':
    case 'flows-hang':
    case 'crash':
    case 'power-off':
    case 'store-fails':
      return { kind, atMs, forMs, host }
    case 'stop':
      return { kind, atMs, forMs, host, lingerMs: random.logBetween(0.1, 400) }
    case 'store-slow':
      return { kind, atMs, forMs, host, slowMs: random.logBetween(0.1, 3) * scale.timeoutMs }
    case 'store-lost':
      return { kind, atMs, host }
    case 'socket':
      return { kind, atMs, forMs: forMs / 3, host, link: random.int(scale.links) }
    case 'command':
      return {
        kind,
        atMs,
        host,
        designate: random.pick(['active', 'standby', 'swap']),
        force: scale.profileName === 'forced' && random.chance(0.5)
      }
    case 'fitness':
      return { kind, atMs, host, value: random.pick([0, 0, 1, 100, 254, 255, 255]) }
    case 'flows-hash':
      return { kind, atMs, host, hash: random.int(3) }
    case 'clock-rate':
      return { kind, atMs, host, rate: clockRate(random, profile.clockSpread) }
    case 'reconfigure':
      return { kind, atMs, host, change: settingsChange(random, scale) }
    case 'replay':
      return {
        kind,
        atMs,
        host,
        count: random.pick([1, 5, 50, 400]),
        age: random.pick(['recent', 'any', 'earlier-session', 'reflect']),
        overMs: random.pick([0, scale.heartbeatMs, scale.timeoutMs])
      }
    case 'junk':
      return { kind, atMs, host, count: random.pick([1, 10, 200]) }
  }
}

function settingsChange(random: Random, scale: Scale): SettingsChange {
  const factor = random.pick([0.5, 1, 2])
  const peerTimeoutMs = Math.max(100, Math.round(scale.timeoutMs * factor))
  return random.chance(0.5)
    ? { priority: random.pick([0, 100, 200, 255]) }
    : { peerTimeoutMs, heartbeatMs: Math.min(scale.heartbeatMs, Math.floor(peerTimeoutMs / 2)) }
}

function clockRate(random: Random, spread: number): number {
  return 1 + (random.chance(0.4) ? random.pick([-1, 1]) * spread : random.between(-spread, spread))
}
