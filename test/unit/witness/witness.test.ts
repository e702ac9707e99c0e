/** The witness at work: real sockets, real files. */
import { strict as assert } from 'node:assert'
import { createSocket, type Socket } from 'node:dgram'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOAN_STEP, STORED_MAX } from '../../../src/protocol/epoch-allocator'
import { leaseMs } from '../../../src/protocol/extended/lease'
import { Voice } from '../../../src/protocol/extended/voice'
import { ASK_BYTES, decodeAnswer, encodeAsk, type Answer } from '../../../src/protocol/wire/witness-frame'
import { WitnessSeal, witnessKeyOf } from '../../../src/engine/witness-seal'
import { parseKeyLines } from '../../../src/witness/keys'
import type { PairLog } from '../../../src/host/report'
import { WitnessFiles } from '../../../src/witness/files'
import { Witness } from '../../../src/witness/witness'
import { eventually } from '../../support/eventually'

const KEY = witnessKeyOf('a key of a pair that is long enough')
const P = 150
const LONG_P = 60_000

/** Until `check` throws no more. */
const until = (check: () => void): Promise<boolean> =>
  eventually('what is asserted', 8000, () => {
    check()
    return true
  })

function keysOf(...texts: string[]) {
  const { keys, error } = parseKeyLines(texts.join('\n'))
  assert.equal(error, null)
  return keys
}

class Side {
  readonly socket: Socket = createSocket('udp4')
  readonly seal: WitnessSeal
  voice: Voice
  readonly nodeId: bigint
  answers: Answer[] = []
  port = 0
  promiseMs = P

  constructor(nodeId: bigint, session: bigint, key = KEY) {
    this.nodeId = nodeId
    this.voice = new Voice(session)
    const seal = WitnessSeal.of(key)
    assert.ok(seal !== null)
    this.seal = seal
    this.socket.on('message', (bytes) => {
      assert.ok(this.seal.fits(bytes))
      const answer = decodeAnswer(bytes)
      assert.ok(typeof answer !== 'string')
      this.answers.push(answer)
      this.voice.hear(performance.now(), answer, true)
    })
  }

  bytes(wants: boolean): Buffer {
    const bytes = Buffer.alloc(ASK_BYTES)
    const ask = this.voice.ask(performance.now(), {
      role: 'standby',
      nodeId: this.nodeId,
      epoch: 0,
      promiseMs: this.promiseMs,
      wants,
      states: true
    })
    encodeAsk(ask, this.seal.pair, bytes)
    this.seal.close(bytes)
    return bytes
  }

  ask(wants = true): void {
    this.socket.send(this.bytes(wants), this.port, '127.0.0.1')
  }

  get has(): boolean {
    return this.voice.untilMs > performance.now()
  }

  async getsVoice(): Promise<void> {
    await until(() => {
      this.ask()
      assert.ok(this.has)
    })
  }
}

describe('witness', () => {
  let folder: string
  const open: { close(): unknown }[] = []
  const lines: string[] = []
  const log: PairLog = {
    info: (line) => void lines.push(`info ${line}`),
    warn: (line) => void lines.push(`warn ${line}`),
    error: (line) => void lines.push(`error ${line}`)
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'witness-'))
    lines.length = 0
  })

  afterEach(async () => {
    for (const it of open.splice(0)) await it.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(keys = keysOf(KEY), port = 0): Promise<Witness> {
    const witness = new Witness({ port, host: '127.0.0.1', data: folder, log }, keys)
    open.push(witness)
    await until(() => assert.ok(witness.state.open, lines.join('\n')))
    return witness
  }

  function side(nodeId: bigint, session: bigint, port: number, key = KEY): Side {
    const made = new Side(nodeId, session, key)
    made.port = port
    open.push(made.socket)
    return made
  }

  it('lends its voice to one side, and to the other one a promise after the last renewal', async () => {
    const witness = await start()
    const { port } = witness.state
    const [a, b] = [side(1n, 11n, port), side(2n, 22n, port)]
    await a.getsVoice()
    const lastAskMs = performance.now()
    a.ask()
    await b.getsVoice()
    assert.ok(performance.now() >= lastAskMs + leaseMs(P))
    assert.equal(a.has, false)
    const [state] = witness.state.pairs
    assert.equal(state?.holder, '0000000000000002')
    assert.deepEqual(state?.sides.map(({ node }) => node).toSorted(), ['0000000000000001', '0000000000000002'])
    assert.equal(witness.state.pairs[0]?.loan, 2 * LOAN_STEP)
  })

  it('started again goes on with its holder at once, as the same witness', async () => {
    const first = await start()
    const { port } = first.state
    const a = side(1n, 11n, port)
    await a.getsVoice()
    // However long the start takes: the loan is to last until then.
    a.promiseMs = LONG_P
    await until(() => {
      a.ask()
      assert.ok(a.answers.at(-1)?.promisedMs === LONG_P && a.has)
    })
    const id = a.voice.witnessId
    await first.close()
    const second = await start(keysOf(KEY), port)
    for (let i = 0; i < 2; i++) {
      const before = a.answers.length
      a.ask()
      await until(() => assert.ok(a.answers.length > before))
    }
    assert.equal(a.answers.at(-1)?.lent, true)
    assert.equal(a.voice.witnessId, id)
    assert.equal(second.state.pairs[0]?.holder, '0000000000000001')
    assert.match(lines.join('\n'), /start 2 of witness/)
  })

  it('answers nobody at port 0 or at an address that takes nothing, and goes on', async () => {
    const sockets: Socket[] = []
    const onSocket = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket)
    subscribe('udp.socket', onSocket)
    const witness = await start()
    unsubscribe('udp.socket', onSocket)
    const [socket] = sockets
    assert.ok(socket !== undefined && sockets.length === 1)
    const a = side(1n, 11n, witness.state.port)
    for (const [address, port] of [
      ['127.0.0.1', 0],
      ['255.255.255.255', 1102]
    ] as const) {
      const bytes = a.bytes(true)
      for (let n = 0; n < 5; n++) socket.emit('message', bytes, { address, family: 'IPv4', port, size: bytes.length })
    }
    await until(() =>
      assert.match(lines.join('\n'), /message\(s\) rejected: no way back \(the latest from 127\.0\.0\.1\)/)
    )
    await a.getsVoice()
    assert.equal(lines.filter((line) => line.includes('no way back')).length, 1, 'told once, however often')
  })

  it('reads a loan whose number no side could use as none', async () => {
    const files = new WitnessFiles(folder)
    await files.open()
    const record = { loan: STORED_MAX - 1, holderNode: 1n, holderSession: 11n, promisedMs: P }
    assert.equal(await files.writeLoan('0102030405060708', record), null)
    assert.deepEqual(await files.readLoan('0102030405060708'), record)
    assert.equal(await files.writeLoan('0102030405060708', { ...record, loan: STORED_MAX }), null)
    assert.equal(await files.readLoan('0102030405060708'), null)
  })

  it('without its files is another witness, and with damaged ones too', async () => {
    const ids: (bigint | null)[] = []
    for (const harm of ['none', 'gone', 'damaged'] as const) {
      if (harm === 'gone') rmSync(join(folder, 'witness'))
      if (harm === 'damaged') {
        const file = join(folder, 'witness')
        writeFileSync(file, readFileSync(file, 'utf8').replace('"start":1', '"start":9'))
      }
      const witness = await start()
      const a = side(1n, 11n + BigInt(ids.length), witness.state.port)
      await a.getsVoice()
      ids.push(a.voice.witnessId)
      await witness.close()
    }
    assert.equal(new Set(ids).size, 3)
    assert.match(lines.join('\n'), /damaged and is set aside/)
  })

  it('lends nothing any more once another start has written its files', async () => {
    const witness = await start()
    const a = side(1n, 11n, witness.state.port)
    await a.getsVoice()
    rmSync(join(folder, 'witness'))
    await until(() => {
      a.ask()
      assert.equal(a.answers.at(-1)?.lent, false)
    })
    assert.deepEqual(witness.state.problem, { kind: 'files-taken' })
  })

  it('waits for a folder that another process has, and for its port', async () => {
    const first = await start()
    const second = new Witness({ port: 0, host: '127.0.0.1', data: folder, log }, keysOf(KEY))
    open.push(second)
    await until(() => assert.equal(second.state.problem?.kind, 'files-in-use'))
    const taken = createSocket('udp4')
    open.push(taken)
    taken.bind(0, '127.0.0.1')
    await once(taken, 'listening')
    const elsewhere = mkdtempSync(join(tmpdir(), 'witness-'))
    const third = new Witness({ port: taken.address().port, host: '127.0.0.1', data: elsewhere, log }, keysOf(KEY))
    open.push(third, { close: () => rmSync(elsewhere, { recursive: true }) })
    await until(() => assert.equal(third.state.problem?.kind, 'port-in-use'))
    assert.equal(first.state.open, true)
  })

  it('answers nobody without a key of its own, and nobody twice', async () => {
    const witness = await start()
    const { port } = witness.state
    const stranger = side(1n, 11n, port, witnessKeyOf('the key of quite another pair'))
    stranger.ask()
    const forger = side(1n, 12n, port)
    const forged = forger.bytes(true)
    forged[20] = (forged[20] ?? 0) ^ 1
    forger.socket.send(forged, port, '127.0.0.1')
    forger.socket.send(Buffer.from('hello'), port, '127.0.0.1')
    const a = side(2n, 22n, port)
    await a.getsVoice()
    const recorded = a.bytes(true)
    a.socket.send(recorded, port, '127.0.0.1')
    await until(() => assert.ok(a.answers.some(({ ack }) => ack === recorded.readUIntBE(39, 6))))
    const count = a.answers.length
    for (let i = 0; i < 20; i++) a.socket.send(recorded, port, '127.0.0.1')
    a.ask()
    await until(() => assert.ok(a.answers.length > count))
    assert.equal(a.answers.length, count + 1)
    assert.deepEqual([stranger.answers, forger.answers], [[], []])
    const told = lines.join('\n')
    for (const cause of ['unknown key', 'wrong seal', 'no witness frame']) assert.ok(told.includes(cause), cause)
  })

  it('takes keys away and adds some while it runs', async () => {
    const witness = await start()
    const { port } = witness.state
    const other = witnessKeyOf('the key of quite another pair')
    const a = side(1n, 11n, port, other)
    witness.setKeys(keysOf(`${other} plant two`))
    await a.getsVoice()
    assert.deepEqual(
      witness.state.pairs.map(({ name }) => name),
      ['plant two']
    )
  })

  it('serves a thousand pairs', async function () {
    this.timeout(30_000)
    const texts = Array.from({ length: 1000 }, (_, i) => witnessKeyOf(`the long enough key of pair ${i}`))
    const witness = await start(keysOf(...texts))
    const sides = texts
      .filter((_, i) => i % 100 === 0)
      .map((key, i) => side(1n, 11n + BigInt(i), witness.state.port, key))
    for (const one of sides) await one.getsVoice()
    assert.equal(witness.state.pairs.filter(({ holder }) => holder !== null).length, sides.length)
  })
})

describe('witness keys', () => {
  it('are one for each key, cannot be typed wrong unnoticed, and are lines of text', () => {
    assert.equal(witnessKeyOf('some key'), witnessKeyOf('some key'))
    assert.notEqual(witnessKeyOf('some key'), witnessKeyOf('some kez'))
    assert.match(KEY, /^hapw1_[A-Za-z0-9_-]{46}$/)
    const wrong = KEY.slice(0, 20) + (KEY[20] === 'A' ? 'B' : 'A') + KEY.slice(21)
    assert.equal(WitnessSeal.of(wrong), null)
    assert.equal(WitnessSeal.of('some key'), null)
  })

  it('stand in a file, one a line', () => {
    const other = witnessKeyOf('the key of quite another pair')
    const { keys, error } = parseKeyLines(`# keys\r\n\r\n${KEY} plant one\r\n${other}\n`)
    assert.equal(error, null)
    assert.deepEqual(
      keys.map(({ name }) => name),
      ['plant one', 'pair 2']
    )
    assert.deepEqual(parseKeyLines(`${KEY}\nnonsense`).error, { line: 2, problem: 'no-key' })
    assert.deepEqual(parseKeyLines(`${KEY}\n${KEY} again`).error, { line: 2, problem: 'repeated' })
    assert.deepEqual(parseKeyLines('').keys, [])
  })
})
