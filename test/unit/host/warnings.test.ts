/** The warnings by themselves: conditions come and go, and a hand moves the clock. */
import assert from 'node:assert/strict'
import type { PairKeys, Snapshot } from '../../../src/engine/messages'
import type { FrameRejection } from '../../../src/protocol/wire/frame'
import type { PairSettings } from '../../../src/protocol/settings'
import type { ChannelState } from '../../../src/host/channel/channel'
import { FLAPS, ROLLOUT_MS, SHOWN_MS, Warnings, WARNINGS } from '../../../src/host/warnings'
import { EVENT_NAMES, type WarningCode } from '../../../src/host/events'
import { levelOf } from '../../../src/host/report'
import { REASONS } from '../../../src/host/texts/reasons'
import { link, settings } from '../../support/engine-rig'

const UP = { open: true, up: true, problem: null, address: '0.0.0.0', unsent: 0 } as const
const DOWN = { ...UP, up: false } as const
const FLOWS = { setting: 'flows', here: 0xab, peer: 0xcd } as const
const QUIET: Snapshot = {
  role: 'active',
  previousRole: 'initial',
  reason: 'negotiated',
  since: 0,
  epoch: 1,
  online: true,
  policy: 'availability',
  wire: 'extended',
  authenticated: true,
  peer: { role: 'standby', epoch: 1, priority: 50, fitness: 255, ready: true, host: 'b', port: 1 },
  links: [UP],
  dropped: {},
  differences: [],
  conflict: false,
  proof: 'offline',
  aloneBar: null,
  greeted: 0,
  peerAheadS: 0,
  witness: null,
  store: null
}

const STRONG = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'

/** A pair whose state a test changes, and what its warnings say. */
class Watched {
  readonly warnings: Warnings
  crash: string | null = null
  filesHolder: string | null = null
  used = true
  oneWay = false
  portHolder: string | null = null
  channel: ChannelState | null = null
  /** `+code` when it began, `-code` when it ended. */
  readonly said: string[] = []
  #snapshot = QUIET
  #nowMs = 1000

  constructor(over: Partial<PairSettings> = {}, keys: PairKeys = { key: STRONG, previousKey: '' }) {
    this.warnings = new Warnings({ ...settings([link(1, 2), link(3, 4)]), ...over }, keys)
    this.#review()
  }

  is(change: Partial<Snapshot>): this {
    this.#snapshot = { ...this.#snapshot, ...change }
    this.#review()
    return this
  }

  /** One more datagram is dropped. */
  drops(cause: FrameRejection): this {
    const { dropped } = this.#snapshot
    return this.is({ dropped: { ...dropped, [cause]: (dropped[cause] ?? 0) + 1 } })
  }

  remembers(code: WarningCode): this {
    this.warnings.remember(code, {}, this.#nowMs)
    this.#review()
    return this
  }

  flips(): this {
    this.warnings.roleChanged(this.#nowMs)
    return this.is({})
  }

  /** Time passes; the warnings are asked only when they want to be. */
  waits(ms: number): this {
    const untilMs = this.#nowMs + ms
    while (this.warnings.dueMs <= untilMs) {
      assert.ok(this.warnings.dueMs > this.#nowMs, 'it wants to be asked without time passing')
      this.#nowMs = this.warnings.dueMs
      this.#review()
    }
    this.#nowMs = untilMs
    return this
  }

  get codes(): string[] {
    return this.warnings.list.map(({ code }) => code)
  }

  /** The first one that a badge would show. */
  get worst(): string | null {
    return this.warnings.list.find(({ code }) => WARNINGS[code].severity !== 'none')?.code ?? null
  }

  #review(): void {
    const { began, ended } = this.warnings.review({
      snapshot: this.#snapshot,
      crash: this.crash,
      filesHolder: this.filesHolder,
      oneWay: this.oneWay,
      used: this.used,
      portHolder: () => this.portHolder,
      channel: this.channel,
      nowMs: this.#nowMs,
      wallMs: this.#nowMs + 1e12
    })
    this.said.push(...ended.map(({ code }) => `-${code}`), ...began.map(({ code }) => `+${code}`))
  }
}

/** What is warned of after such frames have come for a while. */
const told = (cause: FrameRejection, change: Partial<Snapshot>): string[] => {
  const pair = new Watched().is(change)
  for (let i = 0; i < 80; i++) pair.drops(cause).waits(1000)
  return pair.codes
}

describe('warnings', () => {
  it('are none while all is well', () => {
    const pair = new Watched().waits(10 * ROLLOUT_MS)
    assert.deepEqual([pair.codes, pair.said, pair.warnings.dueMs], [[], [], Infinity])
  })

  it('of a witness: silence, and no agreement in contact for longer than it takes', () => {
    const at = { host: '10.0.0.9', port: 1102 }
    const heard = { online: true, counted: true, holder: null } as const
    const pair = new Watched({ policy: 'witness', witness: at, peerTimeoutMs: 2000 }).is({ witness: heard }).waits(9000)
    assert.deepEqual(pair.codes, [])
    pair.is({ witness: { ...heard, online: false } }).waits(2999)
    assert.deepEqual(pair.codes, [])
    pair.waits(1)
    assert.deepEqual(
      pair.warnings.list.map(({ code, detail }) => [code, detail]),
      [['witness-lost', { place: '10.0.0.9:1102' }]]
    )
    pair.is({ witness: { ...heard, counted: false } }).waits(3999)
    assert.deepEqual(pair.codes, [])
    pair.waits(1)
    assert.deepEqual(pair.codes, ['witness-not-agreed'])
    pair.is({ online: false, witness: { ...heard, counted: false } }).waits(9000)
    assert.deepEqual(pair.codes, [], 'without contact there is nothing to agree on')
  })

  it('of other flows come when a rollout should be over, and end at once', () => {
    const pair = new Watched().is({ differences: [FLOWS] }).waits(ROLLOUT_MS - 1)
    assert.deepEqual(pair.codes, [])
    pair.waits(1)
    assert.deepEqual(pair.warnings.list, [
      { code: 'flows-differ', since: 1e12 + 1000, detail: { here: '000000ab', peer: '000000cd' } }
    ])
    pair.is({ differences: [] })
    assert.deepEqual([pair.codes, pair.said], [[], ['+flows-differ', '-flows-differ']])
  })

  it('of other flows say nothing of a rollout that is quick enough, however often', () => {
    const pair = new Watched()
    for (let i = 0; i < 10; i++) {
      pair.is({ differences: [FLOWS] }).waits(ROLLOUT_MS - 1)
      pair.is({ differences: [] }).waits(1)
    }
    assert.deepEqual([pair.codes, pair.said], [[], []])
  })

  it('of another policy or other timings come at once, with both values', () => {
    const policy = { setting: 'policy', here: 'exclusive', peer: 'availability' } as const
    const heartbeat = { setting: 'heartbeat', here: 100, peer: 200 } as const
    const pair = new Watched().is({ differences: [policy] })
    assert.deepEqual(pair.warnings.list[0]?.detail, { differ: ['policy'], here: ['exclusive'], peer: ['availability'] })
    pair.is({ differences: [policy, heartbeat] })
    assert.deepEqual(pair.warnings.list[0]?.detail['here'], ['exclusive', 100])
    assert.deepEqual(pair.said, ['+settings-differ'], 'more of the same is no new warning')
  })

  it('of one link that does not carry name it, and only while another one does', () => {
    const pair = new Watched().is({ links: [UP, DOWN] }).waits(10_000)
    assert.deepEqual(pair.codes, ['link-down'])
    assert.deepEqual(pair.warnings.list[0]?.detail, { down: [1], places: ['127.0.0.1:4'], of: 2 })
    pair.is({ links: [DOWN, DOWN], online: false })
    assert.deepEqual(pair.codes, [])
    assert.deepEqual(
      new Watched()
        .is({ links: [UP, DOWN] })
        .waits(100)
        .is({ links: [UP, UP] }).said,
      []
    )
  })

  for (const [cause, code] of [
    ['key', 'keys-differ'],
    ['unkeyed', 'peer-has-no-key'],
    ['seal', 'keys-differ'],
    ['unsealed', 'wires-differ'],
    ['sealed', 'wires-differ'],
    ['version', 'versions-differ'],
    ['foreign', 'foreign-host'],
    ['third-party', 'third-party']
  ] as const) {
    it(`of frames dropped for '${cause}' say ${code} while they go on coming`, () => {
      const pair = new Watched().is({ online: false })
      for (let i = 0; i < 8; i++) pair.drops(cause).waits(500)
      assert.deepEqual(pair.codes, [code])
      assert.deepEqual(pair.warnings.list[0]?.detail, { cause })
      pair.waits(20_000)
      assert.deepEqual([pair.codes, pair.said], [[], [`+${code}`, `-${code}`]])
    })
  }

  it('of a key tell which side has none, and blame the peer for nothing while it is heard', () => {
    assert.deepEqual(told('unkeyed', { online: false }), ['peer-has-no-key'])
    assert.deepEqual(told('key', { online: false }), ['keys-differ'])
    assert.deepEqual(told('key', { online: false, authenticated: false }), ['peer-has-key', 'no-key'])
    assert.deepEqual(told('seal', { online: false, authenticated: false }), ['bad-frame', 'no-key'])
    assert.deepEqual(told('unkeyed', {}), ['bad-frame'])
    assert.deepEqual(told('key', { authenticated: false }), ['bad-frame', 'no-key'])
  })

  it('of a weak key come in list and log, and leave the badge alone', () => {
    const pair = new Watched({}, { key: 'plant42', previousKey: '' })
    assert.deepEqual(pair.codes, [])
    assert.deepEqual(pair.waits(5000).said, ['+weak-key'])
    assert.deepEqual(pair.warnings.list[0]?.detail, { fields: ['key'] })
    assert.equal(pair.worst, null)
    const rotating = new Watched({}, { key: STRONG, previousKey: 'plant42' }).waits(5000)
    assert.deepEqual(rotating.warnings.list[0]?.detail, { fields: ['previousKey'] })
    assert.deepEqual(new Watched({}, { key: '', previousKey: '' }).waits(5000).codes, [], 'none is another matter')
  })

  it('do not take what networks and restarts bring for a warning', () => {
    const pair = new Watched()
    for (const cause of ['replayed', 'session', 'reflected', 'intake'] as const) {
      for (let i = 0; i < 100; i++) pair.drops(cause).waits(1000)
    }
    assert.deepEqual(pair.said, [])
    assert.deepEqual(pair.drops('key').waits(60_000).said, [], 'one frame is no condition')
  })

  it('of a change of keys that nobody finished wait longer than the change takes', () => {
    const pair = new Watched()
    for (let i = 0; i < 50; i++) pair.drops('key').waits(1000)
    assert.deepEqual(pair.codes, [])
    for (let i = 0; i < 20; i++) pair.drops('key').waits(1000)
    assert.deepEqual(pair.codes, ['keys-differ'])
  })

  it('of clocks that are apart come when they have been so for a while, and while the peer is heard', () => {
    const pair = new Watched().is({ peerAheadS: 40 }).waits(29_000)
    assert.deepEqual(pair.codes, [], 'one clock is being set, the other may follow')
    assert.deepEqual(pair.waits(1000).codes, ['clocks-differ'])
    assert.deepEqual(pair.warnings.list[0]?.detail, { peerAheadS: 40 })
    assert.equal(pair.worst, 'clocks-differ')
    assert.deepEqual(pair.is({ peerAheadS: 0 }).said, ['+clocks-differ', '-clocks-differ'])
    assert.deepEqual(new Watched().is({ peerAheadS: 40, online: false }).waits(60_000).codes, [])
  })

  it('of two Actives stay for a while after it is over', () => {
    const pair = new Watched().remembers('were-both-active').waits(SHOWN_MS - 1)
    assert.deepEqual(pair.codes, ['were-both-active'])
    assert.deepEqual(pair.waits(1).said, ['+were-both-active', '-were-both-active'])
    const worse = new Watched().remembers('were-both-active').is({ online: false })
    for (let i = 0; i < 8; i++) worse.drops('key').waits(500)
    assert.deepEqual(worse.codes, ['keys-differ', 'were-both-active'], 'what is live comes first')
    assert.deepEqual(new Watched().is({ conflict: true }).waits(10 * SHOWN_MS).codes, ['both-active'])
  })

  it('of equal priorities come where priority decides who acts', () => {
    const known = { fitness: 255, ready: true, host: 'b', port: 1 }
    const peer = { ...known, priority: 100, role: 'standby', epoch: 1 } as const
    assert.deepEqual(new Watched({ policy: 'preferred', priority: 100 }).is({ peer }).waits(5000).codes, [
      'same-priority'
    ])
    assert.deepEqual(new Watched({ policy: 'exclusive', priority: 100 }).is({ peer }).waits(5000).codes, [])
  })

  it('hold what the red badge says, and what is set but not wise, without an event', () => {
    const pair = new Watched().is({
      authenticated: false,
      store: 'store-failed',
      links: [UP, { ...DOWN, problem: 'port-in-use' }]
    })
    assert.deepEqual(pair.codes, ['port-in-use', 'store-failed', 'no-key'])
    assert.deepEqual(pair.warnings.list[0]?.detail, { link: 1, place: '127.0.0.1:3' })
    assert.equal(WARNINGS['no-key'].event, false)
    assert.deepEqual(new Watched({ wire: 'classic' }).codes, ['classic-wire'])
    pair.crash = 'Error: x'
    assert.equal(pair.is({}).codes[0], 'engine-crashed')
  })

  it('come in the order of their importance, and a badge takes the first that is meant for badges', () => {
    const pair = new Watched({ policy: 'preferred', priority: 50 }).is({
      authenticated: false,
      differences: [{ setting: 'policy', here: 'a', peer: 'b' }, FLOWS],
      links: [UP, { ...DOWN, problem: 'host-not-found' }],
      conflict: true
    })
    pair.waits(ROLLOUT_MS)
    const order = Object.keys(WARNINGS)
    assert.equal(pair.codes.length, 7)
    assert.deepEqual(
      pair.codes,
      pair.codes.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
    )
    assert.equal(pair.worst, 'both-active')
    assert.equal(pair.is({ conflict: false }).worst, 'host-not-found')
    assert.equal(new Watched().worst, null)
    assert.equal(new Watched().is({ authenticated: false }).worst, null)
  })

  it('of users that are not the same on both sides name them, after a rollout', () => {
    const pair = new Watched()
    const differences = [{ user: 'store pair', here: 'maxBytes 5', peer: '' }]
    pair.channel = { open: true, blocked: false, busy: false, differences }
    assert.deepEqual(pair.is({}).warnings.list, [])
    pair.waits(ROLLOUT_MS)
    assert.deepEqual(
      pair.warnings.list.map(({ code, detail }) => [code, detail]),
      [['context-differs', { differ: ['store pair'], here: ['maxBytes 5'], peer: [''] }]]
    )
    pair.channel = { ...pair.channel, differences: [] }
    assert.deepEqual(pair.is({}).said, ['+context-differs', '-context-differs'])
  })

  it('of a channel that is blocked or whose port is taken name what it costs', () => {
    const pair = new Watched({ peerTimeoutMs: 1500 })
    pair.channel = { open: false, blocked: true, busy: true, differences: [] }
    assert.deepEqual(
      pair.is({}).warnings.list.map(({ code, detail }) => [code, detail]),
      [
        ['channel-busy', { noticedAfter: '1.5 s' }],
        ['channel-blocked', { noticedAfter: '1.5 s' }]
      ]
    )
    assert.equal(pair.worst, 'channel-busy')
    pair.channel = { open: true, blocked: false, busy: false, differences: [] }
    assert.deepEqual(pair.is({}).said.slice(2), ['-channel-busy', '-channel-blocked'])
  })

  it('of an address that leads nowhere say which kind it is', () => {
    const broken = { ...DOWN, unsent: 3 }
    const zone = new Watched({ links: [{ peerHost: 'fe80::1', peerPort: 2, localHost: '', localPort: 1 }] })
    assert.deepEqual(zone.is({ links: [broken], online: false }).waits(5000).codes, ['zone-missing'])
    assert.deepEqual(zone.warnings.list[0]?.detail, { link: 0, place: 'fe80::1' })
    const named = new Watched({ links: [{ peerHost: 'fe80::1%eth0', peerPort: 2, localHost: '', localPort: 1 }] })
    assert.deepEqual(named.is({ links: [broken], online: false }).waits(5000).codes, [])
    const plc = { peerHost: '10.0.0.2', peerPort: 2, localHost: 'plc1', localPort: 1 }
    const loopback = new Watched({ links: [plc] }).is({ links: [{ ...broken, address: '127.0.1.1' }], online: false })
    assert.deepEqual(loopback.waits(5000).codes, ['loopback-address'])
    assert.deepEqual(loopback.warnings.list[0]?.detail, { link: 0, place: 'plc1', address: '127.0.1.1' })
    const sent = new Watched({ links: [plc] }).is({ links: [{ ...DOWN, address: '127.0.1.1' }], online: false })
    assert.deepEqual(sent.waits(5000).codes, [], 'what can be sent is no trouble of the address')
  })

  it('of a port tell a pair of this process from another program', () => {
    const links = [{ ...DOWN, problem: 'port-in-use' }] as const
    const pair = new Watched()
    pair.portHolder = 'line 2'
    assert.deepEqual(pair.is({ links, online: false }).codes, ['port-held-here'])
    assert.deepEqual(pair.warnings.list[0]?.detail, { link: 0, place: '127.0.0.1:1', pair: 'line 2' })
    pair.portHolder = null
    assert.deepEqual(pair.is({ links }).codes, ['port-in-use'])
  })

  it('of an Active that no node uses come after a moment, and not on a Standby', () => {
    const pair = new Watched()
    pair.used = false
    assert.deepEqual(pair.is({}).codes, [], 'its nodes may be on their way')
    assert.deepEqual(pair.waits(5000).codes, ['unused'])
    assert.deepEqual(pair.is({ role: 'standby' }).codes, [])
  })

  it('of a peer that is heard and does not answer blame one direction, and not while it answers', () => {
    const pair = new Watched().is({ online: false, greeted: 1 })
    assert.deepEqual(pair.codes, [], 'each start brings one')
    for (let greeted = 2; greeted < 8; greeted++) pair.is({ greeted }).waits(1000)
    assert.deepEqual(pair.codes, ['one-way'])
    assert.deepEqual(pair.is({ online: true }).codes, [], 'never while it answers')
    const halfOpen = new Watched()
    halfOpen.oneWay = true
    assert.deepEqual(halfOpen.is({ online: false }).waits(20_000).codes, ['one-way'])
    halfOpen.oneWay = false
    assert.deepEqual(halfOpen.waits(20_000).codes, [], 'silence is another matter')
    const start = new Watched().is({ online: false })
    for (let greeted = 1; greeted < 4; greeted++) start.is({ greeted }).waits(300)
    assert.deepEqual(start.is({ online: true }).waits(20_000).said, [], 'a start is none')
    const slow = new Watched({ heartbeatMs: 5000 }).is({ online: false, greeted: 1 })
    assert.deepEqual(slow.waits(60_000).said, [], 'a slow heartbeat makes no two of one')
    const stopped = new Watched().is({ greeted: 5 }).is({ online: false, greeted: 6 })
    assert.deepEqual(stopped.waits(20_000).said, [], 'one that came before the silence is none')
    const fine = new Watched()
    for (let greeted = 1; greeted < 8; greeted++) fine.is({ greeted }).waits(1000)
    assert.deepEqual(fine.codes, [])
  })

  it('of its own messages that come back say that the address is its own, unless the peer is there', () => {
    assert.deepEqual(told('reflected', { online: false }), ['own-address'])
    assert.deepEqual(told('reflected', {}), [])
  })

  it('of roles that flap count changes within a time, and forget', () => {
    const pair = new Watched()
    for (let i = 1; i < FLAPS.changes; i++) pair.flips()
    assert.deepEqual(pair.codes, [])
    assert.deepEqual(pair.flips().codes, ['roles-flap'])
    const slow = new Watched()
    for (let i = 0; i < 3 * FLAPS.changes; i++) slow.flips().waits((FLAPS.minutes * 60_000) / 4)
    assert.deepEqual(slow.codes, [])
  })

  it('all have something to do, in both languages', () => {
    for (const code of Object.keys(WARNINGS) as WarningCode[]) {
      assert.ok(REASONS[code].todo.en !== '' && REASONS[code].todo.zh !== '', code)
    }
  })

  it('are each in the log as a warning, by themselves or by the event that they come with', () => {
    const conflict = ['conflict', 'peer-active'] as const
    const own = { 'both-active': conflict, 'were-both-active': conflict, suspended: ['clock', 'suspended'] } as const
    for (const [code, spec] of Object.entries(WARNINGS) as [WarningCode, (typeof WARNINGS)[WarningCode]][]) {
      if (!spec.event) continue
      assert.equal(levelOf({ event: 'warning', reason: code }), spec.log ? 'warn' : 'none', code)
      const [event, reason] = code in own ? own[code as keyof typeof own] : ([null, code] as const)
      const events = event === null ? EVENT_NAMES : [event]
      assert.ok(
        events.some((name) => levelOf({ event: name, reason }) === 'warn'),
        `${code} is nowhere a warning`
      )
    }
  })
})
