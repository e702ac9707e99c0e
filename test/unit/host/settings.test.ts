import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseSettings, stopReason } from '../../../src/host/settings'
import { DEFAULTS } from '../../../src/protocol/settings'

type Raw = Readonly<Record<string, unknown>>
const LINK = { peerHost: '10.0.0.2', peerPort: 1101, localHost: '', localPort: 1101 }
const KEY = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'
const BASE = { id: 'node-1', links: [LINK], key: KEY }
const CLASSIC = { wire: 'classic', key: '' }

function good(raw: Raw): Extract<ReturnType<typeof parseSettings>, { ok: true }> {
  const parsed = parseSettings({ ...BASE, ...raw })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed
}

/** The problems as `field code`. */
function problems(raw: Raw, typed?: Raw): string[] {
  const parsed = parseSettings({ ...BASE, ...raw }, typed)
  return parsed.ok ? [] : parsed.problems.map(({ field, code }) => `${field} ${code}`)
}

const self = (peerHost: string, localHost: string, peerPort = 1101): string[] =>
  problems({ links: [{ ...LINK, peerHost, localHost, peerPort }] })

const two = (first: Raw, second: Raw): string[] =>
  problems({
    links: [
      { ...LINK, ...first },
      { ...LINK, ...second }
    ]
  })

describe('the settings of a config node', () => {
  it('take the defaults of the contract for everything but the peer', () => {
    const { settings, keys } = good({ links: [{ peerHost: 'peer' }] })
    assert.deepEqual(settings, {
      name: 'node-1',
      links: [{ peerHost: 'peer', peerPort: 1101, localHost: '', localPort: 1101 }],
      wire: 'extended',
      policy: 'availability',
      priority: 100,
      failback: false,
      failbackDelayMs: 30_000,
      heartbeatMs: 200,
      peerTimeoutMs: 2000,
      receiptTimeoutMs: 10_000,
      lossLimit: 5,
      stallLimitMs: 10_000,
      crashProof: true,
      channel: 'auto',
      witness: null
    })
    assert.deepEqual(keys, { key: KEY, previousKey: '' })
  })

  it('say where the health endpoint answers, beside what makes the pair', () => {
    assert.equal(good({}).healthPath, '')
    for (const path of ['/ha', '/ha/', '/plant-2/line_1/.health~', '/a.b']) {
      assert.equal(good({ healthPath: path }).healthPath, path.replace(/\/$/, ''))
    }
    assert.deepEqual(good({ healthPath: '/ha' }).settings, good({}).settings)
    for (const path of [
      'ha',
      '/',
      '//',
      '/a//b',
      '/a/../b',
      '/.',
      '/a b',
      '/:id',
      '/a*',
      '/a?b',
      '/ü',
      `/${'a'.repeat(300)}`
    ]) {
      assert.deepEqual(problems({ healthPath: path }), ['healthPath path'], path)
    }
    assert.deepEqual(problems({ healthPath: '${HA_HEALTH_PATH}' }), ['healthPath unresolved'])
  })

  it('say it also where the pair is stopped for another field', () => {
    assert.equal(parseSettings({ ...BASE, heartbeat: 1, healthPath: '/ha' }).healthPath, '/ha')
    assert.equal(parseSettings({ ...BASE, heartbeat: 1, healthPath: 'ha' }).healthPath, '')
  })

  const blank = [
    'wire',
    'policy',
    'priority',
    'failback',
    'failbackDelay',
    'heartbeat',
    'peerTimeout',
    'receiptTimeout',
    'lossLimit',
    'stallLimit',
    'crashProof',
    'channel',
    'auth',
    'links'
  ]
  for (const field of blank) {
    it(`a blank ${field} is no default: it is missing, or its variable is named`, () => {
      for (const value of ['', ' ', '\t\n']) {
        for (const schema of [undefined, 1, 2]) {
          assert.deepEqual(problems({ [field]: value, schema }), [`${field} missing`], `schema ${schema}`)
          assert.deepEqual(problems({ [field]: value, schema }, { [field]: '${HA_VALUE}' }), [`${field} unresolved`])
        }
      }
      const parsed = parseSettings({ ...BASE, [field]: '' }, { [field]: ' ${HA_VALUE} ' })
      assert.ok(!parsed.ok && parsed.problems[0]?.detail === '${HA_VALUE}')
    })
  }

  it('a blank address or port of a link is no default either, but for the local address', () => {
    for (const field of ['peerHost', 'peerPort', 'localPort']) {
      const links = [{ ...LINK, [field]: ' ' }]
      assert.deepEqual(problems({ links }), [`links[0].${field} missing`])
      const typed = { links: [{ ...LINK, [field]: '${HA_VALUE}' }] }
      assert.deepEqual(problems({ links }, typed), [`links[0].${field} unresolved`])
      assert.deepEqual(problems({ links }, { links: '${HA_LINKS}' }), [`links[0].${field} missing`])
    }
    assert.deepEqual(good({ links: [{ ...LINK, localHost: ' ' }] }).settings.links, [LINK])
  })

  it('blank means something for the name, the health path and the previous key', () => {
    const parsed = good({ name: ' ', healthPath: ' ', previousKey: ' ' })
    assert.deepEqual([parsed.settings.name, parsed.healthPath, parsed.keys.previousKey], ['node-1', '', ''])
  })

  it('text around a variable is told as what it is: only whole values are replaced', () => {
    const partial: Raw[] = [
      { name: 'line ${LINE}' },
      { policy: '${A}${B}' },
      { heartbeat: '${H}0' },
      { healthPath: '/${LINE}' },
      { auth: '${AUTH} none' }
    ]
    for (const raw of partial) assert.deepEqual(problems(raw), [`${Object.keys(raw)[0]} partial`])
    assert.deepEqual(problems({ links: [{ ...LINK, peerHost: 'host-${N}' }] }), ['links[0].peerHost partial'])
    const parsed = parseSettings({ ...BASE, name: 'x-${VAR}' })
    assert.ok(!parsed.ok && parsed.problems[0]?.detail === 'x-${VAR}')
  })

  it('read numbers and text alike', () => {
    const numbers = { priority: 7, failbackDelay: 1, heartbeat: 50, peerTimeout: 300, lossLimit: 0, stallLimit: 100 }
    const texts = Object.fromEntries(Object.entries(numbers).map(([field, value]) => [field, ` ${value} `]))
    assert.deepEqual(good(texts).settings, good(numbers).settings)
    assert.deepEqual(
      good({ links: [{ ...LINK, peerPort: '2000', localPort: '2001' }] }).settings,
      good({ links: [{ ...LINK, peerPort: 2000, localPort: 2001 }] }).settings
    )
    assert.equal(good({ failback: 'true' }).settings.failback, true)
    assert.equal(good({ failback: true }).settings.failback, true)
    assert.equal(good({ failback: 'false' }).settings.failback, false)
    assert.equal(good({ name: ' Pump house ' }).settings.name, 'Pump house')
  })

  it('read links from JSON text, as an environment variable holds them', () => {
    assert.deepEqual(
      good({ links: JSON.stringify([LINK, { peerHost: '10.1.0.2', localPort: '1102' }]) }).settings.links,
      [LINK, { ...LINK, peerHost: '10.1.0.2', localPort: 1102 }]
    )
  })

  it('read the witness from JSON text too; one that is no object, or a variable that is not set, is told as that', () => {
    const witness = { host: '10.9.0.3', port: 1102 }
    for (const raw of [witness, JSON.stringify(witness), { host: '10.9.0.3', port: '1102' }]) {
      assert.deepEqual(good({ policy: 'witness', witness: raw }).settings.witness, witness)
    }
    for (const [raw, problem] of [
      ['${HA_WITNESS}', 'witness unresolved'],
      ['10.9.0.3', 'witness choice'],
      ['[]', 'witness choice'],
      [7, 'witness choice'],
      [undefined, 'witness.host missing'],
      [{ host: '${HA_HOST}' }, 'witness.host unresolved']
    ] as const) {
      assert.deepEqual(problems({ policy: 'witness', witness: raw }), [problem])
    }
  })

  it('take the secrets as they are, beside the fields or under credentials', () => {
    const secrets = { key: ' with spaces and ${money} ', previousKey: '12' }
    assert.deepEqual(good(secrets).keys, secrets)
    assert.deepEqual(good({ key: undefined, credentials: secrets }).keys, secrets)
  })

  it('take line ends away from around a secret, and nothing else', () => {
    const files = { key: `${KEY}\r\n`, previousKey: `\n \tnew\nlines within \n\n` }
    assert.deepEqual(good(files).keys, { key: KEY, previousKey: ' \tnew\nlines within ' })
  })

  it('need a key: without one the pair stays stopped, however it was lost', () => {
    for (const raw of [
      { key: '' },
      { key: undefined },
      { key: '\r\n' },
      { key: '  ' },
      { key: '', previousKey: KEY }
    ]) {
      for (const schema of [undefined, 1, 2]) {
        assert.deepEqual(problems({ ...raw, schema }), ['key key-missing'], JSON.stringify({ ...raw, schema }))
      }
      const parsed = parseSettings({ ...BASE, ...raw })
      assert.ok(!parsed.ok && stopReason(parsed.problems) === 'key-missing')
    }
    assert.deepEqual(problems({ key: '', auth: 'key' }), ['key key-missing'])
    assert.equal(stopReason([{ field: 'key', code: 'unresolved' }]), 'key-missing')
    assert.equal(
      stopReason([
        { field: 'key', code: 'key-missing' },
        { field: 'policy', code: 'choice' }
      ]),
      'settings-invalid'
    )
  })

  it('run without a key only where that was chosen in so many words', () => {
    assert.deepEqual(good({ auth: 'none', key: '' }).keys, { key: '', previousKey: '' })
    assert.deepEqual(good({ auth: 'none', key: '${UNSET}', previousKey: ' ' }).keys, { key: '', previousKey: '' })
    assert.deepEqual(problems({ auth: 'none' }), ['key conflict'], 'what is meant?')
    assert.deepEqual(problems({ auth: 'none', key: '', previousKey: KEY }), ['previousKey conflict'])
    for (const auth of ['None', 'no', 'false', false, 0, {}]) {
      assert.deepEqual(problems({ auth, key: '' }), ['auth choice', 'key key-missing'], String(auth))
    }
    assert.deepEqual(problems({ auth: '${HA_AUTH}', key: '' }), ['auth unresolved', 'key key-missing'])
  })

  const ranges: [string, number, number][] = [
    ['priority', 0, 255],
    ['heartbeat', 5, 60_000],
    ['peerTimeout', 10, 600_000],
    ['receiptTimeout', 10, 600_000],
    ['lossLimit', 0, 255],
    ['stallLimit', 100, 600_000],
    ['failbackDelay', 0, 86_400_000]
  ]
  for (const [field, min, max] of ranges) {
    it(`take ${field} from ${min} to ${max}`, () => {
      const rest = field === 'heartbeat' ? { peerTimeout: 600_000 } : { heartbeat: 5 }
      for (const value of [min, max, String(min), String(max)])
        assert.deepEqual(problems({ ...rest, [field]: value }), [])
      for (const value of [min - 1, max + 1])
        assert.deepEqual(problems({ ...rest, [field]: value }), [`${field} range`])
      for (const value of ['abc', '1e3', '0x10', '5,5', 7.5, '7.5', NaN, Infinity, {}, [], true]) {
        assert.deepEqual(problems({ ...rest, [field]: value }), [`${field} number`], String(value))
      }
    })
  }

  it('take ports from 1 to 65535, and say which link is wrong', () => {
    for (const port of [1, 65535]) assert.deepEqual(problems({ links: [{ ...LINK, peerPort: port }] }), [])
    assert.deepEqual(problems({ links: [LINK, { ...LINK, localPort: 65536, peerPort: 0 }] }), [
      'links[1].peerPort range',
      'links[1].localPort range'
    ])
  })

  it('need a peer, and one to four links', () => {
    assert.deepEqual(problems({ links: undefined }), ['links[0].peerHost missing'])
    assert.deepEqual(problems({ links: [] }), ['links[0].peerHost missing'])
    assert.deepEqual(problems({ links: [LINK, { ...LINK, localPort: 2, peerHost: '' }] }), [
      'links[1].peerHost missing'
    ])
    const links = [1, 2, 3, 4, 5].map((localPort) => ({ ...LINK, localPort }))
    assert.deepEqual(problems({ links: links.slice(0, 4) }), [])
    assert.deepEqual(problems({ links }), ['links range'])
    assert.deepEqual(problems({ links: 'no list' }), ['links choice'])
    assert.deepEqual(problems({ links: [null] }), ['links[0].peerHost missing'])
  })

  it('need peerTimeout to be at least twice the heartbeat', () => {
    assert.deepEqual(problems({ heartbeat: 100, peerTimeout: 200 }), [])
    assert.deepEqual(problems({ heartbeat: 100, peerTimeout: 199 }), ['peerTimeout range'])
    assert.deepEqual(problems({ heartbeat: DEFAULTS.peerTimeoutMs / 2 + 1 }), ['peerTimeout range'])
  })

  it('refuse what is not a choice', () => {
    assert.deepEqual(problems({ wire: 'carrier pigeon' }), ['wire choice'])
    assert.deepEqual(problems({ policy: 'toString' }), ['policy choice'])
    assert.deepEqual(problems({ failback: 'maybe' }), ['failback choice'])
    assert.deepEqual(problems({ crashProof: 'often' }), ['crashProof choice'])
    assert.deepEqual(problems({ channel: 'on' }), ['channel choice'])
    assert.deepEqual(problems({ name: {} }), ['name choice'])
  })

  it('say which variable is not set, and nothing else of that field', () => {
    assert.deepEqual(problems({ heartbeat: '${HEARTBEAT}' }), ['heartbeat unresolved'])
    assert.deepEqual(problems({ wire: '${WIRE}' }), ['wire unresolved'])
    assert.deepEqual(problems({ failback: '${FAILBACK}' }), ['failback unresolved'])
    assert.deepEqual(problems({ links: '${LINKS}' }), ['links unresolved'])
    assert.deepEqual(problems({ links: [{ ...LINK, peerHost: '${PEER}' }] }), ['links[0].peerHost unresolved'])
    assert.deepEqual(problems({ key: '${KEY}', previousKey: '${OLD}' }), ['key unresolved', 'previousKey unresolved'])
    const parsed = parseSettings({ ...BASE, links: [{ peerHost: '${PEER_HOST}' }] })
    assert.ok(!parsed.ok && parsed.problems[0]?.detail === '${PEER_HOST}')
  })

  it('let the classic wire know only availability, no key and one link', () => {
    assert.deepEqual(problems(CLASSIC), [])
    assert.deepEqual(problems({ ...CLASSIC, auth: 'none' }), [])
    assert.deepEqual(problems({ ...CLASSIC, auth: 'key' }), ['auth conflict', 'key key-missing'])
    assert.deepEqual(problems({ ...CLASSIC, policy: 'exclusive' }), ['policy conflict'])
    assert.deepEqual(problems({ wire: 'classic', policy: 'preferred', key: 'k', previousKey: 'p' }), [
      'key conflict',
      'previousKey conflict',
      'policy conflict'
    ])
    assert.deepEqual(problems({ ...CLASSIC, links: [LINK, { ...LINK, localPort: 1102 }] }), ['links conflict'])
  })

  it('refuse a link that would talk to itself', () => {
    for (const [peer, local] of [
      ['127.0.0.1', '127.0.0.1'],
      ['127.0.0.1', ''],
      ['127.0.0.1', '0.0.0.0'],
      ['localhost', '127.0.0.1'],
      ['LOCALHOST', ''],
      ['::1', '::1'],
      ['::1', ''],
      ['10.0.0.2', '10.0.0.2'],
      ['Box.local', 'box.local']
    ] as const) {
      assert.deepEqual(self(peer, local), ['links[0].peerPort conflict'], `${peer} and ${local}`)
      assert.deepEqual(self(peer, local, 1102), [], `${peer} and ${local} on two ports`)
    }
    assert.deepEqual(self('127.0.0.1', '127.0.0.2'), [])
    assert.deepEqual(self('10.0.0.2', ''), [])
  })

  it('refuse two links that need the same local port', () => {
    assert.deepEqual(two({}, { peerHost: '10.1.0.2' }), ['links[1].localPort conflict'])
    assert.deepEqual(two({ localHost: '10.0.0.1' }, { localHost: '0.0.0.0' }), ['links[1].localPort conflict'])
    assert.deepEqual(two({ localHost: '10.0.0.1' }, { localHost: '10.1.0.1', peerHost: '10.1.0.2' }), [])
    assert.deepEqual(two({}, { localPort: 1102 }), [])
    assert.deepEqual(two({}, { peerHost: 'fe80::2' }), [], 'two families')
  })

  it('list everything that is wrong, and never a secret', () => {
    const raw = { heartbeat: 'x', policy: 'y', links: [{ peerPort: -1 }], wire: 'classic', key: 'hush' }
    assert.deepEqual(problems(raw), [
      'policy choice',
      'links[0].peerHost missing',
      'links[0].peerPort range',
      'heartbeat number',
      'key conflict'
    ])
    assert.ok(!JSON.stringify(parseSettings(raw)).includes('hush'))
  })

  it('never throw, whatever a flow file holds', () => {
    const field = fc.constantFrom(
      ...[
        'name',
        'links',
        'wire',
        'policy',
        'priority',
        'failback',
        'heartbeat',
        'peerTimeout',
        'auth',
        'key',
        'credentials',
        'id'
      ]
    )
    fc.assert(
      fc.property(fc.dictionary(field, fc.anything()), fc.dictionary(field, fc.anything()), (raw, typed) => {
        const parsed = parseSettings(raw, typed)
        assert.ok(parsed.ok || parsed.problems.length > 0)
      })
    )
  })
})
