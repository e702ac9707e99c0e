import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import fc from 'fast-check'
import {
  Disk,
  EpochStore,
  FOREIGN,
  parseRecord,
  serializeRecord,
  type OnStored,
  type StoreReader
} from '../../../src/engine/store'
import type { PairRecord } from '../../../src/protocol/record'

const RECORD: PairRecord = {
  nodeId: '00f1e2d3c4b5a697',
  epoch: 41,
  reserved: 42,
  parity: 1,
  promisedMs: 2000,
  preferred: true,
  online: false,
  number: 1,
  peerPolicy: null
}

async function save(store: EpochStore, ticket: number, record: PairRecord): Promise<void> {
  store.save(ticket, record)
  await store.idle()
}

/** What the version before wrote. */
function inFormat1(body: object): string {
  const json = JSON.stringify(body)
  const check = createHash('sha256').update('ha-pair record 1').update(json).digest('hex')
  return `ha-pair record 1\n${json}\n${check}\n`
}

describe('the epoch store', () => {
  let folder: string
  let file: string
  const answers: [number, string | null][] = []
  let foreign = 0
  const disk = new Disk()
  const onStored: OnStored = (ticket, error) => answers.push([ticket, error])
  const newStore = (at = file): EpochStore => new EpochStore(at, onStored, () => foreign++, disk)

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ha-pair-store-'))
    file = join(folder, 'pairs', 'one.record')
    answers.length = 0
    foreign = 0
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

  /** A store whose file refuses to be read so many times, and how often it was asked and made to wait. */
  const refusing = (times: number, code: string): { store: EpochStore; reads: () => number; waits: number[] } => {
    let reads = 0
    const waits: number[] = []
    const reader: StoreReader = {
      readFile: (path) => {
        if (reads++ < times) return Promise.reject(Object.assign(new Error(code), { code }))
        return readFile(path, 'utf8')
      },
      pause: (ms) => Promise.resolve(waits.push(ms))
    }
    const store = new EpochStore(file, onStored, () => foreign++, disk, reader)
    return { store, reads: () => reads, waits }
  }

  it('is read again when reading fails for a moment', async () => {
    await save(newStore(), 1, RECORD)
    for (const code of ['EMFILE', 'EIO', 'EACCES', 'EBUSY']) {
      const { store, reads, waits } = refusing(5, code)
      assert.deepEqual(await store.read(), { record: RECORD, problem: null }, code)
      assert.equal(reads(), 6)
      assert.deepEqual(waits, [20, 20, 20, 20, 20])
      await save(store, 2, RECORD)
      assert.deepEqual(await readdir(join(folder, 'pairs')), ['one.record'], 'nothing is set aside')
    }
  })

  it('that cannot be read for longer is reported after a bounded time, one that is not there at once', async () => {
    const { store, reads, waits } = refusing(Infinity, 'EIO')
    assert.deepEqual(await store.read(), { record: null, problem: 'unreadable' })
    assert.deepEqual([reads(), waits.length], [6, 5])
    const none = refusing(0, '')
    assert.deepEqual(await none.store.read(), { record: null, problem: 'missing' })
    assert.deepEqual([none.reads(), none.waits.length], [1, 0])
  })

  it('that could not be used is set aside before a lower epoch takes its place, once', async () => {
    await save(newStore(), 1, RECORD)
    const { store } = refusing(6, 'EIO')
    await store.read()
    await save(store, 2, { ...RECORD, epoch: 1 })
    await save(store, 3, { ...RECORD, epoch: 2 })
    assert.deepEqual((await readdir(join(folder, 'pairs'))).sort(), ['one.record', 'one.record.unreadable'])
    assert.equal(await readFile(`${file}.unreadable`, 'utf8'), serializeRecord(RECORD))
    assert.equal((await newStore().read()).record?.epoch, 2)
    assert.deepEqual(answers.slice(1), [
      [2, null],
      [3, null]
    ])

    await writeFile(file, 'half a rec')
    const again = newStore()
    assert.equal((await again.read()).problem, 'damaged')
    await save(again, 4, RECORD)
    assert.equal(await readFile(`${file}.damaged`, 'utf8'), 'half a rec')
    assert.deepEqual(await newStore().read(), { record: RECORD, problem: null })
  })

  it('that cannot be set aside stays as it is, and the write fails', async () => {
    await save(newStore(), 1, RECORD)
    // A folder with something in it gives way to no file.
    await mkdir(join(`${file}.unreadable`, 'in the way'), { recursive: true })
    const { store } = refusing(6, 'EIO')
    await store.read()
    await save(store, 2, { ...RECORD, epoch: 1 })
    assert.notEqual(answers.at(-1)?.[1], null)
    assert.equal(await readFile(file, 'utf8'), serializeRecord(RECORD))
    await rm(`${file}.unreadable`, { recursive: true })
    await save(store, 3, { ...RECORD, epoch: 1 })
    assert.deepEqual(answers.at(-1), [3, null])
    assert.equal(await readFile(`${file}.unreadable`, 'utf8'), serializeRecord(RECORD))
  })

  it('reads the policy that was called safety as exclusive', () => {
    const text = serializeRecord({ ...RECORD, peerPolicy: 'safety' as 'exclusive' })
    assert.deepEqual(parseRecord(text), { ...RECORD, peerPolicy: 'exclusive' })
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

  it('takes a number at the end of its range, and none beyond', () => {
    const last = 2 ** 48 - 1
    for (const name of ['epoch', 'reserved', 'promisedMs', 'number'] as const) {
      const record = { ...RECORD, [name]: last }
      assert.deepEqual(parseRecord(serializeRecord(record)), record)
      for (const wrong of [last + 1, -1, 0.5, '1', null]) {
        const text = serializeRecord({ ...RECORD, [name]: wrong as number })
        assert.equal(parseRecord(text), null, `${name} ${wrong}`)
      }
    }
  })

  it('reads what the version before wrote; who has met its peer may have left it online', async () => {
    const kept = { nodeId: RECORD.nodeId, epoch: 41, reserved: 42 }
    const asNow = (parity: 0 | 1 | null, online: boolean): PairRecord => {
      return { ...kept, parity, promisedMs: 2000, preferred: true, online, number: 0, peerPolicy: null }
    }
    for (const [parity, released, online] of [
      [1, false, true],
      [0, true, true],
      [null, true, true],
      [null, false, false]
    ] as const) {
      const old = inFormat1({ ...kept, parity, promisedMs: 2000, preferred: true, released })
      assert.deepEqual(parseRecord(old), asNow(parity, online))
      assert.equal(parseRecord(old.replace('record 1', 'record 2')), null)
    }
    await mkdir(join(folder, 'pairs'))
    await writeFile(file, inFormat1({ ...kept, parity: 0, promisedMs: 2000, preferred: true, released: false }))
    const store = newStore()
    assert.deepEqual(await store.read(), { record: asNow(0, true), problem: null })
    await save(store, 1, RECORD)
    assert.deepEqual([answers, foreign], [[[1, null]], 0])
    assert.deepEqual(await newStore().read(), { record: RECORD, problem: null })
  })

  describe('that another process wrote', () => {
    const OTHER = { ...RECORD, epoch: 99, number: 7 }
    const refused = async (store: EpochStore, left: string): Promise<void> => {
      answers.length = 0
      await save(store, 8, { ...RECORD, epoch: 50 })
      await save(store, 9, { ...RECORD, epoch: 51 })
      assert.deepEqual(answers, [
        [8, FOREIGN],
        [9, FOREIGN]
      ])
      assert.equal(await readFile(file, 'utf8'), left, 'it stays as it is')
      assert.equal(foreign, 1, 'it is told once')
    }

    it('is not written over, and is told once, before the answer', async () => {
      const store = newStore()
      await save(store, 1, RECORD)
      await writeFile(file, serializeRecord(OTHER))
      let toldFirst = false
      const watching = new EpochStore(
        file,
        () => (toldFirst = foreign === 1),
        () => foreign++,
        disk
      )
      await watching.read()
      await writeFile(file, serializeRecord({ ...OTHER, number: 8 }))
      await save(watching, 2, RECORD)
      assert.ok(toldFirst)
      foreign = 0
      await refused(store, serializeRecord({ ...OTHER, number: 8 }))
    })

    it('after this one had read it, or had found none', async () => {
      await save(newStore(), 1, RECORD)
      const reader = newStore()
      await reader.read()
      await writeFile(file, serializeRecord(OTHER))
      await refused(reader, serializeRecord(OTHER))

      foreign = 0
      await rm(file)
      const first = newStore()
      assert.equal((await first.read()).problem, 'missing')
      await writeFile(file, serializeRecord(OTHER))
      await refused(first, serializeRecord(OTHER))
    })

    it('stays refused when it looks right again', async () => {
      const store = newStore()
      await save(store, 1, RECORD)
      await writeFile(file, 'something else')
      await refused(store, 'something else')
      await writeFile(file, serializeRecord(RECORD))
      await refused(store, serializeRecord(RECORD))
    })

    it('is what a disk looks like that was set back', async () => {
      const store = newStore()
      await save(store, 1, RECORD)
      const earlier = await readFile(file, 'utf8')
      await save(store, 2, { ...RECORD, epoch: 43, number: 2 })
      await writeFile(file, earlier)
      await refused(store, earlier)
    })

    it('is not what a write left that failed, whatever of it is on the disk', async () => {
      const store = newStore()
      await save(store, 1, RECORD)
      // The file is replaced, and then its folder cannot be made durable: here, because the draft is in the way.
      const draft = `${file}.${threadId}.tmp`
      await mkdir(draft)
      await save(store, 2, { ...RECORD, number: 2 })
      assert.notEqual(answers.at(-1)?.[1], null)
      await rm(draft, { recursive: true })
      await writeFile(file, serializeRecord({ ...RECORD, number: 2 }))
      await save(store, 3, { ...RECORD, number: 3 })
      assert.deepEqual(answers.at(-1), [3, null])
      assert.equal(foreign, 0)
    })

    it('is not what was removed: it is written again', async () => {
      const store = newStore()
      await save(store, 1, RECORD)
      await rm(join(folder, 'pairs'), { recursive: true })
      await save(store, 2, { ...RECORD, number: 2 })
      assert.deepEqual(answers.at(-1), [2, null])
      assert.equal(foreign, 0)
    })

    it('cannot be told while it cannot be read: the write fails for that time', async () => {
      const { store } = refusing(0, '')
      await save(store, 1, RECORD)
      const text = await readFile(file, 'utf8')
      await rm(file)
      await mkdir(file)
      await save(store, 2, { ...RECORD, number: 2 })
      assert.deepEqual(answers.at(-1), [2, 'EISDIR'])
      await rm(file, { recursive: true })
      await writeFile(file, text)
      await save(store, 3, { ...RECORD, number: 3 })
      assert.deepEqual(answers.at(-1), [3, null])
      assert.equal(foreign, 0)
    })
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
    const again: OnStored = (ticket) => {
      if (ticket < 5) store.save(ticket + 1, { ...RECORD, epoch: ticket + 1 })
    }
    const store = new EpochStore(file, again, () => foreign++, disk)
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
