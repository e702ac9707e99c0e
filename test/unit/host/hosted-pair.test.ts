/** One pair as the host keeps it, with a context that only takes notes: what the engine is told, and when. */
import assert from 'node:assert/strict'
import { EngineCell, newEngineCell } from '../../../src/engine/cells'
import type { ToEngine } from '../../../src/engine/messages'
import { blankSnapshot } from '../../../src/host/blank-snapshot'
import { engineEvent } from '../../../src/engine/events'
import { HostedPair, type PairContext } from '../../../src/host/hosted-pair'
import { network } from '../../../src/host/root'
import { StringPool } from '../../../src/host/string-pool'
import type { Role } from '../../../src/protocol/machine'
import { link, NO_KEYS, settings, until } from '../../support/engine-rig'

class TestContext implements PairContext {
  readonly engineCell = new EngineCell(newEngineCell())
  readonly engineRestarts = 0
  readonly network = network
  readonly strings = new StringPool()
  readonly posted: ToEngine[] = []
  held = 0
  #pairIds = 0

  numberInEngine(): number {
    return ++this.#pairIds
  }
  portHolder(): null {
    return null
  }
  post(message: ToEngine): void {
    this.posted.push(message)
  }
  hold(): void {
    this.held++
  }
  letGo(): void {
    this.held--
  }
  /** What was posted since the last look, as `type pairId`. */
  news(): string[] {
    return this.posted.splice(0).map(({ type, pairId }) => `${type} ${pairId}`)
  }
}

/** What a command came to, as far as it has been told by now. */
class Outcome {
  text = 'open'

  constructor(command: Promise<Role>) {
    command.then(
      (role) => (this.text = role),
      (error: Error & { code?: string }) => (this.text = `refused: ${error.code}`)
    )
  }
  async now(): Promise<string> {
    await new Promise((later) => setImmediate(later))
    return this.text
  }
}

describe('a held pair', () => {
  let context: TestContext
  let pair: HostedPair

  beforeEach(() => {
    context = new TestContext()
    pair = new HostedPair({ id: 'a', settings: settings([link(1, 2)]), keys: NO_KEYS, storeFile: null }, context)
  })
  afterEach(() => pair.end())

  it('sends a command that came before it was in the engine as soon as it is there', async () => {
    const outcome = new Outcome(pair.designate('active', true))
    assert.deepEqual(context.news(), [], 'the engine does not know the pair')
    pair.enter()
    assert.deepEqual(context.posted.at(-1), {
      type: 'command',
      pairId: 1,
      requestId: 1,
      designate: 'active',
      force: true
    })
    assert.deepEqual(context.news(), ['add 1', 'command 1'])
    pair.onMessage({ type: 'reply', pairId: 1, requestId: 1, result: { ok: true, role: 'active' } })
    assert.equal(await outcome.now(), 'active')
    assert.equal(context.held, 0)
  })

  it('tells a new engine of its fitness and its flows again, after itself and before any command', () => {
    pair.enter()
    pair.setFitness(7)
    pair.setFlowsHash(99)
    assert.deepEqual(context.news(), ['add 1', 'fitness 1', 'flows 1'])
    pair.onCrash('out of memory')
    pair.setFitness(8)
    assert.deepEqual(context.news(), [], 'nobody to tell')
    pair.onRestart()
    pair.enter()
    assert.deepEqual(context.posted.slice(1), [
      { type: 'fitness', pairId: 2, value: 8 },
      { type: 'flows', pairId: 2, hash: 99 }
    ])
    assert.deepEqual(context.news(), ['add 2', 'fitness 2', 'flows 2'])
  })

  it('at its end refuses what is asked, what waits and what comes later, and keeps the process no longer', async () => {
    const waiting = new Outcome(pair.designate('swap', false))
    pair.enter()
    const asked = new Outcome(pair.designate('active', true))
    assert.equal(context.held, 2)
    pair.end()
    assert.deepEqual([await waiting.now(), await asked.now()], ['refused: stopped', 'refused: stopped'])
    assert.equal(context.held, 0)
    assert.equal(await new Outcome(pair.designate('swap', false)).now(), 'refused: stopped')
    assert.equal(context.held, 0)
  })

  it('that ended before it was in the engine never enters it', async () => {
    const waiting = new Outcome(pair.designate('active', true))
    pair.end()
    assert.equal(await waiting.now(), 'refused: stopped')
    pair.enter()
    assert.deepEqual(context.news(), [])
  })

  it('tells the flows of a role first; warnings and the log follow, or come at once for who asks', async () => {
    const lines: string[] = []
    const log = (line: string): void => void lines.push(line)
    pair.log = { info: log, warn: log, error: log }
    const roles: string[] = []
    pair.observe({ onRole: (role) => roles.push(`${role}, ${pair.status().role}`) }, false)
    pair.enter()
    const blank = blankSnapshot(settings([link(1, 2)]), NO_KEYS)
    const become = (role: Role, conflict: boolean): void => {
      const detail = { role, previousRole: 'initial', epoch: 1 } as const
      const events = [engineEvent('role', 'operator', detail, Date.now())]
      pair.onMessage({ type: 'update', pairId: 1, events, snapshot: { ...blank, role, conflict } })
    }
    become('active', true)
    assert.deepEqual([roles.length, lines], [1, []])
    assert.ok(pair.warnings().some(({ code }) => code === 'both-active'))
    assert.ok(lines.some((line) => line.includes('Active')))
    lines.length = 0
    become('standby', false)
    assert.deepEqual([roles.length, lines], [2, []])
    await until('it is logged by itself', () => lines.some((line) => line.includes('Standby')))
    lines.length = 0
    become('active', false)
    pair.end()
    assert.ok(
      lines.some((line) => line.includes('Active')),
      'nothing is lost at the end'
    )
  })

  it('sends no command to a new engine that was given to the dead one', async () => {
    pair.enter()
    const asked = new Outcome(pair.designate('active', true))
    context.news()
    pair.onCrash('out of memory')
    assert.equal(await asked.now(), 'refused: stopped')
    pair.onRestart()
    pair.enter()
    assert.deepEqual(context.news(), ['add 2'])
  })
})
