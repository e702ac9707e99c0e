import { DEFAULTS, type PairSettings } from '../../../src/protocol/settings'

/** Settings with round figures, so that a test can be followed with pencil and paper. */
export function testSettings(overrides: Partial<PairSettings> = {}): PairSettings {
  return {
    ...DEFAULTS,
    name: 'test',
    links: [{ peerHost: '127.0.0.1', peerPort: 1101, localHost: '', localPort: 1101 }],
    heartbeatMs: 100,
    peerTimeoutMs: 1000,
    receiptTimeoutMs: 500,
    lossLimit: 3,
    stallLimitMs: 2000,
    ...overrides
  }
}
