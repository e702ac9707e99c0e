/**
 * Which spaces are searched. Each aims at one promise and is exhausted, whole or within its depth; together they have to
 * reach everything that `EXPECTED` lists.
 */
import type { Configuration } from './world'

const POLICIES = ['availability', 'preferred', 'exclusive'] as const

type Part = Omit<Configuration, 'policy'>

/**
 * A proof takes at least three probes in a quiet time of half a heartbeat, and a machine that is late by a quarter of that has not listened:
 * so time moves in fifths of a heartbeat.
 */
const FINE = { heartbeatMs: 10, peerTimeoutMs: 40, quantumMs: 2 } as const

function everyPolicy(part: Part): Configuration[] {
  return POLICIES.map((policy) => ({ ...part, policy, name: `${policy}: ${part.name}` }))
}

/** Three voices: the ways between them are cut, and each of the three is started again. */
function three(name: string, budget: Configuration['budget'], depthMax: number): Configuration {
  return { name: `witness: ${name}`, policy: 'witness', start: 'formed', budget, depthMax }
}

const THIRD_FEW: readonly Configuration[] = [
  three('the link cut, briefly', { cut: 1 }, 40),
  three('a way to it cut, briefly', { wayCut: 1 }, 30),
  three('it is started again, briefly', { lenderEnds: 1 }, 30),
  three('a side started again, briefly', { crash: 1 }, 30)
]

const THIRD: readonly Configuration[] = [
  three('the link cut', { cut: 1 }, 70),
  three('both ways to it cut', { wayCut: 2 }, 40),
  three('the link and a way to it cut', { cut: 1, wayCut: 1 }, 32),
  three('it is started again', { lenderEnds: 1 }, 50),
  three('a side started again', { crash: 1 }, 50)
]

/** As deep as a minute or so of one core goes: 50,000 to 500,000 states each. */
const THIRD_LONG: readonly Configuration[] = [
  three('the link cut, for long', { cut: 1 }, 160),
  three('the link and a way to it cut, for long', { cut: 1, wayCut: 1 }, 48),
  three('the link cut, and it is started again', { cut: 1, lenderEnds: 1 }, 54),
  three('the link cut, and a side started again', { cut: 1, crash: 1 }, 36),
  three('each of the three started again', { crash: 2, lenderEnds: 1 }, 26),
  three('each of the three started again, and the link cut', { cut: 1, crash: 2, lenderEnds: 1 }, 14)
]

/** The small ones: for the whole of the suite. */
export const QUICK: readonly Configuration[] = [
  ...everyPolicy({ name: 'a cut', start: 'formed', budget: { cut: 1 }, depthMax: 70 }),
  ...everyPolicy({ name: 'a crash', start: 'formed', budget: { crash: 1 }, ...FINE, depthMax: 70 }),
  ...everyPolicy({
    name: 'a command and a lost frame',
    start: 'formed',
    budget: { command: 1, drop: 1 },
    depthMax: 16
  }),
  ...everyPolicy({
    name: 'first contact',
    start: 'fresh',
    budget: { drop: 1, repeat: 1 },
    anyOrder: true,
    depthMax: 10
  }),
  ...everyPolicy({ name: 'a goodbye', start: 'formed', budget: { goodbye: 1 }, depthMax: 40 }),
  ...everyPolicy({ name: 'a stall', start: 'formed', budget: { stall: 1 }, stallFor: 7, depthMax: 40 }),
  ...everyPolicy({ name: 'ends of a tether', start: 'formed', budget: { fin: 1, reset: 1 }, ...FINE, depthMax: 24 }),
  ...everyPolicy({ name: 'a late FIN', start: 'formed', budget: { crash: 1, late: 1 }, ...FINE, depthMax: 40 }),
  ...everyPolicy({ name: 'a lie', start: 'formed', budget: { lie: 1 }, ...FINE, depthMax: 60 }),
  ...everyPolicy({ name: 'a second process', start: 'formed', budget: { double: 1 }, depthMax: 60 }),
  ...everyPolicy({ name: 'both vanish', start: 'formed', budget: { vanish: 2 }, depthMax: 34 }),
  {
    name: 'preferred: a command and a cut',
    policy: 'preferred',
    start: 'formed',
    budget: { command: 1, cut: 1 },
    depthMax: 24
  },
  ...everyPolicy({
    name: 'a swap with data',
    start: 'formed',
    keepsData: true,
    budget: { command: 1, data: 1, unanswered: 1 },
    depthMax: 14
  }),
  ...everyPolicy({
    name: 'a goodbye with data',
    start: 'formed',
    keepsData: true,
    budget: { goodbye: 1, data: 1 },
    depthMax: 16
  }),
  {
    name: 'exclusive: both vanish with data',
    policy: 'exclusive',
    start: 'formed',
    keepsData: true,
    budget: { vanish: 2, data: 1 },
    depthMax: 17
  },
  ...THIRD
]

/** Of the large ones among them each policy has a part in `npm test`; what another one contains, or begins with, has none. */
const POLICY_IN_SHARE: Readonly<Record<string, (typeof POLICIES)[number] | null>> = {
  'a cut': 'exclusive',
  'a crash': null,
  'a command and a lost frame': 'preferred',
  'first contact': 'availability',
  'a goodbye': 'availability',
  'a stall': 'preferred',
  'ends of a tether': 'availability',
  'a late FIN': 'preferred',
  'a lie': 'preferred',
  'a second process': 'availability',
  'both vanish': null,
  'a swap with data': 'exclusive',
  'a goodbye with data': 'preferred'
}
/** How deep the widest of them are searched there. */
const DEPTH_IN_SHARE: Readonly<Record<string, number>> = {
  'a cut': 50,
  'first contact': 8,
  'a goodbye': 30,
  'a late FIN': 23,
  'a lie': 40,
  'a command and a cut': 16,
  'both vanish with data': 14
}
export const FEW: readonly Configuration[] = [
  ...QUICK.flatMap((configuration) => {
    const { policy } = configuration
    const name = configuration.name.replace(`${policy}: `, '')
    const only = POLICY_IN_SHARE[name]
    if (policy === 'witness' || (only !== undefined && only !== policy)) return []
    const depthMax = DEPTH_IN_SHARE[name]
    return [depthMax === undefined ? configuration : { ...configuration, depthMax }]
  }),
  ...THIRD_FEW
]

/** For `npm run verify`. */
export const LONG: readonly Configuration[] = [
  ...everyPolicy({ name: 'one cut, the whole space', start: 'formed', budget: { cut: 1 } }),
  ...everyPolicy({ name: 'one crash, the whole space', start: 'formed', budget: { crash: 1 }, ...FINE }),
  ...everyPolicy({
    name: 'a command, a lost frame, a crash',
    start: 'formed',
    budget: { command: 1, drop: 1, crash: 1 },
    depthMax: 20
  }),
  ...everyPolicy({ name: 'two cuts', start: 'formed', budget: { cut: 2 }, depthMax: 42 }),
  ...everyPolicy({ name: 'a cut and a crash', start: 'formed', budget: { cut: 1, crash: 1 }, depthMax: 28 }),
  ...everyPolicy({ name: 'two crashes', start: 'formed', budget: { crash: 2 }, depthMax: 32 }),
  ...everyPolicy({
    name: 'first contact in any order',
    start: 'fresh',
    budget: { drop: 1, repeat: 1, delay: 1 },
    anyOrder: true,
    depthMax: 12
  }),
  ...everyPolicy({
    name: 'a late FIN and a cut',
    start: 'formed',
    budget: { crash: 1, late: 1, cut: 1 },
    ...FINE,
    depthMax: 30
  }),
  ...everyPolicy({
    name: 'a cut, a crash and a restart with a late FIN',
    start: 'formed',
    budget: { crash: 1, late: 1, cut: 1 },
    heartbeatMs: 200,
    peerTimeoutMs: 600,
    depthMax: 34
  }),
  ...everyPolicy({
    name: 'a crash, a vanishing and a slow store',
    start: 'formed',
    budget: { crash: 1, vanish: 1 },
    ...FINE,
    slowStore: true,
    depthMax: 26
  }),
  ...everyPolicy({ name: 'two lies', start: 'formed', budget: { lie: 2 }, ...FINE, depthMax: 52 }),
  ...everyPolicy({
    name: 'ends of a tether and a crash',
    start: 'formed',
    budget: { fin: 1, reset: 1, crash: 1 },
    ...FINE,
    depthMax: 26
  }),
  ...everyPolicy({
    name: 'a second process and a recorded frame',
    start: 'formed',
    budget: { double: 1, replay: 1 },
    depthMax: 40
  }),
  ...everyPolicy({ name: 'a copied identity', start: 'cloned', budget: { drop: 1, crash: 1 }, depthMax: 26 }),
  ...everyPolicy({
    name: 'a slow and failing store',
    start: 'formed',
    budget: { storeFail: 1, crash: 1, cut: 1 },
    slowStore: true,
    depthMax: 26
  }),
  ...everyPolicy({ name: 'a recorded frame', start: 'formed', budget: { replay: 2, crash: 1 }, depthMax: 18 }),
  ...everyPolicy({
    name: 'a stall and a cut',
    start: 'formed',
    budget: { stall: 1, cut: 1 },
    stallFor: 7,
    depthMax: 32
  }),
  ...everyPolicy({
    name: 'a closed socket and a crash',
    start: 'formed',
    budget: { close: 1, crash: 1 },
    depthMax: 30
  }),
  ...everyPolicy({ name: 'two closed sockets', start: 'formed', budget: { close: 2 }, depthMax: 40 }),
  ...everyPolicy({ name: 'goodbyes and a lost frame', start: 'formed', budget: { goodbye: 2, drop: 1 }, depthMax: 28 }),
  ...everyPolicy({
    name: 'fitness and fail-back',
    start: 'formed',
    budget: { unfit: 1, cut: 1 },
    priorities: [200, 100],
    failback: true,
    depthMax: 34
  }),
  ...everyPolicy({
    name: 'a crash and a fail-back',
    start: 'formed',
    budget: { crash: 1 },
    ...FINE,
    priorities: [200, 100],
    failback: true,
    depthMax: 60
  }),
  ...everyPolicy({
    name: 'a swap with data and a crash',
    start: 'formed',
    keepsData: true,
    budget: { command: 1, data: 1, crash: 1 },
    depthMax: 20
  }),
  ...everyPolicy({
    name: 'a swap with data and a cut',
    start: 'formed',
    keepsData: true,
    budget: { command: 1, data: 1, cut: 1, unanswered: 1 },
    depthMax: 20
  }),
  ...everyPolicy({
    name: 'force, a lost frame and a peer behind',
    start: 'formed',
    keepsData: true,
    budget: { force: 1, command: 1, data: 1, behind: 1, drop: 1 },
    depthMax: 13
  }),
  ...everyPolicy({
    name: 'a goodbye in a swap with data, and a peer unfit',
    start: 'formed',
    keepsData: true,
    budget: { command: 1, goodbye: 1, unfit: 1, data: 1 },
    depthMax: 16
  }),
  ...everyPolicy({
    name: 'both vanish with data, and a slow peer',
    start: 'formed',
    keepsData: true,
    budget: { vanish: 2, data: 2, behind: 1 },
    depthMax: 24
  }),
  ...everyPolicy({ name: 'two commands at once', start: 'formed', budget: { command: 2, delay: 1 }, depthMax: 16 }),
  ...THIRD_LONG
]

/** What has to be reached at least once, by policy. */
export const EXPECTED: readonly string[] = [
  'availability: initial -> active (negotiated)',
  'availability: initial -> standby (negotiated)',
  'availability: initial -> standby (peer-active)',
  'availability: standby -> active (lost-connection)',
  'availability: standby -> active (peer-crashed)',
  'availability: standby -> active (peer-left)',
  'availability: active -> standby (higher-epoch)',
  'availability: conflict (peer-active)',
  'availability: reasserted (higher-epoch)',
  'availability: yielded (higher-epoch)',
  'preferred: standby -> active (lost-connection)',
  'preferred: standby -> active (peer-crashed)',
  'preferred: a restarted side waits for its peer',
  'preferred: proof-wrong (proof-wrong)',
  'preferred: second-peer (second-peer)',
  'preferred: active -> standby (operator)',
  'preferred: standby -> active (designated)',
  'preferred: handover (operator) asking',
  'exclusive: active -> standby (lease-expired)',
  'exclusive: standby -> active (peer-crashed)',
  'exclusive: active -> standby (proof-wrong)',
  'exclusive: standby -> active (peer-left)',
  'exclusive: active -> initial (shutdown)',
  'exclusive: reply ok active',
  'exclusive: reply ok standby',
  'exclusive: paused (own-stall)',
  'exclusive: reasserted (peer-behind)',
  'exclusive: barrier granted',
  'exclusive: barrier called off',
  'preferred: handover (handover-aborted)',
  'availability: handover (data-behind)',
  'witness: witness (witness-lost)',
  'witness: standby -> active (lost-connection)',
  'witness: active -> standby (lease-expired)'
]

/** Reached by the long run alone. */
export const EXPECTED_LONG: readonly string[] = [
  ...EXPECTED,
  'preferred: active -> standby (lease-expired)',
  'preferred: standby -> active (failback)',
  'preferred: handover (handover-aborted)',
  'preferred: mismatch (cloned-identity)',
  'availability: store (store-failed)',
  'availability: drop replayed',
  'exclusive: reply busy'
]
