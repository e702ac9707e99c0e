import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PairDemo } from '../../../demo/pair-demo'
import { StoryFailed, tellStory } from '../../../demo/story'
import { share } from '../../support/share'
import { DemoProcess, isAlive, until } from './processes'
import { ROOT } from '../../support/root'

/** Two Node-RED have to start, on a busy machine too. */
const FORMING_MS = 120_000
const CLEANING_MS = 10_000
/** What ends the demo, and the exit code that says so. */
const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129]
] as const

describe('npm start', () => {
  let demo: DemoProcess

  afterEach(() => demo.destroy())

  it('--once: swap, crash and recovery go right, and nothing is left behind', async () => {
    demo = new DemoProcess(['--once'])
    const { code } = await demo.exited
    assert.equal(code, 0, demo.output)
    for (const step of ['The pair has formed', 'Steady work', 'Swap', 'Crash', 'Recovery']) {
      assert.ok(demo.output.includes(`ok  ${step}`), `${step} in\n${demo.output}`)
    }
    assert.match(demo.output, /All in all \d+ work items: done \d+ .*, missed 0, done twice [01]\./)
    assertNothingLeft()
  }).timeout(FORMING_MS * 2)

  it('--once --witness: the link and the witness fail, and the Active goes on; it is killed, and the other one follows', async () => {
    demo = new DemoProcess(['--once', '--witness'])
    const { code } = await demo.exited
    assert.equal(code, 0, demo.output)
    for (const step of ['The pair has formed: .*the witness backs it', 'Cut: ', 'Mended', 'Witness killed', 'Crash']) {
      assert.match(demo.output, new RegExp(`^ok {2}${step}`, 'm'))
    }
    assert.match(demo.output, /All in all \d+ work items: done \d+ .*, missed 0, done twice [01]\./)
    assert.equal(demo.witnessPids.length, 2)
    assertNothingLeft()
  }).timeout(FORMING_MS * 2)

  for (const [signal, expected] of share(SIGNALS.slice(0, 1), SIGNALS)) {
    it(`${signal} stops both Node-RED in order and leaves nothing behind`, async () => {
      demo = new DemoProcess([])
      await demo.prints('The pair has formed', FORMING_MS)
      demo.child.kill(signal)
      const { code } = await demo.exited
      assert.equal(code, expected, demo.output)
      assert.match(demo.output, /Stopped\.\n$/)
      assertNothingLeft()
    }).timeout(FORMING_MS + CLEANING_MS)
  }

  it('SIGINT while Node-RED is still starting leaves nothing behind', async () => {
    demo = new DemoProcess([])
    await demo.prints('Node-RED is starting', FORMING_MS)
    demo.child.kill('SIGINT')
    const { code } = await demo.exited
    assert.equal(code, 130, demo.output)
    assertNothingLeft()
  }).timeout(FORMING_MS)

  it('killed with -9 it takes both Node-RED along, one that is paused too, and the witness', async () => {
    demo = new DemoProcess(['--witness'])
    await demo.prints('The pair has formed', FORMING_MS)
    const pids = [...demo.nodeRedPids, ...demo.witnessPids]
    assert.equal(pids.length, 3)
    process.kill(pids[0] as number, 'SIGSTOP')
    demo.child.kill('SIGKILL')
    await until(
      () => !pids.some(isAlive),
      CLEANING_MS,
      () => `one of ${pids.join(', ')} is still there`
    )
  }).timeout(FORMING_MS + CLEANING_MS)

  it('refuses what it does not know, and says what there is', async () => {
    demo = new DemoProcess(['--twice'])
    const { code } = await demo.exited
    assert.equal(code, 2)
    assert.match(demo.output, /Unknown option --twice[^]*--once/)
  })

  function assertNothingLeft(): void {
    assert.ok(demo.nodeRedPids.length >= 2, demo.output)
    for (const pid of [...demo.nodeRedPids, ...demo.witnessPids]) assert.ok(!isAlive(pid), `${pid} is still there`)
    assert.ok(!existsSync(demo.folder), `${demo.folder} is still there`)
  }
})

describe('the story', () => {
  it('goes wrong when the flow has no gate: both sides do all the work', async () => {
    const sources = mkdtempSync(join(tmpdir(), 'ha-pair-demo-'))
    cpSync(join(ROOT, 'demo', 'user-directory'), sources, { recursive: true })
    writeFileSync(join(sources, 'flow.json'), withoutGate(readFileSync(join(sources, 'flow.json'), 'utf8')))
    const demo = await PairDemo.prepare({ anyPorts: true, sources })
    try {
      await assert.rejects(
        tellStory(demo, () => {}),
        (error: Error) => error instanceof StoryFailed && /steady work went wrong/.test(error.message)
      )
      assert.ok(demo.plant.book.tally().twice > 0)
    } finally {
      await demo.close()
      rmSync(sources, { recursive: true })
    }
  }).timeout(FORMING_MS * 2)
})

/** The gate's place is taken by a node that lets everything through. */
function withoutGate(flow: string): string {
  const nodes = JSON.parse(flow) as Record<string, unknown>[]
  const gate = nodes.find(({ type }) => type === 'ha-pair-gate')
  assert.ok(gate)
  const wires = gate['wires'] as string[][]
  Object.assign(gate, {
    type: 'change',
    rules: [{ t: 'set', p: 'pair.epoch', pt: 'msg', to: '1', tot: 'num' }],
    wires: [wires[0]]
  })
  return JSON.stringify(nodes)
}
