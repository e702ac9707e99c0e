/**
 * The cast of the matrix: the machine in each of its roles and under each policy, and the words of its peer.
 *
 * The numbers are the same everywhere: 20 is the newest epoch known. This side has the smaller node id, so its own
 * numbers are even: the next that it takes, or is granted, is 22; the next that it grants is 21.
 */
import assert from 'node:assert/strict'
import { ExtendedHarness, type Word } from '../../../support/machine/extended-harness'
import type { Role } from '../../../../src/protocol/machine'
import type { PairRecord } from '../../../../src/protocol/record'
import type { PairSettings, Policy } from '../../../../src/protocol/settings'

export const KNOWN_EPOCH = 20
/** So long that the first frame of a session is too old for a grant (0.8857 P) and for a wish (P), and its send time still known. */
const CONTACT_MS = 1100

/** The policy, and whether this side's priority is above or below the peer's. */
export type Column =
  | 'availability, higher'
  | 'availability, lower'
  | 'preferred, higher'
  | 'preferred, lower'
  | 'exclusive, higher'
  | 'exclusive, lower'

export const COLUMNS: readonly Column[] = [
  'availability, higher',
  'availability, lower',
  'preferred, higher',
  'preferred, lower',
  'exclusive, higher',
  'exclusive, lower'
]
export const HIGHER = COLUMNS.filter((column) => column.endsWith('higher'))
export const LOWER = COLUMNS.filter((column) => column.endsWith('lower'))

export const WORDS = {
  'an Initial, ready': { state: 'initial', epoch: 20, flags: ['ready'] },
  'an Initial, not ready': { state: 'initial', epoch: 20 },
  'a Standby, ready': { state: 'standby', epoch: 20, flags: ['ready'] },
  'a Standby, not ready': { state: 'standby', epoch: 20 },
  'a Standby that knows epoch 30': { state: 'standby', epoch: 30 },
  'a Standby that does not hear me': { state: 'standby', epoch: 20, flags: ['ready'], deaf: true },
  'an Active of epoch 10': { state: 'active', epoch: 10 },
  'an Active of epoch 20': { state: 'active', epoch: 20 },
  'an Active of epoch 30': { state: 'active', epoch: 30 },
  'an Active of epoch 30 that does not hear me': { state: 'active', epoch: 30, deaf: true },
  'a grant of 22': { head: 'designate', state: 'standby', epoch: 22, trailer: { reason: 'operator' } },
  'a grant of 20': { head: 'designate', state: 'standby', epoch: 20, trailer: { reason: 'operator' } },
  'a grant of 22, too old': { head: 'designate', state: 'standby', epoch: 22, acksTheFirst: true },
  'a grant of 22 by one that does not hear me': { head: 'designate', state: 'standby', epoch: 22, deaf: true },
  'a goodbye': { head: 'connected', state: 'initial', epoch: 20, flags: ['goodbye', 'probe'] },
  'a goodbye of a removed pair': {
    head: 'connected',
    state: 'initial',
    epoch: 20,
    flags: ['goodbye', 'probe'],
    trailer: { reason: 'removed' }
  },
  'a goodbye with a grant of 22': { head: 'designate', state: 'initial', epoch: 22, flags: ['goodbye', 'probe'] },
  'a refusal': { state: 'standby', epoch: 20, flags: ['refusal'], trailer: { reason: 'not-ready' } },
  'a wish, ready': { state: 'standby', epoch: 20, flags: ['wanted', 'ready'], trailer: { reason: 'operator' } },
  'a wish, not ready': { state: 'standby', epoch: 20, flags: ['wanted'], trailer: { reason: 'operator' } },
  'a wish of long ago': { state: 'standby', epoch: 20, flags: ['wanted', 'ready'], acksTheFirst: true },
  'a word that was heard before': { state: 'active', epoch: 30, trailer: { seq: 1 } },
  'an answer to another session': { state: 'active', epoch: 30, deaf: true, trailer: { echo: 77n } },
  'a word of an unknown session': { state: 'active', epoch: 30, trailer: { session: 99n, echo: 0n } }
} as const satisfies Readonly<Record<string, Word>>
export type Shown = keyof typeof WORDS

export function policyOf(column: Column): Policy {
  return column.split(',')[0] as Policy
}

export function isPreferred(column: Column): boolean {
  return column === 'preferred, higher'
}

/** A started machine that has not heard its peer in this session. */
export function newcomer(
  column: Column,
  record: Partial<PairRecord> = {},
  settings: Partial<PairSettings> = {},
  keyed = true
): ExtendedHarness {
  return new ExtendedHarness({
    keyed,
    settings: { policy: policyOf(column), priority: column.endsWith('higher') ? 200 : 50, ...settings },
    record: {
      nodeId: '0000000000000001',
      epoch: KNOWN_EPOCH,
      reserved: 0,
      parity: 0,
      promisedMs: 1000,
      preferred: isPreferred(column),
      online: false,
      number: 1,
      peerPolicy: null,
      ...record
    },
    peer: {}
  })
}

/** A machine in this role, in contact for a while with a peer that goes with it. Its reports so far are gone. */
export function inRole(role: Role, column: Column, settings: Partial<PairSettings> = {}): ExtendedHarness {
  const bench = newcomer(column, role === 'active' ? { epoch: KNOWN_EPOCH - 1 } : {}, settings)
  bench.peerSays = WORDS['an Initial, not ready']
  if (role === 'active') {
    bench.peerSays = { ...WORDS['a grant of 20'] }
    bench.advanceMs(100)
    bench.peerSays = WORDS['a Standby, ready']
  } else if (role === 'standby') bench.peerSays = WORDS['an Active of epoch 20']
  bench.advanceMs(CONTACT_MS)
  assert.deepEqual([bench.view.role, bench.view.epoch, bench.view.online], [role, KNOWN_EPOCH, true])
  assert.equal(bench.serves, role === 'active')
  clear(bench)
  return bench
}

/**
 * The peer answers what the machine says next, 1 ms later: so the round trip is known, and the quiet time of a proof is 20 ms.
 * What it says from then on, it says with its mark on disk, unless told otherwise.
 */
export function answered(bench: ExtendedHarness, { marked = true }: { readonly marked?: boolean } = {}): void {
  const says = bench.peerSays
  if (says === null) throw new Error('it is silent')
  bench.peerSays = { ...says, flags: [...(says.flags ?? []), ...(marked ? (['marked'] as const) : [])] }
  bench.takeSaid()
  while (bench.takeSaid().length === 0) bench.advanceMs(1)
  bench.advanceMs(1)
  bench.hears({ ...bench.peerSays, head: 'responsed' })
  assert.equal(bench.view.peer?.roundTripMs, 1)
}

/** The same as `inRole`, with a known round trip and a tether. */
export function tethered(
  role: Role,
  column: Column,
  options: { readonly marked?: boolean; readonly provable?: boolean; readonly settings?: Partial<PairSettings> } = {}
): ExtendedHarness {
  const bench = inRole(role, column, options.settings)
  answered(bench, options)
  bench.tether(options.provable)
  clear(bench)
  return bench
}

export function clear(bench: ExtendedHarness): void {
  bench.takeReports()
  bench.takeSaid()
  bench.takeReplies()
}

/** Grants and refusals among what the machine said since it was asked last, each once. */
export function decisions(bench: ExtendedHarness): string {
  const said = bench.takeSaid().flatMap(({ head, trailer }) => {
    if (trailer === null) return []
    return [
      ...(head === 'designate' ? [`grant ${trailer.epoch}`] : []),
      ...(trailer.flags.refusal ? ['refusal'] : []),
      ...(trailer.flags.wanted ? ['wish'] : [])
    ]
  })
  return [...new Set(said)].join(', ')
}
