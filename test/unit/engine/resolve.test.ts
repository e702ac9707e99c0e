import assert from 'node:assert/strict'
import { Resolver } from '../../../src/engine/resolve'

describe('names', () => {
  it('give their addresses, IPv4 first', async () => {
    const resolver = new Resolver(() => Promise.resolve(['fe80::1', '10.0.0.2', '::1', '10.0.0.1']))
    assert.deepEqual(await resolver.resolve('peer'), {
      addresses: ['10.0.0.2', '10.0.0.1', 'fe80::1', '::1'],
      error: null
    })
  })

  it('that are addresses are not looked up', async () => {
    const resolver = new Resolver(() => assert.fail('looked up'))
    assert.deepEqual(await resolver.resolve('127.0.0.1'), { addresses: ['127.0.0.1'], error: null })
    assert.deepEqual(await resolver.resolve('::1'), { addresses: ['::1'], error: null })
  })

  it('that do not resolve give the reason, and can be asked again', async () => {
    let known = false
    const resolver = new Resolver(() =>
      known ? Promise.resolve(['10.0.0.1']) : Promise.reject(Object.assign(new Error('?'), { code: 'ENOTFOUND' }))
    )
    assert.deepEqual(await resolver.resolve('peer'), { addresses: null, error: 'ENOTFOUND' })
    known = true
    assert.deepEqual((await resolver.resolve('peer')).addresses, ['10.0.0.1'])
  })

  it('that are asked for at the same time share a lookup, and few lookups run at once', async () => {
    let [running, most, total] = [0, 0, 0]
    const resolver = new Resolver(async () => {
      total++
      most = Math.max(most, ++running)
      await new Promise((later) => setImmediate(later))
      running--
      return ['10.0.0.1']
    })
    await Promise.all(Array.from({ length: 100 }, (_, i) => resolver.resolve(`host-${i % 10}`)))
    assert.deepEqual([most, total], [2, 10])
  })
})
