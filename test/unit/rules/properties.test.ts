import assert from 'node:assert/strict'
import { parseSettings } from '../../../src/host/settings'
import { CLASSIC_PRESET, DEFAULTS } from '../../../src/protocol/settings'
import { SCHEMA } from '../../../src/rules/migrations'
import { CHOICES, NEW_LINK, NUMBERS, PAIR_DEFAULTS, peerTimeoutMin, PRESETS } from '../../../src/rules/properties'

const KEY = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'

describe('the properties of a pair', () => {
  it('a new node, with a peer and a key, runs with the defaults of the protocol', () => {
    const links = [{ ...NEW_LINK, peerHost: 'peer' }]
    const parsed = parseSettings({ id: 'x', key: KEY, ...PAIR_DEFAULTS, schema: SCHEMA, links })
    assert.ok(parsed.ok, JSON.stringify(parsed))
    assert.deepEqual(parsed.settings, { name: 'x', links, ...DEFAULTS })
  })

  it('the first word of a choice is its default, and each word is taken', () => {
    for (const [property, words] of Object.entries(CHOICES)) {
      assert.equal(words[0], String(PAIR_DEFAULTS[property as keyof typeof CHOICES]), property)
      assert.equal(new Set(words).size, words.length, property)
    }
  })

  it('each default is in its range, and fits the others', () => {
    for (const [property, { min, max, byDefault }] of Object.entries(NUMBERS)) {
      assert.ok(min <= byDefault && byDefault <= max, property)
    }
    assert.ok(NUMBERS.peerTimeout.byDefault >= peerTimeoutMin(NUMBERS.heartbeat.byDefault))
  })

  it('each preset is in range; standard is the default, classic what the program of 2015 had', () => {
    for (const [name, preset] of Object.entries(PRESETS)) {
      for (const [property, value] of Object.entries(preset)) {
        const { min, max } = NUMBERS[property as keyof typeof NUMBERS]
        assert.ok(min <= value && value <= max, `${name} ${property}`)
      }
      assert.ok(preset.peerTimeout >= peerTimeoutMin(preset.heartbeat), name)
    }
    assert.deepEqual(PRESETS.standard, { heartbeat: DEFAULTS.heartbeatMs, peerTimeout: DEFAULTS.peerTimeoutMs })
    assert.equal(PRESETS.classic.peerTimeout, CLASSIC_PRESET.peerTimeoutMs)
  })
})
