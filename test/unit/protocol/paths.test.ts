import assert from 'node:assert/strict'
import { SocketAddress } from 'node:net'
import fc from 'fast-check'
import { addressText, canonicalIp, Paths, type AddressChange } from '../../../src/protocol/wire/paths'

const PORT = 1101
const HEARTBEAT_MS = 100
const SILENT_MS = 5000
const [FIRST, SECOND, THIRD, FOREIGN] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '192.0.2.9'] as const
const [LIVING, OTHER] = [7n, 8n]

/** The paths of one link, on a clock that stands at 0. */
class ExtendedHarness {
  readonly paths: Paths
  nowMs = 0
  #seq = 0

  constructor(ips: readonly string[] = [FIRST], keyed = true, peerTimeoutMs = 1000) {
    this.paths = new Paths({ keyed, port: PORT, heartbeatMs: HEARTBEAT_MS, peerTimeoutMs })
    this.paths.resolved(this.nowMs, ips)
    this.paths.opened(this.nowMs)
  }
  hear(ip: string, port = PORT, session = LIVING, seq = ++this.#seq): AddressChange | null {
    return this.paths.hear(this.nowMs, ip, port, { session, seq })
  }
  after(ms: number): this {
    this.nowMs += ms
    return this
  }
  get targets(): string {
    return this.paths.targets(this.nowMs).map(addressText).join(' ')
  }
  get heard(): string | null {
    return this.paths.heard === null ? null : addressText(this.paths.heard)
  }
}

const at = (ip: string, port = PORT): string => addressText({ ip, port })
const change = (from: string, to: string, ports = [PORT, PORT]): AddressChange => ({
  from: { ip: from, port: ports[0] ?? 0 },
  to: { ip: to, port: ports[1] ?? 0 }
})

describe('the paths of a link', () => {
  describe('with a key', () => {
    it('lead to the configured address before anything is heard, and to it alone while that is what is heard', () => {
      const bench = new ExtendedHarness()
      assert.deepEqual([bench.targets, bench.heard], [at(FIRST), null])
      assert.equal(bench.hear(FIRST), null)
      assert.deepEqual([bench.targets, bench.heard], [at(FIRST), at(FIRST)])
    })

    it('lead to the configured address always, and to the one that is heard while it is another', () => {
      const bench = new ExtendedHarness()
      bench.hear(FIRST)
      assert.deepEqual(bench.hear(FOREIGN), change(FIRST, FOREIGN))
      assert.equal(bench.targets, `${at(FIRST)} ${at(FOREIGN)}`)
      assert.equal(bench.hear(FOREIGN), null, 'told once')
      assert.deepEqual(bench.hear(THIRD), change(FOREIGN, THIRD))
      assert.equal(bench.targets, `${at(FIRST)} ${at(THIRD)}`)
      assert.deepEqual(bench.hear(FIRST), change(THIRD, FIRST))
      assert.equal(bench.targets, at(FIRST))
    })

    it('tell of a peer that is elsewhere from the first word on', () => {
      assert.deepEqual(new ExtendedHarness().hear(FOREIGN), change(FIRST, FOREIGN))
    })

    it('follow a port as they follow an address', () => {
      const bench = new ExtendedHarness()
      bench.hear(FIRST)
      assert.deepEqual(bench.hear(FIRST, 40_000), change(FIRST, FIRST, [PORT, 40_000]))
      assert.equal(bench.targets, `${at(FIRST)} ${at(FIRST, 40_000)}`)
      assert.deepEqual(bench.hear(FIRST), change(FIRST, FIRST, [40_000, PORT]))
      assert.equal(bench.targets, at(FIRST))
    })

    it('never lead to port 0', () => {
      const bench = new ExtendedHarness()
      bench.hear(FOREIGN, 0)
      assert.equal(bench.targets, `${at(FIRST)} ${at(FOREIGN)}`)
    })

    it('are moved by new numbers alone: recordings, late copies and what comes again move nothing', () => {
      const bench = new ExtendedHarness()
      bench.hear(FIRST, PORT, LIVING, 50)
      for (const seq of [50, 49, 1]) assert.equal(bench.hear(FOREIGN, PORT, LIVING, seq), null)
      assert.deepEqual([bench.targets, bench.heard], [at(FIRST), at(FIRST)])
      assert.notEqual(bench.hear(FOREIGN, PORT, LIVING, 51), null)
    })

    it('count the numbers of a new session from the start', () => {
      const bench = new ExtendedHarness()
      bench.hear(FIRST, PORT, LIVING, 50)
      assert.deepEqual(bench.hear(SECOND, PORT, OTHER, 1), change(FIRST, SECOND))
      assert.deepEqual([bench.paths.heardOf(OTHER), bench.paths.heardOf(LIVING)], [SECOND, null])
    })

    it('count frames from everywhere', () => {
      const { paths } = new ExtendedHarness()
      assert.deepEqual(
        [paths.counts(FOREIGN), paths.isConfigured(FOREIGN), paths.isConfigured(FIRST)],
        [true, false, true]
      )
    })

    it('keep what was heard though it falls silent: two sides that have both moved find each other again', () => {
      const bench = new ExtendedHarness()
      bench.hear(FOREIGN)
      bench.after(600_000).paths.resolved(bench.nowMs, [SECOND])
      assert.equal(bench.targets, `${at(SECOND)} ${at(FOREIGN)}`)
    })

    it('are the same array until they change', () => {
      const bench = new ExtendedHarness([FIRST, SECOND])
      bench.hear(FOREIGN)
      const before = bench.paths.targets(bench.nowMs)
      bench.after(50).hear(FOREIGN)
      assert.equal(bench.paths.targets(bench.nowMs), before)
    })
  })

  describe('without a key', () => {
    it('count frames of the configured host alone, from any of its ports', () => {
      const { paths } = new ExtendedHarness([FIRST, SECOND], false)
      assert.deepEqual(
        [FIRST, SECOND, FOREIGN].map((ip) => paths.counts(ip)),
        [true, true, false]
      )
    })

    it('lead to its configured port, wherever it speaks from', () => {
      const bench = new ExtendedHarness([FIRST], false)
      assert.equal(bench.hear(FIRST, 40_000), null)
      assert.deepEqual([bench.targets, bench.heard], [at(FIRST), at(FIRST)])
    })

    it('forget what is no longer an address of the host', () => {
      const bench = new ExtendedHarness([FIRST], false)
      bench.hear(FIRST)
      bench.after(SILENT_MS).paths.resolved(bench.nowMs, [SECOND])
      assert.deepEqual([bench.targets, bench.heard, bench.paths.counts(FIRST)], [at(SECOND), null, false])
    })

    it('need no numbers where the wire has none', () => {
      const { paths } = new ExtendedHarness([FIRST, SECOND], false)
      assert.equal(paths.hear(0, FIRST, 40_000, null), null)
      assert.deepEqual(paths.hear(1, SECOND, 40_000, null), change(FIRST, SECOND))
    })
  })

  describe('of a name with several addresses', () => {
    const several = [FIRST, SECOND, THIRD]

    it('lead to one after the other while nothing is heard, one to a heartbeat', () => {
      const bench = new ExtendedHarness(several)
      const tried = Array.from({ length: 7 }, () => {
        const { targets } = bench
        assert.equal(bench.after(HEARTBEAT_MS / 4).targets, targets, 'a burst goes to one address')
        bench.after(HEARTBEAT_MS * 0.75)
        return targets
      })
      assert.deepEqual(
        tried,
        [FIRST, SECOND, THIRD, FIRST, SECOND, THIRD, FIRST].map((ip) => at(ip))
      )
    })

    it('stay with the one that is heard, and say nothing of it', () => {
      const bench = new ExtendedHarness(several)
      bench.after(HEARTBEAT_MS)
      assert.equal(bench.targets, at(SECOND))
      assert.equal(bench.hear(THIRD), null)
      for (let i = 0; i < 10; i++) {
        assert.equal(bench.after(HEARTBEAT_MS).targets, at(THIRD))
        bench.hear(THIRD)
      }
    })

    it('tell of a change from one of them to another', () => {
      const bench = new ExtendedHarness(several)
      bench.hear(THIRD)
      assert.deepEqual(bench.hear(FIRST), change(THIRD, FIRST))
      assert.equal(bench.targets, at(FIRST))
    })

    it('lead also to the others once the one that was heard is late, and to it alone when it is heard again', () => {
      const bench = new ExtendedHarness(several)
      bench.hear(SECOND)
      bench.after(HEARTBEAT_MS * 2)
      assert.equal(bench.targets, `${at(THIRD)} ${at(SECOND)}`)
      assert.equal(bench.after(HEARTBEAT_MS).targets, `${at(FIRST)} ${at(SECOND)}`)
      assert.equal(bench.after(HEARTBEAT_MS).targets, at(SECOND))
      assert.equal(bench.after(HEARTBEAT_MS).targets, `${at(THIRD)} ${at(SECOND)}`)
      assert.equal(bench.hear(SECOND), null)
      assert.equal(bench.targets, at(SECOND))
    })

    it('do not take turns while the peer is heard elsewhere', () => {
      const bench = new ExtendedHarness(several)
      for (let i = 0; i < 10; i++) {
        bench.after(HEARTBEAT_MS).hear(FOREIGN)
        assert.equal(bench.targets, `${at(FIRST)} ${at(FOREIGN)}`)
      }
    })
  })

  describe('are looked up', () => {
    it('while the link is silent, for five seconds and for peerTimeout, and not while it is heard', () => {
      for (const [peerTimeoutMs, silentMs] of [
        [1000, SILENT_MS],
        [8000, 8000]
      ] as const) {
        const bench = new ExtendedHarness([FIRST], true, peerTimeoutMs)
        assert.equal(bench.paths.silentAtMs, silentMs)
        bench.after(3000).hear(FIRST)
        assert.equal(bench.paths.silentAtMs, 3000 + silentMs)
        bench.after(silentMs - 1).paths.resolved(bench.nowMs, [SECOND])
        assert.equal(bench.targets, at(FIRST), 'heard: never pointed away from it')
        bench.after(1).paths.resolved(bench.nowMs, [SECOND, THIRD])
        assert.equal(bench.targets, `${at(SECOND)} ${at(FIRST)}`)
      }
    })

    it('and recordings do not keep a link from being silent', () => {
      const bench = new ExtendedHarness()
      bench.hear(FIRST, PORT, LIVING, 50)
      bench.after(4000).hear(FIRST, PORT, LIVING, 50)
      assert.equal(bench.paths.silentAtMs, SILENT_MS)
    })

    it('and go on with the address whose turn it was', () => {
      const bench = new ExtendedHarness([FIRST, SECOND])
      bench.after(SILENT_MS)
      assert.equal(bench.targets, at(SECOND))
      bench.paths.resolved(bench.nowMs, [THIRD, SECOND, FIRST])
      assert.equal(bench.targets, at(SECOND))
      assert.equal(bench.after(HEARTBEAT_MS).targets, at(FIRST))
    })

    it('and give up, with the family of the socket, what was heard in the other one', () => {
      const bench = new ExtendedHarness([FIRST])
      bench.hear(FOREIGN)
      bench.after(SILENT_MS).paths.resolved(bench.nowMs, ['2001:db8::1'])
      assert.deepEqual([bench.targets, bench.heard], ['[2001:db8::1]:1101', null])
    })
  })

  it('know what may come twice, because the peer writes to two addresses, from what was recorded', () => {
    const bench = new ExtendedHarness()
    bench.hear(FIRST, PORT, LIVING, 1000)
    const repeats = (seq: number, session = LIVING): boolean => bench.paths.repeats({ session, seq })
    assert.deepEqual(
      [repeats(1000), repeats(937), repeats(936), repeats(1001), repeats(1000, OTHER)],
      [true, true, false, false, false]
    )
    const isOld = (seq: number, session = LIVING): boolean => bench.paths.isOld({ session, seq })
    assert.deepEqual([isOld(1000), isOld(1), isOld(1001), isOld(1000, OTHER)], [true, true, false, false])
  })

  it('count every change of what is heard, and nothing else', () => {
    const bench = new ExtendedHarness()
    const versions: number[] = []
    for (const hear of [
      () => bench.hear(FIRST),
      () => bench.hear(FIRST),
      () => bench.hear(FOREIGN),
      () => bench.hear(FOREIGN, PORT, OTHER, 1)
    ]) {
      hear()
      versions.push(bench.paths.version)
    }
    const [first = 0, same = 0, moved = 0, renewed = 0] = versions
    assert.ok(first === same && same < moved && moved < renewed, versions.join())
  })
})

describe('an address', () => {
  const table: readonly [text: string, canonical: string][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0A00:0001', '10.0.0.1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0::1', '::1'],
    ['1::', '1::'],
    ['FE80:0::00A1%eth0', 'fe80::a1%eth0'],
    ['fe80::a1%Eth0', 'fe80::a1%Eth0'],
    ['2001:db8::1%eth0', '2001:db8::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['no: address', 'no: address'],
    ['1:2:3', '1:2:3'],
    ['1::2::3', '1::2::3'],
    ['1:2:3:4:5:6:7:8::', '1:2:3:4:5:6:7:8::']
  ]
  for (const [text, canonical] of table) it(`${text} is ${canonical}`, () => assert.equal(canonicalIp(text), canonical))

  it('of IPv6 is written as the system writes it', () => {
    const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
    fc.assert(
      fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
        // What stands for an address of IPv4 is written with dots.
        fc.pre(words.slice(0, 5).some((each) => each !== 0) || (words[5] !== 0xffff && words[5] !== 0))
        const text = words.map((each) => each.toString(16)).join(':')
        assert.equal(canonicalIp(text), new SocketAddress({ address: text, family: 'ipv6' }).address)
      })
    )
  })

  it('is written for people with its port', () => {
    assert.equal(addressText({ ip: 'fe80::1%eth0', port: 7 }), '[fe80::1%eth0]:7')
    assert.equal(addressText({ ip: '10.0.0.1', port: 7 }), '10.0.0.1:7')
  })
})
