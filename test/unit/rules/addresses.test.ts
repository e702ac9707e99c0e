import assert from 'node:assert/strict'
import { bindsTheSame, looksLikeHost, pointsAtItself, type LinkAddresses } from '../../../src/rules/addresses'

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

  it('takes as a host what may be a name or an address', () => {
    for (const host of ['peer', '10.0.0.2', 'fe80::1%eth0', 'a'.repeat(253)]) assert.ok(looksLikeHost(host), host)
    for (const host of ['', 'a b', '${X}', 'x${Y}', 'a'.repeat(254)]) assert.ok(!looksLikeHost(host), host)
  })
})
