/** What the dialog of a pair takes is what runs: the same rules, compared on cases of every kind. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  linkProblem,
  linksProblem,
  portIn,
  problemOf,
  witnessProblem,
  type CheckedName,
  type Problem
} from '../../../editor/pair/checks'
import { parseSettings } from '../../../src/host/settings'
import { SCHEMA } from '../../../src/rules/migrations'
import { CHOICES, NUMBERS, PAIR_DEFAULTS, type NumberName } from '../../../src/rules/properties'
import { catalogue, LANGUAGES } from '../../support/texts'
import { addressCases } from './link-cases'
import { healthPathCases } from './path-cases'

type Raw = Readonly<Record<string, unknown>>
const LINK = { peerHost: '10.0.0.2', peerPort: 1101, localHost: '', localPort: 1101 }
const KEY = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'
const PAIR: Raw = { id: 'x', ...PAIR_DEFAULTS, auth: 'none', links: [LINK], schema: SCHEMA }

const runs = (raw: Raw): boolean => parseSettings({ ...PAIR, ...raw }).ok
const problemIn = (raw: Raw, property: CheckedName): Problem | null => {
  const node = { ...PAIR, ...raw }
  return problemOf(property, node[property], (other) => node[other])
}
const takes = (raw: Raw): boolean =>
  Object.keys(PAIR_DEFAULTS).every((property) => problemIn(raw, property as CheckedName) === null)

describe('the dialog and the running pair agree', () => {
  it('on which links are good', () => {
    const verdicts = addressCases().map((links) => {
      const good = linksProblem(links) === null
      assert.equal(good, runs({ links }), JSON.stringify(links))
      return good
    })
    assert.ok(verdicts.includes(true) && verdicts.includes(false))
  })

  it('on where a witness may be', () => {
    const cases: readonly unknown[] = [
      { host: '10.0.0.9', port: 1102 },
      { host: 'third.example' },
      { host: ' 10.0.0.9 ', port: '1102' },
      { host: '10.0.0.2' },
      { host: '10.0.0.1', port: 9 },
      { host: '10.0.0.9', port: 0 },
      { host: '10.0.0.9', port: 'x' },
      { host: '' },
      {},
      undefined,
      'text'
    ]
    const links = [{ ...LINK, localHost: '10.0.0.1' }]
    const verdicts = cases.map((witness) => {
      const raw: Raw = { ...PAIR, policy: 'witness', auth: 'key', key: KEY, links, witness }
      const good = witnessProblem(witness, links, (other) => raw[other]) === null
      assert.equal(good, parseSettings(raw).ok, JSON.stringify(witness))
      return good
    })
    assert.deepEqual(verdicts.slice(0, 5), [true, true, true, false, false])
    assert.equal(witnessProblem({ host: '300.1.1.1' }, links, () => 'witness')?.key, 'check.ipv4')
    const key = (host: string): string | undefined => witnessProblem({ host }, links, () => 'witness')?.key
    assert.deepEqual(['10.0.0.2', '10.0.0.1', '', '${HA_WITNESS}'].map(key), [
      'check.witness-peer',
      'check.witness-own',
      'check.witnessHost',
      undefined
    ])
    assert.equal(
      witnessProblem({}, links, () => 'exclusive'),
      null,
      'nobody asks it'
    )
  })

  it('on which health paths are good', () => {
    const verdicts = healthPathCases().map((healthPath) => {
      const good = takes({ healthPath })
      assert.equal(good, runs({ healthPath }), JSON.stringify(healthPath))
      return good
    })
    assert.ok(verdicts.includes(true) && verdicts.includes(false))
  })

  it('on which words are good', () => {
    for (const [property, words] of Object.entries(CHOICES)) {
      for (const word of [...words, words[0].toUpperCase(), 'x', ' ', 'toString']) {
        const raw = { [property]: word }
        assert.equal(takes(raw), runs({ ...raw, key: word === 'key' ? KEY : '' }), `${property} ${word}`)
      }
    }
  })

  it('on which numbers are good, each by itself', () => {
    const names = Object.keys(NUMBERS) as NumberName[]
    const near = names.flatMap((name) => [NUMBERS[name].min, NUMBERS[name].max].flatMap((n) => [n - 1, n, n + 1]))
    const number = fc.oneof(fc.constantFrom(...near), fc.integer(), fc.double())
    const typed = fc.oneof(
      number,
      number.map(String),
      number.map((n) => ` ${n}.0 `),
      fc.constantFrom('', ' ', 'x', '1e3', '0x10', '+5', '007', true, {}, [])
    )
    fc.assert(
      fc.property(fc.constantFrom(...names), typed, (name, value) => {
        const rest =
          name === 'heartbeat' ? { peerTimeout: NUMBERS.peerTimeout.max } : { heartbeat: NUMBERS.heartbeat.min }
        assert.equal(takes({ ...rest, [name]: value }), runs({ ...rest, [name]: value }))
      })
    )
  })

  it('on peer timeouts and heartbeats together', () => {
    for (const [heartbeat, peerTimeout] of [
      [100, 200],
      [100, 199],
      ['100', '200.0'],
      ['100', '199'],
      [60_000, 119_999],
      [4, 10]
    ]) {
      assert.equal(takes({ heartbeat, peerTimeout }), runs({ heartbeat, peerTimeout }), `${heartbeat} ${peerTimeout}`)
    }
  })
})

describe('the dialog of a pair', () => {
  it('takes a variable everywhere, and what is left out', () => {
    const names = Object.keys(PAIR_DEFAULTS) as CheckedName[]
    for (const name of names) {
      for (const value of ['${HA_VALUE}', undefined]) assert.equal(problemIn({ [name]: value }, name), null, name)
      assert.notEqual(problemIn({ [name]: 'x${HA_VALUE}' }, name), null, name)
    }
    assert.equal(linksProblem([{ peerHost: '${A}', peerPort: '${B}', localHost: '${C}', localPort: '${D}' }]), null)
    assert.equal(problemIn({ heartbeat: '${H}', peerTimeout: 10 }, 'peerTimeout'), null, 'nobody knows')
  })

  it('says what is wrong, and names the bounds', () => {
    for (const [raw, property, problem] of [
      [{ heartbeat: '4' }, 'heartbeat', { key: 'check.between', min: 5, max: 60_000 }],
      [{ heartbeat: 100, peerTimeout: '199' }, 'peerTimeout', { key: 'check.two-heartbeats', min: 200 }],
      [{ heartbeat: 'x', peerTimeout: '10' }, 'peerTimeout', null],
      [{ policy: 'safety' }, 'policy', { key: 'check.word' }],
      [{ auth: 'key', wire: 'classic' }, 'auth', { key: 'check.auth-classic' }],
      [{ healthPath: 'ha' }, 'healthPath', { key: 'check.path' }]
    ] as const) {
      assert.deepEqual(problemIn(raw, property), problem, JSON.stringify(raw))
    }
  })

  it('says what is wrong with a link, and in which field', () => {
    const second = { ...LINK, peerHost: '10.1.0.2' }
    for (const [links, problem] of [
      [[{ ...LINK, peerHost: '' }], { key: 'check.peerHost', field: 'peerHost' }],
      [[{ ...LINK, peerHost: '192.168.0.300' }], { key: 'check.ipv4', value: '192.168.0.300', field: 'peerHost' }],
      [[{ ...LINK, peerHost: 'fe80::x' }], { key: 'check.ipv6', value: 'fe80::x', field: 'peerHost' }],
      [[{ ...LINK, localHost: 'not an ip' }], { key: 'check.hostname', value: 'not an ip', field: 'localHost' }],
      [[{ ...LINK, localHost: 'box.local' }], null],
      [[{ ...LINK, peerPort: 0 }], { key: 'check.port', field: 'peerPort' }],
      [[{ ...LINK, localPort: '70000' }], { key: 'check.port', field: 'localPort' }],
      [[{ ...LINK, peerHost: 'localhost' }], { key: 'check.itself', field: 'peerPort' }],
      [[second, LINK], { key: 'check.port-taken', field: 'localPort', link: 1 }],
      [[null], { key: 'check.peerHost', field: 'peerHost' }],
      [[LINK], null]
    ] as const) {
      assert.deepEqual(linkProblem(links, links.length - 1), problem, JSON.stringify(links))
    }
    for (const links of [undefined, '${LINKS}', [], [1, 2, 3, 4, 5]]) {
      assert.deepEqual(linksProblem(links), { key: 'check.links' }, JSON.stringify(links))
    }
  })

  it('stores a port as a number where it is one', () => {
    assert.deepEqual([portIn('1101'), portIn('0'), portIn('${P}'), portIn('')], [1101, '0', '${P}', ''])
  })

  it('has a sentence for whatever is wrong', () => {
    const keys = [
      'auth-classic',
      'word',
      'path',
      'between',
      'two-heartbeats',
      'port',
      'peerHost',
      'ipv4',
      'ipv6',
      'hostname',
      'itself'
    ]
    for (const language of LANGUAGES) {
      const texts = catalogue('ha-pair', language)
      for (const key of [...keys, 'port-taken', 'links', 'newer']) assert.ok(texts.has(`check.${key}`), key)
    }
  })
})
