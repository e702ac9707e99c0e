/** A pair whose files another process holds: the hub, the real engine, real processes. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ToEngine } from '../../../src/engine/messages'
import { parseRecord, serializeRecord } from '../../../src/engine/store'
import type { PairRequest } from '../../../src/host/pair-request'
import { hub } from '../../../src/host/root'
import type { Pair } from '../../../src/host/pair'
import { PairFiles } from '../../../src/host/pair-files'
import type { PairRecord } from '../../../src/protocol/record'
import type { PairSettings } from '../../../src/protocol/settings'
import { closed, freePorts, holds, link, open, LOOPBACK, settings, until } from '../../support/engine-rig'
import { crashEngine } from './crash'
import type { Ending } from '../../support/side-process'

const RECORD: PairRecord = {
  nodeId: '00f1e2d3c4b5a697',
  epoch: 40,
  reserved: 0,
  parity: null,
  promisedMs: 0,
  preferred: false,
  online: false,
  number: 3,
  peerPolicy: null
}
const WAIT_MS = 10_000

const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
const waits = (pair: Pair): boolean => pair.trouble()?.code === 'files-in-use'

describe('a pair whose files another process holds', function () {
  this.timeout(40_000)
  let folder: string
  let file: string
  let side: PairSettings
  let port: number
  let children: ChildProcess[]
  let lines: string[]

  const start = async (path: string, args: readonly string[], said: string): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [require.resolve(path), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    let heard = ''
    child.stdout?.on('data', (chunk) => (heard += String(chunk)))
    child.stdin?.write('go\n')
    await until(`a process says ${said}`, () => heard.includes(said), WAIT_MS)
    return child
  }
  const request = (): PairRequest => ({
    id: 'side',
    settings: side,
    keys: { key: '', previousKey: '' },
    storeFile: file,
    log: {
      info: (line) => lines.push(`info ${line}`),
      warn: (line) => lines.push(`warn ${line}`),
      error: (line) => lines.push(`error ${line}`)
    }
  })
  const portIsFree = async (): Promise<boolean> => {
    const socket = await open(LOOPBACK, port).catch(() => null)
    if (socket !== null) await closed(socket)
    return socket !== null
  }
  const flags = (): string[] => readdirSync(folder).filter((name) => name.startsWith('lock.'))

  beforeEach(async function () {
    if (process.platform === 'win32') this.skip()
    folder = mkdtempSync(join(tmpdir(), 'ha-pair-in-use-'))
    file = join(folder, 'side.json')
    writeFileSync(file, serializeRecord(RECORD))
    const [x = 0, y = 0] = await freePorts(2)
    port = x
    side = settings([link(x, y)], { name: 'side', peerTimeoutMs: 100 })
    children = []
    lines = []
  })
  afterEach(async () => {
    await hub.shutdown()
    await Promise.all(children.map(kill))
    rmSync(folder, { recursive: true, force: true })
  })

  it('waits, opens no port, says why, and goes on by itself', async () => {
    const holder = await start('./files-process', [folder, '50'], 'held')
    const lease = hub.acquire(request())
    const { pair } = lease
    const told: string[] = []
    lease.observe({ onEvent: ({ event, reason }) => told.push(`${event} ${reason}`) })
    const early = assert.rejects(pair.designate('active', true), { code: 'stopped', detail: 'files-in-use' })
    await until('it waits', () => waits(pair))
    assert.deepEqual(pair.trouble(), { code: 'files-in-use', detail: `pid ${holder.pid}` })
    await early
    await assert.rejects(pair.designate('active', true), { code: 'stopped', detail: 'files-in-use' })
    assert.deepEqual(
      pair.warnings().map(({ code, detail }) => [code, detail]),
      [
        ['files-in-use', { holder: `pid ${holder.pid}` }],
        ['no-key', {}]
      ]
    )
    assert.deepEqual(pair.vitals().troubles, ['files-in-use'])
    await holds('it waits', () => waits(pair) && pair.status().role === 'initial' && !pair.gate().open, 1500)
    assert.ok(await portIsFree())
    assert.deepEqual(told, ['warning files-in-use'])
    assert.match(
      lines.join('\n'),
      /^warn side: Another process \(pid \d+\) holds this pair’s files on .*\(holder=pid \d+\)$/
    )
    await kill(holder)
    await until('it serves', () => pair.gate().open, WAIT_MS)
    assert.equal(pair.trouble(), null)
    assert.ok(told.includes('warning-ended files-in-use') && told.includes('started starting'), told.join())
    assert.ok(pair.status().epoch > RECORD.epoch)
  })

  it('is nothing that the engine knows of', async () => {
    await start('./files-process', [folder, '50'], 'held')
    const [x = 0, y = 0] = await freePorts(2)
    hub.acquire({ ...request(), id: 'beside', settings: settings([link(x, y)]), storeFile: null })
    const thread = hub.worker
    assert.ok(thread !== null)
    const posted: (string | undefined)[] = []
    const post = thread.postMessage.bind(thread)
    thread.postMessage = (message: ToEngine | null) => {
      posted.push(message?.type)
      post(message)
    }
    const { pair } = hub.acquire(request())
    pair.setFitness(7)
    await until('it waits', () => waits(pair))
    await holds('it is not told', () => posted.length === 0, 300)
  })

  it('reads the record when it is its own: no epoch of the process before it is used again', async () => {
    const ending: Ending = 'alone'
    const before = await start('../../support/side-process', [JSON.stringify(side), ending, file], 'active')
    const { pair } = hub.acquire(request())
    await until('it waits', () => waits(pair))
    const kept = (): PairRecord | null => parseRecord(readFileSync(file, 'utf8'))
    await until('the other one has written its epoch', () => (kept()?.epoch ?? 0) > RECORD.epoch, WAIT_MS)
    const left = kept()
    assert.ok(left !== null)
    await kill(before)
    await until('it serves', () => pair.gate().open, WAIT_MS)
    assert.ok(pair.status().epoch > Math.max(left.epoch, left.reserved), `${pair.status().epoch}`)
    assert.equal(flags().length, 1)
  })

  it('does not get them while the engine of the other process dies and is started anew', async () => {
    const { pair } = hub.acquire(request())
    await until('it serves', () => pair.gate().open, WAIT_MS)
    const other = await start('./files-process', [folder, '20'], 'in-use')
    let got = false
    other.stdout?.on('data', () => (got = true))
    for (let round = 0; round < 2; round++) {
      await crashEngine()
      await until('it is noticed', () => pair.trouble() !== null)
      await until('it serves again', () => pair.gate().open, WAIT_MS)
    }
    assert.equal(got, false)
    await hub.shutdown()
    await until('who waited has them', () => got)
  })

  it('keeps them over a deploy and from pair to pair, and leaves nothing behind', async () => {
    const lease = hub.acquire(request())
    await until('it serves', () => lease.pair.gate().open, WAIT_MS)
    const before = flags()
    await lease.release(false)
    const [x = 0, y = 0] = await freePorts(2)
    const again = hub.acquire({ ...request(), settings: settings([link(x, y)]) })
    const beside = hub.acquire({ ...request(), id: 'beside', storeFile: join(folder, 'beside.json') })
    await until('both run', () => again.pair.status().seq > 0 && beside.pair.status().seq > 0)
    assert.deepEqual(flags(), before)
    await hub.shutdown()
    assert.deepEqual(flags(), [])
  })

  it('leaves the engine when its folder was taken away and another process has the new one', async () => {
    const { pair } = hub.acquire(request())
    await until('it serves', () => pair.gate().open, WAIT_MS)
    const thief = new PairFiles(folder, () => {}, 10)
    // Whoever looks first has them.
    for (let tries = 0; !thief.free && tries < 100; tries++) {
      for (const flag of flags()) rmSync(join(folder, flag))
      await new Promise((later) => setTimeout(later, 100))
    }
    assert.deepEqual(thief.state, { kind: 'held' })
    await until('it has left', () => waits(pair) && !pair.gate().open && pair.status().role === 'initial')
    for (let tries = 0; !(await portIsFree()); tries++) assert.ok(tries < 1000)
    thief.end()
    await until('it serves again', () => pair.gate().open, WAIT_MS)
    assert.equal(pair.trouble(), null)
  })

  it('ends in order: the next process finds no flag', async () => {
    const ending: Ending = 'exit'
    const child = spawn(process.execPath, [
      require.resolve('../../support/side-process'),
      JSON.stringify(side),
      ending,
      file
    ])
    children.push(child)
    await until('it runs', () => flags().length === 1, WAIT_MS)
    child.kill('SIGTERM')
    await once(child, 'exit')
    assert.deepEqual(flags(), [])
  })
})
