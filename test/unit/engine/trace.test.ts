/** What the trace writes plays again as a scenario, and says the same. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { FromEngine, PairKeys } from '../../../src/engine/messages'
import { stderrTrace, traced, TraceOut } from '../../../src/engine/trace'
import { inputText, transcriptLine } from '../../../src/engine/transcript'
import { createMachine } from '../../../src/protocol/create'
import { decodeClassic, decodeExtended, EXTENDED_BYTES, VERSION, type Frame } from '../../../src/protocol/wire/frame'
import type { Designation, Input } from '../../../src/protocol/machine'
import type { PairSettings } from '../../../src/protocol/settings'
import { readInput } from '../../scenarios/recorded'
import { play } from '../../scenarios/script'
import { ScenarioError, Words } from '../../scenarios/words'
import { FakeMachine, freePorts, link, NO_KEYS, settings, TestEngine, until } from '../../support/engine-rig'

const SECRET: PairKeys = { key: 'a strong secret', previousKey: 'an older secret' }
const ID = 1

/** An engine with one pair in it, and its trace. */
class TracedSide {
  readonly engine: TestEngine
  readonly pair: PairSettings
  trace = ''
  /** Of the latest start. */
  #id = 0

  constructor(pair: PairSettings) {
    this.pair = pair
    this.engine = new TestEngine(traced(createMachine, (lines) => (this.trace += lines)))
  }

  start(keys: PairKeys, storeFile: string | null = null): void {
    this.engine.add(++this.#id, this.pair, keys, storeFile)
  }

  stop(): Promise<void> {
    return this.engine.remove(this.#id)
  }

  /** No goodbye; the sockets close, as those of a dead process do. */
  crash(): void {
    this.engine.engine.abandon()
  }

  get snapshot(): ReturnType<TestEngine['snapshot']> {
    return this.engine.snapshot(this.#id)
  }

  get online(): boolean {
    return this.snapshot?.online === true
  }

  get role(): string {
    return this.snapshot?.role ?? ''
  }

  get contact(): Extract<FromEngine, { type: 'contact' }>['contact'] {
    const told = this.engine.of(this.#id).filter((message) => message.type === 'contact')
    return told.at(-1)?.contact ?? null
  }

  command(requestId: number, designate: Designation): Promise<void> {
    this.engine.engine.handle({ type: 'command', pairId: this.#id, requestId, designate, force: false })
    return until('it is answered', () =>
      this.engine.of(this.#id).some((m) => m.type === 'reply' && m.requestId === requestId)
    )
  }

  isFit(value: number): void {
    this.engine.engine.handle({ type: 'fitness', pairId: this.#id, value })
  }

  runsFlows(hash: number): void {
    this.engine.engine.handle({ type: 'flows', pairId: this.#id, hash })
  }

  tether(news: Extract<Input, { kind: 'tether' | 'tetherEnded' | 'redialled' }>): void {
    this.engine.engine.handle({ type: 'tether', pairId: this.#id, news })
  }
}

async function twoSides(over: Partial<PairSettings> = {}): Promise<[TracedSide, TracedSide]> {
  const [x = 0, y = 0] = await freePorts(2)
  const one = new TracedSide(settings([link(x, y)], { name: 'one', priority: 200, ...over }))
  return [one, new TracedSide(settings([link(y, x)], { name: 'two', ...over }))]
}

const paired = (sides: readonly TracedSide[]) => (): boolean =>
  sides.every(({ online }) => online) &&
  sides
    .map(({ role }) => role)
    .sort()
    .join() === 'active,standby'

const count = (text: string, what: RegExp): number => [...text.matchAll(what)].length

/** Pasted into a scenario file as it is, it is the file that comes back. */
function assertPlays(trace: string): void {
  const [said, expected] = [play(trace).split('\n'), trace.split('\n')]
  const at = expected.findIndex((line, i) => line !== said[i])
  assert.equal(
    at,
    -1,
    `line ${at + 1}: ${said[at]}\n instead of ${expected[at]}\n after ${expected.slice(at - 8, at).join('\n')}`
  )
  assert.equal(said.length, expected.length)
}

function assertDoesNotPlay(trace: string): void {
  let said = ''
  try {
    said = play(trace)
  } catch (error) {
    assert.ok(error instanceof ScenarioError, String(error))
  }
  assert.notEqual(said, trace)
}

describe('a trace', function () {
  this.timeout(20_000)
  let folder = ''
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'ha-pair-trace-'))))
  after(() => rm(folder, { recursive: true }))

  it('of two engines on the extended wire plays again: start, swap, restart with a record, proved crash', async () => {
    const sides = await twoSides({ policy: 'preferred' })
    const [one, two] = sides
    const files = sides.map(({ pair }) => join(folder, pair.name))
    sides.forEach((side, i) => side.start(SECRET, files[i]))
    await until('paired', paired(sides))
    one.isFit(200)
    two.runsFlows(7)
    await two.command(1, 'swap')
    await until('paired the other way', () => paired(sides)() && two.role === 'active')
    await two.stop()
    await until('one serves', () => one.role === 'active')
    two.start(SECRET, files[1])
    await until('paired again', paired(sides))
    for (const [i, side] of sides.entries()) {
      const { session = 0n, peerSession = 0n } = side.contact ?? {}
      side.tether({ kind: 'tether', id: i + 1, session, peerSession, provable: true })
    }
    await until('a crash could be proved', () => two.snapshot?.proof === 'possible')
    one.crash()
    two.tether({ kind: 'tetherEnded', id: 2, fin: true })
    two.tether({ kind: 'redialled', id: 2, refused: true })
    await until('two has taken over', () => two.role === 'active')
    await two.stop()

    for (const { trace } of sides) {
      assertPlays(trace)
      assert.ok(count(trace, /^> step m1 \S+ frame /gm) > 10)
      assert.ok(!trace.includes(SECRET.key) && !trace.includes(SECRET.previousKey), 'no key stands in it')
      assert.ok(!trace.includes('127.0.0.1'), 'nor an address')
      for (const line of trace.split('\n')) assert.ok(line.length < 700, line)
    }
    assert.match(two.trace, /^> machine m2 extended keyed links=1 policy=preferred .* draws=\d+,\d+,\d+,\d+$/m)
    assert.match(two.trace, /^> step m2 \S+ start \{"nodeId":/m, 'the second start finds a record')
    assert.match(two.trace, /^ +\d+ m2 {2}standby => active, peer-crashed, epoch \d+$/m)
    const gate = [...two.trace.matchAll(/m1 {2}gate (open|shut)/g)].map(([, state]) => state)
    assert.deepEqual(gate, ['open', 'shut'], 'Active by the swap, and Standby after its goodbye')
  })

  it('of two engines on the classic wire plays again', async () => {
    const sides = await twoSides({ wire: 'classic', receiptTimeoutMs: 50, peerTimeoutMs: 300 })
    for (const side of sides) side.start(NO_KEYS)
    await until('paired', paired(sides))
    const [one, two] = sides
    await one.command(1, 'swap')
    one.crash()
    await until('two has noticed', () => !two.online && two.role === 'active')
    await two.stop()
    for (const { trace } of sides) assertPlays(trace)
    assert.match(one.trace, /^> step m1 \S+ draws=\d+,\d+,\d+ start null$/m)
  })

  it('that was changed does not play: without a frame, with other draws, without its beginning', async () => {
    const sides = await twoSides()
    for (const side of sides) side.start(SECRET)
    await until('paired', paired(sides))
    for (const side of sides) await side.stop()
    const { trace } = sides[0]
    assertPlays(trace)
    const steps = trace.split(/^(?=> )/m)
    const online = steps.findIndex((step) => step.includes(' online, '))
    assert.ok(online > 0, trace)
    assertDoesNotPlay(steps.toSpliced(online, 1).join(''))
    // Another session: what echoes the one of then is not taken.
    assertDoesNotPlay(trace.replace(/draws=(\d+)/, (_, drawn) => `draws=${(Number(drawn) + 1) % 2 ** 32}`))
    assert.throws(() => play(trace.replace(/draws=\d+,/, 'draws=')), /draws more than it drew then/)
    assert.throws(() => play(trace.replace(/draws=/, 'draws=1,')), /draws less than it drew then/)
    assert.throws(() => play(steps.slice(2).join('')), /no machine m1: a trace begins with/)
  })

  it('pasted from a log has what the log puts before it', async () => {
    const sides = await twoSides()
    for (const side of sides) side.start(NO_KEYS)
    await until('paired', paired(sides))
    for (const side of sides) await side.stop()
    const { trace } = sides[0]
    const logged = trace.replaceAll(/^(?=.)/gm, 'Nov 29 12:00:00 plant node-red[7]: HA-PAIR 7: ')
    assert.equal(play(logged), trace)
  })

  it('of a machine that breaks ends with the input that broke it', () => {
    const machine = new FakeMachine()
    machine.answer = () => {
      throw new Error('an invariant\nis broken')
    }
    let trace = ''
    const make = traced(
      () => machine,
      (lines) => (trace += lines),
      () => 0
    )
    const broken = make(settings([link(1, 2)], { name: 'a\nb' }), { randomInt: () => 1, keyed: true })
    assert.throws(() => broken.step(12.5, { kind: 'tick' }), /an invariant/)
    const [about, made, ...rest] = trace.split('\n')
    assert.equal(about, '# m1 is "a b", since 1970-01-01T00:00:00.000Z')
    assert.match(made ?? '', /^> machine m1 extended keyed links=1 /)
    assert.deepEqual(rest, ['> step m1 12.5 tick', '      12 m1  broken: an invariant is broken', ''])
  })
})

// --- Its words ---

/** Any bytes of an extended frame that decode. */
const extendedFrame: fc.Arbitrary<Frame> = fc
  .uint8Array({ minLength: EXTENDED_BYTES, maxLength: EXTENDED_BYTES })
  .map((bytes) => {
    bytes.set([0xff, 0xaa, (bytes[2] ?? 0) % 3], 0)
    bytes[5] = VERSION
    bytes[51] = ((1 + ((bytes[51] ?? 0) % 3)) << 4) | ((bytes[51] ?? 0) & 0x0f)
    bytes[53] = (bytes[53] ?? 0) & 0x3f
    bytes.set([1], 55)
    bytes.set([1], 59)
    const frame = decodeExtended(bytes)
    if (typeof frame === 'string') throw new Error(frame)
    return frame
  })
const classicFrame: fc.Arbitrary<Frame> = fc.tuple(fc.nat(2), fc.nat(255), fc.nat(255)).map(([state, id, value]) => {
  const frame = decodeClassic(Uint8Array.of(0xff, 0xa0, state, id, value))
  if (typeof frame === 'string') throw new Error(frame)
  return frame
})
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true })
const small = fc.nat(1000)
const id64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const anyRecord = record({
  nodeId: id64.map((id) => id.toString(16).padStart(16, '0')),
  epoch: fc.nat(),
  reserved: fc.nat(),
  parity: fc.constantFrom(0 as const, 1 as const, null),
  promisedMs: fc.double({ min: 0, max: 600_000, noNaN: true }),
  preferred: fc.boolean(),
  online: fc.boolean(),
  number: fc.nat(),
  peerPolicy: fc.constantFrom('availability' as const, 'preferred' as const, 'exclusive' as const, null)
})
const anyInput = (frame: fc.Arbitrary<Frame>): fc.Arbitrary<Input> =>
  fc.oneof(
    record({ kind: fc.constant('start'), record: fc.option(anyRecord) }),
    fc.constantFrom<Input>({ kind: 'tick' }, { kind: 'foreignRecord' }),
    record({ kind: fc.constant('frame'), link: fc.nat(3), frame }),
    record({ kind: fc.constant('unsent'), link: fc.nat(3) }),
    record({ kind: fc.constant('tether'), id: small, session: id64, peerSession: id64, provable: fc.boolean() }),
    record({ kind: fc.constant('tetherEnded'), id: small, fin: fc.boolean() }),
    record({ kind: fc.constant('redialled'), id: small, refused: fc.boolean() }),
    record({
      kind: fc.constant('link'),
      link: fc.nat(3),
      open: fc.boolean(),
      detail: fc.constantFrom('', 'EACCES', 'a b')
    }),
    record({ kind: fc.constant('stored'), ticket: small, ok: fc.boolean() }),
    record({
      kind: fc.constant('command'),
      id: small,
      designate: fc.constantFrom<Designation>('active', 'standby', 'swap'),
      force: fc.boolean()
    }),
    record({
      kind: fc.constant('fitness'),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)
    }),
    record({ kind: fc.constant('hostStalled'), stalled: fc.boolean() }),
    record({ kind: fc.constant('suspended'), ms: fc.double({ min: 0, max: 1e12, noNaN: true }) }),
    record({ kind: fc.constant('flows'), hash: fc.nat(2 ** 32 - 1) }),
    record({
      kind: fc.constant('data'),
      users: fc.boolean(),
      open: fc.boolean(),
      inStep: fc.boolean(),
      position: record({ epoch: fc.nat(), number: fc.nat() })
    }),
    record({ kind: fc.constant('barrierDone'), id: small, ok: fc.boolean() }),
    record({ kind: fc.constant('goodbye'), reason: fc.constantFrom('removed', 'shutdown') })
  )

describe('the words of a trace', () => {
  for (const [wire, frame] of [
    ['extended', extendedFrame],
    ['classic', classicFrame]
  ] as const) {
    it(`give every input of the ${wire} wire back as it was`, () => {
      fc.assert(
        fc.property(anyInput(frame), (input) => {
          const text = inputText(input)
          assert.ok(text.length < 500, text)
          const words = new Words(text.split(/\s+/))
          assert.deepEqual(readInput(words, wire), input)
          words.end()
        }),
        { numRuns: 500 }
      )
    })
  }

  it('stay on one line of a bounded length, whatever somebody puts into them', () => {
    const line = transcriptLine(1, 'm1', `a\r\n> step m1 1 tick\u2028${'x'.repeat(10_000)}`)
    assert.equal(line.split(/[\r\n\u2028]/).length, 1)
    assert.ok(line.length < 700)
    // Indented, on a host that has run for years too: this is what makes it output.
    assert.equal(transcriptLine(1e11, 'm1', 'x'), '  100000000000 m1  x')
    const input = inputText({ kind: 'link', link: 0, open: false, detail: `a\n${'x'.repeat(1000)}` })
    assert.ok(input.length < 150 && !input.includes('\n'))
  })
})

// --- Its way out ---

describe('the way of a trace to stderr', function () {
  this.timeout(20_000)

  it('a pipe that is full: one piece waits, the rest is counted, nobody is kept waiting', () => {
    let [room, got] = [25, '']
    const out = new TraceOut('P: ', (bytes) => {
      const taken = Math.min(room, bytes.length)
      if (taken === 0) throw new Error('EAGAIN')
      room -= taken
      got += Buffer.from(bytes.subarray(0, taken)).toString()
      return taken
    })
    out.write('> one\n    two\n')
    assert.equal(got, 'P: > one\nP:     two\n')
    out.write('> three\n')
    assert.equal(got.slice(20), 'P: > ')
    out.write('> four\n    five\n')
    out.write('> six\n')
    room = 1000
    out.write('> seven\n')
    assert.equal(got.slice(20), 'P: > three\nP: # 3 lines are missing here\nP: > seven\n')
  })

  it('is not there unless somebody asked for it', () => {
    assert.equal(stderrTrace(), null)
  })

  let child: ChildProcess | null = null
  afterEach(async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  /** One side in a process of its own, as Node-RED runs it; its flows hang for 1.5 s once it serves. */
  async function runs(nodeDebug: string | undefined): Promise<{ readonly pid: number; readonly lines: string[] }> {
    const [x = 0, y = 0] = await freePorts(2)
    const over = { peerTimeoutMs: 10_000, crashProof: false }
    const side = JSON.stringify(settings([link(x, y)], { ...over, priority: 200 }))
    const started = spawn(process.execPath, [require.resolve('../../support/side-process'), side, 'hang'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_DEBUG: nodeDebug }
    })
    child = started
    let [said, errors] = ['', '']
    started.stdout.on('data', (chunk) => (said += String(chunk)))
    started.stderr.on('data', (chunk) => (errors += String(chunk)))
    const peer = new TestEngine(createMachine)
    peer.add(ID, settings([link(y, x)], { ...over, priority: 1 }), { key: 'x3Gk9-QvT71_mZpL0wBc4R', previousKey: '' })
    await until('it serves', () => said.includes('active'), 10_000)
    const hangsSinceMs = performance.now()
    const before = count(errors, /frame/g)
    if (nodeDebug !== undefined) {
      await until('more is written while its main thread hangs', () => count(errors, /frame/g) > before + 5, 1200)
      assert.ok(performance.now() - hangsSinceMs < 1300)
    }
    started.kill('SIGKILL')
    await once(started, 'close')
    await peer.remove(ID)
    return { pid: started.pid ?? 0, lines: errors.split('\n') }
  }

  it('the engine’s thread writes it at once: also while the flows hang, and up to a kill -9', async () => {
    const { pid, lines } = await runs('ha-pair')
    const trace = lines.filter((line) => line.startsWith(`HA-PAIR ${pid}: `))
    assert.equal(
      trace.length,
      lines.length - 1,
      lines.find((line, i) => line !== trace[i])
    )
    const text = `${trace.join('\n')}\n`
    assertPlays(text.replaceAll(/^HA-PAIR \d+: /gm, ''))
    assert.match(text, /: > machine m1 extended keyed /)
    assert.ok(!text.includes('QvT71'))
  })

  it('no line of it is written without NODE_DEBUG', async () => {
    const { lines } = await runs(undefined)
    assert.deepEqual(lines, [''])
  })
})
