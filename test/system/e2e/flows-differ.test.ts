/**
 * Two hosts that run different flows, from the deploy on one of them to the badges of both. One runs Node-RED 4.1 and the other
 * Node-RED 5: of one file both have to make the same number.
 */
import assert from 'node:assert/strict'
import { ROLLOUT_MS } from '../../../src/host/warnings'
import { Badges } from '../../support/node-red/badges'
import { eventually } from '../../support/eventually'
import { type FlowNode, pairFlow, RARELY_S } from '../../support/node-red/flow'
import { packInto, removeFolder, scratchFolder } from '../../support/node-red/npm'
import type { NodeRedProcess } from '../../support/node-red/process'
import { eventsIn, TwoHosts } from '../../support/node-red/two-hosts'
import { nodeRed4, nodeRed5 } from '../../support/node-red/versions'

const STORY_LIMIT_MS = 120_000
/** The hosts share two cores with the tests. */
const MARGIN_MS = 20_000

const FLOWS = pairFlow({}, RARELY_S)

/** The flow with another answer in one of its functions. */
const changed = (flows: readonly FlowNode[]): FlowNode[] =>
  flows.map((node) => (node.id === 'gate-closed' ? { ...node, func: `// changed\n${String(node['func'])}` } : node))
/** The same flow, drawn in another way. */
const redrawn = (flows: readonly FlowNode[]): FlowNode[] =>
  flows
    .map((node) => (node['x'] === undefined ? node : { ...node, x: 500, y: 20, name: `moved ${node.id}` }))
    .toReversed()
const toldSince = (host: NodeRedProcess, mark: number): string[] =>
  eventsIn(host.diary(mark)).map(({ event, reason }) => `${event} ${reason}`)

describe('flows that differ, on Node-RED 4.1 and Node-RED 5', () => {
  let folder = ''
  let hosts: TwoHosts
  let badges: readonly Badges[] = []
  let both: readonly NodeRedProcess[] = []

  before(async function () {
    this.timeout(2 * STORY_LIMIT_MS)
    folder = scratchFolder('flows')
    hosts = await TwoHosts.install(nodeRed4(), await packInto(folder), folder, {
      flows: FLOWS,
      versionB: nodeRed5()
    })
    both = [hosts.a, hosts.b]
    await hosts.form()
    badges = [await Badges.watch(nodeRed4(), hosts.a), await Badges.watch(nodeRed5(), hosts.b)]
  })
  after(async function () {
    this.timeout(STORY_LIMIT_MS)
    for (const each of badges) each.close()
    await hosts.stop()
    removeFolder(folder)
  })
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(both.map((host) => host.logTail()).join('\n'))
  })

  const bothShow = (pattern: RegExp, fill: readonly [string, string], withinMs: number): Promise<unknown> =>
    Promise.all(badges.map((each, i) => each.shows('state', fill[i] ?? '', pattern, withinMs)))
  const bothTell = (marks: readonly number[], what: string, withinMs: number): Promise<unknown> =>
    Promise.all(
      both.map((host, i) =>
        eventually(`${host.name} tells ${what}`, withinMs, () => toldSince(host, marks[i] ?? 0).includes(what))
      )
    )
  const marksNow = (): number[] => both.map((host) => host.diaryMark())

  it('are told at once, warned of after a minute, and over with the deploy of the same', async function () {
    this.timeout(ROLLOUT_MS + 2 * STORY_LIMIT_MS)
    await bothShow(/^(Active|Standby) · peer online$/, ['green', 'blue'], MARGIN_MS)
    const original = await hosts.a.flows()
    const other = changed(original)
    const marks = marksNow()
    const deployedAt = performance.now()
    await hosts.a.deploy(other, 'nodes')
    await bothTell(marks, 'mismatch flows-differ', MARGIN_MS)
    await bothShow(/^(Active|Standby) · peer online$/, ['green', 'blue'], MARGIN_MS)

    await bothTell(marks, 'warning flows-differ', ROLLOUT_MS + MARGIN_MS)
    const afterMs = performance.now() - deployedAt
    assert.ok(afterMs >= ROLLOUT_MS, `nagged after ${Math.round(afterMs)} ms`)
    await bothShow(/^flows differ · (Active|Standby)$/, ['yellow', 'yellow'], MARGIN_MS)
    for (const host of both) assert.match(host.log, /\[warn\] \[ha-pair:line 1\].*Deploy the same flows on both/)

    await hosts.b.deploy(other, 'full')
    await bothTell(marks, 'mismatch flows-agree', MARGIN_MS)
    await bothTell(marks, 'warning-ended flows-differ', MARGIN_MS)
    await bothShow(/^(Active|Standby) · peer online$/, ['green', 'blue'], MARGIN_MS)
  })

  it('are not those that only look different, and a restart with the same is no difference either', async function () {
    this.timeout(STORY_LIMIT_MS)
    const marks = marksNow()
    await hosts.a.deploy(redrawn(await hosts.a.flows()), 'full')
    await hosts.b.stop()
    await hosts.form()
    // A real change is told: so the silence before it says something.
    const before = both.map((host, i) => toldSince(host, marks[i] ?? 0).filter((what) => what.includes('flows-')))
    assert.deepEqual(before, [[], []])
    await hosts.b.deploy(changed(await hosts.b.flows()), 'flows')
    await bothTell(marks, 'mismatch flows-differ', MARGIN_MS)
  })
})
