import assert from 'node:assert/strict'
import { join } from 'node:path'
import { isDefaultStore } from '../../../nodes/default-store'

const ours: unknown = require(join(__dirname, '..', '..', '..', 'context', 'index.js'))

describe('the store that moves with the role', () => {
  for (const [what, storage, expected] of [
    ['by itself', { default: { module: ours } }, true],
    ['by its name', { default: 'pair', file: { module: 'localfilesystem' }, pair: { module: ours } }, true],
    ['as the first one', { pair: { module: ours }, file: { module: 'localfilesystem' } }, true],
    ['not, beside another one', { default: { module: 'memory' }, pair: { module: ours } }, false],
    ['not, as the second one', { file: { module: 'localfilesystem' }, pair: { module: ours } }, false],
    ['not, where there is none', undefined, false],
    ['not, where settings.js is wrong', { default: 'gone', x: null }, false]
  ] as const) {
    it(`is the default one: ${what}`, () => assert.equal(isDefaultStore(storage), expected))
  }
})
