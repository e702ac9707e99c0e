/** Another process writes the record of a running pair. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseRecord, serializeRecord } from '../../../src/engine/store'
import type { PairRecord } from '../../../src/protocol/record'
import { createMachine } from '../../../src/protocol/create'
import { FakeMachine, freePorts, link, settings, TestEngine, until } from '../../support/engine-rig'

const RECORD: PairRecord = {
  nodeId: '00f1e2d3c4b5a697',
  epoch: 4,
  reserved: 0,
  parity: null,
  promisedMs: 0,
  preferred: false,
  online: false,
  number: 3,
  peerPolicy: null
}

describe('a record that another process wrote', () => {
  let folder: string
  let file: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ha-pair-foreign-'))
    file = join(folder, 'pair.json')
    await writeFile(file, serializeRecord(RECORD))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is told to the machine once, before the write that met it counts as failed', async () => {
    const machine = new FakeMachine()
    let ticket = 0
    machine.answer = ({ kind }) => (kind === 'fitness' ? [{ kind: 'store', ticket: ++ticket, record: RECORD }] : [])
    const engine = new TestEngine(() => machine)
    const [x = 0, y = 0] = await freePorts(2)
    engine.add(1, settings([link(x, y)]), undefined, file)
    await until('it started', () => machine.count('start') === 1)
    const write = async (): Promise<void> => {
      const before = machine.count('stored')
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      await until('the store answered', () => machine.count('stored') > before)
    }
    await write()
    assert.equal(machine.count('foreignRecord'), 0)
    await writeFile(file, serializeRecord({ ...RECORD, epoch: 9 }))
    await write()
    await write()
    const kinds = machine.kinds().filter((kind) => kind === 'stored' || kind === 'foreignRecord')
    assert.deepEqual(kinds, ['stored', 'foreignRecord', 'stored', 'stored'])
    assert.deepEqual(
      machine.steps.flatMap(({ input }) => (input.kind === 'stored' ? [input.ok] : [])),
      [true, false, false]
    )
    await until('it is told', () => engine.snapshot(1)?.store === 'foreign-record')
    await engine.remove(1)
  })

  it('is an event, and stays as it is', async () => {
    const engine = new TestEngine(createMachine)
    const [x = 0, y = 0] = await freePorts(2)
    engine.add(1, settings([link(x, y)], { peerTimeoutMs: 80 }), undefined, file)
    await until('it serves', () => engine.snapshot(1)?.role === 'active')
    // The number of the promotion is written after it, and the next one is reserved: then the disk is at rest.
    await until('all is written', () => {
      const record = parseRecord(readFileSync(file, 'utf8'))
      return record !== null && record.epoch === engine.snapshot(1)?.epoch && record.reserved > record.epoch
    })
    const foreign = serializeRecord({ ...RECORD, epoch: 99 })
    await writeFile(file, foreign)
    engine.engine.handle({ type: 'command', pairId: 1, requestId: 1, designate: 'standby', force: true })
    engine.engine.handle({ type: 'command', pairId: 1, requestId: 2, designate: 'active', force: true })
    await until('it is told', () =>
      engine.events(1).some(({ event, reason }) => event === 'store' && reason === 'foreign-record')
    )
    await until('it is shown', () => engine.snapshot(1)?.store === 'foreign-record')
    assert.equal(await readFile(file, 'utf8'), foreign)
    await engine.remove(1)
  })
})
