import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import fc from 'fast-check'
import { isOwnPage } from '../../../nodes/ha-pair-sidebar'

const HOST = 'plc.example:1880'

describe('an order', () => {
  const CASES: readonly (readonly [IncomingHttpHeaders, boolean])[] = [
    [{ host: HOST, origin: `http://${HOST}` }, true],
    [{ host: HOST, origin: 'http://PLC.example:1880' }, true],
    [{ host: 'PLC.example:1880', origin: `http://${HOST}` }, true],
    [{ host: HOST, origin: 'http://plc.example:1881' }, false],
    [{ host: HOST, origin: 'http://plc.example' }, false],
    [{ host: HOST, origin: 'http://evil.plc.example:1880' }, false],
    [{ host: HOST, origin: 'http://plc.example.evil:1880' }, false],
    [{ host: HOST, origin: 'http://plc.example:1880@evil' }, false],
    [{ host: HOST, origin: 'null' }, false],
    [{ host: HOST, origin: '' }, false],
    [{ origin: `http://${HOST}` }, false],
    [{ host: '', origin: 'http://' }, false],
    // A browser leaves the scheme's own port out.
    [{ host: 'plc.example', origin: 'https://plc.example' }, true],
    [{ host: 'plc.example:443', origin: 'https://plc.example' }, true],
    [{ host: 'plc.example:80', origin: 'https://plc.example' }, false],
    [{ host: '[::1]:1880', origin: 'http://[::1]:1880' }, true],
    [{ host: '[::1]:1880', origin: 'http://[::2]:1880' }, false],
    [{ host: 'inner:1', origin: `http://${HOST}`, 'x-forwarded-host': HOST }, false],
    [{ host: 'inner:1', origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' }, true],
    [{ host: HOST, origin: `http://${HOST}`, 'sec-fetch-site': 'cross-site' }, false],
    [{ host: HOST }, true]
  ]
  for (const [headers, own] of CASES) {
    it(`${own ? 'is taken' : 'is refused'} with ${JSON.stringify(headers)}`, () => {
      assert.equal(isOwnPage(headers), own)
    })
  }

  it('never throws, whatever the headers hold', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (origin, host) => {
        isOwnPage({ origin, host })
      })
    )
  })
})
