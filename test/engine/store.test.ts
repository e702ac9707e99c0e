import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { EpochStore, parseRecord, serializeRecord } from '../../src/engine/store'
import type { PairRecord } from '../../src/protocol/record'

const RECORD: PairRecord = {
  nodeId: '00f1e2d3c4b5a697',
  epoch: 41,
  reserved: 42,
  parity: 1,
  promisedMs: 2000,
  preferred: true,
  released: false
}

describe('the epoch store', () => {
  let folder: string
  let file: string
  const answers: [number, string | null][] = []
  const newStore = (at = file): EpochStore => new EpochStore(at, (ticket, error) => answers.push([ticket, error]))

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ha-pair-store-'))
    file = join(folder, 'pairs', 'one.record')
    answers.length = 0
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('gives back what was saved, also to a later start', async () => {
    const store = newStore()
    store.save(1, RECORD)
    await store.idle()
    assert.deepEqual(answers, [[1, null]])
    assert.deepEqual(await newStore().read(), { record: RECORD, problem: null })
  })

  it('says what is missing, damaged and unreadable', async () => {
    assert.deepEqual(await newStore().read(), { record: null, problem: 'missing' })
    await mkdir(join(folder, 'pairs'))
    await writeFile(file, serializeRecord(RECORD).replace('41', '40'))
    assert.deepEqual(await newStore().read(), { record: null, problem: 'damaged' })
    assert.deepEqual(await newStore(folder).read(), { record: null, problem: 'unreadable' })
  })

  it('takes no cut or changed file for a record', () => {
    const text = serializeRecord(RECORD)
    assert.deepEqual(parseRecord(text), RECORD)
    for (let length = 0; length < text.length; length++) assert.equal(parseRecord(text.slice(0, length)), null)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        fc.pre(text[at] !== letter)
        assert.equal(parseRecord(text.slice(0, at) + letter + text.slice(at + 1)), null)
      })
    )
  })

  it('answers every ticket once and in order, and leaves the newest record', async () => {
    const store = newStore()
    for (let ticket = 1; ticket <= 50; ticket++) {
      store.save(ticket, { ...RECORD, epoch: ticket })
      if (ticket % 10 === 0) await new Promise((later) => setImmediate(later))
    }
    await store.idle()
    assert.deepEqual(
      answers,
      Array.from({ length: 50 }, (_, i) => [i + 1, null])
    )
    assert.equal((await store.read()).record?.epoch, 50)
    assert.deepEqual(await readdir(join(folder, 'pairs')), ['one.record'], 'no drafts are left')
  })

  it('takes a record that is saved from within an answer', async () => {
    const store = new EpochStore(file, (ticket) => {
      if (ticket < 5) store.save(ticket + 1, { ...RECORD, epoch: ticket + 1 })
    })
    store.save(1, RECORD)
    await store.idle()
    assert.equal((await newStore().read()).record?.epoch, 5)
  })

  it('says what failed, keeps the old record, and goes on when the disk works again', async () => {
    const store = newStore()
    await writeFile(join(folder, 'pairs'), 'a file where the folder should be')
    store.save(1, RECORD)
    await store.idle()
    assert.equal(answers.length, 1)
    assert.match(String(answers[0]?.[1]), /^E(EXIST|NOTDIR)$/)
    await rm(join(folder, 'pairs'))
    store.save(2, RECORD)
    await store.idle()
    assert.deepEqual(answers[1], [2, null])
    assert.equal(await readFile(file, 'utf8'), serializeRecord(RECORD))
  })

  it('is read only after the last write of an earlier start of the same pair', async () => {
    const earlier = newStore()
    earlier.save(1, { ...RECORD, epoch: 99 })
    const { record } = await newStore().read()
    assert.equal(record?.epoch, 99)
  })
})
