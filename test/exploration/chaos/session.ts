/**
 * One pair of real processes under one policy: faults are made, each is followed by a quiet time in which exactly one side has
 * to serve, and in the end the history is judged.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RandomInt } from '../../../src/protocol/machine'
import { seededRandom } from '../../support/random'
import { falseCrashes, judge, type Rule, soleServer, type Violation } from '../../support/namespaces/checker'
import { nowUs, pause, US_PER_MS } from '../../support/namespaces/clock'
import { type Fault, type FaultKind, FaultSource, HARMLESS } from './faults'
import { Feeder } from './feeder'
import { FEED_PORT, HEARTBEAT_MS } from './flow'
import { BUCKET_US, otherSide, type Side, SIDES } from '../../support/namespaces/history'
import type { Resources } from '../../support/resources'
import { ALL_LINKS, Harm } from './harm'
import { Host } from './host'
import { FEED_EVERY_MS, type SessionPlan, type SessionReport, type Stop } from './plan'
import { ThirdVoice } from './third-voice'
import {
  DROP_TCP,
  DROP_UDP,
  dropAll,
  LINKS,
  type Network,
  RESET_TCP,
  SLOW_TCP,
  THIRD_WAYS,
  waysOf
} from '../../support/namespaces/network'
import { Vitals } from './vitals'
import { Witness } from '../../support/namespaces/witness'
import { Copies } from './copies'

const FORM_LIMIT_MS = 15_000
const QUIET_MS = 400
/** What is looked at is this old: the witness reads a little later than the sides write. */
const REPORTING_MS = 60
/** From the processes and the scheduler of a busy machine with two cores, not from the protocol. */
const MACHINE_SLACK_MS = 500
const HEAL_SLACK_MS = 150
const RECOVERY_LIMIT_MS = 20_000
/** A channel is dialled again after five seconds at most. */
const CHANNEL_LIMIT_MS = 7000
const REPLY_LIMIT_MS = 20_000
/** Of a snapshot that takes seconds. */
const INTO_SNAPSHOT_MS = 100
/** Under `preferred` the preferred side acts alone two seconds after its start at the earliest (`RETURN_MS_MIN` of the protocol). */
const RETURN_MS = 2500
/** Until a new witness counts, in peerTimeouts: each side goes by it for one, and each hears that of the other. */
const AGREE_TIMEOUTS = 8
const AGREE_SLACK_MS = 3000

export class Session {
  readonly #plan: SessionPlan
  readonly #network: Network
  readonly #stop: Stop
  readonly #hosts: Readonly<Record<Side, Host>>
  readonly #third: ThirdVoice | null
  readonly #random: RandomInt
  readonly #witness: Witness
  readonly #feeders: readonly Feeder[]
  readonly #source: FaultSource
  readonly #violations: Violation[] = []
  readonly #log: { readonly atUs: number; readonly text: string }[] = []
  readonly #pending = new Set<Promise<void>>()
  readonly #counts: Partial<Record<FaultKind, number>> = {}
  readonly #commands = { done: 0, refused: 0, cutOff: 0 }
  readonly #settleMs: number[] = []
  readonly #takeoverMs: number[] = []
  readonly #replyMs: number[] = []
  readonly #copies: Copies
  readonly #harm: Harm
  readonly #vitals: Vitals
  #snapshotsCut = 0
  #stops = 0
  #queuedAtStops = 0
  #server: { readonly side: Side; readonly epoch: number } | null = null
  #faults = 0

  constructor(plan: SessionPlan, network: Network, folder: string, stop: Stop) {
    this.#plan = plan
    this.#network = network
    this.#stop = stop
    mkdirSync(folder, { recursive: true })
    const historyFile = join(folder, 'history.jsonl')
    this.#witness = new Witness(historyFile, (line) => this.#copies.take(line))
    const { policy, peerTimeoutMs, sabotage } = plan
    const make = (side: Side, priority: number): Host => {
      const own = join(folder, side)
      mkdirSync(own, { recursive: true })
      return new Host({
        side,
        network,
        folder: own,
        historyFile,
        policy,
        peerTimeoutMs,
        priority,
        sabotage: sabotage ?? null
      })
    }
    // 'a' is the side that `preferred` means.
    this.#hosts = { a: make('a', 150), b: make('b', 100) }
    this.#feeders = SIDES.map((side) => new Feeder(network.outsideAddress(side), FEED_PORT, this.#feedEveryMs))
    this.#copies = new Copies(this.#hosts, {
      read: () => this.#witness.read(),
      starvedUsSince: (fromUs) => this.#vitals.starvedUsSince(fromUs),
      isEnding: () => stop.wanted,
      late: (text) => this.#violate('copy', text)
    })
    this.#third = policy === 'witness' ? new ThirdVoice(network, join(folder, 'w')) : null
    this.#harm = new Harm(network, this.#hosts, () => stop.wanted)
    // One more leads to the witness.
    const sockets = LINKS + (this.#third === null ? 0 : 1)
    this.#vitals = new Vitals(this.#hosts, sockets, (rule, text) => this.#violate(rule, text))
    const random = seededRandom(plan.seed)
    this.#random = random
    this.#source = new FaultSource(
      random,
      random(2) === 0 ? 'a' : 'b',
      peerTimeoutMs,
      LINKS,
      this.#third !== null,
      plan.begin
    )
  }

  /** One line for whoever watches. */
  progress(): string {
    const { policy, peerTimeoutMs } = this.#plan
    const { history } = this.#witness
    const found = this.#violations.length + this.#judged().length
    return (
      `${policy}, peerTimeout ${peerTimeoutMs}: ${this.#faults} faults, ${this.#stops} stops, ` +
      `${history.passed} messages passed on ${history.tenures.length} epochs, ${found} violations`
    )
  }

  async run(): Promise<SessionReport> {
    this.#vitals.watch()
    try {
      await this.#third?.start()
      await Promise.all(SIDES.map((side) => this.#start(side)))
      await this.#settle('the start', FORM_LIMIT_MS)
      await this.#backed('the start')
      await this.#compare('the start')
      const untilUs = nowUs() + this.#plan.faultsForMs * US_PER_MS
      while (nowUs() < untilUs && !this.#stop.wanted) await this.#fault(this.#source.next())
      if (this.#plan.stops > 0) await pause(RETURN_MS)
      while (this.#stops < this.#plan.stops && !this.#stop.wanted) await this.#stopActive()
    } catch (error) {
      // Whoever asked for the end also ended what was waited for.
      if (!this.#stop.wanted) this.#violate('process', error instanceof Error ? error.message : String(error))
    } finally {
      await this.#end()
    }
    return this.#report()
  }

  #note(text: string): void {
    this.#log.push({ atUs: nowUs(), text })
  }

  #violate(rule: Rule, text: string): void {
    this.#violations.push({ rule, text, atUs: nowUs() })
    this.#note(`VIOLATION ${rule}: ${text}`)
  }

  #judged(): Violation[] {
    this.#witness.read()
    const open = this.#harm.apart.map(({ fromUs, toUs }) => ({ fromUs, toUs: Math.min(toUs, nowUs()) }))
    const healUs = (HEARTBEAT_MS + HEAL_SLACK_MS) * US_PER_MS
    const { history, claims, claimsWrong } = this.#witness
    return [
      ...this.#copies.wrong,
      ...judge(history, this.#plan.judgeAs ?? this.#plan.policy, [...open, ...this.#vitals.starved], healUs),
      ...falseCrashes(claims, this.#harm.deaths),
      ...falseCrashes(claimsWrong, [])
    ]
  }

  async #start(side: Side): Promise<void> {
    this.#vitals.born(side)
    await this.#hosts[side].start()
  }

  get #feedEveryMs(): number {
    return this.#plan.feedEveryMs ?? FEED_EVERY_MS
  }

  get #settleLimitMs(): number {
    return 2 * this.#plan.peerTimeoutMs + MACHINE_SLACK_MS
  }

  /**
   * Waits until exactly one side has served for `QUIET_MS` in a row; that has to begin within the limit. Returns that side.
   * A pair that takes longer is a violation; one that never comes back ends the session.
   */
  async #settle(after: string, limitMs = this.#settleLimitMs, only: Side | null = null): Promise<Side> {
    const startUs = nowUs()
    const perBucket = BUCKET_US / US_PER_MS / this.#feedEveryMs
    let late = false
    for (;;) {
      await pause(20)
      this.#witness.read()
      const toUs = nowUs() - REPORTING_MS * US_PER_MS
      const fromUs = toUs - QUIET_MS * US_PER_MS
      const found = fromUs < startUs ? 'nobody' : soleServer(this.#witness.history, fromUs, toUs, perBucket)
      if (found === 'a' || found === 'b') {
        if (only === null || only === found) {
          this.#settleMs.push((fromUs - startUs) / US_PER_MS)
          this.#newServer(found)
          return found
        }
      }
      const overdueMs = (fromUs - startUs - this.#vitals.starvedUsSince(startUs)) / US_PER_MS - limitMs
      if (overdueMs > 0 && only !== null && found === 'nobody' && this.#mayHaveGivenUp(startUs)) return only
      if (overdueMs > 0 && !late) {
        late = true
        this.#violate('stuck', `${Math.round(limitMs)} ms after ${after}: ${found} serves`)
      }
      if (this.#stop.wanted) throw new Error('stopped')
      if (overdueMs > RECOVERY_LIMIT_MS) throw new Error(`after ${after} the pair never came back: ${found} serves`)
    }
  }

  /**
   * Under `exclusive` a survivor that could not prove the death in time has stopped, and waits for the other one: so it promises. On a
   * machine that gave it no time meanwhile that is no fault.
   */
  #mayHaveGivenUp(sinceUs: number): boolean {
    const { policy, peerTimeoutMs } = this.#plan
    return policy === 'exclusive' && this.#vitals.starvedUsSince(sinceUs - peerTimeoutMs * US_PER_MS) > 0
  }

  /** From one quiet time to the next, the epoch does not go down, and grows when the role has moved. */
  #newServer(side: Side): void {
    const epoch = this.#witness.history.epochOf(side)
    const last = this.#server
    if (last !== null && (epoch < last.epoch || (epoch === last.epoch && side !== last.side))) {
      this.#violate('epoch-back', `side ${side} serves on ${epoch} after side ${last.side} had on ${last.epoch}`)
    }
    this.#server = { side, epoch }
  }

  async #fault(fault: Fault): Promise<void> {
    const { kind, side, holdMs, command } = fault
    this.#note(`${kind} (side ${side}, ${holdMs} ms${command === null ? '' : `, '${command}' to ${fault.commandTo}`})`)
    if (command !== null && kind !== 'swap') void this.#commandSoon(fault.commandTo, command, fault.commandAfterMs)
    const [before, fromUs] = [this.#server?.side, nowUs()]
    await this.#make(fault)
    await Promise.all(this.#pending)
    await this.#settle(kind)
    if (this.#third !== null && HARMLESS.includes(kind) && command === null) {
      const taken = this.#witness.history.tenures.some(({ side: by, firstUs }) => by !== before && firstUs > fromUs)
      if (taken) this.#violate('moved', `${kind}: the role has left side ${before}`)
    }
    await this.#backed(kind)
    await this.#compare(kind)
    this.#note('settled')
    await this.#vitals.check()
    this.#faults++
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1
  }

  async #make(fault: Fault): Promise<void> {
    const { kind, side, holdMs } = fault
    switch (kind) {
      case 'loss':
        return this.#harm.whileLossy(fault.lossPercent, () => pause(holdMs))
      case 'cut':
        return this.#harm.whileCut(SIDES, () => pause(holdMs))
      case 'one-way cut':
        return this.#harm.whileCut([side], () => pause(holdMs))
      case 'one link cut':
        return this.#harm.whileFiltered(SIDES, [dropAll(fault.link)], () => pause(holdMs))
      case 'kill':
      case 'restart':
        return this.#endAndStart(side, kind)
      case 'freeze':
        return this.#harm.whileFrozen(side, () => pause(holdMs))
      case 'flood':
        return this.#harm.flood(side, this.#plan.seed + this.#faults, holdMs)
      case 'redeploy':
        return this.#harm.redeploy(side)
      case 'swap':
        return this.#command(fault.commandTo, 'swap')
      case 'cut and kill':
        await this.#harm.whileCut(SIDES, async () => {
          await pause(holdMs)
          // What its kernel has to tell comes when the cut is over.
          await this.#harm.kill(side, true)
        })
        return this.#startAgain(side)
      case 'cut and freeze':
        // Thawed into the cut one time, out of it the other.
        if (holdMs % 2 === 0) return this.#harm.whileCut(SIDES, () => this.#harm.whileFrozen(side, () => pause(holdMs)))
        return this.#harm.whileFrozen(side, () => this.#harm.whileCut(SIDES, () => pause(holdMs)))
      case 'cut and redeploy':
        return this.#harm.whileCut(SIDES, () => this.#harm.redeploy(side))
      case 'loss and flood':
        return this.#harm.whileLossy(fault.lossPercent, () =>
          this.#harm.flood(side, this.#plan.seed + this.#faults, holdMs)
        )
      case 'other address':
        await this.#network.readdress(side, fault.link, false)
        await pause(holdMs)
        return this.#network.readdress(side, fault.link, true)
      case 'interface down':
        // One of the links, or all of them.
        if (holdMs % 2 === 0) return this.#harm.whileDown(side, [fault.link], () => pause(holdMs))
        return this.#harm.whileApart(() => this.#harm.whileDown(side, ALL_LINKS, () => pause(holdMs)))
      case 'other name':
        this.#network.name(side, true)
        await pause(holdMs)
        return this.#network.name(side)
      case 'tcp reset':
        return this.#harm.whileFiltered(SIDES, RESET_TCP, async () => {
          await this.#network.destroyTcp()
          await pause(holdMs)
        })
      case 'tcp blocked':
        return this.#harm.whileFiltered(SIDES, DROP_TCP, () => pause(holdMs))
      case 'tcp blocked and kill':
        return this.#killUnseen(side)
      case 'forged unreachable':
        return this.#harm.whileForged(side, () => pause(holdMs))
      case 'udp blocked':
        return this.#harm.whileApart(() => this.#harm.whileFiltered(SIDES, DROP_UDP, () => pause(holdMs)))
      case 'slow side':
        return this.#harm.stutter(side, holdMs)
      case 'disk full':
        return this.#harm.whileDiskFull(side, () => pause(holdMs))
      case 'disk full and kill':
        await this.#harm.whileDiskFull(side, async () => {
          await pause(holdMs)
          await this.#killInStep(side)
          await Promise.all(this.#pending)
          await this.#settle('a kill beside a full disk', this.#settleLimitMs, otherSide(side))
        })
        return this.#startAgain(side)
      case 'kill in a snapshot':
        return this.#killInSnapshot(side)
      default:
        return this.#third === null ? undefined : this.#makeThird(this.#third, fault)
    }
  }

  /** `third`: what this is done to, or the ways to it. */
  async #makeThird(third: ThirdVoice, { kind, side, holdMs }: Fault): Promise<void> {
    const hold = (): Promise<void> => pause(holdMs)
    const oneWay = waysOf(side)[holdMs % 2] ?? 'aw'
    switch (kind) {
      case 'way to the witness cut':
        return third.whileCut(waysOf(side), hold)
      case 'one way to the witness':
        return third.whileCut([oneWay], hold)
      case 'witness cut off':
        return third.whileCut(THIRD_WAYS, hold)
      case 'side cut off':
        return third.whileCut(waysOf(side), () =>
          this.#harm.whileCut(SIDES, async () => {
            await hold()
            // Whoever it is: the other one has two of three.
            if (holdMs > this.#plan.peerTimeoutMs)
              await this.#settle(`cutting off side ${side}`, this.#settleLimitMs, otherSide(side))
          })
        )
      case 'witness killed':
      case 'witness restarted':
        return this.#withoutThird(third, kind === 'witness killed' ? 'SIGKILL' : 'SIGTERM', hold)
      case 'witness without its disk':
        return this.#withoutThird(third, 'SIGKILL', async () => third.loseDisk())
      case 'witness frozen':
        third.freeze()
        await hold()
        return third.thaw()
      case 'flapping':
        return this.#harm.flap(2 * holdMs, this.#random, this.#plan.peerTimeoutMs)
      case 'cut and witness killed':
        return this.#harm.whileCut(SIDES, () => this.#withoutThird(third, 'SIGKILL', hold))
      case 'cut and one way lost':
        return this.#harm.whileCut(SIDES, () => third.whileCut([oneWay], hold))
      case 'kill and witness killed':
        await this.#harm.kill(side, true)
        await this.#withoutThird(third, 'SIGKILL', hold)
        return this.#startAgain(side)
      default:
        throw new Error(`no fault ${kind} with a third voice`)
    }
  }

  async #withoutThird(third: ThirdVoice, signal: 'SIGKILL' | 'SIGTERM', act: () => Promise<void>): Promise<void> {
    if (!third.runs) this.#violate('process', 'the witness ended by itself')
    await third.end(signal)
    await act()
    await third.start()
  }

  /** Whatever was done, after a while both go by the witness and it backs who serves: the next fault finds all three voices. */
  async #backed(after: string): Promise<void> {
    if (this.#third === null) return
    const limitMs = AGREE_TIMEOUTS * this.#plan.peerTimeoutMs + AGREE_SLACK_MS
    const fromUs = nowUs()
    let late = false
    for (;;) {
      const found = await Promise.all(SIDES.map((side) => this.#hosts[side].status()))
      const counts = found.every((each) => each?.witness?.online === true && each.witness.counted)
      if (counts && found.some((each) => each?.serving === true && each.witness?.holder === 'self')) return
      const overdueMs = (nowUs() - fromUs - this.#vitals.starvedUsSince(fromUs)) / US_PER_MS - limitMs
      if (this.#stop.wanted) throw new Error('stopped')
      if (overdueMs > 0 && !late) {
        late = true
        const said = JSON.stringify(found.map((each) => each?.witness))
        this.#violate('voice', `${limitMs} ms after ${after} the witness does not back who serves: ${said}`)
      }
      if (overdueMs > RECOVERY_LIMIT_MS) throw new Error(`after ${after} the witness never came back`)
      await pause(50)
    }
  }

  /** Returns when. */
  async #killInStep(side: Side): Promise<number> {
    await this.#provable()
    await this.#copies.inStep()
    this.#copies.killedInStep(side)
    const atUs = nowUs()
    await this.#harm.kill(side, true)
    return atUs
  }

  async #startAgain(side: Side): Promise<void> {
    await this.#start(side)
    this.#harm.runsAgain(side)
  }

  /**
   * Whatever was done to it, the channel is there again in a while, and so are the links: without them no crash can be proved. A kernel
   * may ask for a second who has the address of an interface that was away; the end of a connection waits as long.
   */
  async #provable(): Promise<void> {
    const fromUs = nowUs()
    for (;;) {
      this.#witness.read()
      const { channel, linksUp } = this.#witness
      if (SIDES.every((side) => channel[side] === 'channel-open' && linksUp[side].size === LINKS)) return
      if (this.#stop.wanted) throw new Error('stopped')
      if ((nowUs() - fromUs - this.#vitals.starvedUsSince(fromUs)) / US_PER_MS > CHANNEL_LIMIT_MS) {
        const found = SIDES.map((side) => `${side} ${channel[side]}, links up: ${[...linksUp[side]].join() || 'none'}`)
        return this.#violate('channel', `not whole ${CHANNEL_LIMIT_MS} ms later: ${found.join('; ')}`)
      }
      await pause(20)
    }
  }

  /** With TCP blocked nobody can tell a killed side from a silent one: it takes over whom silence lets take over. */
  #killUnseen(side: Side): Promise<void> {
    const { policy, peerTimeoutMs } = this.#plan
    const follows = policy === 'availability' || policy === 'witness' || (policy === 'preferred' && side === 'b')
    return this.#harm.whileFiltered(SIDES, DROP_TCP, async () => {
      await this.#harm.kill(side, false)
      if (follows) await this.#settle(`an unseen kill of side ${side}`, this.#settleLimitMs, otherSide(side))
      else await pause(2 * peerTimeoutMs)
      await this.#startAgain(side)
    })
  }

  /** It comes back with nothing, and dies once more while it is being given everything, slowly. */
  async #killInSnapshot(side: Side): Promise<void> {
    const survivor = this.#hosts[otherSide(side)]
    await this.#killInStep(side)
    await Promise.all(this.#pending)
    await this.#settle(`the first kill of side ${side}`, this.#settleLimitMs, otherSide(side))
    this.#hosts[side].loseContext()
    await survivor.bulk(true)
    await this.#harm.whileFiltered(SIDES, SLOW_TCP, async () => {
      await this.#startAgain(side)
      await this.#provable()
      await pause(INTO_SNAPSHOT_MS)
      const early = await this.#hosts[side].copy()
      if (early?.last === null) this.#snapshotsCut++
      await this.#harm.kill(side, true)
    })
    await this.#settle(`the second kill of side ${side}`, this.#settleLimitMs, otherSide(side))
    await this.#startAgain(side)
    await this.#compare('the second start')
    await survivor.bulk(false)
  }

  #compare(after: string): Promise<void> {
    return this.#copies.compare(after, this.#server?.side ?? 'a')
  }

  /** With the links whole, the other side has to serve while this one is gone: a proof, or its goodbye, says so. */
  async #endAndStart(side: Side, kind: 'kill' | 'restart'): Promise<void> {
    const wasServer = this.#server?.side === side
    const epoch = this.#server?.epoch ?? 0
    let fromUs = nowUs()
    if (kind === 'kill') fromUs = await this.#killInStep(side)
    else await this.#harm.stop(side)
    await Promise.all(this.#pending)
    const survivor = await this.#settle(`${kind} of side ${side}`, this.#settleLimitMs, otherSide(side))
    const took = this.#witness.history.tenures.find((each) => each.side === survivor && each.epoch > epoch)
    if (wasServer && took !== undefined) this.#takeoverMs.push((took.firstUs - fromUs) / US_PER_MS)
    await this.#startAgain(side)
  }

  async #commandSoon(side: Side, word: 'active' | 'standby' | 'swap', afterMs: number): Promise<void> {
    const run = pause(afterMs).then(() => (this.#hosts[side].runs ? this.#command(side, word) : undefined))
    this.#pending.add(run)
    await run.finally(() => this.#pending.delete(run))
  }

  /** An operator's command, not forced. Its reply is due within peerTimeout of time in which the side could run. */
  async #command(side: Side, word: 'active' | 'standby' | 'swap'): Promise<void> {
    const askedUs = nowUs()
    const reply = await this.#hosts[side].designate(word, REPLY_LIMIT_MS)
    const answeredUs = nowUs()
    this.#note(`'${word}' to side ${side}: ${JSON.stringify(reply)}`)
    const met = this.#harm.troubles.filter(
      (each) => each.side === side && each.fromUs < answeredUs && each.toUs > askedUs
    )
    if (reply.kind === 'silence') {
      if (met.some(({ kind }) => kind === 'ended' || kind === 'redeployed')) this.#commands.cutOff++
      else this.#violate('lost-designation', `'${word}' to side ${side}: ${reply.why}`)
      return
    }
    this.#commands[reply.kind]++
    const notItsFaultUs =
      met.reduce((sum, { fromUs, toUs }) => sum + Math.min(toUs, answeredUs) - Math.max(fromUs, askedUs), 0) +
      this.#vitals.starvedUsSince(askedUs)
    const tookMs = (answeredUs - askedUs - notItsFaultUs) / US_PER_MS
    this.#replyMs.push(tookMs)
    if (tookMs > this.#plan.peerTimeoutMs + MACHINE_SLACK_MS) {
      this.#violate('lost-designation', `'${word}' to side ${side} was answered after ${Math.round(tookMs)} ms`)
    }
  }

  /**
   * The Active is stopped for three times peerTimeout while its messages go on arriving; the other side takes over meanwhile.
   * Under `preferred` the side that is not preferred has to be the one that is stopped: nobody else is followed.
   */
  async #stopActive(): Promise<void> {
    const { policy, peerTimeoutMs } = this.#plan
    if (policy === 'exclusive') throw new Error('under exclusive nobody takes over from a silent Active')
    let server = this.#server?.side ?? 'a'
    if (policy === 'preferred' && server === 'a') {
      await this.#command('a', 'standby')
      server = await this.#settle(`making side b the Active`, this.#settleLimitMs, 'b')
    }
    const { history, queued } = this.#witness
    const epoch = history.epochOf(server)
    const queuedBefore = queued[server]
    this.#note(`SIGSTOP of the Active, side ${server}`)
    await this.#harm.whileFrozen(server, () => pause(3 * peerTimeoutMs))
    this.#note(`SIGCONT of side ${server}`)
    await this.#settle('the stop of the Active')
    await this.#compare('the stop of the Active')
    const taken = history.tenures.some((each) => each.side !== server && each.epoch > epoch)
    if (!taken) this.#violate('stuck', `nobody took over from side ${server} while it was stopped`)
    const waited = queued[server] - queuedBefore
    if (waited < peerTimeoutMs / this.#feedEveryMs) {
      this.#violate('witness', `only ${waited} messages had queued at the gate of the stopped side: this shows nothing`)
    }
    this.#queuedAtStops += waited
    this.#stops++
  }

  async #end(): Promise<void> {
    await this.#harm.end()
    if (this.#third !== null) await this.#network.cutWays(new Set())
    await Promise.allSettled(this.#pending)
    this.#vitals.end()
    const ended = await Promise.allSettled(SIDES.map((side) => this.#hosts[side].stop()))
    for (const each of ended) if (each.status === 'rejected') this.#violate('process', String(each.reason))
    await this.#third?.end('SIGTERM')
    for (const feeder of this.#feeders) feeder.close()
    this.#witness.close()
    for (const side of SIDES) {
      const { crashes } = this.#hosts[side]
      if (crashes > 0) this.#violate('process', `side ${side} ended ${crashes} times by itself`)
    }
  }

  #report(): SessionReport {
    const { history, events, told, torn } = this.#witness
    const memoryGrowthBytes = this.#vitals.judgeMemory()
    if (torn > 0) this.#violate('witness', `${torn} lines could not be read`)
    if (history.passed === 0) this.#violate('witness', 'no message ever passed')
    if (this.#copies.report().writes === 0) this.#violate('witness', 'nothing was ever written into the context store')
    const context = (atUs: number): string[] =>
      [...this.#log, ...told.map((each) => ({ atUs: each.atUs, text: `  ${each.side}: ${each.text}` }))]
        .filter((each) => each.atUs > atUs - 4e6 && each.atUs < atUs + 2e6)
        .sort((left, right) => left.atUs - right.atUs)
        .map((each) => `${((each.atUs - atUs) / US_PER_MS).toFixed(1).padStart(9)} ms  ${each.text}`)
    return {
      plan: this.#plan,
      violations: [...this.#violations, ...this.#judged()].map((each) => ({ ...each, context: context(each.atUs) })),
      faults: this.#counts,
      stops: this.#stops,
      queuedAtStops: this.#queuedAtStops,
      passed: history.passed,
      promotions: history.tenures.length,
      events,
      commands: this.#commands,
      settleMs: this.#settleMs,
      takeoverMs: this.#takeoverMs,
      replyMs: this.#replyMs,
      copies: { ...this.#copies.report(), snapshotsCut: this.#snapshotsCut },
      starvedMs: this.#vitals.starvedUsSince(0) / US_PER_MS,
      widestGateMs: history.widestGateUs / US_PER_MS,
      disorderMs: history.worstDisorderUs / US_PER_MS,
      memoryGrowthBytes,
      resources: Object.fromEntries(this.#vitals.first) as Partial<Record<Side, Resources>>,
      logs: { a: this.#hosts.a.log, b: this.#hosts.b.log },
      thirdLog: this.#third?.log ?? null
    }
  }
}
