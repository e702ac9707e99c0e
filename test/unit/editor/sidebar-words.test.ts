/** What the sidebar says of events and times, in both languages. */
import assert from 'node:assert/strict'
import type { ShownEvent, ShownPair } from '../../../editor/sidebar/answer'
import {
  errorText,
  eventText,
  lasting,
  milliseconds,
  problemText,
  setCatalogue,
  warningText
} from '../../../editor/sidebar/words'
import type { Badge } from '../../../nodes/badge'
import type { ListedPair } from '../../../src/host/pair-registry'
import { EVENT_NAMES, reasonsOf } from '../../../src/host/events'
import { EVENTS } from '../../../src/host/texts/events'
import { REASONS } from '../../../src/host/texts/reasons'
import { catalogue, LANGUAGES, SIDEBAR, type Language } from '../../support/texts'

/** What the runtime lists is what the page reads: the compiler compares the two. */
export const asShown = (listed: ListedPair & { readonly badge: Pick<Badge, 'fill' | 'shape'> }): ShownPair => listed

const TEXTS = '@ha-pair/node-red-ha-pair/ha-pair-sidebar:'
const globals = globalThis as { RED?: unknown }

function speak(language: Language): void {
  const texts = catalogue(SIDEBAR, language)
  globals.RED = { _: (key: string) => texts.get(key.replace(TEXTS, '')) ?? key }
}

/** A bit of what each event carries. */
const DETAIL = { link: 0, from: '10.0.0.2', to: 'peer', role: 'active', epoch: 2, count: 1, cause: 'x' }

const event = (name: string, reason: string, detail: ShownEvent['detail'] = {}): ShownEvent => ({
  n: 1,
  event: name,
  at: 0,
  reason,
  detail
})
const sentence = (...of: Parameters<typeof event>): string => {
  const { what, why } = eventText(event(...of))
  return `${what} ${why}`.trim()
}

describe('the words of the sidebar', () => {
  before(() => setCatalogue({ events: EVENTS, reasons: REASONS }))
  beforeEach(() => speak('en-US'))
  after(() => delete globals.RED)

  it('each event has a sentence with each of its reasons, and no key is left in it', () => {
    for (const language of LANGUAGES) {
      speak(language)
      for (const name of EVENT_NAMES) {
        for (const reason of reasonsOf(name)) {
          const said = sentence(name, reason, DETAIL)
          assert.ok(said.length > 0 && !/__|undefined|ha-pair-sidebar:/.test(said), `${name} ${reason}: ${said}`)
        }
      }
    }
  })

  it('an event tells what happened, and why where that adds something', () => {
    const { en } = REASONS['lost-connection']
    assert.ok(sentence('role', 'lost-connection', { role: 'active', epoch: 6 }).endsWith(en))
    for (const [name, reason] of [
      ['started', 'starting'],
      ['designate', 'designated']
    ] as const) {
      assert.equal(eventText(event(name, reason, { to: 'self' })).why, '', name)
    }
    assert.equal(sentence('unheard-of', 'none'), 'unheard-of')
  })

  it('what differs is named, with both values where they are known', () => {
    const said = warningText('settings-differ', { differ: ['policy', 'x'], here: ['preferred'], peer: ['exclusive'] })
    assert.match(said, /\([^)]*preferred[^)]*exclusive[^)]*, x\)$/)
    assert.match(warningText('link-down', { down: [1], places: ['10.0.0.2:1101'] }), /2[^)]*10\.0\.0\.2:1101/)
    assert.equal(warningText('unheard-of'), '')
  })

  it('a name is put in as it is', () => {
    assert.match(
      problemText({ field: 'peerHost', code: 'partial', detail: '$t(x) $& __field__' }),
      /\$t\(x\) \$& __field__/
    )
    assert.equal(errorText('busy', ''), errorText('busy', 'x'))
    assert.match(errorText('unheard-of', 'x'), /unheard-of/)
  })

  it('times are as exact as somebody wants to know', () => {
    const [second, minute, hour] = [1000, 60_000, 3_600_000]
    assert.deepEqual(
      [-1, 59 * second, 61 * minute, 25 * hour + minute].map((ms) =>
        lasting(ms)
          .replaceAll(/[^\d ]/g, '')
          .trim()
      ),
      ['0', '59', '1  1', '1  1']
    )
    assert.deepEqual([milliseconds(0.123), milliseconds(12.6)], ['0.1 ms', '13 ms'])
  })
})
