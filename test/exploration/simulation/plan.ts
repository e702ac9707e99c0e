/**
 * From one seed and a profile to a complete, printable plan: settings of both sides, clocks, network and the schedule of
 * faults. Nothing about a run is decided elsewhere, apart from the per-frame chance of the network.
 */
import { DEFAULTS, type PairSettings, type Policy } from '../../../src/protocol/settings'
import type { Fault, FaultKind, Finale, SettingsChange, Way } from './faults'
import type { DataPlan } from './copies'
import type { HostIndex } from '../../support/network'
import { Random } from '../../support/random'

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
  'forced',
  'tether',
  'middlebox',
  'forged',
  'addresses',
  'files',
  'second',
  'alone',
  'liar',
  'data'
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
  /** Both have the key; without one only the configured host's frames count, and there is no tether. */
  readonly keyed: boolean
  /** By side: a NAT before it, whose port of the pair is passed on to the host or not. */
  readonly nats: readonly [Nat, Nat]
  /** Something is done to addresses or names, or a NAT is there. */
  readonly hasMoves: boolean
  /** What flows keep; null = no host has anything to do with data. */
  readonly data: DataPlan | null
  /** This side never starts. */
  readonly absent: HostIndex | null
  /** This side begins so near to the end of the range of epochs and of record numbers. */
  readonly exhausted: { readonly host: HostIndex; readonly epoch: number; readonly number: number } | null
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
  /** Who comes back from a power cut, where one alone does, and after how long whoever restarts in the finale does. */
  readonly returns: HostIndex
  readonly returnsAfterMs: number
  readonly finaleAtMs: number
  readonly endMs: number
  /** What these checkers say is not heard. */
  readonly unheard: readonly string[]
}

export type Nat = 'forwards' | 'hides' | null

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
const TETHERS: Weights = { 'tcp-fin': 2, 'tcp-reset': 2, 'tcp-again': 1, 'tcp-wall': 2 }
const ADDRESSES: Weights = { move: 4, unplug: 3, alias: 2, rebind: 2, misname: 2, rename: 3 }
const MOVES: readonly FaultKind[] = ['move', 'unplug', 'alias', 'rebind', 'misname', 'rename']
const COPIES: Weights = { 'copy-slow': 2, 'copy-anew': 2, 'barrier-late': 3, 'barrier-mute': 2, 'data-users': 1 }
const FORGERIES: Weights = { icmp: 4, replay: 3, junk: 2 }

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
  stalls: {
    faults: { ...STALLS, 'clock-jump': 2, crash: 1, command: 1, fitness: 1 },
    clusters: 8,
    clockSpread: 0.03,
    lossMax: 0
  },
  clocks: {
    faults: {
      'clock-rate': 4,
      'clock-jump': 2,
      cut: 3,
      'one-way-cut': 3,
      sigstop: 1,
      suspend: 1,
      crash: 2,
      command: 1
    },
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
      ...TETHERS,
      socket: 2,
      move: 1,
      unplug: 1,
      rename: 1,
      icmp: 1,
      'clock-jump': 1,
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
    faults: { ...NETWORK, crash: 2, 'power-off': 1, command: 6, suspend: 1, 'clock-jump': 1 },
    clusters: 8,
    clockSpread: 0.03,
    lossMax: 0.02
  },
  tether: {
    faults: { ...TETHERS, ...STALLS, crash: 6, cut: 4, 'one-way-cut': 3, stop: 1, 'store-slow': 1, command: 1 },
    clusters: 10,
    clockSpread: 0.03,
    lossMax: 0.05
  },
  middlebox: { faults: { ...FORGERIES, 'tcp-fin': 8, 'tcp-again': 1 }, clusters: 8, clockSpread: 0.02, lossMax: 0 },
  forged: { faults: { ...FORGERIES, ...TETHERS, 'tcp-reset': 6 }, clusters: 10, clockSpread: 0.02, lossMax: 0 },
  addresses: {
    faults: { ...ADDRESSES, cut: 1, crash: 1, stop: 1, command: 1, 'tcp-reset': 1 },
    clusters: 8,
    clockSpread: 0.02,
    lossMax: 0.02
  },
  files: {
    faults: {
      ...RESTARTS,
      'store-restored': 3,
      'store-foreign': 1,
      'vm-restored': 2,
      'store-lost': 1,
      'store-fails': 2,
      cut: 3,
      'one-way-cut': 1,
      command: 1
    },
    clusters: 9,
    clockSpread: 0.02,
    lossMax: 0.02
  },
  second: {
    faults: { 'second-peer': 4, cut: 2, 'one-way-cut': 2, loss: 1, crash: 2, stop: 1, command: 1 },
    clusters: 6,
    clockSpread: 0.02,
    lossMax: 0.02
  },
  alone: {
    faults: { 'clock-jump': 5, command: 4, suspend: 2, 'engine-stall': 2, sigstop: 1, 'flows-hang': 1, crash: 1 },
    clusters: 5,
    clockSpread: 0.02,
    lossMax: 0
  },
  data: {
    faults: { ...COPIES, ...RESTARTS, command: 10, fitness: 2, 'flows-hang': 1, cut: 2, 'tcp-wall': 1, 'tcp-reset': 1 },
    clusters: 10,
    clockSpread: 0.02,
    lossMax: 0.02
  },
  liar: { faults: { liar: 5, crash: 1, cut: 1, command: 1, suspend: 1 }, clusters: 5, clockSpread: 0.02, lossMax: 0.02 }
}

const POLICIES: readonly Policy[] = ['availability', 'preferred', 'exclusive']
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

const DAY_MS = 86_400_000
/** How often an operator uses force. */
const FORCES: Partial<Record<ProfileName, number>> = { forced: 0.5, alone: 0.5, data: 0.15 }

const JUMPS_MS = [600, 5000, 3_600_000, 90 * DAY_MS, -600, -5000, -3_600_000, -90 * DAY_MS] as const

export function makePlan(seed: bigint, profileName: ProfileName): Plan {
  const random = new Random(seed, `plan/${profileName}`)
  const profile = PROFILE[profileName]
  const policy = random.pick(POLICIES)
  const pace = random.pick(PACES)
  const links = random.chance(0.35) ? 2 : 1
  const equalPriority = random.chance(0.3)
  // Where nothing is to happen, nothing may happen by itself.
  const still = isStill(profileName)
  const failback = !still && random.chance(0.25)
  const channel = random.chance(0.05) ? 'off' : 'auto'
  const keyed = random.chance(profileName === 'addresses' ? 0.85 : 0.95)
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
        peerTimeoutMs,
        crashProof: random.chance(0.95),
        channel
      },
      clockOffsetMs: random.pick([0, 1, 5e3, 1e6, 1e9]) * random.unit(),
      clockRate: clockRate(random, profile.clockSpread),
      startAtMs: still || random.chance(0.7) ? random.unit() * 100 : random.unit() * 5 * peerTimeoutMs
    }
  }) as [SidePlan, SidePlan]
  const paceMs = Math.max(sides[0].settings.peerTimeoutMs, sides[1].settings.peerTimeoutMs)
  const heartbeatMs = Math.max(sides[0].settings.heartbeatMs, sides[1].settings.heartbeatMs)
  const delayMs = Math.min(random.logBetween(0.05, 20), heartbeatMs / 12)
  const jitterMs = delayMs * random.unit()
  const disturbedMs = paceMs * random.between(15, 35)
  const stillMs = 2 * paceMs + 4000
  const fromMs = still ? stillMs : 0
  const untilMs = fromMs + disturbedMs
  const faults = schedule(random, profile, { timeoutMs: paceMs, heartbeatMs, links, fromMs, untilMs, profileName })
  const timeoutMs = faults.reduce(
    (max, fault) => (fault.kind === 'reconfigure' ? Math.max(max, fault.change.peerTimeoutMs ?? 0) : max),
    paceMs
  )
  const settings = [
    ...sides.map((side) => side.settings),
    ...faults.map((f) => (f.kind === 'reconfigure' ? f.change : {}))
  ]
  const timeoutMsMin = Math.min(...settings.map((s) => s.peerTimeoutMs ?? Infinity))
  const natted = keyed && random.chance(profileName === 'addresses' ? 0.35 : 0.05) ? random.int(2) : null
  const nat = random.pick<Nat>(['forwards', 'hides'])
  const hasMoves = natted !== null || faults.some((fault) => MOVES.includes(fault.kind))
  // A name is looked up again after so long.
  const lookUpMs = hasMoves ? 2.5 * Math.max(5000, timeoutMs) : 0
  const settleMs = 6 * timeoutMs + 20 * heartbeatMs + (failback ? 6 * timeoutMs : 0) + 2000 + lookUpMs
  const finaleAtMs = untilMs + settleMs
  return {
    seed,
    profile: profileName,
    sides,
    links,
    delayMs,
    jitterMs,
    keyed,
    nats: [natted === 0 ? nat : null, natted === 1 ? nat : null],
    hasMoves,
    data: dataPlan(new Random(seed, `data/${profileName}`), profileName, heartbeatMs),
    absent: profileName === 'alone' ? (random.int(2) as HostIndex) : null,
    exhausted:
      profileName === 'files' && random.chance(0.06)
        ? {
            host: random.int(2) as HostIndex,
            epoch: random.pick([0, 1, 7, 2 ** 16, 2 ** 40]),
            number: random.pick([0, 1, 7, 2 ** 16, 2 ** 40])
          }
        : null,
    cloned: !still && random.chance(0.03),
    faults,
    timeoutMsMax: timeoutMs,
    timeoutMsMin,
    attackEveryMs: profileName === 'replay' && random.chance(0.5) ? heartbeatMs / random.pick([1, 3, 10]) : null,
    quietAtMs: untilMs,
    finale: random.pick<Finale>([
      'none',
      'swap',
      'crash-active',
      'crash-standby',
      'power-off-active',
      'power-off-standby',
      'power-cut',
      'power-cut-one',
      'stop-active',
      'restart-active',
      'restart-standby',
      'cut',
      'clock-jump'
    ]),
    returns: random.int(2) as HostIndex,
    returnsAfterMs: random.between(0.02, 0.3) * sides[0].settings.peerTimeoutMs,
    finaleAtMs,
    unheard: [],
    endMs: finaleAtMs + 5 * timeoutMs + 20 * heartbeatMs + 1000
  }
}

/** Of a chance of its own: whether there is data changes nothing else. */
function dataPlan(random: Random, profileName: ProfileName, heartbeatMs: number): DataPlan | null {
  if (profileName !== 'data' && random.chance(0.5)) return null
  const both = random.chance(0.8)
  return {
    users: [both || random.chance(0.5), both || random.chance(0.5)],
    snapshotMs: random.logBetween(1, 300),
    lagMs: Math.min(random.logBetween(0.1, 10), heartbeatMs / 10),
    flushes: random.pick([0, 0.01, 0.2, 1])
  }
}

/** A profile whose faults must change nothing. */
export function isStill(profile: ProfileName): boolean {
  return profile === 'middlebox' || profile === 'forged'
}

interface Scale {
  readonly timeoutMs: number
  readonly heartbeatMs: number
  readonly links: number
  readonly fromMs: number
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
    let atMs = random.between(scale.fromMs, scale.untilMs)
    const size = random.pick([1, 1, 2, 2, 3, 4])
    for (let i = 0; i < size; i++) {
      faults.push(makeFault(random, random.weighted(profile.faults), atMs, profile, scale))
      atMs += random.chance(0.5) ? random.unit() * 1.5 * scale.timeoutMs : random.unit() * 3 * scale.heartbeatMs
    }
  }
  if (scale.profileName === 'alone') {
    // What happens before the first role is taken.
    const early = random.unit() * scale.timeoutMs
    faults.push(makeFault(random, random.pick(['clock-jump', 'suspend', 'command']), early, profile, scale))
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
  const one = random.int(scale.links)
  const udpOnly = random.chance(0.4)
  const oneWay = random.pick<Way>(['to0', 'to1'])
  switch (kind) {
    case 'cut':
      return { kind, atMs, forMs, link, way: 'both', disturbance: { cut: true, udpOnly } }
    case 'one-way-cut':
      return { kind, atMs, forMs, link, way: oneWay, disturbance: { cut: true, udpOnly } }
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
    case 'power-off':
    case 'store-fails':
      return { kind, atMs, forMs, host }
    case 'crash':
      return { kind, atMs, forMs, host, fin: kernel(random, scale) }
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
        force: FORCES[scale.profileName] !== undefined && random.chance(FORCES[scale.profileName] ?? 0)
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
    case 'icmp':
      return { kind, atMs, host, count: random.pick([1, 10, 200]) }
    case 'tcp-fin':
    case 'tcp-reset':
    case 'tcp-again':
    case 'store-foreign':
      return { kind, atMs, host }
    case 'copy-slow':
      return { kind, atMs, forMs, host, slowMs: random.logBetween(1, 3000) }
    case 'barrier-late':
      return { kind, atMs, forMs, host, lateMs: random.logBetween(0.05, 1.2) * Math.min(1000, scale.timeoutMs / 2) }
    case 'barrier-mute':
      return { kind, atMs, forMs, host }
    case 'copy-anew':
      return { kind, atMs, host }
    case 'data-users':
      return { kind, atMs, host, on: random.chance(0.7) }
    case 'tcp-wall':
      return { kind, atMs, forMs, refuses: random.chance(0.5), open: random.pick(['dropped', 'reset', 'left']) }
    case 'move':
      return { kind, atMs, host, link: one, taken: random.chance(0.3) }
    case 'unplug':
      return { kind, atMs, forMs, host, link: one, moves: random.chance(0.4) }
    case 'alias':
    case 'misname':
      return { kind, atMs, forMs, host, link: one }
    case 'rebind':
    case 'rename':
      return { kind, atMs, host, link: one }
    case 'store-restored':
      return { kind, atMs, host, back: random.pick([1, 1, 2, 5, 20]) }
    case 'second-peer':
      return { kind, atMs, forMs: 3 * forMs, host, cloned: random.chance(0.7) }
    case 'clock-jump':
      return { kind, atMs, host, byMs: random.pick(JUMPS_MS) }
    case 'vm-restored':
      return { kind, atMs, host, agoMs: random.logBetween(0.05, 10) * scale.timeoutMs, unseen: random.chance(0.2) }
    case 'liar':
      return { kind, atMs, forMs: random.logBetween(0.05, 3) * scale.timeoutMs, host }
  }
}

/** ms from a crash until the kernel ends the connections: at once, or after a dump of the memory. */
function kernel(random: Random, scale: Scale): number | 'reset' {
  if (random.chance(0.08)) return 'reset'
  return random.chance(0.2) ? random.logBetween(0.01, 3) * scale.timeoutMs : random.unit() * 20
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
