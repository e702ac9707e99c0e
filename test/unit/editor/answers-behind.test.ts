/** Whether a client or a calling flow waits for what passes a gate. */
import assert from 'node:assert/strict'
import { waitingFor, type FlowGraph, type FlowNode } from '../../../editor/answers-behind'

interface Wired extends FlowNode {
  /** Ids by output, as in a flow file. */
  readonly wires?: readonly (readonly string[])[]
}

/** `looked`: how many wires were followed. */
function graphOf(nodes: readonly Wired[]): FlowGraph & { looked: number } {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const targets = (node: FlowNode, output?: number): FlowNode[] => {
    const wires = byId.get(node.id)?.wires ?? []
    const ids = output === undefined ? wires.flat() : (wires[output] ?? [])
    graph.looked += ids.length
    assert.ok(graph.looked <= WIRES_MAX, 'it goes over the same wires again and again')
    return ids.flatMap((id) => byId.get(id) ?? [])
  }
  const graph = {
    looked: 0,
    node: (id: string) => byId.get(id) ?? null,
    wired: targets,
    inside: (subflow: string) =>
      nodes.filter((node) => node.id === `in of ${subflow}`).flatMap((node) => targets(node)),
    around: (subflow: string) =>
      nodes.filter(({ type }) => type === `subflow:${subflow}`).flatMap((node) => targets(node))
  }
  return graph
}

/** More than any flow here has. */
const WIRES_MAX = 5000

const node = (id: string, type: string, to: readonly string[] = [], more: Partial<Wired> = {}): Wired => ({
  id,
  type,
  wires: [to],
  ...more
})
const gate = (...to: string[]): Wired => ({ id: 'gate', type: 'ha-pair-gate', wires: [to, ['elsewhere']] })
const ANSWER = node('answer', 'http response')
const RETURN = node('back', 'link out', [], { mode: 'return' })

const waiting = (...nodes: Wired[]): string | null => waitingFor(graphOf(nodes), gate(), 0)

describe('who waits for what passes a gate', () => {
  for (const [what, nodes, who] of [
    ['nothing behind it', [gate()], null],
    ['only the plant', [gate('do'), node('do', 'mqtt out')], null],
    ['an HTTP response', [gate('f'), node('f', 'function', ['answer']), ANSWER], 'http'],
    ['an HTTP response past the gate', [gate('do'), node('do', 'debug'), ANSWER], null],
    [
      'an HTTP response at the other output only',
      [gate('do'), node('do', 'debug'), node('elsewhere', 'change', ['answer']), ANSWER],
      null
    ],
    ['a return to a link call', [gate('back'), RETURN], 'link-call'],
    [
      'links to another flow',
      [gate('out'), node('out', 'link out', [], { links: ['in', 'gone'] }), node('in', 'link in', ['answer']), ANSWER],
      'http'
    ],
    [
      'what a link call calls',
      [gate('call'), node('call', 'link call', [], { links: ['in'] }), node('in', 'link in', ['answer']), ANSWER],
      'http'
    ],
    ['a link call that finds out where to', [gate('call'), node('call', 'link call', ['answer']), ANSWER], 'http'],
    [
      'inside of a subflow',
      [gate('s'), node('s', 'subflow:x'), node('in of x', 'subflow', ['answer'], { direction: 'in' }), ANSWER],
      'http'
    ],
    ['past a subflow', [gate('s'), node('s', 'subflow:x', ['answer']), ANSWER], 'http'],
    [
      'a gate inside of a subflow, and the answer behind it',
      [
        gate('end'),
        node('end', 'subflow', [], { direction: 'out', z: 'x' }),
        node('s', 'subflow:x', ['answer']),
        ANSWER
      ],
      'http'
    ],
    ['in a circle', [gate('a'), node('a', 'delay', ['b']), node('b', 'switch', ['a', 'gate'])], null]
  ] as const satisfies readonly (readonly [string, readonly Wired[], string | null])[]) {
    it(`${what}: ${who ?? 'nobody'}`, () => assert.equal(waiting(...nodes), who))
  }

  it('each wire is followed once, however many ways there are', () => {
    const ROWS = 200
    const rows = Array.from({ length: ROWS }, (_, row) =>
      ['a', 'b'].map((side) => node(`${side}${row}`, 'junction', [`a${row + 1}`, `b${row + 1}`]))
    ).flat()
    const flow = graphOf([gate('a0', 'b0'), ...rows])
    assert.equal(waitingFor(flow, gate(), 0), null)
    assert.equal(flow.looked, 2 + 4 * ROWS)
  })
})
