/**
 * The reason codes: everything that changes a role, an online state or a setting names one of these. What they mean for people and
 * what to do about them is in `host/texts/reasons.ts`: a code without a text does not compile.
 */

/** By code, the byte that travels in the extended trailer: never renumber, only append. */
export const REASON_BYTES = {
  none: 0,
  starting: 1,
  'cannot-negotiate': 2,
  negotiated: 3,
  designated: 4,
  operator: 5,
  'operator-forced': 6,
  'lost-connection': 7,
  'peer-crashed': 8,
  'peer-left': 9,
  'peer-restarted': 10,
  'peer-active': 11,
  'higher-epoch': 12,
  'tie-break': 13,
  'lease-expired': 14,
  'peer-heard': 15,
  'receipts-lost': 16,
  'half-open': 17,
  failback: 18,
  'less-fit': 19,
  'host-stalled': 20,
  'handover-aborted': 21,
  'own-stall': 22,
  suspended: 23,
  revalidated: 24,
  'not-ready': 25,
  'engine-crashed': 26,
  'engine-restarted': 27,
  'store-lost': 28,
  'store-failed': 29,
  'settings-invalid': 30,
  'port-in-use': 31,
  'host-not-found': 32,
  'link-failed': 33,
  'link-open': 34,
  removed: 35,
  shutdown: 36,
  'bad-frame': 37,
  'settings-differ': 38,
  'cloned-identity': 39,
  'third-party': 40,
  'peer-behind': 41,
  'peer-silent': 42,
  'larger-token': 43,
  'store-new': 44,
  damped: 45,
  'flows-differ': 46,
  'flows-agree': 47,
  'settings-agree': 48,
  'keys-differ': 49,
  'wires-differ': 50,
  'versions-differ': 51,
  'foreign-host': 52,
  'link-down': 53,
  'same-priority': 54,
  'no-key': 55,
  'classic-wire': 56,
  'clock-set-back': 57,
  'both-active': 58,
  'clocks-differ': 59,
  'address-changed': 60,
  'second-peer': 61,
  'proof-wrong': 62,
  'peer-may-serve': 63,
  'rolled-back': 64,
  'restored-copy': 65,
  'foreign-record': 66,
  'policy-differs': 67,
  'numbers-exhausted': 68,
  'channel-open': 69,
  'channel-lost': 70,
  'channel-blocked': 71,
  'channel-busy': 72,
  'addresses-differ': 73,
  'files-in-use': 74,
  'key-missing': 75,
  'peer-has-no-key': 76,
  'weak-key': 77,
  'peer-has-key': 78,
  'not-synchronised': 79,
  'data-behind': 80,
  'context-differs': 81,
  'standby-writes': 82,
  'late-writes': 83,
  'sequence-stuck': 84
} as const satisfies Record<string, number>

export type ReasonCode = keyof typeof REASON_BYTES

const byWire: ReadonlyMap<number, ReasonCode> = new Map(
  (Object.keys(REASON_BYTES) as ReasonCode[]).map((code) => [REASON_BYTES[code], code])
)

/** Source: extended trailer, byte `reason`. An unknown byte (a newer peer) reads as `none`. */
export function reasonFromWire(byte: number): ReasonCode {
  return byWire.get(byte) ?? 'none'
}
