/**
 * The commands of the scenario files. Each is one entry of COMMANDS: its usage, and what it does to the pair on stage.
 * The grammar for people is in README.md; `scenarios.test.ts` checks that every command is named there.
 */
import { HEADS, type Head } from '../../src/protocol/wire/frame'
import type { Designation, Role } from '../../src/protocol/machine'
import type { PairRecord } from '../../src/protocol/record'
import { CLASSIC_PRESET, type PairSettings, type Wire } from '../../src/protocol/settings'
import { otherSide, SIDES, type SideName } from '../support/machine/network'
import { TestPair, type PairOptions, type SideOptions } from '../support/machine/pair'
import type { Station } from '../support/machine/places'
import type { TetherEnd } from '../support/machine/scripted-tethers'
import { readData, RECORDED_COMMANDS, type RecordedStage } from './recorded'
import { setSetting, type Mutable } from './setting-keys'
import type { Detail } from './transcript'
import { oneOf, parseMs, parseWhole, ScenarioError, type Command, type Words } from './words'

export interface Stage extends RecordedStage {
  pair: TestPair | null
  /** Records that were put aside. */
  readonly kept: Map<SideName, PairRecord | null>
  readonly shown: Set<Detail>
}

function on(stage: Stage): TestPair {
  if (stage.pair === null) throw new ScenarioError('there is no pair yet: begin with `> pair`')
  return stage.pair
}

function sender(direction: SideName | null): SideName {
  if (direction === null) throw new ScenarioError('a direction is missing: a->b or b->a')
  return direction
}

// --- `pair key=value ...` ---

interface SideDraft {
  settings: Mutable<Partial<PairSettings>>
  tokens?: readonly number[]
  record?: PairRecord
}

function makePair(words: Words): TestPair {
  const wire = oneOf<Wire>(words.next('the wire'), ['classic', 'extended'])
  const common: Mutable<Partial<PairSettings>> = {}
  const sides: Record<SideName, SideDraft> = { a: { settings: {} }, b: { settings: {} } }
  const world: Mutable<Pick<PairOptions, 'links' | 'latencyMs' | 'seed' | 'tethers'>> = { tethers: true }
  const nats: (readonly [SideName, boolean])[] = []
  for (const word of words.rest()) {
    if (word === 'preset') {
      Object.assign(common, CLASSIC_PRESET, { wire })
      continue
    }
    const match = /^(?:([ab])\.)?(\w+)=(.+)$/.exec(word)
    if (match === null) throw new ScenarioError(`${word} is not key=value`)
    const [, side, key = '', value = ''] = match
    if (key === 'links') world.links = parseWhole(value)
    else if (key === 'latency') world.latencyMs = parseMs(value)
    else if (key === 'seed') world.seed = parseWhole(value)
    else if (key === 'tethers') world.tethers = oneOf(value, ['on', 'off']) === 'on'
    else if (key === 'nat')
      for (const s of chosen(side)) nats.push([s, oneOf(value, ['forwards', 'hides']) === 'forwards'])
    else if (key === 'token') for (const s of chosen(side)) sides[s].tokens = value.split(',').map(parseWhole)
    else if (key === 'epoch') for (const s of chosen(side)) sides[s].record = recordOf(s, parseWhole(value))
    else {
      setSetting(side === undefined ? common : sides[oneOf<SideName>(side, ['a', 'b'])].settings, key, value)
    }
  }
  const pair = new TestPair({ wire, settings: common, ...world, a: sides.a satisfies SideOptions, b: sides.b })
  for (const [name, forwards] of nats) {
    for (let link = 0; link < (world.links ?? 1); link++) pair.places.hide(stationOf(name), link, forwards)
  }
  return pair
}

function stationOf(name: SideName): Station {
  return name === 'a' ? 0 : 1
}

function chosen(side: string | undefined): readonly SideName[] {
  return side === undefined ? ['a', 'b'] : [oneOf<SideName>(side, ['a', 'b'])]
}

/** A disk of an earlier life. Node ids keep a below b. */
function recordOf(side: SideName, epoch: number): PairRecord {
  const nodeId = side === 'a' ? 'a000000000000000' : 'b000000000000000'
  return {
    nodeId,
    epoch,
    reserved: 0,
    parity: null,
    promisedMs: 0,
    preferred: false,
    online: false,
    number: 1,
    peerPolicy: null
  }
}

// --- The commands ---

const FORM_MS = 300

export const COMMANDS: Readonly<Record<string, Command<Stage>>> = {
  ...RECORDED_COMMANDS,
  pair: {
    usage: 'pair classic|extended [preset] [[a.|b.]KEY=VALUE ...]',
    run(stage, words) {
      stage.pair = makePair(words)
      stage.shown.clear()
      stage.shown.add('gate')
    }
  },
  show: {
    usage: 'show sends|links|starts|tethers|gate on|off',
    run(stage, words) {
      const detail = oneOf<Detail>(words.next('what'), ['sends', 'links', 'starts', 'tethers', 'gate'])
      if (words.onOff()) stage.shown.add(detail)
      else stage.shown.delete(detail)
    }
  },
  start: {
    usage: 'start [a|b]',
    run: (stage, words) => on(stage).start(words.hasMore() ? words.side() : null)
  },
  form: {
    usage: 'form [TIME]',
    run(stage, words) {
      const pair = on(stage)
      pair.start()
      pair.advanceMs(words.hasMore() ? words.ms() : FORM_MS)
      pair.happenings.length = 0
      sayStatus(stage)
    }
  },
  advance: { usage: 'advance TIME', run: (stage, words) => on(stage).advanceMs(words.ms()) },
  status: { usage: 'status', run: sayStatus },
  proof: {
    usage: 'proof a|b',
    run(stage, words) {
      const side = words.side()
      stage.said.push(`          ${side}  proof ${on(stage).side(side).view.proof}`)
    }
  },
  crash: {
    usage: 'crash a|b [fin TIME|no-fin]',
    run(stage, words) {
      const side = words.side()
      if (words.take('no-fin')) on(stage).crash(side, null)
      else if (words.take('fin')) on(stage).crash(side, words.ms())
      else on(stage).crash(side)
    }
  },
  poweroff: { usage: 'poweroff a|b', run: (stage, words) => on(stage).powerOff(words.side()) },
  restart: { usage: 'restart a|b', run: (stage, words) => on(stage).restart(words.side()) },
  goodbye: { usage: 'goodbye a|b', run: (stage, words) => on(stage).goodbye(words.side()) },
  stall: {
    usage: 'stall a|b TIME [tick-first]',
    run: (stage, words) =>
      on(stage).stall(words.side(), words.ms(), words.take('tick-first') ? 'tick-first' : 'queue-first')
  },
  clock: {
    usage: 'clock a|b forward|back TIME',
    run(stage, words) {
      const side = words.side()
      const sign = oneOf(words.next('forward or back'), ['forward', 'back']) === 'forward' ? 1 : -1
      on(stage).setClock(side, sign * words.ms())
    }
  },
  keep: { usage: 'keep a|b', run: (stage, words) => on(stage).side(words.side()).keep(on(stage).nowMs) },
  revert: {
    usage: 'revert a|b [unseen]',
    run: (stage, words) => on(stage).revert(words.side(), !words.take('unseen'))
  },
  second: {
    usage: 'second a|b copied|empty|ends',
    run(stage, words) {
      const side = words.side()
      const what = oneOf(words.next('what'), ['copied', 'empty', 'ends'])
      if (what === 'ends') on(stage).endSecond()
      else on(stage).startSecond(side, what === 'copied')
    }
  },
  tether: {
    usage: 'tether a|b fin|reset|farewell [refused]',
    run(stage, words) {
      const side = words.side()
      const how = oneOf<TetherEnd>(words.next('how it ends'), ['fin', 'reset', 'farewell'])
      on(stage).endTether(side, how, words.take('refused') ? 'refused' : 'as-it-is')
    }
  },
  tcp: {
    usage: 'tcp open|blocked|refused',
    run(stage, words) {
      const { tethers } = on(stage)
      const what = oneOf(words.next('what'), ['open', 'blocked', 'refused'])
      if (tethers !== null) tethers.wall = what === 'open' ? 'none' : what === 'blocked' ? 'blocks' : 'refuses'
    }
  },
  address: {
    usage: 'address a|b N new|gone|back|alias|no-alias|rebound',
    run(stage, words) {
      const { places } = on(stage)
      const station = stationOf(words.side())
      const link = words.count()
      const what = oneOf(words.next('what'), ['new', 'gone', 'back', 'alias', 'no-alias', 'rebound'])
      if (what === 'new') places.move(station, link)
      else if (what === 'gone') places.unplug(station, link)
      else if (what === 'back') places.plug(station, link)
      else if (what === 'rebound') places.rebind(station, link)
      else places.giveAlias(station, link, what === 'alias')
    }
  },
  name: {
    usage: 'name a|b N right|wrong',
    run(stage, words) {
      const station = stationOf(words.side())
      const link = words.count()
      on(stage).places.rename(station, link, oneOf(words.next('right or wrong'), ['right', 'wrong']) === 'right')
    }
  },
  suspend: { usage: 'suspend a|b TIME', run: (stage, words) => on(stage).suspend(words.side(), words.ms()) },
  cut: {
    usage: 'cut [a->b|b->a] [link N]',
    run(stage, words) {
      const direction = words.direction()
      on(stage).network.cut(direction, words.link())
    }
  },
  heal: {
    usage: 'heal [a->b|b->a] [link N]',
    run(stage, words) {
      const direction = words.direction()
      on(stage).network.heal(direction, words.link())
    }
  },
  drop: {
    usage: 'drop a->b|b->a N',
    run: (stage, words) => on(stage).network.dropNext(sender(words.direction()), words.count())
  },
  duplicate: {
    usage: 'duplicate a->b|b->a N',
    run: (stage, words) => on(stage).network.doubleNext(sender(words.direction()), words.count())
  },
  latency: {
    usage: 'latency a->b|b->a TIME',
    run: (stage, words) => on(stage).network.setLatency(sender(words.direction()), words.ms())
  },
  replay: {
    usage: 'replay a->b|b->a all|last [HEAD] [STATE]',
    run(stage, words) {
      const pair = on(stage)
      const from = sender(words.direction())
      const onlyLast = oneOf(words.next('all or last'), ['all', 'last']) === 'last'
      const filters = words.rest()
      const matches: number[] = []
      pair.replay(from, (frame, i) => {
        if (filters.every((f) => f === frame.head || f === frame.state)) matches.push(i)
        return false
      })
      const selected = new Set(onlyLast ? matches.slice(-1) : matches)
      const count = pair.replay(from, (_frame, i) => selected.has(i))
      stage.said.push(`          ${from}  replayed ${count}`)
    }
  },
  forge: {
    usage: 'forge ->a|->b HEAD STATE ID VALUE',
    run(stage, words) {
      const to = oneOf(words.next('->a or ->b'), ['->a', '->b']) === '->a' ? 'a' : 'b'
      const head = oneOf(words.next('the head'), Object.keys(HEADS) as Head[])
      const state = oneOf<Role>(words.next('the state'), ['initial', 'active', 'standby'])
      const [id, value] = [words.count(), words.count()]
      const bytes = fiveBytes(head, state, id, value)
      on(stage).inject(to, bytes)
    }
  },
  bytes: {
    usage: 'bytes ->a|->b HEX',
    run(stage, words) {
      const to = oneOf(words.next('->a or ->b'), ['->a', '->b']) === '->a' ? 'a' : 'b'
      on(stage).inject(to, Uint8Array.from(Buffer.from(words.rest().join(''), 'hex')))
    }
  },
  designate: {
    usage: 'designate a|b active|standby|swap [force]',
    run(stage, words) {
      const side = words.side()
      const word = oneOf<Designation>(words.next('the role'), ['active', 'standby', 'swap'])
      on(stage).designate(side, word, words.take('force'))
    }
  },
  flows: {
    usage: 'flows a|b stalled|alive|hash N',
    run(stage, words) {
      const side = words.side()
      const what = oneOf(words.next('what'), ['stalled', 'alive', 'hash'])
      if (what === 'hash') on(stage).setFlows(side, words.count())
      else on(stage).stallFlows(side, what === 'stalled')
    }
  },
  data: {
    usage: 'data a|b EPOCH/NUMBER [users] [open] [in-step]',
    run: (stage, words) => on(stage).setData(words.side(), readData(words))
  },
  barrier: {
    usage: 'barrier a|b ok|failed',
    run(stage, words) {
      const side = words.side()
      on(stage).answerBarrier(side, oneOf(words.next('ok or failed'), ['ok', 'failed']) === 'ok')
    }
  },
  fitness: { usage: 'fitness a|b N', run: (stage, words) => on(stage).setFitness(words.side(), words.count()) },
  socket: {
    usage: 'socket a|b N open|closed',
    run(stage, words) {
      const side = words.side()
      const link = words.count()
      on(stage).openLink(side, link, oneOf(words.next('open or closed'), ['open', 'closed']) === 'open')
    }
  },
  disk: {
    usage: 'disk a|b works|fails|hangs|lost|copied|kept|restored|foreign',
    run(stage, words) {
      const pair = on(stage)
      const side = words.side()
      const all = ['works', 'fails', 'hangs', 'lost', 'copied', 'kept', 'restored', 'foreign'] as const
      const what = oneOf(words.next('what'), all)
      if (what === 'lost') pair.side(side).disk = null
      else if (what === 'kept') stage.kept.set(side, pair.side(side).disk)
      else if (what === 'restored') pair.side(side).disk = stage.kept.get(side) ?? null
      else if (what === 'foreign') pair.foreignRecord(side)
      else if (what === 'copied') pair.side(side).disk = pair.side(otherSide(side)).disk
      else pair.side(side).diskState = what
    }
  }
}

function fiveBytes(head: Head, state: Role, id: number, value: number): Uint8Array {
  return Uint8Array.of(0xff, HEADS[head], ['initial', 'active', 'standby'].indexOf(state), id, value)
}

function sayStatus(stage: Stage): void {
  for (const name of SIDES) stage.said.push(`          ${name}  ${statusOf(on(stage), name)}`)
}

function statusOf(pair: TestPair, name: SideName): string {
  const side = pair.side(name)
  if (!side.isUp) return 'down'
  const view = side.view
  const lease = view.leaseUntilMs - side.localMs(pair.nowMs)
  const words = [`${view.role} (${view.reason}), epoch ${view.epoch}`, view.online ? 'online' : 'offline']
  if (side.serves(pair.nowMs)) words.push(lease === Infinity ? 'serves' : `serves for ${Math.floor(lease)} ms`)
  words.push(view.peer === null ? 'peer unknown' : `peer ${view.peer.role}`)
  if (view.aloneBar !== null) words.push(`not alone: ${view.aloneBar}`)
  return words.join(', ')
}
