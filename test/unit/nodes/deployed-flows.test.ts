import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { onFlowsHash } from '../../../nodes/deployed-flows'
import { flowsHash } from '../../../src/host/flows-hash/flows-hash'
import type { DeployedNode } from '../../../src/host/flows-hash/running-nodes'
import { until } from './rig'

const flow = (topic: string, count = 1): DeployedNode[] =>
  Array.from({ length: count }, (_none, i) => ({ id: `${i}`, type: 'inject', topic, x: 1, y: 1, wires: [] }))
const start = (events: EventEmitter, flows: unknown): unknown => events.emit('flows:started', { config: { flows } })

describe('the hash of what is deployed', () => {
  it('is told to every pair, of its own Node-RED, with one listener', async () => {
    const [one, other] = [new EventEmitter(), new EventEmitter()]
    const told: number[][] = [[], [], []]
    const ends = [one, one, other].map((events, i) => onFlowsHash(events, (hash) => told[i]?.push(hash)))
    assert.deepEqual([one.listenerCount('flows:started'), other.listenerCount('flows:started')], [1, 1])
    start(one, flow('a'))
    start(other, flow('b'))
    await until(() => told.every((hashes) => hashes.length === 1), 'all are told')
    assert.deepEqual(told, [[flowsHash(flow('a'))], [flowsHash(flow('a'))], [flowsHash(flow('b'))]])
    for (const end of ends) end()
    assert.deepEqual([one.listenerCount('flows:started'), other.listenerCount('flows:started')], [0, 0])
  })

  it('is that of the latest deploy, and nobody is told after its end', async () => {
    const events = new EventEmitter()
    const told: number[] = []
    const late: number[] = []
    const end = onFlowsHash(events, (hash) => told.push(hash))
    const endLate = onFlowsHash(events, (hash) => late.push(hash))
    start(events, flow('a', 5000))
    start(events, flow('b'))
    endLate()
    await until(() => told.length > 0, 'it is told')
    assert.deepEqual([told, late], [[flowsHash(flow('b'))], []])
    start(events, flow('c', 5000))
    end()
    const successor: number[] = []
    const endOfSuccessor = onFlowsHash(events, (hash) => successor.push(hash))
    start(events, flow('d', 5000))
    await until(() => successor.length > 0, 'the successor is told')
    endOfSuccessor()
    assert.deepEqual([told.length, successor], [1, [flowsHash(flow('d', 5000))]])
  })

  it('of thousands of nodes lets others run in between', async () => {
    const events = new EventEmitter()
    const told: number[] = []
    const end = onFlowsHash(events, (hash) => told.push(hash))
    start(events, flow('x'.repeat(2000), 4000))
    let turns = 0
    for (; told.length === 0 && turns < 10_000; turns++) await new Promise((later) => setImmediate(later))
    assert.equal(told[0], flowsHash(flow('x'.repeat(2000), 4000)))
    assert.ok(turns > 3, `all at once, in ${turns} turns`)
    end()
  })
})
