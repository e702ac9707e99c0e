import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { bindsTheSame, hostProblem, pointsAtItself, type LinkAddresses } from '../../../src/rules/addresses'

const LINK: LinkAddresses = { peerHost: '10.0.0.2', peerPort: 1101, localHost: '', localPort: 1101 }

describe('a link', () => {
  for (const [peerHost, localHost, itself] of [
    ['127.0.0.1', '', true],
    ['127.8.8.8', '0.0.0.0', true],
    ['localhost', '127.0.0.1', true],
    ['LOCALHOST', '::', true],
    ['::1', '::1', true],
    ['Box.local', ' box.local ', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1.example', '', false],
    ['127.0.0.256', '', false],
    ['10.0.0.2', '', false],
    ['peer', '', false]
  ] as const) {
    it(`from '${localHost}' to ${peerHost} ${itself ? 'talks' : 'does not talk'} to itself`, () => {
      assert.equal(pointsAtItself({ ...LINK, peerHost, localHost }), itself)
      assert.equal(pointsAtItself({ ...LINK, peerHost, localHost, peerPort: 1102 }), false, 'on two ports')
    })
  }

  for (const [a, b, same] of [
    [{}, {}, true],
    [{ localPort: '01101' }, {}, true],
    [{ localPort: '${PORT}' }, { localPort: ' ${PORT}' }, true],
    [{ localPort: '${PORT}' }, {}, false],
    [{}, { localPort: 1102 }, false],
    [{ localHost: '10.0.0.1' }, { localHost: '0.0.0.0' }, true],
    [{ localHost: '10.0.0.1' }, { localHost: '10.1.0.1' }, false],
    [{ localHost: 'localhost' }, { localHost: '127.0.0.1' }, true],
    [{}, { peerHost: 'fe80::2' }, false],
    [{ localHost: '::' }, { localHost: 'fe80::1' }, true],
    [{ peerHost: 'a' }, { peerHost: 'b' }, true],
    [{ peerHost: 'a' }, {}, false]
  ] as const) {
    it(`${JSON.stringify(a)} and ${JSON.stringify(b)} ${same ? 'need' : 'do not need'} the same port`, () => {
      const [one, other] = [
        { ...LINK, ...a },
        { ...LINK, ...b }
      ]
      assert.equal(bindsTheSame(one, other), same)
      assert.equal(bindsTheSame(other, one), same, 'the other way round')
    })
  }
})

describe('what can be a host', () => {
  it('a name or an address', () => {
    const longest = `${'a'.repeat(63)}.`.repeat(3) + 'a'.repeat(61)
    for (const host of ['peer', 'plc_1.local', '2nd-host', 'host.example.', '主机', '10.0.0.2', '::1', longest])
      assert.equal(hostProblem(host), null, host)
  })

  for (const [problem, hosts] of [
    ['ipv4', ['192.168.0.300', '10.0.0', '10.0.0.2.1', '1', 'peer.1', '10.0.0.02', '10.0.0.2.']],
    [
      'ipv6',
      [
        'peer:1101',
        '::1::',
        'fe80::1%',
        '1:2:3:4:5:6:7',
        '1:2:3:4:5:6:7:8:9',
        '1:2:3:4::5:6:7:8',
        '::300.1.1.1',
        '1.2.3.4::'
      ]
    ],
    [
      'hostname',
      ['', 'not an ip', '${X}', 'x${Y}', 'peer!', '-peer', 'peer-', 'a..b', 'a'.repeat(64), `${'a.'.repeat(126)}ab`]
    ]
  ] as const) {
    it(`what is neither is told as no ${problem}`, () => {
      for (const host of hosts) assert.equal(hostProblem(host), problem, host)
    })
  }

  it('an address is what the platform takes for one', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    const broken = fc.tuple(address, fc.nat(40), fc.constantFrom('', ':', '.', '0', 'f', '300', '::', '1.2.3.4'))
    const cut = broken.map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1))
    let good = 0
    fc.assert(
      fc.property(fc.oneof(address, cut), (text) => {
        fc.pre(text.includes(':') || /(^|\.)\d+$/.test(text))
        if (isIP(text) !== 0) good++
        assert.equal(hostProblem(text) === null, isIP(text) !== 0, text)
      })
    )
    assert.ok(good > 20)
  })
})
