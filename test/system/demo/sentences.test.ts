import assert from 'node:assert/strict'
import { sentenceOf } from '../../../demo/sentences'
import { EVENT_NAMES, reasonsOf, type EventName } from '../../../src/host/events'
import type { PairEventMessage } from '../../../src/host/pair'
import { REASON_BYTES, type ReasonCode } from '../../../src/protocol/reasons'

/** Also what no pair tells. */
function told(event: EventName, reason: ReasonCode, detail: Record<string, unknown> = {}): string | undefined {
  return sentenceOf({ event, seq: 1, at: 0, reason, detail } as unknown as PairEventMessage)?.text
}

describe('sentences for the terminal', () => {
  it('say who is what now, and why', () => {
    assert.equal(
      told('role', 'operator', { role: 'active', epoch: 4 }),
      'Is Active now, epoch 4. An operator asked for it.'
    )
    assert.equal(told('role', 'operator', { role: 'standby', epoch: 4 }), 'Is Standby now. An operator asked for it.')
    assert.match(
      told('online', 'lost-connection', { online: false }) ?? '',
      /^Lost sight of its peer\. Nothing was heard/
    )
  })

  it('name which of two opposites it was, and only that one', () => {
    assert.equal(told('channel', 'channel-open'), 'The channel to the peer is open.')
    assert.match(told('channel', 'channel-lost') ?? '', /^The channel to the peer was lost\. A crash/)
    assert.equal(told('engine', 'engine-restarted'), 'The engine’s thread runs again.')
    assert.equal(told('host-stalled', 'revalidated', { stalled: false }), 'Its flows run again.')
    for (const event of EVENT_NAMES) {
      for (const reason of reasonsOf(event) ?? []) {
        assert.doesNotMatch(
          told(event, reason, { role: 'standby' }) ?? '',
          / or (?:closed|run|was restarted|are the same)/
        )
      }
    }
  })

  it('exist, or are left out on purpose, for every event and reason code', () => {
    let some = 0
    for (const event of EVENT_NAMES) {
      for (const reason of Object.keys(REASON_BYTES) as ReasonCode[]) {
        const text = told(event, reason, event === 'role' ? { role: 'standby' } : {})
        if (text === undefined) continue
        some++
        assert.match(text, /^[A-Z].*[.]$/, `${event}, ${reason}`)
        assert.doesNotMatch(text, /undefined/, `${event}, ${reason}`)
      }
    }
    assert.ok(some > 100)
  })
})
