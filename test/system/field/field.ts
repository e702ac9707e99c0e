/**
 * The field: two hosts on a LAN that run the same pairs, one under each policy, while numbered items come in on both; and the judge of
 * what happened, pair by pair.
 */
import { createSocket, type Socket } from 'node:dgram'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULTS, type LinkSettings, type PairSettings, type Policy } from '../../../src/protocol/settings'
import { type Apart, judge, lengthUsSince, violationsSince } from '../../support/namespaces/checker'
import { nowUs, pause, US_PER_MS } from '../../support/namespaces/clock'
import { otherSide, type Side, SIDES } from '../../support/namespaces/history'
import { Witness } from '../../support/namespaces/witness'
import { eventually } from '../../support/eventually'
import { share } from '../../support/share'
import { Lan, PEER_NAME } from './lan'
import type { PairPlan, SidePlan, Statuses } from './side'
import { SideProcess } from './side-process'

export const HEARTBEAT_MS = 200
export const PEER_TIMEOUT_MS = 2000
const KEY = '6d1f0c9be2a84f0f9c3b5a7718e4d2c0'
const FEED_PORT = 9100
const SECOND_LINK_PORTS = 100
const LINES_SHOWN = 8
/** A channel is dialled again after 5 s at most. */
const CHANNEL_LIMIT_MS = 7000
const ITEM_EVERY_MS = share(20, 5)
const FORM_LIMIT_MS = 15_000
/** The witness reads a little later than the sides write. */
const REPORTING_MS = 60
/** From the processes and the scheduler of a busy machine, not from the protocol. */
const MACHINE_SLACK_MS = 150
/** Two heartbeats; the round trip of the LAN is within the slack. */
const CONTACT_MS_MAX = 2 * HEARTBEAT_MS + MACHINE_SLACK_MS

export interface Member {
  readonly id: string
  readonly policy: Policy
  readonly port: number
  /** Whom `preferred` means. */
  readonly preferred: Side
  /** The peer is known by name, not by address. */
  readonly named: boolean
}

export const AVAILABILITY: Member = member('availability', 'availability', 1101)
export const PREFERRED: Member = member('preferred', 'preferred', 1102)
/** The side that is not preferred serves. */
export const PREFERRED_OTHER: Member = { ...member('preferred-other', 'preferred', 1103), preferred: 'b' }
export const SAFETY: Member = member('exclusive', 'exclusive', 1104)
export const NAMED: Member = { ...PREFERRED_OTHER, id: 'named', port: 1105, named: true }
/** Side a serves in each. */
export const EACH_POLICY = [AVAILABILITY, PREFERRED, PREFERRED_OTHER, SAFETY] as const

function linkTo(peerHost: string, port: number): LinkSettings {
  return { peerHost, peerPort: port, localHost: '', localPort: port }
}

function member(id: string, policy: Policy, port: number): Member {
  return { id, policy, port, preferred: 'a', named: false }
}

export interface FieldOptions {
  readonly members?: readonly Member[]
  /** A second link, over interfaces that the case plugs in. */
  readonly secondLink?: boolean
  readonly settings?: Partial<PairSettings>
  readonly threadHeapMb?: number | null
  /** Where a side keeps its pairs' files; else in a folder of the run. */
  readonly stores?: Partial<Record<Side, string>>
}

export interface Quiet {
  /** Times in which the two may be unable to hear each other. */
  readonly apart?: readonly Apart[]
  /** Role changes and offline notices are expected. */
  readonly moves?: boolean
  /** Who has to serve from the first moment to the last; null = not looked at. Else who served when the field was formed. */
  readonly serves?: Side | null
  readonly members?: readonly Member[]
}

export class Field {
  lan: Lan
  readonly members: readonly Member[]
  readonly sides: Partial<Record<Side, SideProcess>> = {}
  readonly folder: string
  readonly #options: FieldOptions
  readonly #witnesses: ReadonlyMap<string, Witness>
  readonly #feed: Socket
  readonly #timer: NodeJS.Timeout
  #item = 0

  private constructor(lan: Lan, options: FieldOptions) {
    this.lan = lan
    this.members = options.members ?? EACH_POLICY
    this.#options = options
    this.folder = mkdtempSync(join(tmpdir(), 'ha-pair-field-'))
    this.#witnesses = new Map(this.members.map(({ id }) => [id, new Witness(this.#historyFile(id))]))
    this.#feed = createSocket('udp4')
    // A side that does not run refuses its items.
    this.#feed.on('error', () => {})
    this.#timer = setInterval(() => {
      const item = String(++this.#item)
      for (const side of SIDES) this.#feed.send(item, FEED_PORT, this.lan.outsideAddress(side))
    }, ITEM_EVERY_MS)
  }

  static async make(options: FieldOptions = {}): Promise<Field> {
    return new Field(await Lan.make(), options)
  }

  #historyFile(id: string): string {
    return join(this.folder, `${id}.jsonl`)
  }

  witness({ id }: Member): Witness {
    const witness = this.#witnesses.get(id)
    if (witness === undefined) throw new Error(`no pair ${id}`)
    witness.read()
    return witness
  }

  side(side: Side): SideProcess {
    const found = this.sides[side]
    if (found === undefined) throw new Error(`side ${side} was never started`)
    return found
  }

  // --- What is done ---

  planOf(side: Side): SidePlan {
    const store = this.#options.stores?.[side] ?? join(this.folder, side)
    mkdirSync(store, { recursive: true })
    return {
      side,
      feedHost: this.lan.outsideAddress(side),
      feedPort: FEED_PORT,
      threadHeapMb: this.#options.threadHeapMb ?? null,
      pairs: this.members.map((each): PairPlan => ({
        id: each.id,
        settings: this.#settingsOf(side, each),
        key: KEY,
        storeFile: join(store, `${each.id}.record`),
        historyFile: this.#historyFile(each.id)
      }))
    }
  }

  #settingsOf(side: Side, { id, policy, port, preferred, named }: Member): PairSettings {
    const peerHost = named ? PEER_NAME : this.lan.address(otherSide(side))
    const second = linkTo(this.lan.cableAddress(otherSide(side)), port + SECOND_LINK_PORTS)
    return {
      ...DEFAULTS,
      name: id,
      links: [linkTo(peerHost, port), ...(this.#options.secondLink === true ? [second] : [])],
      policy,
      priority: side === preferred ? 150 : 100,
      heartbeatMs: HEARTBEAT_MS,
      peerTimeoutMs: PEER_TIMEOUT_MS,
      ...this.#options.settings
    }
  }

  async start(side: Side): Promise<void> {
    this.sides[side] = await SideProcess.start(this.lan.namespace(side), this.planOf(side))
  }

  /** Both run, side `active` serves in each pair and the other one stands by. */
  async form(active: Side = 'a'): Promise<void> {
    await Promise.all(SIDES.filter((side) => this.sides[side]?.runs !== true).map((side) => this.start(side)))
    for (const each of this.members) {
      await eventually(`${each.id}: the two have met`, FORM_LIMIT_MS, () => this.#formed(each))
      const status = (await this.statuses(active))[each.id]
      if (status?.role === 'active') continue
      await this.side(active).tell({ do: 'designate', pair: each.id, word: 'active', force: false })
    }
    for (const each of this.members) {
      await eventually(`${each.id}: side ${active} serves`, FORM_LIMIT_MS, () => this.#formed(each, active))
    }
  }

  /** In each pair one serves, and the other stands by and knows it. */
  async formed(): Promise<boolean> {
    for (const each of this.members) if (!(await this.#formed(each))) return false
    return true
  }

  async #formed(pair: Member, active: Side | null = null): Promise<boolean> {
    const [a, b] = await Promise.all(SIDES.map(async (side) => (await this.statuses(side))[pair.id]))
    if (a === undefined || b === undefined || !a.online || !b.online) return false
    if (!this.#hasSaid(pair, 'a', a.role) || !this.#hasSaid(pair, 'b', b.role)) return false
    const serving = a.serving && b.role === 'standby' ? 'a' : b.serving && a.role === 'standby' ? 'b' : null
    return serving !== null && (active === null || serving === active)
  }

  /** The side's flows have heard of its role: on a busy machine that comes later than the role itself. */
  #hasSaid(pair: Member, side: Side, role: string): boolean {
    const { told } = this.witness(pair)
    const last = told.findLast((each) => each.side === side && (each.event === 'role' || each.event === 'started'))
    return last === undefined || (last.event === 'role' && last.text.includes(`, ${role},`))
  }

  /** A crash of either side of each pair could be proved. */
  async provable(): Promise<void> {
    for (const side of SIDES) {
      await eventually(`side ${side} could prove a crash`, CHANNEL_LIMIT_MS, async () => {
        const statuses = await this.statuses(side)
        return this.members.every(({ id }) => statuses[id]?.channel?.proof === true)
      })
    }
  }

  async statuses(side: Side): Promise<Statuses> {
    return (await this.side(side).tell({ do: 'status' })) as Statuses
  }

  // --- What is judged ---

  /** Fails with what was not as it has to be since then, pair by pair. */
  async allWell(sinceUs: number, quiet: Quiet = {}): Promise<void> {
    await pause(REPORTING_MS)
    const untilUs = nowUs() - REPORTING_MS * US_PER_MS
    const lines = (quiet.members ?? this.members).flatMap((each) => {
      const found = [...this.#served(each, sinceUs, untilUs, quiet), ...this.#told(each, sinceUs, quiet)]
      const more = found.length > LINES_SHOWN ? [`... and ${found.length - LINES_SHOWN} more lines`] : []
      return [...found.slice(0, LINES_SHOWN), ...more].map((line) => `${each.id}: ${line}`)
    })
    if (lines.length > 0) throw new Error(lines.join('\n'))
  }

  #served(each: Member, sinceUs: number, untilUs: number, { apart = [], serves = 'a' }: Quiet): string[] {
    const { history, repeatsUs, shutUs, torn } = this.witness(each)
    const judged = judge(history, each.policy, apart, CONTACT_MS_MAX * US_PER_MS)
    const lines = violationsSince(judged, sinceUs).map(({ rule, text }) => `${rule}: ${text}`)
    const excused = each.policy === 'availability' && apart.length > 0
    const ms = (atUs: number): number => Math.round((atUs - sinceUs) / US_PER_MS)
    const twice = repeatsUs.filter((atUs) => atUs >= sinceUs)
    if (twice.length > 0 && !excused) {
      const tenures = history.tenures.map(
        ({ side, epoch, firstUs, lastUs }) => `${side} ${epoch}: ${ms(firstUs)} to ${ms(lastUs)}`
      )
      lines.push(`${twice.length} items were worked on twice, after ${twice.map(ms).join()} ms; ${tenures.join(', ')}`)
    }
    if (torn > 0) lines.push(`${torn} lines could not be read`)
    if (serves === null) return lines
    // Gates that nobody asked for a moment, on a busy machine, are not gates that were shut.
    const shut = shutUs[serves].find((atUs) => atUs >= sinceUs && atUs <= untilUs)
    if (shut !== undefined)
      lines.push(`side ${serves}'s gate was shut after ${Math.round((shut - sinceUs) / US_PER_MS)} ms`)
    const passed = history.passedBetween(sinceUs, untilUs)
    const [own, other] = [passed[serves], passed[otherSide(serves)]]
    if (own === 0 || other > 0) lines.push(`side ${serves} had ${own} passes, and the other side ${other}`)
    return lines
  }

  #told(each: Member, sinceUs: number, { moves = false }: Quiet): string[] {
    if (moves) return []
    return this.witness(each)
      .told.filter(({ atUs, event }) => atUs >= sinceUs && UNQUIET.has(event))
      .map(({ side, atUs, text }) => `side ${side}: ${text}, after ${Math.round((atUs - sinceUs) / US_PER_MS)} ms`)
  }

  /** Events of a pair since then. */
  events(each: Member, sinceUs: number): Witness['told'] {
    return this.witness(each).told.filter(({ atUs }) => atUs >= sinceUs)
  }

  /** The pairs whose sides had not both heard their peer again in time, from then on; for a while in which a side did not run they get more. */
  async lateInContact(sinceUs: number): Promise<readonly string[]> {
    const limitMs = CONTACT_MS_MAX + (await this.starvedMsSince(sinceUs))
    return this.members.flatMap((each) => {
      const tookMs = this.contactMs(each, sinceUs)
      return tookMs <= limitMs ? [] : [`${each.id}: after ${tookMs.toFixed(0)} ms, not ${limitMs.toFixed(0)}`]
    })
  }

  /** ms from then until both sides of the pair had heard their peer again; Infinity = they have not. */
  contactMs(each: Member, sinceUs: number): number {
    const { heardUs } = this.witness(each)
    const latestUs = Math.max(...SIDES.map((side) => heardUs[side].find((atUs) => atUs > sinceUs) ?? Infinity))
    return (latestUs - sinceUs) / US_PER_MS
  }

  /** µs at which the side began to serve after that instant; null = it has not. */
  servedAtUs(each: Member, side: Side, sinceUs: number): number | null {
    const { history } = this.witness(each)
    return history.tenures.find((tenure) => tenure.side === side && tenure.firstUs > sinceUs)?.firstUs ?? null
  }

  /** Each time a side said since then that its peer has crashed. */
  claims(each: Member, sinceUs: number): Witness['claims'] {
    return this.witness(each).claims.filter(({ atUs }) => atUs >= sinceUs)
  }

  /** Who served, from epoch to epoch. */
  history(each: Member): readonly Side[] {
    return this.witness(each).history.tenures.map(({ side }) => side)
  }

  /** What a side said last of its channel since then; null = nothing. */
  channelOf(each: Member, side: Side, sinceUs: number): string | null {
    const told = this.events(each, sinceUs).filter((one) => one.side === side && one.event === 'channel')
    return told.at(-1)?.reason ?? null
  }

  /** For how long since then the machine gave one of the sides no time, the one that it gave less. */
  async starvedMsSince(sinceUs: number): Promise<number> {
    const of = async (side: Side): Promise<number> => {
      const times = (await this.side(side).tell({ do: 'tell starved' })) as Apart[]
      return lengthUsSince(times, sinceUs)
    }
    return Math.max(...(await Promise.all(SIDES.map(of)))) / US_PER_MS
  }

  logs(): string {
    return SIDES.map((side) => `--- log of ${side}\n${this.sides[side]?.log ?? ''}`).join('\n')
  }

  /** Ends the processes; the network stays. */
  async end(): Promise<void> {
    await Promise.all(SIDES.map(async (side) => this.sides[side]?.kill()))
  }

  /** After a case that failed: new processes in a new network, so that the next case stands for itself. Files and histories go on. */
  async rebuild(): Promise<void> {
    await this.end()
    this.lan.remove()
    this.lan = await Lan.make()
  }

  async remove(): Promise<void> {
    clearInterval(this.#timer)
    await this.end()
    this.#feed.close()
    for (const witness of this.#witnesses.values()) witness.close()
    this.lan.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What must not be told while nothing happens to the pair. */
const UNQUIET: ReadonlySet<string> = new Set(['role', 'online', 'conflict', 'proof-wrong', 'paused', 'second-peer'])
