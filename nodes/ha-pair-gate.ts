/** `ha-pair-gate`: lets a message through only while this side serves. What it does is in `src/host/gate`; here it becomes a node. */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { LOOP } from '../src/host/loop'
import { Gate, WHEN_CLOSED, type GateParts, type WhenClosed } from '../src/host/gate/gate'
import { ResumeGate, type ResumeState, type UnusableCode } from '../src/host/gate/resume/resume-gate'
import type { GateDecision } from '../src/host/pair'
import { PairError } from '../src/host/pair-error'
import type { Role } from '../src/protocol/machine'
import { readResume, RESUME_DEFAULTS, type ResumeProperties } from '../src/rules/resume'
import { gateBadge } from './badge'
import { whenFlowsStarted } from './flows-started'
import { usePair, type PairUser } from './pair-user'
import { placeOf } from './place'

interface GateDef extends NodeDef, ResumeProperties {
  readonly pair: string
  readonly whenClosed?: WhenClosed | 'resume'
}

/** What a gate held when a deploy closed it. */
type Left = { readonly latest: readonly NodeMessageInFlow[] } | { readonly resume: ResumeState<NodeMessageInFlow> }

/** Of the gates of all modes. */
interface CommonParts extends Omit<GateParts<NodeMessageInFlow>, 'warnOfOverflow'> {
  /** Numbers of this topic seem to start over. */
  noteStuck(topic: string): void
}

const CLOSED: GateDecision = { open: false, epoch: 0 }

export default function (RED: NodeAPI): void {
  /** For the nodes of the same place that the deploy builds. */
  const overDeploy = new Map<string, Left>()

  function HaPairGateNode(this: Node, def: GateDef): void {
    RED.nodes.createNode(this, def)
    const node = this
    const place = placeOf(this)
    const takenOver = overDeploy.get(place) ?? null
    overDeploy.delete(place)

    const parts: CommonParts = {
      clock: LOOP,
      decide: () => user.running?.pair.gate() ?? CLOSED,
      pairName: () => user.running?.name ?? '',
      noPair: () => (user.absence === null || user.absence.code === 'stopped' ? null : errorOf(user.absence)),
      send: (msg) => node.send(msg),
      refresh: () => user.refresh(),
      noteStuck: (topic) => user.running?.pair.note('sequence-stuck', { node: node.name || place, topic })
    }
    const resume = def.whenClosed === 'resume' ? buildResume(node, def, place, takenOver, parts) : null
    const gate = resume ?? buildPlain(node, def, takenOver, parts)
    const user: PairUser = usePair(RED, this, def.pair, (shown, say) => {
      gate.badgeShows(shown.status.serving)
      return gateBadge(shown.status.serving, gate.held, shown, say)
    })
    if (user.running !== null) resume?.attach(user.running.pair.carrier)
    const statusChanged = (): void => gate.statusChanged()
    const callOff = whenFlowsStarted(RED.events, () => gate.flowsStarted())
    const roleChanged = (role: Role): void => {
      if (role !== 'active') resume?.roleLost()
      gate.statusChanged()
    }
    user.observe({ onRole: roleChanged, onStatus: statusChanged })

    this.on('input', (msg, send, done) => gate.input(msg, send, done))

    this.on('close', (removed: boolean, done: () => void) => {
      callOff()
      user.close()
      keepOverDeploy(place, leftBy(gate, removed))
      done()
    })
  }

  function buildPlain(node: Node, def: GateDef, takenOver: Left | null, parts: CommonParts): Gate<NodeMessageInFlow> {
    const whenClosed = WHEN_CLOSED.find((mode) => mode === def.whenClosed) ?? 'second-output'
    const held = takenOver !== null && 'latest' in takenOver ? takenOver.latest : []
    const warnOfOverflow = (topics: number): void => node.warn(RED._('warning.overflow', { topics }))
    return new Gate<NodeMessageInFlow>(whenClosed, held, { ...parts, warnOfOverflow })
  }

  function buildResume(
    node: Node,
    def: GateDef,
    place: string,
    takenOver: Left | null,
    parts: CommonParts
  ): ResumeGate<NodeMessageInFlow> {
    const read = readResume(def)
    const problem = 'property' in read ? read : unknownProperty([read.sequence, read.series])
    const settings = 'property' in read ? RESUME_DEFAULTS : read
    const refused = problem === null ? null : new PairError('bad-settings', problem.detail, describe(problem))
    if (refused !== null) node.error(refused.message)
    const state = takenOver !== null && 'resume' in takenOver ? takenOver.resume : null
    return new ResumeGate<NodeMessageInFlow>(place, settings, state, {
      ...parts,
      send: (out) => node.send(out),
      refuses: () => refused ?? parts.noPair(),
      numberOf: (msg) => propertyOf(msg, settings.sequence),
      seriesOf: (msg) => propertyOf(msg, settings.series),
      unusable: (code, value) => unusable(code, value, settings.sequence, settings.series),
      failed: (error, msg) => node.error(error, msg),
      warn: (warning) => {
        if (warning.code === 'fell-out') {
          const { count, joined } = warning
          node.warn(joined ? RED._('warning.fell-out', { count }) : RED._('warning.fell-out-alone', { count }))
        } else parts.noteStuck(warning.topic)
      }
    })
  }

  /** Null: both name a property of a message. */
  function unknownProperty([sequence, series]: readonly string[]): { property: string; detail: string } | null {
    for (const [property, path] of Object.entries({ sequence, series })) {
      if (path === undefined || path === '') continue
      try {
        RED.util.normalisePropertyExpression(path)
      } catch {
        return { property, detail: path }
      }
    }
    return null
  }

  function propertyOf(msg: NodeMessageInFlow, path: string): unknown {
    try {
      return RED.util.getMessageProperty(msg, path)
    } catch {
      return undefined
    }
  }

  function unusable(code: UnusableCode, value: unknown, sequence: string, series: string): Error {
    const detail = quoted(value)
    return new PairError(code, detail, sentence())

    function sentence(): string {
      switch (code) {
        case 'bad-number':
          return RED._('error.bad-number', { detail, sequence })
        case 'bad-series':
          return RED._('error.bad-series', { detail, series })
        case 'bad-topic':
          return RED._('error.bad-topic', { detail })
      }
    }
  }

  function describe({ property, detail }: { readonly property: string; readonly detail: string }): string {
    return RED._('error.bad-settings', { property, detail })
  }

  /** Until the deploy that is under way has built the node again; if it does not, nothing is kept. */
  function keepOverDeploy(place: string, left: Left | null): void {
    if (left === null) return
    overDeploy.set(place, left)
    whenFlowsStarted(RED.events, () => overDeploy.delete(place))
  }

  RED.nodes.registerType('ha-pair-gate', HaPairGateNode)
}

function leftBy(gate: Gate<NodeMessageInFlow> | ResumeGate<NodeMessageInFlow>, removed: boolean): Left | null {
  if (gate instanceof ResumeGate) {
    const state = gate.close(removed)
    return state === null ? null : { resume: state }
  }
  const latest = gate.close(removed)
  return latest.length === 0 ? null : { latest }
}

function errorOf({ code, text }: { readonly code: string; readonly text: string }): Error {
  return Object.assign(new Error(text), { code })
}

const SHOWN_CHARS_MAX = 60

/** A value as an error quotes it. */
function quoted(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_CHARS_MAX))
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
