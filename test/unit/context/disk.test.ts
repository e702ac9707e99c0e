/** The file of a store: what is read back, what is damaged, what a full disk costs, and what a copy that went on by itself leaves. */
import assert from 'node:assert/strict'
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Copy } from '../../../src/host/store/copy'
import { Disk } from '../../../src/host/store/disk'
import { UNREF_LOOP, type Loop } from '../../../src/host/loop'
import { parsePath } from '../../../src/host/store/property-path'
import { eventually } from '../../support/eventually'
import { contentOf, ManualLoop } from './rig'

const LIMITS = { maxBytes: 10_000_000, maxKeyBytes: 1_000_000 }

describe('the file of a store', () => {
  let folder: string
  let file: string
  let copy: Copy
  let told: string[]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ha-pair-store-'))
    file = join(folder, 'ha-pair', 'context-pair.jsonl')
    copy = new Copy(LIMITS)
    told = []
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const disk = (of = copy, loop: Loop = UNREF_LOOP, flushMs = 0): Disk =>
    new Disk(of, loop, { file, flushMs }, (text) => told.push(text))
  const set = (key: string, value: unknown): unknown => copy.set('flow', parsePath(key), value)
  const written = async (one = disk()): Promise<void> => {
    one.touch()
    await one.flush()
  }
  const readBack = async (): Promise<Copy> => {
    const other = new Copy(LIMITS)
    await disk(other).load()
    return other
  }

  it('holds all of it, with its position, line and deletions', async () => {
    copy.promote(2)
    for (const [key, value] of [
      ['n', 1],
      ['at', new Date(5)],
      ['gone', 1],
      ['nested.x', [undefined, 2n]]
    ] as const)
      set(key, value)
    copy.cut()
    set('gone', undefined)
    copy.promote(4)
    set('n', 2)
    await written()
    const back = await readBack()
    assert.deepEqual(contentOf(back), contentOf(copy))
    assert.deepEqual([back.position, back.line, back.floor], [{ epoch: 4, number: 1 }, copy.line, copy.floor])
    assert.deepEqual(
      [...back.since({ epoch: 2, number: 1 })].map(({ key, gone }) => [key, gone]),
      [
        ['n', false],
        ['gone', true]
      ]
    )
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(told, [])
  })

  it('is a state of one moment, also when it is written to meanwhile', async () => {
    copy.promote(2)
    for (let n = 0; n < 100; n++) set(`key${n}`, 'x'.repeat(10_000))
    const one = disk()
    one.touch()
    const state = { done: false }
    const writing = one.flush().then(() => (state.done = true))
    let n = 0
    const states = new Map<string, unknown>()
    for (; !state.done; n++) {
      set('first', n)
      set(`key${n % 100}`, n)
      set('last', n)
      copy.cut()
      states.set(JSON.stringify(copy.position), { ...contentOf(copy) })
      await new Promise(setImmediate)
    }
    await writing
    const back = await readBack()
    assert.ok(n > 3, `${n} turns`)
    assert.deepEqual(contentOf(back), states.get(JSON.stringify(back.position)))
    assert.equal(back.keyCount, 102)
  })

  it('does not hold what is provisional', async () => {
    copy.promote(2)
    set('n', 1)
    copy.seal()
    set('n', 2)
    set('new', 1)
    await written()
    assert.deepEqual(contentOf(await readBack()), { 'flow n': 1 })
  })

  it('is begun anew when a snapshot takes the place of everything', async () => {
    for (let n = 0; n < 100; n++) set(`old${n}`, 'x'.repeat(10_000))
    const one = disk()
    one.touch()
    const writing = one.flush()
    await new Promise(setImmediate)
    copy.replace({ scopes: new Map(), position: { epoch: 2, number: 1 }, line: [] })
    await writing
    assert.deepEqual([(await readBack()).keyCount, (await readBack()).position], [0, { epoch: 2, number: 1 }])
  })

  for (const [what, damage] of [
    ['cut', (text: string) => text.slice(0, -20)],
    ['cut at a line', (text: string) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)],
    ['changed', (text: string) => text.replace('"n"', '"m"')],
    ['empty', () => ''],
    ['something else', () => '{"n":1}\n'],
    ['of a later format', (text: string) => text.replace('context 1', 'context 2')]
  ] as const) {
    it(`that is ${what} is put aside, and the store starts empty`, async () => {
      set('n', 1)
      await written()
      await writeFile(file, damage(await readFile(file, 'utf8')))
      const back = await readBack()
      assert.equal(back.keyCount, 0)
      assert.deepEqual(
        told.map((text) => / damaged /.test(text)),
        [true]
      )
      assert.match((await readdir(join(folder, 'ha-pair'))).join(), /^context-pair\.jsonl\.damaged-/)
    })
  }

  it('that is not there yet is no news', async () => {
    await readBack()
    assert.deepEqual(told, [])
  })

  it('that cannot be read is not written over', async () => {
    await mkdir(join(folder, 'ha-pair'))
    await symlink(file, file)
    const one = disk()
    await one.load()
    await written(one)
    assert.match(told[0] ?? '', /cannot be read/)
    assert.equal((await lstat(file)).isSymbolicLink(), true)
  })

  it('that cannot be written is told once, and written when it can', async () => {
    await writeFile(join(folder, 'ha-pair'), 'in the way')
    const loop = new ManualLoop()
    const one = disk(copy, loop, 1000)
    set('n', 1)
    await written(one)
    await written(one)
    assert.deepEqual(
      told.map((text) => /cannot be written/.test(text)),
      [true]
    )
    await rm(join(folder, 'ha-pair'))
    loop.advanceMs(1000)
    await one.flush()
    assert.deepEqual(contentOf(await readBack()), { 'flow n': 1 })
  })

  it('that cannot be written is tried again each second at the most, however often it is to be written', async () => {
    await writeFile(join(folder, 'ha-pair'), 'in the way')
    const loop = new ManualLoop()
    const one = disk(copy, loop, 0)
    set('n', 1)
    await written(one)
    // What was due before it failed.
    loop.advanceMs(0)
    await one.flush()
    await rm(join(folder, 'ha-pair'))
    for (let ms = 0; ms < 999; ms++) {
      one.touch()
      loop.advanceMs(1)
    }
    assert.deepEqual(await readdir(folder), [])
    loop.advanceMs(1)
    await eventually('it is written', 2000, async () => (await readdir(folder)).length > 0)
    await one.flush()
    assert.deepEqual(contentOf(await readBack()), { 'flow n': 1 })
  })

  it('is written after its interval, once for all that was changed, and at the end', async () => {
    const loop = new ManualLoop()
    const one = disk(copy, loop, 30_000)
    set('n', 1)
    for (let n = 0; n < 5; n++) one.touch()
    loop.advanceMs(29_999)
    assert.deepEqual(await readdir(folder), [])
    set('n', 2)
    await one.close()
    assert.deepEqual(contentOf(await readBack()), { 'flow n': 2 })
  })

  it('leaves what a copy had that went on by itself beside it, the newest five', async () => {
    set('n', 1)
    await written()
    const scopes = copy.scopes
    for (let n = 0; n < 7; n++) {
      await disk().keepConflict(scopes, { position: { epoch: 2, number: n }, line: [], floor: { epoch: 0, number: 0 } })
      await new Promise((later) => setTimeout(later, 2))
    }
    const names = (await readdir(join(folder, 'ha-pair'))).filter((name) => name.includes('conflict')).toSorted()
    assert.equal(names.length, 5)
    const last = join(folder, 'ha-pair', names.at(-1) ?? '')
    assert.match(await readFile(last, 'utf8'), /"number":6/)
    assert.equal((await stat(last)).mode & 0o777, 0o600)
  })
})
